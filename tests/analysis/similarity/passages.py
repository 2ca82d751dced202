"""Pieces of chords that hardly ever come again, in which passages are planted."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from partimento import Event, Meter, Piece
from partimento.music.timelines import Source

QUARTER = Fraction(1)
Chords = list[tuple[int, ...]]


def noise(seed: int, count: int) -> Chords:
    """Chords that hardly ever come again, seed after seed."""
    rng = np.random.default_rng(seed)
    return [tuple(sorted({int(p) for p in rng.integers(40, 80, 4)})) for _ in range(count)]


def piece(chords: Chords, *, name: str = "", duration: Fraction = QUARTER) -> Piece:
    """A chord an event, every note struck, in 4/4."""
    source = Source(path=f"{name}.mid", sha256=name)
    return Piece.from_events(
        [Event(chord, duration) for chord in chords],
        meters=(Meter(4, 4),),
        title=name.upper(),
        source=source,
    )


def moved(chords: Chords, by: int) -> Chords:
    return [tuple(pitch + by for pitch in chord) for chord in chords]
