"""Read the music of one voice of an ABC tune: notes, bars, repeats."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from partimento.io.abc.fields import ALTERS, AbcKey, Shift
from partimento.io.abc.tokens import IN_CHORD, PARTS, length_of
from partimento.io.musicxml.turns import Turns, passes_of
from partimento.io.written import TIE_START, TIE_STOP
from partimento.music.fermatas import FERMATA
from partimento.music.limits import MAX_NOTES, MAX_QUARTERS, check_size
from partimento.music.timelines import Meter

PITCHES = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71}
ZERO, ONE = Fraction(0), Fraction(1)
MOST_REST_BARS = 1000  # of a multi-measure rest
USUAL_TUPLETS = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}  # number of notes → the time that they take
MOST_BROKEN = 4  # signs of broken rhythm in a row
# Decorations that are jumps: the field of `Turns` that they set.
JUMPS = {
    "segno": "segno",
    "coda": "sign",
    "fine": "fine",
    "D.C.": "dacapo",
    "dacapo": "dacapo",
    "D.S.": "dalsegno",
    "dacoda": "tocoda",
}
FERMATAS = ("fermata", "invertedfermata")
BREATHS = ("breath", "caesura", "shortphrase", "mediumphrase", "longphrase")
Place = tuple[str, int]  # letter and octave of a written note


@dataclass
class Row:
    """A written note; times are in quarters.

    `ties` and `mark` have the flags of `written`. Grace notes have no duration; from the second
    note of a grace chord on, their `ties` are negative.
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    layer: int
    ties: int = 0
    mark: int = 0


@dataclass
class Tie:
    """A tie that waits for its second note."""

    end: Fraction
    alter: int


@dataclass
class Written:
    """The last note, chord or rest, to which broken rhythm and ties refer."""

    onset: Fraction = ZERO
    duration: Fraction = ZERO
    rows: list[tuple[Place, int, Row]] = field(default_factory=list)


