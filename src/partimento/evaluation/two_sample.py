"""Test whether a classifier can tell generated pieces from real ones.

This is the classifier two-sample test of D. Lopez-Paz and M. Oquab, "Revisiting classifier
two-sample tests", ICLR 2017. A classifier is trained on some pieces of both kinds and predicts the
kind of the others. Its accuracy is 0.5 if the kinds have the same distribution of features, and 1
if every piece gives itself away.

The classifier is a logistic regression on standardized features and their squares, with an L2
penalty. Squares let it see a difference in variance. A feature that is undefined for a piece gets
the mean.

The interval is that of C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine
Learning 52, 2003. It takes into account that the folds share training pieces. A bootstrap of the
predictions does not, and is too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from partimento.analysis.features.table import SCALARS
from partimento.errors import PartimentoError
from partimento.evaluation.frechet import standardized
from partimento.evaluation.part_writing import PieceMeasures
from partimento.short_repr import short_repr

FOLDS = 10
REPEATS = 5  # divisions into folds, each with other pieces of the larger set
LEAST = 10  # minimum of pieces of each kind
L2 = 3.0
STEPS = 25  # maximum of Newton steps
FAR = 5.0  # standard deviations at which features are clipped
LENGTH = ("note_count",)  # a feature that only says how long a piece is


@short_repr
@dataclass(frozen=True)
class TwoSampleTest:
    """The result of a two-sample test.

    Attributes
    ----------
    accuracy : float
        The share of pieces whose kind is predicted correctly, by a classifier that was trained on
        other pieces.
    low, high : float
        Its 95 % interval, see the module.
    size : int
        Number of pieces of each kind.
    differences : mapping of str to float
        The mean of each feature for generated minus real pieces, in standard deviations of the real
        ones; the greatest first.
    seed, folds, repeats : int
    """

    accuracy: float
    low: float
    high: float
    size: int
    differences: dict[str, float]
    seed: int
    folds: int = FOLDS
    repeats: int = REPEATS

    def __str__(self) -> str:
        return (
            f"{self.accuracy:.3f} ({self.low:.3f}–{self.high:.3f}; {self.size:,} pieces of each"
            f" kind, {self.folds} folds, seed {self.seed})"
        )


def piece_features(
    scalars: np.ndarray, measures: Sequence[PieceMeasures]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the features of pieces that the classifier gets, and their names.

    They are the scalar features but the number of notes, and those of `PieceMeasures.values`.

    Parameters
    ----------
    scalars : (pieces, scalars) float64
        From `analysis.features.table.scalar_table`.
    measures : sequence of PieceMeasures
        The measures of the same pieces.

    Returns
    -------
    (pieces, features) float64, tuple of str
    """
    kept = [name not in LENGTH for name in SCALARS]
    rows = [row.values() for row in measures]
    names = tuple(name for name in SCALARS if name not in LENGTH) + tuple(rows[0])
    table = np.array([[*row.values()] for row in rows], np.float64)
    return np.concatenate([scalars[:, kept], table], axis=1), names


def two_sample_test(
    generated: np.ndarray,
    real: np.ndarray,
    names: Sequence[str],
    *,
    seed: int = 0,
    folds: int = FOLDS,
    repeats: int = REPEATS,
) -> TwoSampleTest:
    """Cross-validate a classifier of generated and real pieces.

    Each repeat draws equally many pieces of both kinds and divides them into folds.

    Parameters
    ----------
    generated, real : (pieces, features) float64
        NaN where a feature is undefined.
    names : sequence of str
        The names of the features.
    seed : int
    folds, repeats : int

    Raises
    ------
    PartimentoError
        If there are fewer than ten pieces of a kind.
    """
    size = min(len(generated), len(real))
    if size < LEAST:
        raise PartimentoError(f"a two-sample test needs at least {LEAST} pieces of each kind")
    folds = min(folds, size)
    rng = np.random.default_rng(seed)
    sets = (generated, real)
    label = np.repeat([1.0, 0.0], size)
    of_folds = []
    for _ in range(repeats):
        drawn = [table[rng.permutation(len(table))[:size]] for table in sets]
        fold = np.concatenate([rng.permutation(size) % folds for _ in sets])
        is_correct = _cross_validated(np.concatenate(drawn), label, fold) == label
        of_folds.append([is_correct[fold == number].mean() for number in range(folds)])
    accuracy = float(np.mean(of_folds))
    half = _half_interval(np.array(of_folds))
    low, high = max(accuracy - half, 0.0), min(accuracy + half, 1.0)
    differences = _differences(generated, real, names)
    return TwoSampleTest(accuracy, low, high, size, differences, seed, folds, repeats)


def real_halves(count: int, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two disjoint random sets of indices, of at most `size` each."""
    order = np.random.default_rng(seed).permutation(count)
    size = min(size, count // 2)
    return order[:size], order[size : 2 * size]


def _half_interval(of_folds: np.ndarray) -> float:
    """Return half the 95 % interval of the mean accuracy of folds, (repeats, folds).

    The variance is corrected, because the training sets of the folds overlap.
    """
    count, folds = of_folds.size, of_folds.shape[1]
    variance = (1 / count + 1 / (folds - 1)) * float(of_folds.var(ddof=1))
    return float(stats.t.ppf(0.975, count - 1)) * math.sqrt(variance)


def _cross_validated(table: np.ndarray, label: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return predicted labels, each by a classifier trained on other folds."""
    predicted = np.zeros(len(label))
    for number in range(int(fold.max()) + 1):
        test = fold == number
        train = table[~test]
        weights = logistic_regression(_expanded(train, train), label[~test])
        predicted[test] = _expanded(table[test], train) @ weights > 0
    return predicted


def _expanded(table: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return standardized features, their squares and a constant."""
    scaled = np.clip(standardized(table, reference), -FAR, FAR)
    return np.concatenate([scaled, scaled**2 - 1, np.ones((len(table), 1))], axis=1)


def logistic_regression(table: np.ndarray, label: np.ndarray, *, penalty: float = L2) -> np.ndarray:
    """Fit a logistic regression by Newton's method; the last column is not penalized.

    Parameters
    ----------
    table : (n, d) float64
    label : (n,) float64
        0 or 1.
    penalty : float
        The L2 penalty: half of it times the squared length of the weights is added to the negative
        log-likelihood.

    Returns
    -------
    (d,) float64
    """
    ridge = np.full(table.shape[1], penalty)
    ridge[-1] = 1e-6  # keeps the matrix regular
    weights = np.zeros(table.shape[1])
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-np.clip(table @ weights, -30, 30)))
        gradient = table.T @ (probability - label) + ridge * weights
        curvature = (table * (probability * (1 - probability))[:, None]).T @ table
        step = np.linalg.solve(curvature + np.diag(ridge), gradient)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _differences(generated: np.ndarray, real: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    means = standardized(generated, real).mean(0).tolist()
    pairs = sorted(zip(names, means, strict=True), key=lambda pair: -abs(pair[1]))
    return dict(pairs)
