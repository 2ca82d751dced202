"""Measure how close two sets of pieces are in one feature.

This is the method of L.-C. Yang and A. Lerch, "On the evaluation of generative models in music",
Neural Computing and Applications 32, 2020. It takes the Euclidean distances within a set (from each
piece to every other) and between two sets. Kernel density estimation turns distances into
densities, with Gaussian kernels and Scott's bandwidth as in `scipy.stats.gaussian_kde`. Two
densities are compared by their overlapping area and the Kullback-Leibler divergence.

This differs from the authors' program (mgeval) in two defects and one open case:

- Its divergence evaluates each density on its own grid, from the smallest to the largest distance
  of that set, and so compares values at different distances. Here, both densities share one grid.
- Its overlapping area ends at the smallest and largest distances, where the kernels still have
  mass, so that equal sets get less than 1. Here, the grid extends by eight bandwidths.
- If all distances are equal, there is no bandwidth (`gaussian_kde` raises LinAlgError). Here, the
  bandwidth of the other set is used. If both sets have this problem, the overlap is 1 for equal
  distances. For different ones it is 0, and the divergence is infinite.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.signal import fftconvolve

REACH = 8.0  # bandwidths by which the grid extends beyond the distances
FINE = 16  # grid steps per bandwidth, for the narrower of two bandwidths
MOST = 2**17  # maximum number of grid steps; bandwidths that would need more are widened
# Lower limit of a density in the divergence, relative to its peak. Smaller values are only rounding
# errors, which the logarithm would magnify.
FLOOR = 1e-12
ALIKE = 1e-12  # relative range of distances that differ only by rounding


class Nearness(NamedTuple):
    """The result of comparing two sets of distances.

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

    `square` is the matrix ``(n, n)`` of all distances. Each pair occurs twice.
    """
    size = len(square)
    return square[~np.eye(size, dtype=bool)]


def nearness(first: np.ndarray, second: np.ndarray) -> Nearness | None:
    """Compare two sets of distances, ``(n,)`` and ``(m,)``; None if one is empty."""
    if not len(first) or not len(second):
        return None
    widths = [scott(first), scott(second)]
    if not any(widths):
        same = math.isclose(first[0], second[0], rel_tol=1e-9, abs_tol=1e-12)
        return Nearness(1.0, 0.0) if same else Nearness(0.0, math.inf)
    widths = [width or sum(widths) for width in widths]  # if one is 0, use the other
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
    """Return the kernel density of `values` ``(n,)`` on a regular grid, ``(size,)``.

    The grid has `size` points from `low`, `step` apart. The kernels are Gaussian, with bandwidth
    `width`. For speed, each value is divided between its two nearest grid points, and the counts
    are convolved with one kernel. Dividing adds a variance of step² / 6 on average, by which the
    kernel is made narrower. Steps of at most a sixteenth of the bandwidth make the error
    negligible.
    """
    position = (values - low) / step
    left = np.clip(np.floor(position).astype(np.int64), 0, size - 2)
    part = position - left
    counts = np.bincount(left, 1 - part, minlength=size) + np.bincount(
        left + 1, part, minlength=size
    )
    narrower = math.sqrt(max(width**2 - step**2 / 6, (width / 2) ** 2))
    half = math.ceil(REACH * width / step)
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) * (step / narrower)) ** 2)
    # Rounding errors of the FFT can be negative.
    sums = np.maximum(fftconvolve(counts, kernel, mode="full")[half : half + size], 0)
    normalized: np.ndarray = sums / (sums.sum() * step)
    return normalized