class Voice:
    """The state of a voice while its music is read.

    Attributes
    ----------
    rows : list of Row
    bars : list of Fraction
        The beginning of each bar; the current bar is the last one.
    turns : dict of int to Turns
        The repeats and jumps by index of the bar.
    breaks : set of Fraction
        The times at which phrases end at breath marks, or at rests and bar lines with a fermata.
    now : Fraction
        The time in quarters.
    """

    def __init__(
        self, *, unit: Fraction, meter: Meter | None, key: AbcKey, shift: Shift, propagate: str
    ) -> None:
        self.unit, self.meter, self.key, self.shift = unit, meter, key, shift
        self.propagate = propagate
        self.name, self.is_drum = "", False
        self.program: int | None = None
        self.rows: list[Row] = []
        self.bars: list[Fraction] = [ZERO]
        self.turns: dict[int, Turns] = {}
        self.breaks: set[Fraction] = set()
        self.has_fermata = False  # on the next note, rest or bar line
        self.now = ZERO
        self.layer = 0
        self.main_end = self.overlay_start = ZERO
        self.is_long_overlay = False
        self.in_ending = False
        self.accidentals: dict[object, int] = {}
        self.ties: dict[int, dict[Place, Tie]] = {}
        self.last = Written()
        self.tuplets: list[list[Fraction | int]] = []
        self.broken = ONE

    # ------------------------------------------------------------------ notes and rests

    def note(self, accidental: str | None, letter: str, octave: str, length: str, tie: str) -> bool:
        """Read a note; return False if its length is impossible."""
        duration = self._duration(length)
        if duration is None:
            return False
        self.last = Written(self.now, duration)
        self._sound(accidental, letter, octave, duration, tie)
        self.has_fermata = False
        self._advance(duration)
        return True

    def chord(self, text: str) -> bool:
        """Read a chord: ``[CEG]2-``. Its time is that of its first note."""
        inside, _, after = text[1:].rpartition("]")
        outer = length_of(after.rstrip("-"))
        base = self._duration("")
        notes = [token for token in IN_CHORD.finditer(inside) if token["letter"]]
        lengths = [length_of(token["length"]) for token in notes]
        if outer is None or base is None or None in lengths or not notes:
            return False
        durations = [base * outer * length for length in lengths if length is not None]
        self.last = Written(self.now, durations[0])
        decorations = (token["decoration"] for token in IN_CHORD.finditer(inside))
        self.has_fermata |= any(name and name.strip("!") in FERMATAS for name in decorations)
        for token, duration in zip(notes, durations, strict=True):
            tie = token["tie"] or after.endswith("-")
            self._sound(token["accidental"], token["letter"], token["octave"], duration, tie)
        self.has_fermata = False
        self._advance(durations[0])
        return True

    def rest(self, text: str) -> bool:
        """Read a rest: ``z2``, ``x``, or of several bars: ``Z4``."""
        if text[0] in "ZX":
            length = length_of(text[1:])
            if length is None:
                return False
            whole = (self.meter or Meter()).bar_ql
            for i in range(max(min(int(length), MOST_REST_BARS), 1)):
                if i:
                    self.bar("|", "")
                self._advance(whole)
            self._break_at_fermata()
            self.last = Written()
            return True
        duration = self._duration(text[1:])
        if duration is None:
            return False
        self.last = Written(self.now, duration)
        self._advance(duration)
        self._break_at_fermata()
        return True

    def _break_at_fermata(self) -> None:
        """End a phrase here if a rest or a bar line is under a fermata."""
        if self.has_fermata:
            self.breaks.add(self.now)
            self.has_fermata = False

    def grace(self, text: str) -> None:
        """Read grace notes: ``{/ga}``. They take no time."""
        for token in PARTS.finditer(text[1:-1]):
            chord = token["inside"] if token["inside"] is not None else token["note"]
            notes = [inner for inner in IN_CHORD.finditer(chord or "") if inner["letter"]]
            for i, inner in enumerate(notes):
                pitch, _ = self._pitch(inner["accidental"], inner["letter"], inner["octave"])
                self._add(Row(self.now, ZERO, pitch, self.layer, -(i > 0)))

    def tuplet(self, text: str) -> None:
        """Read the start of a tuplet: ``(3``, ``(p:q:r``, where q and r may be missing."""
        numbers = [int(number or 0) for number in (*text[1:].split(":"), "", "")[:3]]
        count, time, reach = numbers
        if not count:
            return
        meter = self.meter or Meter()
        is_compound = meter.denominator == 8 and meter.numerator in (6, 9, 12, 15)
        time = time or USUAL_TUPLETS.get(count, 3 if is_compound else 2)
        self.tuplets.append([Fraction(time, count), reach or count])

    def broken_rhythm(self, signs: str) -> None:
        """Read ``>`` or ``<``: lengthen one note at the cost of its neighbor."""
        short = Fraction(1, 2 ** min(len(signs), MOST_BROKEN))
        before, self.broken = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
        last = self.last
        for _, _, row in last.rows:
            row.duration *= before
        self.now += last.duration * (before - 1)
        last.duration *= before
        for place, _, row in last.rows:
            if tie := self.ties.get(self.layer, {}).get(place):
                tie.end = row.onset + row.duration

    def late_tie(self) -> None:
        """Read a tie that stands apart from its note."""
        for place, alter, row in self.last.rows:
            row.ties |= TIE_START
            self.ties.setdefault(self.layer, {})[place] = Tie(row.onset + row.duration, alter)

    def _duration(self, length: str) -> Fraction | None:
        """Return the duration of the next note in quarters; tuplets count it."""
        duration = _plain_duration(length, self.unit)
        if duration is None:
            return None
        if self.broken is not ONE:
            duration *= self.broken
            self.broken = ONE
        if self.tuplets:
            for tuplet in self.tuplets:
                duration *= tuplet[0]
                tuplet[1] -= 1
            self.tuplets = [tuplet for tuplet in self.tuplets if tuplet[1] > 0]
        return duration

    def _sound(
        self, accidental: str | None, letter: str, octave: str, duration: Fraction, tie: object
    ) -> None:
        place = (letter.upper(), octave.count("'") - octave.count(",") + letter.islower())
        ties = self.ties.setdefault(self.layer, {})
        waiting = ties.pop(place, None)
        flags = 0
        if waiting and waiting.end != self.now:
            waiting = None
        pitch, alter = self._pitch(accidental, letter, octave, waiting.alter if waiting else None)
        if waiting and waiting.alter == alter:
            flags = TIE_STOP
        row = Row(self.now, duration, pitch, self.layer, flags, FERMATA * self.has_fermata)
        if tie:
            row.ties |= TIE_START
            ties[place] = Tie(self.now + duration, alter)
        self._add(row)
        self.last.rows.append((place, alter, row))

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        if len(self.rows) > MAX_NOTES:
            check_size(len(self.rows), 0)

    def _pitch(
        self, accidental: str | None, letter: str, octave: str, tied: int | None = None
    ) -> tuple[int, int]:
        """Return pitch and alteration; `tied` is the alteration of a tied note before."""
        upper = letter.upper()
        height = octave.count("'") - octave.count(",") + (letter != upper)
        place = upper if self.propagate == "pitch" else (upper, height)
        if accidental:
            alter = _alteration(accidental)
            if self.propagate != "not":
                self.accidentals[place] = alter
        elif tied is not None:
            alter = tied
        else:
            alter = self.accidentals.get(place, self.key.alters.get(upper, 0))
        pitch = PITCHES[upper] + 12 * height + alter + self.shift.semitones
        return min(max(pitch, 0), 127), alter

    def _advance(self, duration: Fraction) -> None:
        self.now += duration

    # ------------------------------------------------------------------ bars

    def bar(self, text: str, ending: str) -> None:
        """Read a bar line with its repeats, and the ending that begins after it."""
        if self.layer and not self.is_long_overlay:
            self.now = max(self.main_end, self.bars[-1])
            self.layer = 0
        self.accidentals = {}
        self._break_at_fermata()
        if self.now > self.bars[-1]:
            self.bars.append(self.now)
            if self.now > MAX_QUARTERS:
                check_size(1, int(self.now))
        before = len(self.bars) - 2
        if text.startswith((":", ".:")) and before >= 0:
            colons = len(text) - len(text.lstrip(".:"))
            self._turn(before).times = 2 if text.strip(".:") == "" else colons + 1
        if (
            self.in_ending
            and before >= 0
            and (":" in text or "||" in text or "]" in text or "[" in text)
        ):
            self._turn(before).closes = True
            self.in_ending = False
        if text.endswith(":"):
            self._turn(len(self.bars) - 1).forward = True
        if ending:
            self.ending(ending)

    def ending(self, numbers: str) -> None:
        """Read the numbers of an ending that begins here."""
        passes = passes_of(numbers.replace(",", " "))
        if passes:
            self._turn(len(self.bars) - 1).endings = passes
            self.in_ending = True

    def decoration(self, name: str) -> None:
        """Read a decoration: a fermata, the end of a phrase, a jump or its goal.

        Others are ignored.
        """
        name = name.strip("!+")
        if name in FERMATAS:
            self.has_fermata = True
        elif name in BREATHS:
            self.breaks.add(self.now)
        elif name in JUMPS:
            value = True if JUMPS[name] == "sign" else "yes"
            setattr(self._turn(len(self.bars) - 1), JUMPS[name], value)
        elif match := re.fullmatch(r"D\.([CS])\.\s*al\s*(fine|coda)", name):
            turn = self._turn(len(self.bars) - 1)
            setattr(turn, "dacapo" if match[1] == "C" else "dalsegno", "yes")
            turn.until = match[2]

    def _turn(self, bar: int) -> Turns:
        return self.turns.setdefault(bar, Turns())

    def overlay(self, text: str) -> None:
        """Read ``&``: go back to the start of the bar, or to ``(&``."""
        if text == "(&":
            self.is_long_overlay, self.overlay_start = True, self.now
            return
        if not self.layer:
            self.main_end = self.now
        if text == "&)":
            self.now, self.layer, self.is_long_overlay = self.main_end, 0, False
            return
        self.layer += 1
        self.now = self.overlay_start if self.is_long_overlay else self.bars[-1]
        self.accidentals = {}
        self.ties.pop(self.layer, None) if self.is_long_overlay else None

    def finish(self) -> None:
        """End the last bar."""
        if self.layer:
            self.now, self.layer = max(self.main_end, self.bars[-1]), 0
        if len(self.bars) > 1 and self.bars[-1] == self.now:
            self.bars.pop()


@lru_cache(maxsize=1000)
def _plain_duration(length: str, unit: Fraction) -> Fraction | None:
    """Return a duration in quarters, outside tuplets; None if it is impossible."""
    units = length_of(length)
    return None if units is None else units * unit * 4


def _alteration(accidental: str) -> int:
    """Return the semitones of an accidental; quarter tones are rounded up.

    >>> [_alteration(text) for text in ("^", "__", "=", "^/", "_/", "^3/2")]
    [1, -2, 0, 1, 0, 2]
    """
    if accidental in ALTERS:
        return ALTERS[accidental]
    above, _, below = accidental[1:].partition("/")
    size = Fraction(int(above[:3] or 1), int(below[:3] or 2) or 1)
    signed = size if accidental[0] == "^" else -size
    return max(min(int((signed + Fraction(1, 2)) // 1), 2), -2)
