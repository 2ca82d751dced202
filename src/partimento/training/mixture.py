"""Mix the weights of a fine-tuned model with those from which it started.

A dozen pieces are few: after fine-tuning, a network knows them too well and has forgotten some of
what it knew. A weighted mean of both sets of weights is often better than either (Wortsman et al.
2022, "Robust fine-tuning of zero-shot models"). The validation pieces choose the share. Without any
gain, the model stays as it was, so that fine-tuning never makes it worse on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from partimento.short_repr import short_repr

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of the fine-tuned weights

Weights = Sequence[np.ndarray]


@short_repr
@dataclass(frozen=True)
class Mixture:
    """How much of the fine-tuned weights was kept, and why.

    Attributes
    ----------
    share : float
        Share of the fine-tuned weights, 0 to 1. The rest is the model before fine-tuning.
    losses : dict
        The validation loss of each share that was tried, in nats per event.
    """

    share: float
    losses: dict[float, float]

    def __str__(self) -> str:
        before, tuned, kept = self.losses[0.0], self.losses[1.0], self.losses[self.share]
        return (
            f"validation pieces cost {before:.3f} nats per event before fine-tuning, {tuned:.3f}"
            f" after it, and {kept:.3f} with {self.share:.0%} of the change: this was kept"
        )


def mix(first: Weights, last: Weights, share: float) -> list[np.ndarray]:
    """Return ``(1 - share) · first + share · last`` for each array of weights."""
    if share in (0, 1):
        return list(last if share else first)
    return [
        ((1 - share) * np.asarray(a) + share * np.asarray(b)).astype(np.asarray(a).dtype)
        for a, b in zip(first, last, strict=True)
    ]


def best_mixture(
    first: Weights, last: Weights, loss: Callable[[list[np.ndarray]], float]
) -> tuple[Mixture, list[np.ndarray]]:
    """Return the mixture with the lowest loss, and its weights.

    Parameters
    ----------
    first, last : sequence of array
        Weights before and after fine-tuning.
    loss : callable
        Returns the validation loss of given weights.
    """
    losses = {share: loss(mix(first, last, share)) for share in SHARES}
    share = min(losses, key=lambda share: losses[share])
    return Mixture(share, losses), mix(first, last, share)
