"""Read the bars of one part of a MusicXML document as rows of integers."""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from typing import Any, NamedTuple

from partimento.errors import InvalidScoreError
from partimento.io.musicxml.chords import chord_text
from partimento.io.musicxml.clock import Clock
from partimento.io.musicxml.marks import (
    PITCHES,
    Instruments,
    exact,
    fingering_of,
    key_of,
    meter_of,
    midi_of,
    phrase_marks,
    tempo_of,
    transposition_of,
    velocity_of,
    written_value,
)
from partimento.io.musicxml.tablature import strings_of
from partimento.io.musicxml.turns import Turns, read_barline, read_direction
from partimento.music.limits import MAX_QUARTERS, check_size
from partimento.music.notes import MAX_GRID
from partimento.music.timelines import Key, Meter, Tempo

Element = Any
Place = tuple[int, int]  # index of the bar, ticks from its beginning
TIES = {"stop": 1, "start": 2}  # flags
GRACE_QL = Fraction(1, 16)  # duration of a grace note in quarters
STAVES = ("1", "2", "3", "4")  # of a part
MOST_CHANGES = 100  # transpositions in one bar
FIRST_NUMBERS = ("0", "1")  # of a movement
ACTUAL, NORMAL = "actual-notes", "normal-notes"
# From so many divisions of a quarter on, a difference of one division is a rounding error.
FINE_DIVISIONS = 96
MIDDLE_LINE = ("B", "4")  # the default position of an unpitched note


class FinerGrid(Exception):  # noqa: N818 - not an error: the reader starts again
    """Signal that a time in the document needs more ticks per quarter, by this factor."""

    def __init__(self, factor: int) -> None:
        super().__init__(factor)
        self.factor = factor


class BarLength(NamedTuple):
    """The length of a bar in one part.

    Attributes
    ----------
    ends : tuple of int
        The ends of its voices, in ticks.
    rests : bool
        Whether it consists of a single whole-bar rest. Its length then follows from other parts.
    sounds : bool
        Whether it has notes.
    uncounted : bool
        Whether the bar has no number of its own, as a pickup.
    furthest : int
        The latest of `ends`.
    sounded : int
        The end of its last note, in ticks.
    heard : int
        The end of its last note or rest, in ticks. It decides the end of the piece, because some
        programs fill up the last bar with a ``forward``.
    """

    ends: tuple[int, ...]
    rests: bool
    sounds: bool
    uncounted: bool
    furthest: int
    sounded: int
    heard: int


