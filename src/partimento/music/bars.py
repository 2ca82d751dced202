"""Which notes begin in which bar, on integers: what the measures of structure, of rhythm and of
notes a bar share.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.music.piece import Piece
from partimento.music.timelines import Meter


class BarNotes(NamedTuple):
    """The notes of a piece by its bars, drums left out; times in steps, `grid` of them a quarter.

    Attributes
    ----------
    grid : int
    start : (bars + 1,) int64
        Where each bar begins, and where the last one ends.
    meters : tuple of Meter
        Of each bar.
    whole : (bars,) bool
        All but the pickup.
    bar, inside, duration, pitch : (N,) int64
        Of each note: its bar, the onset within it, its length and its pitch; in the order of onset,
        then pitch.
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
    """The beginning of a piece: its pickup and so many bars; notes that sound on are ended there. A
    shorter piece stays as it is.
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
