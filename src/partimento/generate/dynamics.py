"""Give a composed piece dynamics: phrase arches and metric accents.

This is a simple rule for music whose model knows no velocities. Friberg, Bresin and Sundberg
("Overview of the KTH rule system for musical performance", 2006) describe such phrase arches.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np

from partimento.music.piece import Piece

SOFT, ARCH = 62, 20  # velocity at both ends of a phrase, and how much louder its peak is
ACCENT = 6  # of the first beat of a bar
MELODY = 5  # of the highest note that begins at a time
PEAK = 0.6  # where the peak of a phrase is, from 0 to 1
BARS = 4  # length of a phrase if the piece states none


def phrase_bounds(piece: Piece) -> list[Fraction]:
    """Return the beginnings of all phrases and the end of the piece, in quarters.

    They follow the fermatas. A piece without fermatas has phrases of four bars.
    """
    ends = [end for end in piece.phrase_ends if end < piece.length]
    if not ends:
        starts = [bar.onset for bar in piece.bars() if bar.number > 1]
        ends = starts[BARS - 1 :: BARS]
    bounds = [Fraction(0), *(end for end in ends if 0 < end < piece.length), piece.length]
    return sorted(set(bounds))


def with_dynamics(piece: Piece) -> Piece:
    """Return the piece with velocities that follow its phrases and bars."""
    notes = piece.notes
    if not len(notes):
        return piece
    time = notes.onset / notes.divisions
    velocity = np.full(len(notes), float(SOFT))
    for start, end in pairwise(float(bound) for bound in phrase_bounds(piece)):
        inside = (time >= start) & (time < end)
        place = (time[inside] - start) / (end - start)
        rise, fall = place / PEAK, (1 - place) / (1 - PEAK)
        velocity[inside] += ARCH * np.sin(np.minimum(rise, fall) * np.pi / 2)
    # A pickup (bar number 0) has no first beat.
    bars = [bar.onset * notes.divisions for bar in piece.bars() if bar.number > 0]
    beats = [int(onset) for onset in bars if onset.denominator == 1]
    velocity[np.isin(notes.onset, beats)] += ACCENT
    highest: dict[int, int] = {}
    for onset, pitch in zip(notes.onset.tolist(), notes.pitch.tolist(), strict=True):
        highest[onset] = max(pitch, highest.get(onset, 0))
    tops = [highest[onset] for onset in notes.onset.tolist()]
    velocity[notes.pitch == np.array(tops)] += MELODY
    velocities = np.clip(np.rint(velocity), 1, 127).astype(np.int64)
    return piece.replace(notes=notes.replace(velocity=velocities))
