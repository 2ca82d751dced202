"""Measure how close two sets of pieces are, feature by feature.

This is the method of L.-C. Yang and A. Lerch, "On the evaluation of generative models in music",
Neural Computing and Applications 32, 2020. Euclidean distances are measured within a set (from each
piece to each other one) and between two sets. Gaussian kernels of Scott's bandwidth turn them into
densities, as `scipy.stats.gaussian_kde` does. Two densities are compared by their overlapping area
and the Kullback-Leibler divergence.

The authors' program (mgeval) is followed, except for two defects and one open case:

- Its divergence evaluates each density on its own grid, from the least to the greatest distance of
  that set. Values at different distances are then compared. Here both densities share one grid.
- Its overlapping area ends at the least and greatest distances, where kernels still have mass:
  equal
  sets get less than 1. Here it covers the whole support, eight bandwidths more on either side.
- Distances that are all equal have no bandwidth (`gaussian_kde` raises LinAlgError). Here they use
  the bandwidth of the other set. Two such sets overlap wholly if their distances are equal.
  Otherwise they do not overlap, and the divergence is infinite.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.signal import fftconvolve

REACH = 8.0  # bandwidths
FINE = 16  # steps of the grid in the narrower of two bandwidths
MOST = 2**17  # steps of a grid; a bandwidth so narrow that the support would have more is widened
# of its peak: what lies below counts as that in the divergence, which would be all rounding there
FLOOR = 1e-12
ALIKE = 1e-12  # relative spread below which distances are equal but for rounding


class Nearness(NamedTuple):
    """Two sets of distances compared.

    Attributes
    ----------
    overlap : float
        Area under both densities, 0 to 1.
    kl : float
        Divergence of the second density from the first, in nats.
    """

    overlap: float
    kl: float


def between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the Euclidean distances ``(n, m)`` of features ``(n, d)`` and ``(m, d)``."""
    from scipy.spatial.distance import cdist

    distances: np.ndarray = cdist(one, other)
    return distances


def within(square: np.ndarray) -> np.ndarray:
    """Return the distances ``(n (n - 1),)`` of each piece to every other one.

    They come from a matrix ``(n, n)``; each pair occurs twice, as in leave-one-out.
    """
    size = len(square)
    return square[~np.eye(size, dtype=bool)]


def nearness(first: np.ndarray, second: np.ndarray) -> Nearness | None:
    """Compare two sets of distances; None where one of them is empty."""
    if not len(first) or not len(second):
        return None
    widths = [scott(first), scott(second)]
    if not any(widths):
        same = math.isclose(first[0], second[0], rel_tol=1e-9, abs_tol=1e-12)
        return Nearness(1.0, 0.0) if same else Nearness(0.0, math.inf)
    widths = [width or sum(widths) for width in widths]  # the other's, where one is 0
    low, high = min(first.min(), second.min()), max(first.max(), second.max())
    least = (high - low + 2 * REACH * max(widths)) * FINE / MOST
    widths = [max(width, least) for width in widths]
    step, low, high = min(widths) / FINE, low - REACH * max(widths), high + REACH * max(widths)
    size = math.ceil((high - low) / step) + 1
    p, q = (
        density(values, low=low, step=step, size=size, width=width)
        for values, width in zip((first, second), widths, strict=True)
    )
    overlap = min(float(np.minimum(p, q).sum() * step), 1.0)
    ratio = np.log(np.maximum(p, FLOOR * p.max()) / np.maximum(q, FLOOR * q.max()))
    return Nearness(overlap, max(float((p * ratio).sum() * step), 0.0))


def scott(values: np.ndarray) -> float:
    """Return Scott's bandwidth in one dimension: n ** (-1/5) standard deviations.

    It is 0 where all values are equal. (D. W. Scott, Multivariate Density Estimation, 1992.)
    """
    if len(values) < 2 or np.ptp(values) <= ALIKE * max(abs(float(values.max())), 1.0):
        return 0.0
    return float(values.std(ddof=1) * len(values) ** -0.2)


def density(values: np.ndarray, *, low: float, step: float, size: int, width: float) -> np.ndarray:
    """Sum Gaussian kernels of bandwidth `width` over `values`, on a regular grid.

    The grid has `size` points from `low` on, `step` apart. Each value is shared between the two
    nearest points, and the counts are convolved with one kernel. Sharing widens a value by step**2
    / 6 of variance, on average; the kernel is narrower by that. With a step of at most a sixteenth
    of the bandwidth this is as good as summing single kernels.
    """
    place = (values - low) / step
    left = np.clip(np.floor(place).astype(np.int64), 0, size - 2)
    part = place - left
    counts = np.bincount(left, 1 - part, minlength=size) + np.bincount(
        left + 1, part, minlength=size
    )
    narrower = math.sqrt(max(width**2 - step**2 / 6, (width / 2) ** 2))
    half = math.ceil(REACH * width / step)
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) * (step / narrower)) ** 2)
    found = np.maximum(fftconvolve(counts, kernel, mode="full")[half : half + size], 0)
    summed: np.ndarray = found / (found.sum() * step)
    return summed
