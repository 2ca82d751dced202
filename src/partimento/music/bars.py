"""Assign the notes of a piece to its bars, on integers.

The features of structure, of rhythm and of notes per bar share this.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.music.piece import Piece
from partimento.music.timelines import Meter


class BarNotes(NamedTuple):
    """The notes of a piece by bars, without drums; times in steps, `grid` per quarter.

    Attributes
    ----------
    grid : int
    start : (bars + 1,) int64
        The beginning of each bar, and the end of the last one.
    meters : tuple of Meter
        One for each bar.
    whole : (bars,) bool
        True for all bars but the pickup.
    bar, inside, duration, pitch : (N,) int64
        The bar of each note, its onset within the bar, its length and pitch. Notes are sorted by
        onset, then pitch.
    """

    grid: int
    start: np.ndarray
    meters: tuple[Meter, ...]
    whole: np.ndarray
    bar: np.ndarray
    inside: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray


def notes_by_bar(piece: Piece) -> BarNotes:
    """Sort the notes of a piece into its bars, each by its onset."""
    bars, notes = piece.bars(), piece.notes
    grid = math.lcm(
        notes.divisions, *{time.denominator for bar in bars for time in (bar.onset, bar.duration)}
    )
    scale, kept = grid // notes.divisions, ~piece.drums
    start = np.array(
        [
            *(int(bar.onset * grid) for bar in bars),
            int((bars[-1].onset + bars[-1].duration) * grid) if bars else 0,
        ],
        np.int64,
    )
    onset = notes.onset[kept] * scale
    place = np.searchsorted(start, onset, side="right") - 1
    whole = np.array([bar.number > 0 for bar in bars], bool)
    meters = tuple(bar.meter for bar in bars)
    return BarNotes(
        grid,
        start,
        meters,
        whole,
        place,
        onset - start[place],
        notes.duration[kept] * scale,
        notes.pitch[kept],
    )


def first_bars(piece: Piece, count: int) -> Piece:
    """Return the beginning of a piece: its pickup and `count` bars.

    Notes that last longer end there. A shorter piece is returned unchanged.
    """
    bars = [bar for bar in piece.bars() if bar.number <= count]
    end = bars[-1].onset + bars[-1].duration if bars else Fraction(0)
    if piece.length <= end:
        return piece
    notes = piece.notes
    grid = math.lcm(notes.divisions, end.denominator)
    scale, stop = grid // notes.divisions, int(end * grid)
    onset = notes.onset * scale
    begun = notes.replace(
        divisions=grid,
        keep=onset < stop,
        onset=onset,
        duration=np.minimum(notes.duration * scale, stop - onset),
    )
    marks = {
        name: tuple(mark for mark in getattr(piece, name) if mark.onset < end)
        for name in ("meters", "keys", "tempos")
    }
    cuts = tuple(cut for cut in piece.cuts if cut < end)
    return piece.replace(notes=begun, length=end, cuts=cuts, **marks)
