"""Measure how well a vocabulary covers other music, from counts made in one pass."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from partimento.short_repr import short_repr

FOLDS = 10  # every piece is held out once, a tenth of the pieces at a time
POINTS = 60  # of a curve: this number with geometric spacing, and the same with even spacing


@short_repr
@dataclass(frozen=True)
class Curve:
    """The points of a curve: a value of `y` for each one of `x`."""

    x: list[int]
    y: list[float]


@short_repr
@dataclass(frozen=True)
class HeldOut:
    """The share of held-out events with an unknown symbol.

    Attributes
    ----------
    mean, deviation : float
        Mean and standard deviation over the splits.
    splits : list of float
        The share in each split.
    """

    mean: float
    deviation: float
    splits: list[float]


@short_repr
@dataclass(frozen=True)
class Vocabulary:
    """The symbols of a corpus (its chords, for example), and their coverage.

    Parameters
    ----------
    size : int
        Number of distinct symbols.
    seen_once : int
        Number of symbols that occur in one event only.
    out_of_vocabulary : dict of int to HeldOut
        By the number of occurrences in the other pieces that make a symbol known (1 or 2). Empty
        for fewer than two different pieces.
    commonest : Curve
        The share of all events (y) that the N most common symbols (x) make up.
    growth : Curve
        The expected number of distinct symbols (y) in a number of pieces (x) that are drawn from
        the corpus.
    """

    size: int
    seen_once: int
    out_of_vocabulary: dict[int, HeldOut]
    commonest: Curve
    growth: Curve

    @property
    def growth_per_doubling(self) -> float:
        """The factor by which the vocabulary grows if the number of pieces doubles.

        It is measured at the end of the curve; 1 for fewer than two pieces.
        """
        x, y = self.growth.x, self.growth.y
        if len(x) < 2 or not y[-1]:
            return 1.0
        return float(y[-1] / np.interp(x[-1] / 2, x, y))


@short_repr
class Folds:
    """Assign every piece to one of ten folds, for cross-validation.

    Among every ten different groups of pieces, in the given order, one is assigned to each fold at
    random. Pieces of one group are in the same fold. Holding out each fold in turn gives ten
    splits, in which every piece is held out once.
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._fold_of: dict[Hashable, int] = {}
        self._next: list[int] = []

    def of(self, group: Hashable) -> int:
        """Return the fold of a group, which is drawn when the group is new."""
        if group not in self._fold_of:
            self._next = self._next or self._random.permutation(FOLDS).tolist()
            self._fold_of[group] = self._next.pop()
        return self._fold_of[group]

    @property
    def groups(self) -> int:
        return len(self._fold_of)


@short_repr
class Tally:
    """Count the events per symbol and fold, and the pieces with each symbol.

    This takes 88 bytes per symbol besides the symbol itself.
    """

    def __init__(self) -> None:
        self._place: dict[Hashable, int] = {}
        self._cells = array("q")  # a row per symbol: FOLDS counts, then the number of pieces

    def add(self, counts: Mapping[Any, int], fold: int) -> None:
        """Add the counts of one piece's symbols."""
        place, cells, width = self._place, self._cells, FOLDS + 1
        for symbol, count in counts.items():
            row = place.setdefault(symbol, len(place)) * width
            if row == len(cells):
                cells.frombytes(bytes(8 * width))
            cells[row + fold] += count
            cells[row + FOLDS] += 1

    @property
    def table(self) -> np.ndarray:
        """The counts by fold, then the number of pieces: (C, FOLDS + 1) int64.

        There is one row per symbol, in the order of first appearance.
        """
        return np.array(self._cells, np.int64).reshape(-1, FOLDS + 1)

    def totals(self) -> dict[Hashable, int]:
        """Return the count of each symbol, the most common one first.

        Equal counts are in the order of first appearance.
        """
        counts = self.table[:, :FOLDS].sum(axis=1)
        symbols = list(self._place)
        return {
            symbols[row]: int(counts[row]) for row in np.argsort(-counts, kind="stable").tolist()
        }

    def vocabulary(self, pieces: int, groups: int) -> Vocabulary:
        """Summarize the counts.

        Parameters
        ----------
        pieces, groups : int
            The number of pieces that were added, and of their groups.
        """
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
    """Hold out each fold in turn, and measure its share of unknown symbols.

    Parameters
    ----------
    folds : (C, F) int
        Count of each symbol in each fold. Folds without events are ignored.
    least : int
        A symbol is known if it occurs at least this often in the other folds.
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
    """Return the share of all events that the N most common symbols make up, by N.

    >>> commonest(np.array([1, 6, 3]))
    Curve(x=[1, 2, 3], y=[0.6, 0.9, 1])
    """
    if not len(counts):
        return Curve([], [])
    x = _points(len(counts))
    covered = np.cumsum(np.sort(counts)[::-1])
    return Curve(x.tolist(), (covered[x - 1] / covered[-1]).tolist())


def growth(in_pieces: np.ndarray, pieces: int) -> Curve:
    """Return the expected number of distinct symbols in n pieces, by n.

    This is the exact mean over all ways to draw n pieces from the corpus. If a symbol occurs in d
    of N pieces, a share of C(N-d, n) / C(N, n) of the draws does not contain it.

    Parameters
    ----------
    in_pieces : (C,) int
        The number of pieces with each symbol.
    pieces : int
        The number of all pieces (N).

    References
    ----------
    R. K. Colwell et al., Models and estimators linking individual-based and sample-based
    rarefaction, extrapolation and comparison of assemblages, Journal of Plant Ecology 5, 2012:
    sample-based rarefaction.

    Examples
    --------
    >>> growth(np.array([2, 1, 1]), 2)
    Curve(x=[1, 2], y=[2, 3])
    """
    if not pieces:
        return Curve([], [])
    x = _points(pieces)
    spread = np.bincount(in_pieces, minlength=1)
    d = np.flatnonzero(spread)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, pieces + 1)))])
    n = x[:, np.newaxis]
    rest = pieces - d - n  # (points, distinct d): pieces without the symbol that are not drawn
    # The logarithm of C(N-d, n) / C(N, n), because factorials of large numbers overflow.
    log_missed = (
        log_factorial[pieces - d]
        - log_factorial[np.maximum(rest, 0)]
        - log_factorial[pieces]
        + log_factorial[pieces - n]
    )
    expected = np.where(rest < 0, 1.0, -np.expm1(log_missed)) @ spread[d]
    return Curve(x.tolist(), np.round(expected, 6).tolist())


def _points(last: int) -> np.ndarray:
    """Return the integers from 1 to `last` at which a curve is computed.

    They are close together at first, then evenly spaced. Round numbers (1, 2, 5, 10, 20 …) are
    included.
    """
    round_numbers = [
        m * 10**power for power in range(len(str(last))) for m in (1, 2, 5) if m * 10**power <= last
    ]
    spaced = (
        np.concatenate([np.geomspace(1, last, POINTS), np.linspace(1, last, POINTS)])
        .round()
        .astype(np.int64)
    )
    return np.union1d(spaced, round_numbers)
