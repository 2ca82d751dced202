"""Generate candidates with a model that writes one number after another.

Two loops do the same. The one on NumPy (`numpy_loop`) begins at once; the compiled one
(`autoregressive`) takes seconds to begin and then is faster. Shapes: B candidates, N rows, V
numbers of a field.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from partimento.generate.constraints import Constraint, Rule
from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling
from partimento.tokens.base import Grammar
from partimento.training.trained_model import TrainedModel

ROWS = 64  # lengths are rounded up to a multiple, so that few loops are compiled
EVENTS_PER_QUARTER = 2  # expected of a piece whose length is given in bars
# The compiled loop begins 3.9 s of processor time later, and then saves 0.6 ms per row of up to 8
# candidates, 0.1 ms per row of 32 (benchmarks/startup.py --loops, 2 cores, the bundled model). At
# least 6,500 rows pay for it. About half of the rows that are reserved are used.
MOST_ROWS_ON_NUMPY = 10_000


class Generated(NamedTuple):
    """Hold the candidates that a loop has composed.

    Attributes
    ----------
    ids : (B, N, F) int32
        The prompt first; padding after the end.
    closing : (B,) float32
        Log-probability, by the model, that the piece ends where the candidate was stopped; very low
        where it was stopped in mid-event.
    dead_ends : (B,) int32
        Choices for which the constraints left nothing: the grammar alone was followed there.
    """

    ids: np.ndarray
    closing: np.ndarray
    dead_ends: np.ndarray


def constrained(
    grammar: Grammar, state: Any, field: int, mask: Any, rules: Sequence[tuple[Rule, Any]], xp: Any
) -> tuple[Any, Any]:
    """Return the mask times those of the rules, and where ``(B,)`` that left nothing.

    There the grammar alone is followed: any sample from an empty mask would break it. Each rule
    comes with its state.
    """
    both = mask
    for rule, rule_state in rules:
        both = xp.logical_and(both, rule.allowed(rule_state, field, xp))
    both = grammar.viable(state, field, both, xp)
    dead = xp.logical_not(xp.any(both, axis=-1))
    return xp.where(xp.expand_dims(dead, -1), mask, both), dead


def generate_candidates(
    trained: TrainedModel,
    prompt: np.ndarray,
    *,
    limits: Limits,
    sampling: Sampling,
    candidates: int = 1,
    seed: int = 0,
    constraints: Sequence[Constraint] = (),
) -> Generated:
    """Continue a prompt ``(n, F)`` with the loop that is faster for this length.

    Nothing else decides which: the same arguments give the same notes.
    """
    options: dict[str, Any] = {
        "limits": limits,
        "sampling": sampling,
        "candidates": candidates,
        "seed": seed,
        "constraints": constraints,
    }
    step = trained.numpy_step if is_short(trained, prompt, limits) else None
    if step is not None:
        from partimento.generate.numpy_loop import generate_on_numpy

        return generate_on_numpy(step, trained.tokenizer, prompt, **options)
    from partimento.generate.autoregressive import generate  # it loads Keras

    return generate(trained.model, prompt, **options)


def is_short(trained: TrainedModel, prompt: np.ndarray, limits: Limits) -> bool:
    """Return True if so few rows are expected that compiling a loop would take longer."""
    quarters = math.ceil(limits.steps / trained.tokenizer.grid)
    events = min(limits.events, EVENTS_PER_QUARTER * quarters + 1)
    return trained.tokenizer.max_rows(events, len(prompt)) <= MOST_ROWS_ON_NUMPY
