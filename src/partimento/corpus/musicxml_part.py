"""The bars of one part of a MusicXML document as rows of whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from partimento.corpus.errors import MAX_QUARTERS, UnfitError, check_size
from partimento.corpus.musicxml_marks import exact, key_of, meter_of, tempo_of, transposition_of, whole
from partimento.corpus.musicxml_repeats import Turns
from partimento.piece import Key, Meter, Tempo

Element = Any
Place = tuple[int, int]  # bar, ticks from its beginning
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
TIES = {"stop": 1, "start": 2}
GRACE_QL = Fraction(1, 16)
MOST_CHANGES = 100
MIDDLE_LINE = ("B", "4")  # where a note without pitch stands if nothing is said


@dataclass(frozen=True)
class Instruments:
    """What a part is played on.

    Attributes
    ----------
    program : int or None
        General MIDI, 0 to 127, of the first instrument.
    is_drum : bool
    sounds : dict of str to int
        Name of an instrument within the document → the MIDI pitch of its one sound.
    """

    program: int | None = None
    is_drum: bool = False
    sounds: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, listed: Element | None) -> Instruments:
        """Read a ``score-part``."""
        midi = list(listed.iterchildren("midi-instrument")) if listed is not None else []
        if not midi:
            return cls()
        sounds = {m.get("id", ""): max(whole(m.findtext("midi-unpitched"), "a sound") - 1, 0) for m in midi if m.findtext("midi-unpitched")}
        said = (midi[0].findtext("midi-program") or "").strip()
        program = max(whole(said, "a program") - 1, 0) if said else None  # some count from 0, against the standard
        drum = (midi[0].findtext("midi-channel") or "").strip() == "10" or midi[0].get("id", "") in sounds
        return cls(program if program is not None and program < 128 else None, drum, sounds)


@dataclass(frozen=True, slots=True)
class BarLength:
    """How far a part goes in a bar.

    Attributes
    ----------
    ends : tuple of int
        Where its voices end, in ticks.
    rests : bool
        Whether it only rests, for the whole bar: then the other parts say how long that is.
    as_whole : bool
        Whether that rest looks like a whole one.
    number_less : bool
        Whether the bar is not counted.
    """

    ends: tuple[int, ...]
    rests: bool
    as_whole: bool
    number_less: bool

    @property
    def furthest(self) -> int:
        return max(self.ends)


class PartReader:
    """Reads one part, bar after bar.

    Attributes
    ----------
    rows : list of tuple
        Bar, onset in the bar, duration, pitch, velocity, string, fret, grace, ties of every written note; times in ticks, string and fret
        -1 where nothing is said; `grace` counts the part's grace notes from 1 (those of a chord alike), 0 for others; ties: 1 one ends
        here, 2 one begins, 3 both.
    lengths : list of BarLength
    voices : list of str
        The voice of each grace note, by its number.
    meters, keys, tempos : dict
        By place; where a place has two, the first.
    """

    def __init__(self, grid: int, instruments: Instruments, *, has_tab: bool, turns: dict[int, Turns] | None) -> None:
        self.grid, self.instruments, self.has_tab, self.turns = grid, instruments, has_tab, turns
        self.rows: list[tuple[int, ...]] = []
        self.lengths: list[BarLength] = []
        self.voices: list[str] = [""]
        self.meters: dict[Place, Meter] = {}
        self.keys: dict[Place, Key] = {}
        self.tempos: dict[Place, Tempo] = {}
        self.scale = grid  # ticks a division
        self.divisions = Fraction(1)
        self.longest = MAX_QUARTERS * grid
        self.shifts: list[tuple[int, str, int]] = []  # since when in this bar, which staff ("": all), how many semitones up it sounds
        self.shift: int | None = 0  # the one for all the bar; None: there are several
        self.fifths = 0
        self.pitches: dict[tuple[str | None, ...], int] = {}
        self.bar = self.now = self.onset = 0
        self.ends: list[int] = []
        self.rest: Element | None = None
        self.sounding = self.resting = 0

    def read_bar(self, index: int, bar: Element, music: Element | None) -> None:
        """Read the next bar; `music` holds the part's notes in it (None: it has none)."""
        self.bar, self.now, self.onset, self.ends, self.rest = index, 0, 0, [], None
        self.sounding = self.resting = 0
        if self.shifts:
            self._carry_shifts()
        for element in music if music is not None else ():
            tag = element.tag
            if tag == "note":
                self._note(element)
            elif tag == "backup":
                self.ends.append(self.now)
                self.now = max(self.now - self._ticks(element.find("duration")), 0)
            elif tag == "forward":
                self.now += self._ticks(element.find("duration"))
            elif tag == "attributes":
                self._attributes(element)
            elif tag in ("direction", "sound"):
                self._direction(element)
            elif tag == "barline" and self.turns is not None:
                self.turns.setdefault(index, Turns()).read_barline(element)
        self.ends.append(self.now)
        as_whole = self.rest is not None and (self.rest.findtext("type") or "").strip() == "whole"
        rests = self.sounding == 0 and self.resting == 1 and (as_whole or self.rest.find("rest").get("measure") == "yes")
        self.lengths.append(BarLength(tuple(self.ends), rests, as_whole, bar.get("implicit") == "yes"))
        if max(self.ends) > self.longest:
            check_size(1, max(self.ends) / self.grid)

    def _ticks(self, duration: Element | None) -> int:
        text = None if duration is None else duration.text
        try:
            ticks = int(text) * self.scale  # type: ignore[arg-type]  # what is no text is not exact either
        except (TypeError, ValueError):
            value = exact(text, "a duration") * self.grid / self.divisions
            ticks = round(value)
        if ticks < 0:
            raise UnfitError(f"a duration is negative: {text}")
        return ticks

    def _note(self, note: Element) -> None:
        found = {child.tag: child for child in note}
        is_grace = "grace" in found
        ticks = 0 if is_grace else self._ticks(found.get("duration"))
        if "chord" not in found:
            self.onset = self.now
            self.now += ticks
        if "rest" in found:
            self.resting += 1
            self.rest = note
            return
        self.sounding += 1
        if "cue" in found:
            return
        if ticks > self.longest:
            check_size(1, ticks / self.grid)
        if ticks == 0 and not is_grace:
            raise UnfitError(f"a note lasts no time, in bar {self.bar + 1}")
        ties = grace = 0
        string = fret = -1
        if "tie" in found:
            for tie in note.iterchildren("tie"):
                ties |= TIES.get(tie.get("type"), 0)
        if self.has_tab and "notations" in found:
            string, fret = _fingering(note)
        if is_grace:
            ticks, ties = self.grid // GRACE_QL.denominator, 0
            grace = self._grace(found)
        dynamics = note.get("dynamics")
        velocity = 80 if dynamics is None else min(max(round(float(exact(dynamics, "a loudness")) * 0.9), 1), 127)
        self.rows.append((self.bar, self.onset, ticks, self._pitch(found), velocity, string, fret, grace, ties))

    def _grace(self, found: dict[str, Element]) -> int:
        if "chord" not in found or len(self.voices) == 1:
            parts = [found[tag].text for tag in ("staff", "voice") if tag in found]
            self.voices.append("/".join(filter(None, parts)))
        return len(self.voices) - 1

    def _pitch(self, found: dict[str, Element]) -> int:
        """The sounding MIDI pitch."""
        written = found.get("pitch")
        if written is None:
            return self._unpitched(found)
        key = tuple([child.text for child in written])
        pitch = self.pitches.get(key)
        if pitch is None:
            pitch = self.pitches[key] = _midi(written.findtext("step"), written.findtext("octave"), written.findtext("alter"))
        pitch += self._shift_at(found) if self.shift is None else self.shift
        if not 0 <= pitch <= 127:
            raise UnfitError(f"a pitch is outside 0 to 127: {written.findtext('step')}{written.findtext('octave')}")
        return pitch

    def _unpitched(self, found: dict[str, Element]) -> int:
        """What General MIDI plays for it, else where it stands on the staff."""
        shown = found.get("unpitched")
        if shown is None:
            raise UnfitError(f"a note has no pitch, in bar {self.bar + 1}")
        sounds = self.instruments.sounds
        name = found["instrument"].get("id") if "instrument" in found else None
        if name in sounds:
            return min(sounds[name], 127)
        if name is None and len(sounds) == 1:
            return min(*sounds.values(), 127)
        step, octave = shown.findtext("display-step") or MIDDLE_LINE[0], shown.findtext("display-octave") or MIDDLE_LINE[1]
        return min(max(_midi(step, octave, None), 0), 127)

    def _shift_at(self, found: dict[str, Element]) -> int:
        """The semitones where a transposition changes within the bar, or staves have each their own: the latest by time counts."""
        staff = (found["staff"].text or "").strip() if "staff" in found else "1"
        now, shift = -1, 0
        for since, number, semitones in self.shifts:
            if number in ("", staff) and now <= since <= self.onset:
                now, shift = since, semitones
        return shift

    def _carry_shifts(self) -> None:
        """What holds at the end of a bar holds for the next one."""
        last: dict[str, int] = {}
        for _, number, semitones in sorted(self.shifts, key=lambda change: change[0]):
            last = {**last, number: semitones} if number else {"": semitones}
        self.shifts = [(0, number, semitones) for number, semitones in last.items()]
        self.shift = last[""] if list(last) == [""] else None

    def _transpose(self, transpose: Element) -> None:
        semitones, self.fifths = transposition_of(transpose)
        number = (transpose.get("number") or "").strip()
        if self.now == 0 and not number:
            self.shifts, self.shift = [(0, "", semitones)], semitones
            return
        self.shifts.append((self.now, number, semitones))
        self.shift = None
        if len(self.shifts) > MOST_CHANGES:
            raise UnfitError(f"more than {MOST_CHANGES} transpositions in bar {self.bar + 1}")

    def _attributes(self, attributes: Element) -> None:
        found: dict[str, list[Element]] = {}
        for child in attributes:
            found.setdefault(child.tag, []).append(child)
        place = (self.bar, self.now)
        if "divisions" in found:
            self.divisions = exact(found["divisions"][0].text, "divisions")
            self.scale = round(self.grid / self.divisions)
        for transpose in found.get("transpose", ()):
            self._transpose(transpose)
        for time in found.get("time", ())[:1]:
            if meter := meter_of(time):
                self.meters.setdefault(place, meter)
        for written in found.get("key", ())[:1]:
            if key := key_of(written, self.fifths):
                self.keys.setdefault(place, key)

    def _direction(self, element: Element) -> None:
        """Tempos; and jumps, if repeats are to be unfolded. An offset counts only if it is said to sound."""
        sounds = [element] if element.tag == "sound" else list(element.iterchildren("sound"))
        if tempo := tempo_of(element):
            offset = element.find("offset")
            later = Fraction(0)
            if offset is not None and (element.tag == "sound" or offset.get("sound") == "yes"):
                later = exact(offset.text, "an offset") * self.grid / self.divisions
            self.tempos.setdefault((self.bar, max(self.now + round(later), 0)), tempo)
        if self.turns is not None:
            for sound in sounds:
                self.turns.setdefault(self.bar, Turns()).read_sound(sound)


def _midi(step: str | None, octave: str | None, alter: str | None) -> int:
    name = (step or "").strip().upper()
    if name not in STEPS:
        raise UnfitError(f"a note's name is none: {name[:20]!r}")
    raised = exact(alter, "an accidental") if alter and alter.strip() else Fraction(0)
    if abs(raised) > 12:
        raise UnfitError(f"no such accidental: {float(raised):g} semitones")
    sounding = 12 * (whole(octave, "an octave") + 1) + STEPS[name] + raised
    return int(sounding + Fraction(1, 2)) if sounding.denominator > 1 else int(sounding)


def _fingering(note: Element) -> tuple[int, int]:
    """String and fret of a tablature, -1 where nothing is said."""
    found = []
    for tag in ("string", "fret"):
        text = (note.findtext(f"notations/technical/{tag}") or "").strip()
        found.append(int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1)
    return found[0], found[1]
