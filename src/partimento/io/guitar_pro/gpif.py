"""Read GPIF, the XML of Guitar Pro 6 to 8.

Bars, voices, beats, notes and rhythms are in lists of their own, and refer to each other by id.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

from lxml import etree

from partimento.errors import InvalidScoreError
from partimento.io.guitar_pro.jumps import add_jump, add_target, set_endings
from partimento.io.guitar_pro.song import HARMONIC, BarHead, Beat, Song, Tone, Track, Voices
from partimento.io.musicxml.turns import MOST_TIMES, Turns
from partimento.music.timelines import Key, Meter, Part, Tempo

Element = Any  # lxml's elements have no types

DRUM_CHANNEL = 9
VALUES = {
    "Long": Fraction(16),
    "DoubleWhole": Fraction(8),
    "Whole": Fraction(4),
    "Half": Fraction(2),
    "Quarter": Fraction(1),
    "Eighth": Fraction(1, 2),
    "16th": Fraction(1, 4),
    "32nd": Fraction(1, 8),
    "64th": Fraction(1, 16),
    "128th": Fraction(1, 32),
    "256th": Fraction(1, 64),
}
DYNAMICS = {"PPP": 15, "PP": 31, "P": 47, "MP": 63, "MF": 79, "F": 95, "FF": 111, "FFF": 127}
# The unit of a tempo, by its number, in quarters.
UNITS = {
    "1": Fraction(1, 2),
    "2": Fraction(1),
    "3": Fraction(3, 2),
    "4": Fraction(2),
    "5": Fraction(3),
}
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"#": 1, "x": 2, "b": -1, "bb": -2}
TUNING = "Properties/Property[@name='Tuning']/Pitches"
CAPO = "Properties/Property[@name='CapoFret']/Fret"
BACK = {"Simple": 1, "FirstOfDouble": 2, "SecondOfDouble": 2}  # bars that a simile mark repeats
MOST_DOTS, MOST_NUMBER = 4, 10**6


def song_of_gpif(data: bytes) -> Song:
    """Read a GPIF document.

    Raises
    ------
    InvalidScoreError, ValueError
        If the document is damaged, or a value is invalid.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidScoreError("damaged XML: the score in the file cannot be parsed") from error
    if root is None or root.tag != "GPIF":
        raise InvalidScoreError("the archive contains no score")
    return _Reader(root).song()


def _words(element: Element, path: str) -> str:
    return " ".join((element.findtext(path) or "").split())


def _whole(text: str | None, name: str) -> int:
    try:
        value = int((text or "").strip())
    except ValueError:
        raise InvalidScoreError(f"damaged: {name} is no number") from None
    if abs(value) > MOST_NUMBER:
        raise InvalidScoreError(f"damaged: {name} is a number out of range")
    return value


class _Staff:
    """A staff of a track: its tuning from the lowest string on, and its capo."""

    def __init__(self, track: Element, staff: Element | None) -> None:
        holders = [holder for holder in (staff, track) if holder is not None]
        tunings = [text for holder in holders if (text := holder.findtext(TUNING))]
        capos = [text for holder in holders if (text := holder.findtext(CAPO))]
        self.tuning = [_whole(text, "a string") for text in (tunings[0] if tunings else "").split()]
        self.capo = _whole(capos[0], "the capo") if capos else 0


