"""Limits of size: what is larger is no score."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

import numpy as np

from partimento.errors import UnfitError
from partimento.music.timelines import Meter

MAX_BYTES = 32 * 2**20
MAX_NOTES = 200_000
MAX_QUARTERS = 100_000  # longer than any score: at 60 quarters a minute more than a day
MAX_BARS = 100_000
SHORTEST_BARS = 32  # in a quarter: of 1/128
MAX_MARKS = 100_000  # of one kind
MAX_SOUNDING = (
    10_000_000  # notes of all events together: what a piece's events take grows with them
)


def check_size(notes: int, quarters: float) -> None:
    """Say no to what is no score, before anything grows with it."""
    if notes == 0:
        raise UnfitError("it has no notes")
    if notes > MAX_NOTES:
        raise UnfitError(f"{notes} notes: more than {MAX_NOTES} are not read")
    if quarters > MAX_QUARTERS:
        shown = f"{quarters:.0f}" if quarters < 10**15 else "more than 10¹⁵"
        raise UnfitError(
            f"its last note ends {shown} quarter notes in: more than {MAX_QUARTERS} are not read"
        )


def check_bars(meters: Sequence[Meter], length: Fraction) -> None:
    """Say no to more bars than a score has; `meters` are sorted."""
    if length * SHORTEST_BARS + len(meters) <= MAX_BARS:
        return
    marks = [meter for meter in (Meter(), *meters) if meter.onset < length]
    ends = [*(meter.onset for meter in marks[1:]), length]
    bars = sum(
        ceil((end - meter.onset) / meter.bar_ql) for meter, end in zip(marks, ends, strict=True)
    )
    if bars > MAX_BARS:
        raise UnfitError(f"{bars} bars: more than {MAX_BARS} are not read")


def check_marks(count: int) -> None:
    """Say no to more meters, keys or tempos than a score has."""
    if count > MAX_MARKS:
        raise UnfitError(
            f"{count} meters, keys or tempos: more than {MAX_MARKS} of a kind are not read"
        )


def check_density(onset: np.ndarray, end: np.ndarray, bars: int = 0) -> None:
    """Refuse pieces in which so many notes sound at once that events fill the memory.

    Parameters
    ----------
    onset, end : (N,) int64
        In steps of one grid.
    bars : int
        Number of bar lines that cut the notes, too.
    """
    if len(onset) * (2 * len(onset) + bars) <= MAX_SOUNDING:
        return
    before = np.searchsorted(np.sort(end), np.sort(onset), side="right")
    together = int((np.arange(1, len(onset) + 1) - before).max())
    if together * (len(np.unique(np.concatenate([onset, end]))) + bars) > MAX_SOUNDING:
        raise UnfitError(
            f"up to {together} of its {len(onset)} notes sound at once: more than is read"
        )
