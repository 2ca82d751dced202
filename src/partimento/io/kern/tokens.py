"""Read the tokens of kern: notes, chords, rests and their durations."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from partimento.io.written import TIE_START, TIE_STOP
from partimento.music.fermatas import BREATH, FERMATA

SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
DURATION = re.compile(r"(\d{1,9})(?:%(\d{1,9}))?")
PITCH = re.compile(r"([a-gA-G])\1*(#+|-+|n)?")
TREMOLO = re.compile(r"@+\d*@+")  # its number is no duration
TIES = {"[": TIE_START, "]": TIE_STOP, "_": TIE_START | TIE_STOP}
BREATHS = (",", "}")  # a breath mark, and the end of a phrase mark
MOST_DOTS = 10
LONGEST = 4096  # quarters of one note
# Position of an unpitched note without a pitch: the middle line of a treble staff.
UNPITCHED = 71


class KernToken(NamedTuple):
    """A token of a kern spine.

    Attributes
    ----------
    duration : Fraction
        In quarters; 0 for grace notes, and where no duration is stated.
    notes : tuple of (int, int)
        Pitch and ties (see `written.WrittenNote`) of each note; empty for a rest.
    is_grace : bool
    fault : str
        The reason why a part of the token cannot be read; empty if all is well.
    is_unpitched : bool
        Whether a note names a percussion instrument by its position only.
    mark : int
        `FERMATA` under a fermata, plus `BREATH` at a breath mark or the end of a phrase mark.
    """

    duration: Fraction
    notes: tuple[tuple[int, int], ...] = ()
    is_grace: bool = False
    fault: str = ""
    is_unpitched: bool = False
    mark: int = 0


@lru_cache(maxsize=50_000)
def read_token(text: str) -> KernToken:
    """Read a token of a kern spine that is not null.

    Parameters
    ----------
    text : str
        One note, rest, or chord whose notes are separated by spaces. A note of a chord without a
        duration has that of the note before it.

    Examples
    --------
    >>> read_token("[4.cc#L")
    KernToken(duration=Fraction(3, 2), notes=((73, 2),), is_grace=False, fault='', is_unpitched=False, mark=0)
    >>> read_token("3%2C 3%2E-").notes, read_token("8ddq").is_grace, read_token("0r").duration
    (((48, 0), (51, 0)), True, Fraction(8, 1))
    """  # noqa: E501
    plain = TREMOLO.sub("", text) if "@" in text else text
    notes: list[tuple[int, int]] = []
    duration = Fraction(0)
    is_unpitched, fault = False, ""
    # An appoggiatura (p, P) has its written duration. Only q and qq take no time.
    is_grace = "q" in plain
    for single in plain.split():
        if not duration and not is_grace:
            duration = _duration(single)
        if "r" in single:
            continue
        is_unpitched = is_unpitched or "R" in single
        pitch = _pitch(single)
        if pitch is None:
            fault = fault or f"no such note: {text[:20]!r}"
        elif not 0 <= pitch <= 127:
            fault = fault or f"a pitch is outside 0 to 127: {text[:20]!r}"
        else:
            notes.append((pitch, _ties(single)))
    if not duration and not is_grace:
        fault, notes = fault or f"a note has no duration: {text[:20]!r}", []
    elif duration > LONGEST:
        fault, notes, duration = f"a note is too long: {text[:20]!r}", [], Fraction(0)
    mark = FERMATA * (";" in plain) | BREATH * any(sign in plain for sign in BREATHS)
    return KernToken(duration, tuple(notes), is_grace, fault, is_unpitched, 0 if is_grace else mark)


def _duration(note: str) -> Fraction:
    """Return the duration of a note in quarters; 0 if it states none.

    The number divides a whole note: 4 is a quarter. 0, 00 and 000 are two, four and eight whole
    notes. ``3%2`` is two thirds of a whole note.
    """
    match = DURATION.search(note)
    if match is None:
        return Fraction(0)
    digits, parts = match.groups()
    base = Fraction(4, int(digits)) if int(digits) else Fraction(4 * 2 ** min(len(digits), 3))
    if parts is not None:
        base *= int(parts)
    dots = min(note.count("."), MOST_DOTS)
    return base * (2 - Fraction(1, 2**dots))


def duration_of(recip: str) -> Fraction:
    """Return the duration in quarters that a token of a recip spine states; 0 if none."""
    duration = Fraction(0) if "q" in recip else _duration(recip)
    return duration if duration <= LONGEST else Fraction(0)


def _pitch(note: str) -> int | None:
    match = PITCH.search(note)
    if match is None:
        return UNPITCHED if "R" in note else None
    letter, accidental = match[1], match[2] or ""
    letters = len(match[0]) - len(accidental)
    # c is middle C, cc the C above it; C is the C below it, CC the next one.
    octave = 4 + letters if letter.islower() else 5 - letters
    alteration = accidental.count("#") - accidental.count("-")
    return 12 * octave + SEMITONES[letter.lower()] + alteration


def _ties(note: str) -> int:
    return TIES.get(next((mark for mark in note if mark in TIES), ""), 0)
