"""From logits to a choice: greedy, temperature, top-k and top-p, under a mask; the same on NumPy
and inside a compiled loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.training.settings import SampleSettings

NEVER = -1e9  # a logit that leaves no probability


@dataclass(frozen=True)
class Choice:
    """How freely to choose.

    Parameters
    ----------
    temperature : float
        Below 1 safer, above 1 bolder; 0 is greedy: always the likeliest.
    top_k : int
        Only the k likeliest; 0 means all.
    top_p : float
        Only the likeliest that together have probability p ("nucleus", Holtzman et al. 2020); 1
        means all.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < 100:
            raise PartimentoError(
                f"a temperature lies between 0 and 100, not at {self.temperature:g}"
            )
        if self.top_k < 0:
            raise PartimentoError(f"top-k is at least 0 (all), not {self.top_k}")
        if not 0 < self.top_p <= 1:
            raise PartimentoError(f"top-p lies above 0 and is at most 1 (all), not {self.top_p:g}")

    @property
    def narrows(self) -> bool:
        """Whether top-k or top-p leaves anything out: only then must probabilities be sorted."""
        return self.top_k > 0 or self.top_p < 1


def choice_of(settings: SampleSettings) -> Choice:
    """Return the choice that the settings of a run ask for."""
    return Choice(settings.temperature, settings.top_k, settings.top_p)


def pick(
    logits: Any, legal: Any, uniform: Any, choice: Any, xp: Any = np, *, narrows: bool = True
) -> Any:
    """Choose one number a row.

    Parameters
    ----------
    logits : (B, V) float
    legal : (B, V) bool
        What may be chosen; at least one a row.
    uniform : (B,) float
        Random numbers in [0, 1): the choice is a function of them alone.
    choice : (3,) float, or Choice
        Temperature, k and p.
    xp : module
        `numpy` or `keras.ops`.
    narrows : bool
        Whether k or p matters (fixed when a loop is compiled).

    Returns
    -------
    (B,) int
    """
    if isinstance(choice, Choice):
        choice = np.array([choice.temperature, choice.top_k, choice.top_p], np.float32)
    temperature, k, p = choice[0], choice[1], choice[2]
    logits = xp.where(legal, logits, NEVER)
    best = xp.argmax(logits, axis=-1)
    scaled = (logits - xp.max(logits, axis=-1, keepdims=True)) / xp.maximum(temperature, 1e-4)
    weights = xp.where(legal, xp.exp(scaled), 0.0)
    if narrows:
        weights = _narrowed(weights, k, p, xp)
    total = xp.cumsum(weights, axis=-1)
    # The first number whose running total passes the drawn share; one of no weight is never the
    # first.
    drawn = xp.expand_dims(uniform, -1) * total[..., -1:]
    last = weights.shape[-1] - 1
    sampled = xp.sum(xp.where(total <= drawn, 1, 0), axis=-1)
    sampled = xp.where(sampled > last, best, sampled)  # rounding at the very end
    return (
        xp.cast(xp.where(temperature <= 0, best, sampled), "int32")
        if xp is not np
        else np.where(temperature <= 0, best, sampled)
    )


def _narrowed(weights: Any, k: Any, p: Any, xp: Any) -> Any:
    """Leave the k largest and, of these, the largest that reach a share p; equal weights stay or go
    together.
    """
    ordered = xp.flip(xp.sort(weights, axis=-1), axis=-1)
    rank = np.arange(weights.shape[-1], dtype=np.float32)
    in_k = xp.logical_or(k <= 0, rank < k)
    kept = xp.where(in_k, ordered, 0.0)
    before = xp.cumsum(kept, axis=-1) - kept
    in_p = before < p * xp.sum(kept, axis=-1, keepdims=True)
    smallest = xp.min(xp.where(xp.logical_and(in_k, in_p), ordered, np.inf), axis=-1, keepdims=True)
    return xp.where(weights >= smallest, weights, 0.0)
