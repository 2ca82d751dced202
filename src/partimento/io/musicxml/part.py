"""The bars of one part of a MusicXML document as rows of whole numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from partimento.errors import UnfitError
from partimento.io.musicxml.marks import (
    PITCHES,
    Instruments,
    exact,
    fingering_of,
    key_of,
    meter_of,
    midi_of,
    tempo_of,
    transposition_of,
)
from partimento.io.musicxml.repeats import Turns
from partimento.music.limits import MAX_QUARTERS, check_size
from partimento.music.timelines import Key, Meter, Tempo

Element = Any
Place = tuple[int, int]  # bar, ticks from its beginning
TIES = {"stop": 1, "start": 2}
GRACE_QL = Fraction(1, 16)
MOST_CHANGES = 100
MIDDLE_LINE = ("B", "4")  # the default place of a note without pitch


class FinerGrid(Exception):  # noqa: N818 - not an error: the reader starts again
    """Signal that a time in the document needs a grid finer by this factor."""

    def __init__(self, times: int) -> None:
        super().__init__(times)
        self.times = times


class BarLength(NamedTuple):
    """How far a part goes in a bar.

    Attributes
    ----------
    ends : tuple of int
        Where its voices end, in ticks.
    rests : bool
        Whether it only rests, for the whole bar: then the other parts say how long that is.
    sounds : bool
        Whether it has notes.
    uncounted : bool
        Whether the bar has no number of its own.
    heard : int
        Where its last note or rest ends: the end of the last bar, which some programs fill up with
        a ``forward``.
    """

    ends: tuple[int, ...]
    rests: bool
    sounds: bool
    uncounted: bool
    heard: int

    @property
    def furthest(self) -> int:
        return max(self.ends)


class PartReader:
    """Reads one part, bar after bar.

    Attributes
    ----------
    rows : list of tuple
        One per written note: bar, onset in the bar, duration, pitch, velocity, string, fret, grace
        and ties. Times are in ticks. String and fret are -1 where the document has none. `grace`
        numbers the part's grace notes from 1 (those of a chord share a number); it is 0 for other
        notes. `ties` is 1 if a tie ends here, 2 if one begins, 3 for both.
    lengths : list of BarLength
    voices : list of str
        The voice of each grace note, by its number.
    meters, keys, tempos : dict
        By place. The first counts if a place has two.
    """

    def __init__(
        self, grid: int, instruments: Instruments, *, has_tab: bool, turns: dict[int, Turns] | None
    ) -> None:
        self.grid, self.instruments, self.has_tab, self.turns = grid, instruments, has_tab, turns
        self.rows: list[tuple[int, ...]] = []
        self.lengths: list[BarLength] = []
        self.voices: list[str] = [""]
        self.meters: dict[Place, Meter] = {}
        self.keys: dict[Place, Key] = {}
        self.tempos: dict[Place, Tempo] = {}
        self.scale = grid  # ticks per division
        self.divisions = Fraction(1)
        self.longest = MAX_QUARTERS * grid
        self.shifts: list[
            tuple[int, str, int]
        ] = []  # onset in this bar, staff ("": all), semitones up
        self.shift: int | None = (
            0  # the one that holds for the whole bar; None if there are several
        )
        self.fifths = 0
        self.bar = self.now = self.onset = self.first = 0
        self.ends: list[int] = []
        self.rest: Element | None = None
        self.sounding = self.resting = self.heard = 0

    def read_bar(self, index: int, bar: Element, music: Element | None) -> None:
        """Read the next bar; `music` holds the part's notes in it (None: it has none)."""
        self.bar, self.now, self.onset, self.first, self.ends, self.rest = index, 0, 0, 0, [], None
        self.sounding = self.resting = self.heard = 0
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
        self.lengths.append(
            BarLength(
                tuple(self.ends),
                self._rests(),
                self.sounding > 0,
                bar.get("implicit") == "yes",
                self.heard,
            )
        )
        if max(self.ends) > self.longest:
            check_size(1, max(self.ends) // self.grid)

    def _rests(self) -> bool:
        """Return whether the bar holds nothing but one rest as long as the bar."""
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
            raise UnfitError(f"a duration is negative, in bar {self.bar + 1}")
        return ticks

    def _note(self, note: Element) -> None:
        elements = {child.tag: child for child in note}
        is_grace, is_chord = "grace" in elements, "chord" in elements
        if is_grace:
            ticks = 0
        elif is_chord and self.first:
            # The notes of a chord last as long as its first one. Where they differ, the program
            # that
            # wrote the file is at fault.
            ticks = self.first
        else:
            ticks = self._ticks(elements.get("duration"))
        if not is_chord:
            self.onset = self.now
            self.now += ticks
            self.first = ticks
            if self.now > self.heard:
                self.heard = self.now
        if "rest" in elements:
            self.resting += 1
            self.rest = note
            return
        self.sounding += 1
        if "cue" in elements:
            return
        if not 0 < ticks <= self.longest and not is_grace:
            self._refuse(ticks)
        ties = grace = 0
        string = fret = -1
        if "tie" in elements:
            for tie in note.iterchildren("tie"):
                ties |= TIES.get(tie.get("type"), 0)
        if self.has_tab and "notations" in elements:
            string, fret = fingering_of(note)
        if is_grace:
            ticks, ties = self.grid // GRACE_QL.denominator, 0
            grace = self._grace(elements)
        written = elements.get("pitch", ())
        pitch = PITCHES.get(tuple([child.text for child in written])) if self.shift == 0 else None
        if pitch is None:
            pitch = self._pitch(elements)
        dynamics = note.get("dynamics")
        velocity = (
            80
            if dynamics is None
            else min(max(round(float(exact(dynamics, "a loudness")) * 0.9), 1), 127)
        )
        self.rows.append((self.bar, self.onset, ticks, pitch, velocity, string, fret, grace, ties))

    def _refuse(self, ticks: int) -> None:
        check_size(1, ticks // self.grid)
        raise UnfitError(f"a note lasts no time, in bar {self.bar + 1}")

    def _grace(self, elements: dict[str, Element]) -> int:
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
            raise UnfitError(f"a pitch is outside 0 to 127: {name[:20]}")
        return pitch

    def _unpitched(self, elements: dict[str, Element]) -> int:
        """Return the General MIDI pitch of an unpitched note.

        Without one, return the pitch of its place on the staff.
        """
        shown = elements.get("unpitched")
        if shown is None:
            raise UnfitError(f"a note has no pitch, in bar {self.bar + 1}")
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
        """Return the transposition in semitones that is in force at this note.

        It is needed where a transposition changes within the bar, or where staves differ. The
        latest change by time counts.
        """
        staff = (elements["staff"].text or "").strip() if "staff" in elements else "1"
        now, shift = -1, 0
        for since, number, semitones in self.shifts:
            if number in ("", staff) and now <= since <= self.onset:
                now, shift = since, semitones
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
            raise UnfitError(f"more than {MOST_CHANGES} transpositions in bar {self.bar + 1}")

    def _attributes(self, attributes: Element) -> None:
        elements: dict[str, list[Element]] = {}
        for child in attributes:
            elements.setdefault(child.tag, []).append(child)
        place = (self.bar, self.now)
        if "divisions" in elements:
            self.divisions = exact(elements["divisions"][0].text, "divisions")
            self.scale = round(self.grid / self.divisions)
        for transpose in elements.get("transpose", ()):
            self._transpose(transpose)
        for time in elements.get("time", ())[:1]:
            if meter := meter_of(time):
                self.meters.setdefault(place, meter)
        for written in elements.get("key", ())[:1]:
            if key := key_of(written, self.fifths):
                self.keys.setdefault(place, key)

    def _direction(self, element: Element) -> None:
        """Read the tempos, and the jumps if repeats are to be unfolded.

        An offset counts only if the document marks it as sounding.
        """
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
