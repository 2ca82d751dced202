"""Densities and their comparison against SciPy's kernel estimate and plain integration, and the two
defects that are not followed.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from partimento.evaluation.distances import between, density, nearness, scott, within

RNG = np.random.default_rng(7)
SETS = {
    "apart": (RNG.normal(2, 0.5, 400), RNG.normal(3, 1, 300)),
    "counts": (
        np.abs(np.subtract.outer(*RNG.integers(0, 9, (2, 30)))).ravel() * 1.0,
        RNG.integers(0, 14, 500) * 1.0,
    ),
    "few": (np.array([1.0, 2.0, 5.0]), np.array([0.0, 3.0])),
    "one wide": (RNG.exponential(1, 600), RNG.exponential(8, 200)),
}


def by_scipy(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Kernel by kernel, on a fine grid over the whole support."""
    p, q = stats.gaussian_kde(first), stats.gaussian_kde(second)
    reach = 8 * max(scott(first), scott(second))
    grid = np.linspace(
        min(first.min(), second.min()) - reach, max(first.max(), second.max()) + reach, 20_001
    )
    p, q = p(grid), q(grid)
    ratio = np.log(np.maximum(p, 1e-12 * p.max()) / np.maximum(q, 1e-12 * q.max()))
    return float(integrate.trapezoid(np.minimum(p, q), grid)), float(
        integrate.trapezoid(p * ratio, grid)
    )


@pytest.mark.parametrize(("first", "second"), SETS.values(), ids=SETS)
def test_as_scipy_has_it(first: np.ndarray, second: np.ndarray) -> None:
    found = nearness(first, second)
    assert found is not None
    overlap, kl = by_scipy(first, second)
    assert found.overlap == pytest.approx(overlap, abs=1e-4)
    assert found.kl == pytest.approx(kl, abs=1e-3)
    assert 0 < found.overlap < 1


def test_a_density_is_scipys() -> None:
    values = SETS["apart"][0]
    width = scott(values)
    kernel = stats.gaussian_kde(values)
    assert width == pytest.approx(float(np.sqrt(kernel.covariance[0, 0])))
    step, size = width / 16, 2000
    low = values.min() - 8 * width
    found = density(values, low=low, step=step, size=size, width=width)
    expected = kernel(low + step * np.arange(size))
    assert np.abs(found - expected).max() < 1e-5 * expected.max()
    assert found.sum() * step == pytest.approx(1)


def test_between_gaussians_as_in_theory() -> None:
    """Two Gaussians one deviation apart overlap by 2 Phi(-1/2), and diverge by 1/2; kernels widen
    both by Scott's bandwidth.
    """
    points = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    wide = 1 + scott(points) ** 2
    found = nearness(points, points + 1)
    assert found is not None
    assert found.overlap == pytest.approx(2 * stats.norm.cdf(-0.5 / math.sqrt(wide)), abs=1e-3)
    assert found.kl == pytest.approx(0.5 / wide, abs=5e-3)  # the points end at four deviations


def test_equal_sets_overlap_wholly() -> None:
    """The reference's area of equal sets falls short of 1: it ends at the least and the greatest
    distance.
    """
    values = SETS["few"][0]
    found = nearness(values, values)
    assert found == pytest.approx((1, 0), abs=1e-9)
    kernel = stats.gaussian_kde(values)
    assert integrate.quad(lambda x: float(kernel(x)[0]), values.min(), values.max())[0] < 0.8


def test_the_same_shape_elsewhere_is_not_the_same() -> None:
    """The reference's divergence of a set from itself, moved, is 0: each density has a grid of its
    own.
    """
    values = SETS["apart"][0]
    a, b = (
        stats.gaussian_kde(each)(np.linspace(each.min(), each.max(), 1000))
        for each in (values, values + 100)
    )
    assert stats.entropy(a, b) == pytest.approx(0, abs=1e-9)
    found = nearness(values, values + 100)
    assert found is not None
    assert found.overlap == pytest.approx(0, abs=1e-9)
    assert found.kl > 20


def test_distances_that_are_all_equal() -> None:
    constant, other = np.full(20, 2.0), np.full(30, 3.0)
    assert nearness(constant, constant[:5]) == (1, 0)
    assert nearness(constant, other) == (0, math.inf)
    with pytest.raises(np.linalg.LinAlgError):
        stats.gaussian_kde(constant)
    # One set is equal: both get the bandwidth of the other, and what is nearly all equal to it is
    # nearly the same.
    nearly = np.append(np.full(99, 2.0), 50.0)
    found = nearness(constant, nearly)
    assert found is not None
    assert found.overlap == pytest.approx(0.99, abs=1e-3)
    assert scott(np.full(50, 0.1) + 1e-17) == 0


def test_a_width_that_no_grid_carries_is_widened() -> None:
    """Its grid would have 10 ** 15 steps."""
    narrow, wide = np.abs(RNG.normal(0, 1e-9, 500)), RNG.random(500) * 1e6
    found = nearness(narrow, wide)
    assert found is not None
    assert 0 < found.overlap < 0.01
    assert 3 < found.kl < 10
    assert nearness(narrow, narrow) == pytest.approx((1, 0), abs=1e-9)


def test_nothing_to_compare() -> None:
    assert nearness(np.array([]), np.array([1.0, 2.0])) is None


def test_within_leaves_each_piece_out_in_turn() -> None:
    points = RNG.normal(0, 1, (5, 3))
    square = between(points, points)
    expected = [np.linalg.norm(points[i] - points[j]) for i in range(5) for j in range(5) if i != j]
    assert within(square) == pytest.approx(expected)
    assert between(points[:2], points[2:])[1, 2] == pytest.approx(
        np.linalg.norm(points[1] - points[4])
    )
