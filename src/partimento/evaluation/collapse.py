"""Whether what a model composes has collapsed: one chord for ever, or the same few bars again and
again.
"""

from __future__ import annotations

import numpy as np

from partimento.tokens.vocabulary import SPECIAL


def distinct_ngrams(windows: np.ndarray, n: int) -> float:
    """Share of distinct ones among all runs of `n` numbers in the rows of ``(N, T)``; runs with a
    special number in them are passed over.

    Compare it only between samples of one size: the more music, the more of it has been heard
    before.

    >>> distinct_ngrams(np.array([[4, 5, 4, 5, 4]]), 2)
    0.5
    """
    runs = np.lib.stride_tricks.sliding_window_view(windows, n, axis=1).reshape(-1, n)
    runs = runs[(runs >= SPECIAL).all(1)]
    return len(np.unique(runs, axis=0)) / len(runs) if len(runs) else 0.0


def stuck(chords: np.ndarray) -> float:
    """Share of the events ``(…, T)`` whose chord is that of the event before; special numbers are
    passed over.

    >>> stuck(np.array([[7, 7, 7, 8, 8]]))
    0.75
    """
    pairs = (chords[..., 1:] >= SPECIAL) & (chords[..., :-1] >= SPECIAL)
    same = (chords[..., 1:] == chords[..., :-1]) & pairs
    return float(same.sum() / max(pairs.sum(), 1))
