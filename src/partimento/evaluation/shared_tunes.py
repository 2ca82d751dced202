"""Find the pieces of a benchmark set whose tune also stands in a training piece.

Bach harmonized many hymn tunes several times. Where one setting is in the training split and
another in the test split, a model has learned the melody that it is measured on. Such a figure says
less about new music.

Two tunes are taken for the same if they share a run of 12 symbols, in any key and at any speed. A
symbol is an interval in semitones and a ratio of two durations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby, pairwise

import numpy as np

RUN_LENGTH = 12  # symbols: a little more than one line of a hymn
Symbol = tuple[int, Fraction]


def tune_symbols(line: Sequence[int]) -> list[Symbol]:
    """Return the interval and the ratio of durations of each two successive notes.

    Parameters
    ----------
    line : sequence of int
        The MIDI pitch at each step of a grid; negative for a rest. Equal pitches in a row count as
        one note, because the sets do not distinguish repeated from held notes. Rests are skipped.

    Examples
    --------
    >>> tune_symbols([60, 60, 62, -1, 59])
    [(2, Fraction(1, 2)), (-3, Fraction(1, 1))]
    """
    notes = [(pitch, len(list(steps))) for pitch, steps in groupby(line) if pitch >= 0]
    return [
        (after - before, Fraction(duration, previous))
        for (before, previous), (after, duration) in pairwise(notes)
    ]


def shares_tune(
    train: Iterable[Sequence[int]], lines: Iterable[Sequence[int]], *, length: int = RUN_LENGTH
) -> np.ndarray:
    """Return which lines share a run of symbols with a training line.

    Parameters
    ----------
    train, lines : iterable of sequences of int
        Lines as in `tune_symbols`.
    length : int
        The number of symbols that two lines must have in common, one after the other.

    Returns
    -------
    (lines,) bool
    """
    known = {run for line in train for run in _runs(line, length)}
    return np.array([not known.isdisjoint(_runs(line, length)) for line in lines], bool)


def _runs(line: Sequence[int], length: int) -> set[tuple[Symbol, ...]]:
    symbols = tune_symbols(line)
    return {tuple(symbols[first : first + length]) for first in range(len(symbols) - length + 1)}
