"""Music of its own for each number, and ways to change it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from partimento import Note, Part, Piece
from partimento.music.notes import Notes

SCALE = (0, 2, 4, 5, 7, 9, 11)
BARS = 24


def tune(number: int, *, bars: int = BARS, voice: int = 0) -> list[int]:
    """A melody of its own for each number, as scale degrees: four a bar, in small steps and some
    leaps.
    """
    steps = np.random.default_rng([number, voice]).choice([-2, -1, -1, 1, 1, 2, 3, -3], 4 * bars)
    return [int(degree) for degree in np.abs((np.cumsum(steps) + 7) % 28 - 14)]


def pitch(degree: int, low: int) -> int:
    return low + 12 * (degree // 7) + SCALE[degree % 7]


def music(number: int, *, bars: int = BARS, harmony: int | None = None) -> list[Note]:
    """A melody in quarters over an inner voice in halves and a bass in eighths, parts 0 to 2;
    `harmony` numbers the lower voices.
    """
    under = number if harmony is None else harmony
    top = [
        Note(Fraction(t), Fraction(1), pitch(d, 72), part=0)
        for t, d in enumerate(tune(number, bars=bars))
    ]
    inner = [
        Note(Fraction(2 * t), Fraction(2), pitch(d % 7, 60), part=1)
        for t, d in enumerate(tune(under, bars=bars // 2, voice=1))
    ]
    bass = [
        Note(Fraction(t, 2), Fraction(1, 2), pitch(d % 9, 40), part=2)
        for t, d in enumerate(tune(under, bars=2 * bars, voice=2))
    ]
    return [*top, *inner, *bass]


def piece(notes: list[Note], **more: object) -> Piece:
    parts = tuple(Part() for _ in range(max((note.part for note in notes), default=0) + 1))
    return Piece(Notes(notes), **{"parts": parts, **more})  # type: ignore[arg-type]


def changed(note: Note, **more: object) -> Note:
    values = {name: getattr(note, name) for name in Note.__slots__}
    return Note(**{**values, **more})


def moved(notes: list[Note], by: Fraction | int) -> list[Note]:
    return [changed(note, onset=note.onset + by) for note in notes]


def edited(notes: list[Note], share: float, *, seed: int = 5) -> list[Note]:
    rng = np.random.default_rng(seed)
    kept = [note for note in notes if rng.random() > share / 2]
    return [
        changed(note, pitch=note.pitch + 1) if rng.random() < share / 2 else note for note in kept
    ]
