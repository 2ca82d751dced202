"""Measure the Frechet distance of two sets of pieces on Partimento's features.

Each set is modeled as a Gaussian in the space of scalar features (D. C. Dowson and B. V. Landau,
"The Fréchet distance between multivariate normal distributions", Journal of Multivariate Analysis
12, 1982).

The Frechet audio distance and the Frechet music distance use the embeddings of networks instead, so
their values cannot be compared with these. As with them, the distance is squared, and fewer pieces
give larger values. Compare it only with the distance between sets of real pieces of the same size.
"""

from __future__ import annotations

import numpy as np


def frechet_distance(
    mean_a: np.ndarray, covariance_a: np.ndarray, mean_b: np.ndarray, covariance_b: np.ndarray
) -> float:
    """Return the squared Frechet distance of two Gaussians.

    It is ``|a - b|² + tr(A + B - 2 (A½ B A½)½)``. The trace of the root is computed from the
    eigenvalues of a symmetric matrix, which are real even for singular matrices.
    `scipy.linalg.sqrtm` of A B has the same trace, but can become complex.

    Parameters
    ----------
    mean_a, mean_b : (d,) float64
    covariance_a, covariance_b : (d, d) float64
        Symmetric, without negative eigenvalues.
    """
    values, vectors = np.linalg.eigh(covariance_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    middle = root @ covariance_b @ root
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh((middle + middle.T) / 2), 0)).sum()
    apart = float(((mean_a - mean_b) ** 2).sum())
    return max(apart + float(np.trace(covariance_a) + np.trace(covariance_b) - 2 * shared), 0.0)


def shrunk_covariance(samples: np.ndarray) -> np.ndarray:
    """Return the covariance of ``(n, d)``, shrunk towards a multiple of the identity.

    The fewer the samples, the more it is shrunk; with many it is the plain covariance. (O. Ledoit
    and M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal
    of Multivariate Analysis 88, 2004.)
    """
    n, d = samples.shape
    centred = samples - samples.mean(0)
    plain = centred.T @ centred / n
    level = float(np.trace(plain) / d)
    spread = float(((plain - level * np.eye(d)) ** 2).sum())
    error = float(((centred**2).sum(1) ** 2).sum() / n - (plain**2).sum()) / n
    weight = min(error / spread, 1.0) if spread > 0 else 0.0
    shrunk: np.ndarray = weight * level * np.eye(d) + (1 - weight) * plain
    return shrunk


def frechet_of_sets(one: np.ndarray, other: np.ndarray) -> float:
    """Return the distance of sets ``(n, d)`` and ``(m, d)``, with shrunk covariances."""
    return frechet_distance(
        one.mean(0), shrunk_covariance(one), other.mean(0), shrunk_covariance(other)
    )


def standardized(table: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Scale columns to standard deviations from the means of a reference.

    NaN becomes the mean. A column that is constant in the reference keeps its unit.
    """
    known = np.isfinite(reference)
    counts = np.maximum(known.sum(0), 1)
    mean = np.where(known, reference, 0).sum(0) / counts
    deviation = np.sqrt((np.where(known, reference - mean, 0) ** 2).sum(0) / counts)
    scaled: np.ndarray = np.where(
        np.isfinite(table), (table - mean) / np.where(deviation > 0, deviation, 1), 0
    )
    return scaled
