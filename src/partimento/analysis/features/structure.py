"""Structure: whether bars come back, exactly or nearly, and at what distance.

A bar is what begins in it, drums and the pickup left out; notes that sound on from the bar before
belong to that one. Bars in which nothing begins are passed over, except that they differ from all
others.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse import csr_array

from partimento.music.bars import BarNotes

LAGS = 8  # bars


def repeated_bars(bars: BarNotes) -> float:
    """Return the share of bars that repeat an earlier bar exactly.

    They have the same onsets, pitches and durations, in a bar of the same length. NaN if no bar has
    a note.
    """
    return _repeated(bars, (bars.inside, bars.pitch, bars.duration))


def repeated_rhythms(bars: BarNotes) -> float:
    """Return the share of bars that repeat the rhythm of an earlier bar exactly.

    Pitches do not count: each onset has the same durations. NaN if no bar has a note.
    """
    return _repeated(bars, (bars.inside, bars.duration))


def _repeated(bars: BarNotes, columns: tuple[np.ndarray, ...]) -> float:
    lengths = np.diff(bars.start)
    edges = np.searchsorted(bars.bar, np.arange(len(lengths) + 1))
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    seen: set[tuple[int, frozenset[tuple[int, ...]]]] = set()
    filled = repeated = 0
    for number in np.flatnonzero(bars.whole & (np.diff(edges) > 0)).tolist():
        held = frozenset(
            rows[edges[number] : edges[number + 1]]
        )  # a set: doublings in other parts say nothing new
        content = (int(lengths[number]), held)
        filled += 1
        repeated += content in seen
        seen.add(content)
    return repeated / filled if filled else math.nan


def bar_similarity(bars: BarNotes) -> np.ndarray:
    """Return the similarity of every two whole bars.

    Returns
    -------
    (n, n) float64
        The Jaccard index of the notes that begin in them (onset within the bar and pitch). It is
        the share of notes in either bar that are in both, from 0 to 1. NaN between two bars in
        which nothing begins.
    """
    numbers = np.cumsum(bars.whole) - 1  # of whole bars alone
    kept = bars.whole[bars.bar]
    count = int(bars.whole.sum())
    _, token = np.unique(bars.inside[kept] * 128 + bars.pitch[kept], return_inverse=True)
    cells = np.unique(np.stack([numbers[bars.bar[kept]], token]), axis=1)
    shape = (count, int(token.max(initial=-1)) + 1)
    holds = csr_array((np.ones(cells.shape[1]), (cells[0], cells[1])), shape=shape)
    both = np.asarray((holds @ holds.T).todense()).reshape(count, count)
    sizes = np.diag(both)
    either = sizes[:, None] + sizes - both
    return np.where(either > 0, both / np.maximum(either, 1), np.nan)


def similarity_by_lag(similarity: np.ndarray, lags: int = LAGS) -> np.ndarray:
    """Return the mean similarity of bars 1, 2, … `lags` bars apart.

    Returns
    -------
    (lags,) float64
        NaN at lags that the piece does not have.
    """
    diagonals = [np.diagonal(similarity, lag) for lag in range(1, lags + 1)]
    return np.array(
        [np.nanmean(values) if np.isfinite(values).any() else np.nan for values in diagonals]
    )


def self_similarity(similarity: np.ndarray) -> float:
    """Return the mean similarity of two different bars; NaN with fewer than two."""
    pairs = similarity[np.triu_indices(len(similarity), 1)]
    return float(np.nanmean(pairs)) if np.isfinite(pairs).any() else math.nan


def structure_features(bars: BarNotes) -> dict[str, float | np.ndarray]:
    """Return all features of structure by name; similarities by lag are one array."""
    similarity = bar_similarity(bars)
    return {
        "repeated_bars": repeated_bars(bars),
        "repeated_rhythms": repeated_rhythms(bars),
        "self_similarity": self_similarity(similarity),
        "similarity_by_lag": similarity_by_lag(similarity),
    }
