"""Limits of size: reject files that are larger than any real score."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

import numpy as np

from partimento.errors import InvalidScoreError
from partimento.music.timelines import Meter

MAX_BYTES = 32 * 2**20
MAX_NOTES = 200_000
MAX_QUARTERS = 100_000  # at 60 quarters per minute more than a day
MAX_BARS = 100_000
SHORTEST_BARS = 32  # bars of 1/128, the shortest meter, per quarter
MAX_MARKS = 100_000  # meters, keys or tempos
# Pitches summed over all events: the memory that the events take is proportional to it.
MAX_SOUNDING = 10_000_000


def check_size(notes: int, quarters: float) -> None:
    """Reject a piece without notes, with too many notes, or too long.

    Called before anything that takes memory in proportion.

    Raises
    ------
    InvalidScoreError
    """
    if notes == 0:
        raise InvalidScoreError("it has no notes")
    if notes > MAX_NOTES:
        raise InvalidScoreError(f"{notes} notes: more than {MAX_NOTES} are not read")
    if quarters > MAX_QUARTERS:
        shown = f"{quarters:.0f}" if quarters < 10**15 else "more than 10¹⁵"
        raise InvalidScoreError(
            f"its last note ends {shown} quarter notes in: more than {MAX_QUARTERS} are not read"
        )


def check_bars(meters: Sequence[Meter], length: Fraction) -> None:
    """Reject a piece with more than `MAX_BARS` bars; `meters` are sorted."""
    if length * SHORTEST_BARS + len(meters) <= MAX_BARS:
        return
    marks = [meter for meter in (Meter(), *meters) if meter.onset < length]
    ends = [*(meter.onset for meter in marks[1:]), length]
    bars = sum(
        ceil((end - meter.onset) / meter.bar_ql) for meter, end in zip(marks, ends, strict=True)
    )
    if bars > MAX_BARS:
        raise InvalidScoreError(f"{bars} bars: more than {MAX_BARS} are not read")


def check_marks(count: int) -> None:
    """Reject a piece with more than `MAX_MARKS` meters, keys or tempos."""
    if count > MAX_MARKS:
        raise InvalidScoreError(
            f"{count} meters, keys or tempos: more than {MAX_MARKS} of a kind are not read"
        )


def check_density(onset: np.ndarray, end: np.ndarray, bars: int = 0) -> None:
    """Reject a piece with too many simultaneous notes.

    The memory that events take grows with the number of notes that sound at once.

    Parameters
    ----------
    onset, end : (N,) int64
        In steps of one grid.
    bars : int
        Number of bar lines, if events are cut at these, too.

    Raises
    ------
    InvalidScoreError
    """
    if len(onset) * (2 * len(onset) + bars) <= MAX_SOUNDING:
        return
    ended = np.searchsorted(np.sort(end), np.sort(onset), side="right")
    simultaneous = int((np.arange(1, len(onset) + 1) - ended).max())
    if simultaneous * (len(np.unique(np.concatenate([onset, end]))) + bars) > MAX_SOUNDING:
        raise InvalidScoreError(
            f"up to {simultaneous} of its {len(onset)} notes sound at once, which is too many"
        )