class _Reader:
    """Read the lists of a document."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.left_out: Counter[str] = Counter()
        names = ("Bar", "Voice", "Beat", "Note", "Rhythm")
        self.listed: dict[str, dict[str, Element]] = {
            name: {element.get("id", ""): element for element in root.iterfind(f"{name}s/{name}")}
            for name in names
        }
        self.chords: dict[str, str] = {}

    def song(self) -> Song:
        masters = self.root.findall("MasterBars/MasterBar")
        heads = [self._head(master) for master in masters]
        set_endings([head.turns for head in heads])
        self._add_tempos(heads)
        bars = [(master.findtext("Bars") or "").split() for master in masters]
        tracks = []
        place = 0  # of a staff in the bars
        for element in self.root.iterfind("Tracks/Track"):
            staves: list[Element | None] = [*element.findall("Staves/Staff")] or [None]
            columns = [
                [ids[place + i] if place + i < len(ids) else "-1" for ids in bars]
                for i in range(len(staves))
            ]
            place += len(staves)
            tracks.append(self._track(element, staves, columns))
        score = self.root.find("Score")
        names = ("Music", "Words", "WordsAndMusic", "Artist")
        composer = next(
            (text for name in names if (text := _words(self.root, f"Score/{name}"))), ""
        )
        return Song(
            heads,
            tracks,
            _words(score, "Title") if score is not None else "",
            composer,
            has_pickup=self.root.find("MasterTrack/Anacrusis") is not None,
            left_out=+self.left_out,
        )

    def _head(self, master: Element) -> BarHead:
        upper, _, lower = (master.findtext("Time") or "4/4").partition("/")
        key = None
        if (count := master.findtext("Key/AccidentalCount")) is not None:
            minor = _words(master, "Key/Mode").lower() == "minor"
            fifths = _whole(count, "a key")
            key = Key(fifths, "minor" if minor else "major") if -7 <= fifths <= 7 else None
        passes = (master.findtext("AlternateEndings") or "").split()
        turns = Turns(endings=tuple(_whole(number, "an ending") for number in passes))
        if (repeat := master.find("Repeat")) is not None:
            turns.forward = repeat.get("start") == "true"
            if repeat.get("end") == "true":
                turns.times = min(max(_whole(repeat.get("count", "2"), "a repeat"), 2), MOST_TIMES)
        for target in master.iterfind("Directions/Target"):
            add_target(turns, target.text or "")
        for jump in master.iterfind("Directions/Jump"):
            add_jump(turns, jump.text or "")
        head = BarHead(Meter(_whole(upper, "a meter"), _whole(lower, "a meter")), key, turns)
        for offset in master.iterfind("Fermatas/Fermata/Offset"):
            try:
                head.fermatas.add(Fraction((offset.text or "0").strip()[:20]))
            except (ValueError, ZeroDivisionError):
                raise InvalidScoreError("damaged: the place of a fermata is no number") from None
        return head

    def _add_tempos(self, heads: list[BarHead]) -> None:
        for automation in self.root.iterfind("MasterTrack/Automations/Automation"):
            value = (automation.findtext("Value") or "").split()
            if automation.findtext("Type") != "Tempo" or not value:
                continue
            bar = _whole(automation.findtext("Bar"), "the bar of a tempo")
            try:
                position = Fraction((automation.findtext("Position") or "0").strip())
                bpm = Fraction(value[0]) * UNITS.get(value[1] if len(value) > 1 else "2", 1)
            except (ValueError, ZeroDivisionError):
                raise InvalidScoreError("damaged: a tempo is no number") from None
            if 0 <= bar < len(heads) and 4 <= bpm <= MOST_NUMBER and 0 <= position < 1:
                # A place between two notes is rounded to a 64th.
                time = Fraction(round(position * heads[bar].meter.bar_ql * 16), 16)
                heads[bar].tempos[time] = Tempo(round(60_000_000 / bpm))

    def _track(
        self, element: Element, staves: list[Element | None], columns: list[list[str]]
    ) -> Track:
        channel = element.findtext("MidiConnection/PrimaryChannel") or element.findtext(
            "GeneralMidi/PrimaryChannel"
        )
        is_drum = (
            (channel or "").strip() == str(DRUM_CHANNEL)
            or _words(element, "InstrumentSet/Type") == "drumKit"
            or next((e.get("table") for e in element.iterfind("GeneralMidi")), "") == "Percussion"
        )
        text = element.findtext("Sounds/Sound/MIDI/Program") or element.findtext(
            "GeneralMidi/Program"
        )
        program = _whole(text, "a program") if text and not is_drum else None
        drums = [
            int(number)
            for number in (
                (articulation.findtext("OutputMidiNumber") or "").strip()
                for articulation in element.iterfind(".//Articulations/Articulation")
            )
            if number.isascii() and number.isdigit()
        ]
        name = _words(element, "Name")
        part = Part(name, program if program is not None and 0 <= program < 128 else None, is_drum)
        self.chords = {
            item.get("id", ""): item.get("name", "")
            for item in element.iterfind(".//Property[@name='DiagramCollection']//Item")
        }
        described = [_Staff(element, staff) for staff in staves]
        if not is_drum:
            strings = tuple(reversed(described[0].tuning))
            part = replace(part, strings=strings, capo=described[0].capo)
        by_staff = [
            self._bars(column, staff, drums if is_drum else None)
            for column, staff in zip(columns, described, strict=True)
        ]
        bars = [
            [voice for voices in staff_bars for voice in voices]
            for staff_bars in zip(*by_staff, strict=True)
        ]
        return Track(part, bars)

    def _bars(self, ids: list[str], staff: _Staff, drums: list[int] | None) -> list[Voices]:
        bars: list[Voices] = []
        for name in ids:
            bar = self.listed["Bar"].get(name)
            back = BACK.get(_words(bar, "SimileMark"), 0) if bar is not None else 0
            if back:
                bars.append(bars[-back] if len(bars) >= back else [])
                continue
            voices = (bar.findtext("Voices") or "").split() if bar is not None else []
            bars.append(
                [
                    [self._beat(beat, staff, drums) for beat in self._beats_of(voice)]
                    for voice in voices
                ]
            )
        return bars

    def _beats_of(self, voice: str) -> list[Element]:
        if voice not in self.listed["Voice"]:  # -1: the bar has no such voice
            return []
        return self._all("Beat", self.listed["Voice"][voice].findtext("Beats"))

    def _all(self, kind: str, ids: str | None) -> list[Element]:
        try:
            return [self.listed[kind][name] for name in (ids or "").split()]
        except KeyError:
            raise InvalidScoreError(f"damaged: a {kind.lower()} is missing") from None

    def _beat(self, beat: Element, staff: _Staff, drums: list[int] | None) -> Beat:
        rhythm = beat.find("Rhythm")
        (rhythm,) = self._all("Rhythm", rhythm.get("ref") if rhythm is not None else "") or [None]
        velocity = DYNAMICS.get(_words(beat, "Dynamic"), 80)
        tones = [
            tone
            for note in self._all("Note", beat.findtext("Notes"))
            if (tone := self._tone(note, staff, drums, velocity)) is not None
        ]
        chord = _words(beat, "Chord")
        self.left_out["tremolo"] += beat.find("Tremolo") is not None
        return Beat(
            _duration(rhythm),
            tones,
            grace=beat.find("GraceNotes") is not None,
            chord=self.chords.get(chord, "" if chord.isdigit() else chord),
        )

    def _tone(
        self, note: Element, staff: _Staff, drums: list[int] | None, velocity: int
    ) -> Tone | None:
        properties = {e.get("name"): e for e in note.iterfind("Properties/Property")}
        if "Muted" in properties:
            self.left_out["dead note"] += 1
            return None
        self.left_out["bend"] += "Bended" in properties
        self.left_out["trill"] += note.find("Trill") is not None
        self.left_out[HARMONIC] += "Harmonic" in properties or "HarmonicType" in properties
        tie = note.find("Tie")
        tied = tie is not None and tie.get("destination") == "true"
        if drums is not None:
            drum = self._drum(note, properties, drums)
            return None if drum is None else Tone(drum, velocity, tied=tied)
        if "Fret" in properties and "String" in properties:
            fret = _whole(properties["Fret"].findtext("Fret"), "a fret")
            string = _whole(properties["String"].findtext("String"), "a string")
            if not 0 <= string < len(staff.tuning):
                raise InvalidScoreError("damaged: a note is on a string that its track lacks")
            pitch = staff.tuning[string] + fret + staff.capo
            return Tone(pitch, velocity, len(staff.tuning) - string, fret, tied)
        return Tone(_pitch(properties), velocity, tied=tied)

    def _drum(self, note: Element, properties: dict[Any, Element], drums: list[int]) -> int | None:
        """Return the MIDI number of a drum; None if the file does not state it."""
        text = (note.findtext("InstrumentArticulation") or "").strip()
        if text.isascii() and text.isdigit() and int(text) < len(drums):
            return drums[int(text)]
        if "Midi" in properties:
            return _whole(properties["Midi"].findtext("Number"), "a drum")
        self.left_out["soundless drum note"] += 1
        return None


def _pitch(properties: dict[Any, Element]) -> int:
    """Return the pitch of a note without string: as it sounds, or by octave and step."""
    if "Midi" in properties:
        return _whole(properties["Midi"].findtext("Number"), "a pitch")
    if "ConcertPitch" in properties:
        pitch = properties["ConcertPitch"].find("Pitch")
        step = STEPS.get(_words(pitch, "Step")) if pitch is not None else None
        if step is not None:
            change = ACCIDENTALS.get(_words(pitch, "Accidental"), 0)
            return 12 * (_whole(pitch.findtext("Octave"), "an octave") + 1) + step + change
    if "Octave" in properties and "Tone" in properties:
        octave = _whole(properties["Octave"].findtext("Number"), "an octave")
        step = _whole(properties["Tone"].findtext("Step"), "a tone")
        change = 0
        if "Variation" in properties:
            change = _whole(properties["Variation"].findtext("Variation") or "0", "a pitch")
        return 12 * octave + step + change
    raise InvalidScoreError("damaged: a note has no pitch")


def _duration(rhythm: Element | None) -> Fraction:
    kind = _words(rhythm, "NoteValue") if rhythm is not None else ""
    if rhythm is None or kind not in VALUES:
        raise InvalidScoreError("damaged: a note or rest has no duration")
    quarters = VALUES[kind]
    dots = rhythm.find("AugmentationDot")
    if dots is not None:
        count = min(max(_whole(dots.get("count", "1"), "the dots"), 0), MOST_DOTS)
        quarters *= 2 - Fraction(1, 2**count)
    for name in ("PrimaryTuplet", "SecondaryTuplet"):
        if (tuplet := rhythm.find(name)) is not None:
            played = _whole(tuplet.get("num"), "a tuplet")
            if played <= 0:
                raise InvalidScoreError("damaged: a tuplet has no notes")
            quarters *= Fraction(_whole(tuplet.get("den"), "a tuplet"), played)
    return quarters
