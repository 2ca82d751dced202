"""The Frechet distance on Partimento's features: how far two sets of pieces are apart if each is
taken for a Gaussian cloud in the space of our own features, one number a feature (D. C. Dowson and
B. V. Landau, "The Fréchet distance between multivariate normal distributions", Journal of
Multivariate Analysis 12, 1982).

It is neither the Frechet audio distance nor the Frechet music distance, whose spaces are the
insides of networks, and its figures do not compare with theirs. As there, the distance is the
squared one, and it is the larger the fewer the pieces: look at it only beside that of as many real
pieces to real pieces.
"""

from __future__ import annotations

import numpy as np


def frechet_distance(
    mean_a: np.ndarray, covariance_a: np.ndarray, mean_b: np.ndarray, covariance_b: np.ndarray
) -> float:
    """Squared distance of two Gaussians: ``|a - b|² + tr(A + B - 2 (A½ B A½)½)``.

    The trace of the root is taken from the eigenvalues of a symmetric matrix, which stay real where
    the matrices are singular; `scipy.linalg.sqrtm` of A B, which has the same trace, turns complex
    there.

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
    """Covariance of ``(n, d)``, drawn towards a multiple of the identity as far as so few samples
    ask for.

    (O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance
    matrices", Journal of Multivariate Analysis 88, 2004.) With many samples it is the plain
    covariance.
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
    """The distance of two sets ``(n, d)`` and ``(m, d)``, with shrunk covariances."""
    return frechet_distance(
        one.mean(0), shrunk_covariance(one), other.mean(0), shrunk_covariance(other)
    )


def standardized(table: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Columns in standard deviations from the reference's means; NaN becomes the mean, what never
    varies there stays in its unit.
    """
    known = np.isfinite(reference)
    counts = np.maximum(known.sum(0), 1)
    mean = np.where(known, reference, 0).sum(0) / counts
    deviation = np.sqrt((np.where(known, reference - mean, 0) ** 2).sum(0) / counts)
    scaled: np.ndarray = np.where(
        np.isfinite(table), (table - mean) / np.where(deviation > 0, deviation, 1), 0
    )
    return scaled
