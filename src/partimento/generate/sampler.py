"""Sample a token from logits: greedy, temperature, top-k, top-p, min-p.

The same code runs on NumPy and inside a compiled loop.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from partimento.training.settings import Sampling

__all__ = ["Sampling", "sample_token"]

NEVER = -1e9  # a logit so low that its probability is 0


def sample_token(
    logits: Any, allowed: Any, uniform: Any, sampling: Any, xp: Any = np, *, truncates: bool = True
) -> Any:
    """Sample one token per row.

    Parameters
    ----------
    logits : (B, V) float
    allowed : (B, V) bool
        The tokens to sample from; at least one per row.
    uniform : (B,) float
        Random numbers in [0, 1), the only source of randomness.
    sampling : (4,) float
        Temperature, k, p and min-p (`Sampling.to_array`).
    xp : module
        `numpy` or `keras.ops`.
    truncates : bool
        Whether to apply k and p, which need sorting; fixed when a loop is compiled.

    Returns
    -------
    (B,) int32
    """
    temperature, k, p, min_p = sampling[0], sampling[1], sampling[2], sampling[3]
    logits = xp.where(allowed, logits, NEVER)
    best = xp.argmax(logits, axis=-1)
    scaled = (logits - xp.max(logits, axis=-1, keepdims=True)) / xp.maximum(temperature, 1e-4)
    weights = xp.where(allowed, xp.exp(scaled), 0.0)
    weights = xp.where(weights >= min_p, weights, 0.0)  # the most probable token has weight 1
    if truncates:
        weights = _truncated(weights, k, p, xp)
    # Inverse transform sampling: take the first token whose cumulative weight exceeds the drawn
    # threshold. This is never a token with weight 0.
    total = xp.cumsum(weights, axis=-1)
    threshold = xp.expand_dims(uniform, -1) * total[..., -1:]
    last = weights.shape[-1] - 1
    sampled = xp.sum(xp.where(total <= threshold, 1, 0), axis=-1)
    sampled = xp.where(sampled > last, best, sampled)  # by rounding, no total may exceed it
    chosen = xp.where(temperature <= 0, best, sampled)
    return xp.cast(chosen, "int32") if xp is not np else chosen.astype(np.int32)


def _truncated(weights: Any, k: Any, p: Any, xp: Any) -> Any:
    """Keep the k largest weights and, of these, the largest that sum up to a share p.

    The other weights become 0. Equal weights are kept or dropped together.
    """
    ordered = xp.flip(xp.sort(weights, axis=-1), axis=-1)
    rank = np.arange(weights.shape[-1], dtype=np.float32)
    in_k = xp.logical_or(k <= 0, rank < k)
    kept = xp.where(in_k, ordered, 0.0)
    before = xp.cumsum(kept, axis=-1) - kept
    in_p = before < p * xp.sum(kept, axis=-1, keepdims=True)
    smallest = xp.min(xp.where(xp.logical_and(in_k, in_p), ordered, np.inf), axis=-1, keepdims=True)
    return xp.where(weights >= smallest, weights, 0.0)
