"""The Frechet distance of Gaussians against its closed forms, and of samples against the Gaussians
that they were drawn from.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from partimento.evaluation.frechet import (
    frechet_distance,
    frechet_of_sets,
    shrunk_covariance,
    standardized,
)

RNG = np.random.default_rng(3)


def covariance(d: int) -> np.ndarray:
    root = RNG.normal(0, 1, (d, d))
    return root @ root.T


def test_in_one_dimension() -> None:
    """The squared differences of means and of standard deviations."""
    one = np.ones((1, 1))
    assert frechet_distance(np.array([1.0]), 4 * one, np.array([3.0]), 25 * one) == pytest.approx(
        (1 - 3) ** 2 + (2 - 5) ** 2
    )


def test_of_covariances_that_commute() -> None:
    """In axes that are the same for both, it is the sum over them."""
    turn = np.linalg.qr(RNG.normal(0, 1, (4, 4)))[0]
    a, b = np.array([1.0, 4, 9, 0.25]), np.array([4.0, 1, 16, 9])
    mean = np.array([1.0, 0, -2, 0])
    expected = (mean**2).sum() + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    assert frechet_distance(
        turn @ mean, turn * a @ turn.T, np.zeros(4), turn * b @ turn.T
    ) == pytest.approx(expected)


def test_of_any_covariances_as_with_the_root_of_their_product() -> None:
    a, b, mean = covariance(6), covariance(6), RNG.normal(0, 1, 6)
    expected = (mean**2).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(mean, a, np.zeros(6), b) == pytest.approx(expected)
    assert frechet_distance(np.zeros(6), b, mean, a) == pytest.approx(expected)
    assert frechet_distance(mean, a, mean, a) == pytest.approx(0, abs=1e-6)


def test_of_singular_covariances() -> None:
    flat = np.diag([1.0, 0, 0])
    assert frechet_distance(np.zeros(3), flat, np.zeros(3), np.diag([0, 1.0, 0])) == pytest.approx(
        2
    )
    assert frechet_distance(np.zeros(3), flat, np.zeros(3), np.zeros((3, 3))) == pytest.approx(1)


def test_of_samples_as_of_what_they_were_drawn_from() -> None:
    a, b = np.diag([1.0, 2, 3]), np.diag([2.0, 2, 1])
    expected = frechet_distance(np.zeros(3), a, np.ones(3), b)
    one, other = (
        RNG.multivariate_normal(mean, spread, 40_000)
        for mean, spread in ((np.zeros(3), a), (np.ones(3), b))
    )
    assert frechet_of_sets(one, other) == pytest.approx(expected, rel=0.03)


def test_shrinkage_by_its_definition() -> None:
    """Ledoit and Wolf's formulae, sample by sample."""
    samples = RNG.multivariate_normal(np.zeros(5), covariance(5), 12)
    centred = samples - samples.mean(0)
    plain = sum(np.outer(x, x) for x in centred) / 12
    level = np.trace(plain) / 5
    spread = ((plain - level * np.eye(5)) ** 2).sum()
    error = min(sum(((np.outer(x, x) - plain) ** 2).sum() for x in centred) / 12**2, spread)
    expected = error / spread * level * np.eye(5) + (spread - error) / spread * plain
    assert shrunk_covariance(samples) == pytest.approx(expected)


def test_shrinkage_fades_with_the_number_of_samples_and_mends_what_is_singular() -> None:
    truth = covariance(8)
    many = RNG.multivariate_normal(np.zeros(8), truth, 50_000)
    assert shrunk_covariance(many) == pytest.approx(
        np.cov(many.T), rel=0.02, abs=0.02 * np.trace(truth) / 8
    )
    few = many[:5]
    assert np.linalg.matrix_rank(np.cov(few.T)) == 4
    assert np.linalg.eigvalsh(shrunk_covariance(few)).min() > 0
    assert (shrunk_covariance(np.ones((4, 2))) == 0).all()


def test_equal_sets_are_at_no_distance_and_moved_ones_are() -> None:
    points = RNG.normal(0, 1, (30, 4))
    assert frechet_of_sets(points, points) == pytest.approx(0, abs=1e-9)
    assert frechet_of_sets(points, points + np.array([3.0, 0, 0, 4])) == pytest.approx(25)


def test_in_standard_deviations_of_the_reference() -> None:
    reference = np.array([[0.0, 5.0, 1.0], [2.0, 5.0, np.nan], [4.0, 5.0, 3.0]])
    found = standardized(np.array([[2.0, 7.0, np.nan], [2 + np.sqrt(8 / 3), 5.0, 3.0]]), reference)
    assert found == pytest.approx(np.array([[0, 2, 0], [1, 0, 1]]))
