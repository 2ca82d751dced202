"""Measure how well a vocabulary covers music outside it, from counts in one pass."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

FOLDS = 10  # each piece is held out once, a tenth at a time
POINTS = 60  # on a curve: so many closer together at its start, so many even ones


@dataclass(frozen=True)
class Curve:
    """Points of a curve: `y` is counted at each `x`."""

    x: list[int]
    y: list[float]


@dataclass(frozen=True)
class HeldOut:
    """The share of held-out events with an unknown symbol, per split and in all."""

    mean: float
    deviation: float
    splits: list[float]


@dataclass(frozen=True)
class Vocabulary:
    """The symbols of a corpus (its chords, for example) and how far they reach.

    Parameters
    ----------
    size : int
        Distinct symbols.
    seen_once : int
        Symbols that are in one event only.
    out_of_vocabulary : dict
        Number of occurrences in the other pieces that make a symbol known (1 or 2) → `HeldOut`.
        Empty for fewer than two different pieces.
    commonest : Curve
        The N commonest symbols (x) make up this share of all events (y).
    growth : Curve
        Distinct symbols (y) to expect in a number of pieces (x) drawn from the corpus.
    """

    size: int
    seen_once: int
    out_of_vocabulary: dict[int, HeldOut]
    commonest: Curve
    growth: Curve

    @property
    def growth_per_doubling(self) -> float:
        """The factor by which the vocabulary grows when the pieces double.

        It is measured at the end of the curve, and 1 where nothing can be measured.
        """
        x, y = self.growth.x, self.growth.y
        if len(x) < 2 or not y[-1]:
            return 1.0
        return float(y[-1] / np.interp(x[-1] / 2, x, y))


class Folds:
    """Assigns a fold to every piece.

    From each ten different pieces, in the order given, one goes to each fold, drawn by `seed`.
    Pieces of one group stay together. Leaving out each fold in turn gives ten splits, in which each
    piece is held out once.
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._fold_of: dict[Hashable, int] = {}
        self._next: list[int] = []

    def of(self, group: Hashable) -> int:
        if group not in self._fold_of:
            self._next = self._next or self._random.permutation(FOLDS).tolist()
            self._fold_of[group] = self._next.pop()
        return self._fold_of[group]

    @property
    def groups(self) -> int:
        return len(self._fold_of)


class Tally:
    """Counts of symbols by fold, and of the pieces with each symbol.

    It takes 88 bytes per symbol besides the symbol itself.
    """

    def __init__(self) -> None:
        self._place: dict[Hashable, int] = {}
        self._cells = array("q")  # a row a symbol: FOLDS counts, then the number of pieces

    def add(self, counts: Mapping[Any, int], fold: int) -> None:
        """Take in the symbols of one piece."""
        place, cells, width = self._place, self._cells, FOLDS + 1
        for symbol, count in counts.items():
            row = place.setdefault(symbol, len(place)) * width
            if row == len(cells):
                cells.frombytes(bytes(8 * width))
            cells[row + fold] += count
            cells[row + FOLDS] += 1

    @property
    def table(self) -> np.ndarray:
        """Return counts by fold, then pieces, one row per symbol: (C, FOLDS + 1) int64.

        Rows are in the order of first appearance.
        """
        return np.array(self._cells, np.int64).reshape(-1, FOLDS + 1)

    def totals(self) -> dict[Hashable, int]:
        """Return the count of each symbol, the commonest first.

        Equal counts are in the order of first appearance.
        """
        counts = self.table[:, :FOLDS].sum(axis=1)
        symbols = list(self._place)
        return {
            symbols[row]: int(counts[row]) for row in np.argsort(-counts, kind="stable").tolist()
        }

    def vocabulary(self, pieces: int, groups: int) -> Vocabulary:
        """Summarize the counts of `pieces` pieces, `groups` of them different."""
        table = self.table
        folds, in_pieces = table[:, :FOLDS], table[:, FOLDS]
        counts = folds.sum(axis=1)
        return Vocabulary(
            size=len(table),
            seen_once=int((counts == 1).sum()),
            out_of_vocabulary={least: held_out(folds, least) for least in (1, 2)}
            if groups > 1
            else {},
            commonest=commonest(counts),
            growth=growth(in_pieces, pieces),
        )


def held_out(folds: np.ndarray, least: int) -> HeldOut:
    """Hold out each fold in turn and measure its out-of-vocabulary events.

    A symbol is known if the other folds have it at least `least` times.

    Parameters
    ----------
    folds : (C, F) int
        Count of each symbol in each fold. A fold without events is no split.
    """
    unknown = folds.sum(axis=1, keepdims=True) - folds < least
    events = folds.sum(axis=0)
    filled = events > 0
    shares = (folds * unknown).sum(axis=0)[filled] / events[filled]
    if not len(shares):
        return HeldOut(0.0, 0.0, [])
    return HeldOut(
        float(shares.mean()), float(shares.std(ddof=1)) if len(shares) > 1 else 0.0, shares.tolist()
    )


def commonest(counts: np.ndarray) -> Curve:
    """Return the share of all events that the N commonest symbols make up, by N.

    >>> commonest(np.array([1, 6, 3]))
    Curve(x=[1, 2, 3], y=[0.6, 0.9, 1.0])
    """
    if not len(counts):
        return Curve([], [])
    x = _points(len(counts))
    reached = np.cumsum(np.sort(counts)[::-1])
    return Curve(x.tolist(), (reached[x - 1] / reached[-1]).tolist())


def growth(in_pieces: np.ndarray, pieces: int) -> Curve:
    """Return the number of distinct symbols to expect in n of the pieces, by n.

    It is the exact mean over all ways to draw them. If a symbol is in d of N pieces, a share of
    C(N-d, n) / C(N, n) of the draws misses it.

    Parameters
    ----------
    in_pieces : (C,) int
        The number of pieces with each symbol.
    pieces : int
        All pieces (N).

    References
    ----------
    R. K. Colwell et al., Models and estimators linking individual-based and sample-based
    rarefaction, extrapolation and comparison of assemblages, Journal of Plant Ecology 5, 2012:
    sample-based rarefaction.

    Examples
    --------
    >>> growth(np.array([2, 1, 1]), 2)
    Curve(x=[1, 2], y=[2.0, 3.0])
    """
    if not pieces:
        return Curve([], [])
    x = _points(pieces)
    spread = np.bincount(in_pieces, minlength=1)
    d = np.flatnonzero(spread)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, pieces + 1)))])
    n = x[:, np.newaxis]
    left = pieces - d - n  # (points, distinct d): how many are in neither
    missed = (
        log_factorial[pieces - d]
        - log_factorial[np.maximum(left, 0)]
        - log_factorial[pieces]
        + log_factorial[pieces - n]
    )
    expected = np.where(left < 0, 1.0, -np.expm1(missed)) @ spread[d]
    return Curve(x.tolist(), np.round(expected, 6).tolist())


def _points(last: int) -> np.ndarray:
    """Return whole numbers from 1 to `last` at which a curve is drawn.

    They are close together at first, then evenly spread. Round numbers (1, 2, 5, 10, 20 …) are
    included.
    """
    round_ones = [
        m * 10**power for power in range(len(str(last))) for m in (1, 2, 5) if m * 10**power <= last
    ]
    spread = (
        np.concatenate([np.geomspace(1, last, POINTS), np.linspace(1, last, POINTS)])
        .round()
        .astype(np.int64)
    )
    return np.union1d(spread, round_ones)