class PartReader:
    """Read one part, bar after bar.

    Parameters
    ----------
    grid : int
        Ticks per quarter.
    instruments : Instruments
    has_tab : bool
        Whether the document has frets, so that these are searched.
    has_phrases : bool
        Whether the document has fermatas, breath marks or caesuras, so that these are searched.
    is_exact : bool
        Whether all durations are exact, as in our own files: there, they differ from the note
        values that are drawn.
    turns : dict of int to Turns, or None
        Collects the repeats and jumps by bar; None if repeats are not unfolded.

    Attributes
    ----------
    rows : list of tuple
        One per written note: bar, onset in the bar, duration, pitch, velocity, string, fret, grace,
        voice, marks and ties. Times are in ticks. String and fret are -1 if the document has none.
        `grace` numbers the part's grace notes from 1 (notes of one chord share a number); it is 0
        for other notes. `voice` is an index into `written_voices`. `marks` is `FERMATA` plus
        `BREATH`. `ties` is 1 if a tie ends here, 2 if one begins, 3 for both.
    lengths : list of BarLength
    voices : list of str
        The voice of each grace note, by its number.
    written_voices : dict of (str, str) to int
        The staves and voices of the notes as the document names them, by order of appearance.
    breaks : set of (int, int or None)
        Places at which a phrase ends without a note: rests and bar lines with a fermata. None is
        the end of the bar.
    staves : int
        The largest number of staves that the part states.
    strings : tuple of int
        The open strings of a tablature, from string 1 on, without capo; empty if none is stated.
    capo : int
        The fret of the capo; 0 for none.
    meters, keys, tempos, chords : dict
        By place. If there are two at one place, the first one counts.
    local_meters : dict
        By place, the further meters there, which are those of single staves.
    dropped : list of int
        The bars of the notes that are left out, because they have no duration.
    elements : list of Element or None
        The ``note`` of each row, if it is set to a list before bars are read.
    """

    def __init__(
        self,
        grid: int,
        instruments: Instruments,
        *,
        has_tab: bool,
        has_phrases: bool = False,
        is_exact: bool,
        turns: dict[int, Turns] | None,
    ) -> None:
        self.grid, self.instruments, self.has_tab, self.turns = grid, instruments, has_tab, turns
        self.has_phrases, self.is_exact = has_phrases, is_exact
        self.rows: list[tuple[int, ...]] = []
        self.lengths: list[BarLength] = []
        self.voices: list[str] = [""]
        self.written_voices: dict[tuple[str, str], int] = {}
        self.breaks: set[tuple[int, int | None]] = set()
        self.meters: dict[Place, Meter] = {}
        self.local_meters: dict[Place, list[Meter]] = {}
        self.keys: dict[Place, Key] = {}
        self.tempos: dict[Place, Tempo] = {}
        self.chords: dict[Place, str] = {}
        self.scale = grid  # ticks per division
        self.divisions = Fraction(1)
        self.longest = MAX_QUARTERS * grid
        # Transpositions in this bar: onset, staff (empty for all), semitones up.
        self.shifts: list[tuple[int, str, int]] = []
        self.shift: int | None = 0  # the one for the whole bar; None if there are several
        self.fifths = 0
        self.staves = 1
        self.strings: tuple[int, ...] = ()
        self.capo = 0
        self.bar = self.now = self.onset = self.first = 0
        self.ends: list[int] = []
        self.rest: Element | None = None
        self.sounding = self.resting = self.heard = self.sounded = 0
        self.number = ""
        self.repeated = 0  # the number of bars that a repeat sign in each bar stands for
        self.clock: Clock | None = None  # of a bar in which durations are rounded
        self.values: dict[tuple[Any, ...], int] = {}  # ticks of the tuplets read with `divisions`
        self.dropped: list[int] = []
        self.elements: list[Element] | None = None  # the notes of `rows`, if this is a list

    def read_bar(self, index: int, bar: Element, music: Element | None) -> None:
        """Read the next bar.

        Parameters
        ----------
        index : int
        bar : Element
            The ``measure``.
        music : Element or None
            The element with the notes of this part in the bar; None if it has none.
        """
        self.bar, self.now, self.onset, self.first, self.ends, self.rest = index, 0, 0, 0, [], None
        self.sounding = self.resting = self.heard = self.sounded = 0
        self.clock = None
        if self.shifts:
            self._carry_shifts()
        if self.turns is not None:
            number = bar.get("number", "")
            if number in FIRST_NUMBERS and self.number not in ("", *FIRST_NUMBERS):
                self.turns.setdefault(index, Turns()).movement = True
            self.number = number
        for element in music if music is not None else ():
            tag = element.tag
            if tag == "note":
                self._note(element)
            elif tag == "backup":
                self.ends.append(self.now)
                self._back(self._ticks(element.find("duration")))
            elif tag == "forward":
                self._skip(self._ticks(element.find("duration")))
            elif tag == "attributes":
                self._attributes(element)
            elif tag in ("direction", "sound"):
                self._direction(element)
            elif tag == "harmony":
                self._harmony(element)
            elif tag == "barline":
                if self.turns is not None:
                    read_barline(self.turns, index, element)
                if self.has_phrases and element.find("fermata") is not None:
                    self._break_at(element)
        if self.repeated and not self.sounding:
            self._repeat_bars(index)
        self.ends.append(self.now)
        furthest = max(self.ends)
        self.lengths.append(
            BarLength(
                tuple(self.ends),
                self._rests(),
                self.sounding > 0,
                bar.get("implicit") == "yes",
                furthest,
                self.sounded,
                self.heard,
            )
        )
        if furthest > self.longest:
            check_size(1, furthest // self.grid)

    def _repeat_bars(self, index: int) -> None:
        """Copy the notes that a repeat sign within the bar stands for."""
        source = index - self.repeated
        first = bisect_left(self.rows, source, key=lambda row: row[0])
        last = bisect_left(self.rows, source + 1, key=lambda row: row[0])
        check_size(len(self.rows) + last - first or 1, 0)
        self.rows += [(index, *row[1:]) for row in self.rows[first:last]]
        if source >= 0:
            self.sounding = last - first
            self.now = self.sounded = self.heard = self.lengths[source].furthest

    def _rests(self) -> bool:
        """Return whether the bar contains only a whole-bar rest."""
        if self.sounding or self.resting != 1 or self.rest is None:
            return False
        return (
            self.rest.find("rest").get("measure") == "yes"
            or (self.rest.findtext("type") or "").strip() == "whole"
        )

    def _ticks(self, duration: Element | None) -> int:
        text = None if duration is None else duration.text
        try:
            ticks = int(text) * self.scale  # type: ignore[arg-type]  # `exact` reports a missing text
        except (TypeError, ValueError):
            value = exact(text, "a duration") * self.grid / self.divisions
            if value.denominator > 1:
                raise FinerGrid(value.denominator) from None
            ticks = value.numerator
        if ticks < 0:
            raise InvalidScoreError(f"a duration is negative, in bar {self.bar + 1}")
        return ticks

    def _back(self, ticks: int) -> None:
        self.now = max(self.now - ticks, 0) if self.clock is None else self.clock.back(ticks)

    def _skip(self, ticks: int) -> None:
        if self.clock is None:
            self.now += ticks
        else:
            self.now = self.clock.skip(ticks)

    def _note(self, note: Element) -> None:
        elements = {child.tag: child for child in note}
        is_grace, is_chord = "grace" in elements, "chord" in elements
        if is_grace:
            ticks = 0
        elif is_chord and self.first:
            # All notes of a chord last as long as the first one. A different duration is a mistake
            # of the program that wrote the file.
            ticks = self.first
        else:
            try:  # the usual case, without a call
                ticks = int(elements["duration"].text) * self.scale
            except (KeyError, TypeError, ValueError):
                ticks = -1
            if ticks <= 0:
                ticks = self._ticks(elements.get("duration"))
            if self.clock is not None or "time-modification" in elements or not ticks:
                ticks = self._exact(note, elements, ticks)
        if not is_chord:
            self.onset = self.now
            self.now += ticks
            self.first = ticks
            if self.now > self.heard:
                self.heard = self.now
        if "rest" in elements:
            self.resting += 1
            self.rest = note
            if self.has_phrases and phrase_marks(note):
                self.breaks.add((self.bar, self.now))
            return
        self.sounding += 1
        if self.now > self.sounded:
            self.sounded = self.now
        if "cue" in elements:
            return
        if not 0 < ticks <= self.longest and not is_grace:
            self._reject(ticks)
            return
        ties = grace = marks = 0
        string = fret = -1
        if "tie" in elements:
            for tie in note.iterchildren("tie"):
                ties |= TIES.get(tie.get("type"), 0)
        if self.has_tab and "notations" in elements:
            string, fret = fingering_of(note)
        if self.has_phrases and "notations" in elements:
            marks = phrase_marks(note)
        if is_grace:
            ticks, ties = self.grid // GRACE_QL.denominator, 0
            grace = self._grace(elements)
        # Pitches that are spelled as usual and not transposed take a fast path.
        written = elements.get("pitch", ())
        pitch = PITCHES.get(tuple([child.text for child in written])) if self.shift == 0 else None
        if pitch is None:
            pitch = self._pitch(elements)
        dynamics = note.get("dynamics")
        velocity = 80 if dynamics is None else velocity_of(dynamics)
        if self.elements is not None:
            self.elements.append(note)
        place = (
            elements["staff"].text or "1" if "staff" in elements else "1",
            elements["voice"].text or "1" if "voice" in elements else "1",
        )
        voice = self.written_voices.setdefault(place, len(self.written_voices))
        timed = (self.bar, self.onset, ticks, pitch, velocity)
        self.rows.append((*timed, string, fret, grace, voice, marks, ties))

    def _break_at(self, barline: Element) -> None:
        """End a phrase at a bar line with a fermata."""
        places = {"left": 0, "middle": self.now}
        self.breaks.add((self.bar, places.get(barline.get("location", "right"))))

    def _exact(self, note: Element, elements: dict[str, Element], rounded: int) -> int:
        """Return the exact duration of a note, and keep the clock of its bar."""
        ticks = rounded
        if ("time-modification" in elements or not ticks) and not self.is_exact:
            ticks = self._exact_ticks(note, elements, ticks)
        if ticks != rounded or self.clock is not None:
            self.clock = self.clock or Clock(self.now, self.scale)
            self.clock.advance(rounded, self.now + ticks)
        return ticks

    def _exact_ticks(self, note: Element, elements: dict[str, Element], ticks: int) -> int:
        """Return the duration that type, dots and tuplet state, if `ticks` is rounded.

        The two then differ by less than a division. A duration of 0 is always taken as rounded.
        """
        change = elements.get("time-modification")
        ratio = () if change is None else (change.findtext(ACTUAL), change.findtext(NORMAL))
        kind = elements["type"].text if "type" in elements else None
        dots = sum(child.tag == "dot" for child in note) if "dot" in elements else 0
        key = (ticks, kind, dots, *ratio)
        if key not in self.values:
            value = written_value(kind, dots, ratio)
            exact_ticks = value * self.grid if value else Fraction(ticks)
            off = abs(exact_ticks - ticks)
            fine = self.divisions >= FINE_DIVISIONS
            if (off and not ticks) or off < self.scale or (fine and off == self.scale):
                if exact_ticks.denominator > 1 and self.grid * exact_ticks.denominator <= MAX_GRID:
                    raise FinerGrid(exact_ticks.denominator)
                ticks = round(exact_ticks)
            self.values[key] = ticks
        return self.values[key]

    def _reject(self, ticks: int) -> None:
        check_size(1, ticks // self.grid)
        self.dropped.append(self.bar)

    def _grace(self, elements: dict[str, Element]) -> int:
        """Return the number of a grace note; a new one unless it belongs to a chord."""
        if "chord" not in elements or len(self.voices) == 1:
            parts = [elements[tag].text for tag in ("staff", "voice") if tag in elements]
            self.voices.append("/".join(filter(None, parts)))
        return len(self.voices) - 1

    def _pitch(self, elements: dict[str, Element]) -> int:
        """Return the sounding MIDI pitch."""
        written = elements.get("pitch")
        if written is None:
            return self._unpitched(elements)
        pitch = PITCHES.get(tuple([child.text for child in written]))
        if pitch is None:
            pitch = midi_of(
                written.findtext("step"), written.findtext("octave"), written.findtext("alter")
            )
        pitch += self._shift_at(elements) if self.shift is None else self.shift
        if not 0 <= pitch <= 127:
            name = f"{written.findtext('step')}{written.findtext('octave')}"
            raise InvalidScoreError(f"a pitch is outside 0 to 127: {name[:20]}")
        return pitch

    def _unpitched(self, elements: dict[str, Element]) -> int:
        """Return the General MIDI pitch of an unpitched note.

        If the document states none, this is the pitch of its position on the staff.
        """
        shown = elements.get("unpitched")
        if shown is None:
            raise InvalidScoreError(f"a note has no pitch, in bar {self.bar + 1}")
        sounds = self.instruments.sounds
        name = elements["instrument"].get("id") if "instrument" in elements else None
        if name in sounds:
            return min(sounds[name], 127)
        if name is None and len(sounds) == 1:
            return min(*sounds.values(), 127)
        step, octave = (
            shown.findtext("display-step") or MIDDLE_LINE[0],
            shown.findtext("display-octave") or MIDDLE_LINE[1],
        )
        return min(max(midi_of(step, octave, None), 0), 127)

    def _shift_at(self, elements: dict[str, Element]) -> int:
        """Return the transposition in semitones that is valid at this note.

        This is needed if the transposition changes within the bar, or differs between staves. The
        latest change before the note counts.
        """
        staff = (elements["staff"].text or "").strip() if "staff" in elements else "1"
        latest, shift = -1, 0
        for onset, number, semitones in self.shifts:
            if number in ("", staff) and latest <= onset <= self.onset:
                latest, shift = onset, semitones
        return shift

    def _carry_shifts(self) -> None:
        """Carry the transpositions at the end of a bar over to the next one."""
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
            raise InvalidScoreError(
                f"more than {MOST_CHANGES} transpositions in bar {self.bar + 1}"
            )

    def _attributes(self, attributes: Element) -> None:
        elements: dict[str, list[Element]] = {}
        for child in attributes:
            elements.setdefault(child.tag, []).append(child)
        place = (self.bar, self.now)
        if "divisions" in elements:
            self.divisions = exact(elements["divisions"][0].text, "divisions")
            self.scale = round(self.grid / self.divisions)
            self.values = {}
        for staves in elements.get("staves", ()):
            if (number := (staves.text or "").strip()) in STAVES:
                self.staves = max(self.staves, int(number))
        for style in elements.get("measure-style", ()):
            if (sign := style.find("measure-repeat")) is not None:
                text = (sign.text or "1").strip()
                starts = sign.get("type") == "start" and text.isascii() and text.isdigit()
                self.repeated = int(text[:2]) if starts else 0
        for details in elements.get("staff-details", ()) if self.has_tab else ():
            strings, capo = strings_of(details)
            self.strings = self.strings or strings
            self.capo = self.capo or capo
        for transpose in elements.get("transpose", ()):
            self._transpose(transpose)
        times = elements.get("time", ())
        for time in times:
            meter = meter_of(time)
            is_local = len(times) == 1 and time.get("number") and self.staves > 1
            if meter and (is_local or self.meters.setdefault(place, meter) != meter):
                self.local_meters.setdefault(place, []).append(meter)
        for written in elements.get("key", ())[:1]:
            if key := key_of(written, self.fifths):
                self.keys.setdefault(place, key)

    def _direction(self, element: Element) -> None:
        """Read the tempo of a direction, and its jumps if repeats are to be unfolded.

        The offset of a direction counts only if the document marks it as valid for the sound.
        """
        if tempo := tempo_of(element):
            offset = element.find("offset")
            later = Fraction(0)
            if offset is not None and (element.tag == "sound" or offset.get("sound") == "yes"):
                later = exact(offset.text, "an offset") * self.grid / self.divisions
            self.tempos.setdefault((self.bar, max(self.now + round(later), 0)), tempo)
        if self.turns is not None:
            read_direction(self.turns, self.bar, element, at_end=self._is_at_end(element))

    def _harmony(self, element: Element) -> None:
        if text := chord_text(element, self.fifths):
            offset = element.find("offset")
            later = 0 if offset is None else exact(offset.text, "an offset") * self.scale
            self.chords.setdefault((self.bar, max(self.now + round(later), 0)), text)

    def _is_at_end(self, element: Element) -> bool:
        """Return whether no note of the voice follows in the bar."""
        after = next(element.itersiblings("note", "backup"), None)
        return self.now > 0 and (after is None or after.tag == "backup")
