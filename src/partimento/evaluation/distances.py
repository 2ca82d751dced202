"""How near one set of pieces is to another, feature by feature, after L.-C. Yang and A. Lerch, "On
the evaluation of generative models in music", Neural Computing and Applications 32, 2020.

The Euclidean distances within a set (of each piece to each other one) and between two sets become
densities, by Gaussian kernels of Scott's bandwidth, as `scipy.stats.gaussian_kde` has it. Two
densities are compared by their overlapping area and the Kullback-Leibler divergence. The authors'
program (mgeval) is followed but for two defects and what it leaves open:

- its divergence takes each density on a grid of its own, from that set's least distance to its
  greatest, so that values at different
  distances are set against each other; here both are taken on one grid;
- its overlapping area ends at the least and greatest distances, where kernels still have mass (of
  equal sets it gives less than 1); here
  it goes over the whole support, which is eight bandwidths more on either side;
- distances that are all equal have no bandwidth (`gaussian_kde` raises LinAlgError): they take the
  other set's; two such sets overlap
  wholly if their distances are the same, else not at all, with an infinite divergence.
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
    """Euclidean distances ``(n, m)`` of features ``(n, d)`` and ``(m, d)``."""
    from scipy.spatial.distance import cdist

    distances: np.ndarray = cdist(one, other)
    return distances


def within(square: np.ndarray) -> np.ndarray:
    """Each piece to every other one, of distances ``(n, n)``: ``(n (n - 1),)``, each pair twice, as
    leaving one out has it.
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
    """Scott's bandwidth in one dimension, n ** (-1/5) standard deviations; 0 where all values are
    equal.

    (D. W. Scott, Multivariate Density Estimation, 1992.)
    """
    if len(values) < 2 or np.ptp(values) <= ALIKE * max(abs(float(values.max())), 1.0):
        return 0.0
    return float(values.std(ddof=1) * len(values) ** -0.2)


def density(values: np.ndarray, *, low: float, step: float, size: int, width: float) -> np.ndarray:
    """Sum of Gaussian kernels of bandwidth `width` over `values`, at `size` points from `low` on,
    `step` apart.

    Each value is shared out to the two points beside it and the whole convolved with one kernel,
    which is narrower by what the sharing widens (step**2 / 6 of variance, on average): with a step
    of a sixteenth of the bandwidth or less as good as the sum kernel by kernel.
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
