"""Features of structure: repeated and similar bars, and their distance.

The content of a bar is the notes that begin in it, without drums; the pickup is left out. Bars in
which nothing begins are ignored, except that their similarity to all other bars is 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from partimento.music.bars import BarNotes

Content = tuple[int, frozenset[tuple[int, ...]]]  # the length of a bar, and its notes
LAGS = 8  # the greatest distance between bars that are compared


def repeated_bars(bars: BarNotes) -> float:
    """Return the share of bars that repeat an earlier bar exactly.

    A repeated bar has the same length, onsets, pitches and durations. Pickups and bars without an
    onset do not count. NaN if no bar has a note.
    """
    return _repeated(bars, (bars.inside, bars.pitch, bars.duration))


def repeated_rhythms(bars: BarNotes) -> float:
    """Return the share of bars that repeat the rhythm of an earlier bar exactly.

    As `repeated_bars`, but the pitches may differ.
    """
    return _repeated(bars, (bars.inside, bars.duration))


def _repeated(bars: BarNotes, columns: tuple[np.ndarray, ...]) -> float:
    contents = [content for content in _contents(bars, columns) if content is not None]
    repeated = len(contents) - len(set(contents))
    return repeated / len(contents) if contents else math.nan


def _contents(bars: BarNotes, columns: tuple[np.ndarray, ...]) -> Iterator[Content | None]:
    """Yield the length and the notes of each whole bar; None if no note begins in it."""
    lengths = np.diff(bars.start)
    edges = np.searchsorted(bars.bar, np.arange(len(lengths) + 1))
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    for number in np.flatnonzero(bars.whole).tolist():
        # A set, so that it makes no difference whether another part doubles a note.
        notes = frozenset(rows[edges[number] : edges[number + 1]])
        yield (int(lengths[number]), notes) if notes else None


def longest_bar_run(bars: BarNotes) -> int:
    """Return how many times in a row the same bar occurs at most.

    Equal bars are those of `repeated_bars`. A bar without an onset ends a run. 0 without notes.
    """
    longest = run = 0
    last: Content | None = None
    for content in _contents(bars, (bars.inside, bars.pitch, bars.duration)):
        run = run + 1 if content is not None and content == last else int(content is not None)
        longest, last = max(longest, run), content
    return longest


def bar_similarity(bars: BarNotes) -> np.ndarray:
    """Return the similarity of every two whole bars.

    Returns
    -------
    (n, n) float64
        The Jaccard index of the sets of notes that begin in the two bars. A note is its onset
        within the bar and its pitch. The index is the number of notes in both bars, divided by the
        number in at least one of them. NaN for two bars in which nothing begins.
    """
    # Imported here because composing uses this file, and starts faster without it.
    from scipy.sparse import csr_array

    whole_index = np.cumsum(bars.whole) - 1  # the index of a bar among the whole ones
    kept = bars.whole[bars.bar]
    count = int(bars.whole.sum())
    _, token = np.unique(bars.inside[kept] * 128 + bars.pitch[kept], return_inverse=True)
    cells = np.unique(np.stack([whole_index[bars.bar[kept]], token]), axis=1)
    shape = (count, int(token.max(initial=-1)) + 1)
    contains = csr_array((np.ones(cells.shape[1]), (cells[0], cells[1])), shape=shape)
    intersection = np.asarray((contains @ contains.T).todense()).reshape(count, count)
    sizes = np.diag(intersection)
    union = sizes[:, None] + sizes - intersection
    return np.where(union > 0, intersection / np.maximum(union, 1), np.nan)


def similarity_by_lag(similarity: np.ndarray, lags: int = LAGS) -> np.ndarray:
    """Return the mean similarity of bars that are 1, 2, … `lags` bars apart.

    Parameters
    ----------
    similarity : (n, n) float64
        From `bar_similarity`.
    lags : int

    Returns
    -------
    (lags,) float64
        NaN for lags that are longer than the piece.
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
    """Return all features of structure by name; the similarity by lag is an array."""
    similarity = bar_similarity(bars)
    return {
        "repeated_bars": repeated_bars(bars),
        "repeated_rhythms": repeated_rhythms(bars),
        "self_similarity": self_similarity(similarity),
        "similarity_by_lag": similarity_by_lag(similarity),
    }
