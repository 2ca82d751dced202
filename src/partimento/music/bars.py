"""Assign the notes of a piece to its bars, in integer times.

Shared by the features of structure, of rhythm and of notes per bar.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.music.piece import Piece
from partimento.music.timelines import Meter
from partimento.short_repr import short_repr


@short_repr
class BarNotes(NamedTuple):
    """The notes of a piece, without drums, with the bar that each one begins in.

    Attributes
    ----------
    grid : int
        Steps per quarter, the unit of all times.
    start : (bars + 1,) int64
        The beginning of each bar, and the end of the last one, in steps.
    meters : tuple of Meter
        One for each bar.
    whole : (bars,) bool
        True for all bars but the pickup.
    bar, inside, duration, pitch : (N,) int64
        The index of each note's bar, its onset within that bar and its duration in steps, and its
        MIDI pitch. Notes are sorted by onset, then pitch.
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
    """Assign each note of a piece, drums left out, to the bar that it begins in."""
    bars, notes = piece.bars(), piece.notes
    grid = math.lcm(
        notes.divisions, *{time.denominator for bar in bars for time in (bar.onset, bar.duration)}
    )
    scale, pitched = grid // notes.divisions, ~piece.drums
    start = np.array(
        [
            *(int(bar.onset * grid) for bar in bars),
            int((bars[-1].onset + bars[-1].duration) * grid) if bars else 0,
        ],
        np.int64,
    )
    onset = notes.onset[pitched] * scale
    bar_index = np.searchsorted(start, onset, side="right") - 1
    whole = np.array([bar.number > 0 for bar in bars], bool)
    meters = tuple(bar.meter for bar in bars)
    return BarNotes(
        grid,
        start,
        meters,
        whole,
        bar_index,
        onset - start[bar_index],
        notes.duration[pitched] * scale,
        notes.pitch[pitched],
    )


def first_bars(piece: Piece, count: int) -> Piece:
    """Return the beginning of a piece: its pickup and the first `count` whole bars.

    Notes that last beyond it are shortened. A shorter piece is returned unchanged.
    """
    bars = [bar for bar in piece.bars() if bar.number <= count]
    end = bars[-1].onset + bars[-1].duration if bars else Fraction(0)
    if piece.length <= end:
        return piece
    notes = piece.notes
    grid = math.lcm(notes.divisions, end.denominator)
    scale, stop = grid // notes.divisions, int(end * grid)
    onset = notes.onset * scale
    shortened = notes.replace(
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
    return piece.replace(notes=shortened, length=end, cuts=cuts, **marks)
