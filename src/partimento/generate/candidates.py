"""Generate candidates with an autoregressive model, compiled or on NumPy.

Both loops give the same result. The one on NumPy (`numpy_loop`) starts at once. The compiled one
(`autoregressive`) needs seconds for compiling, and is then faster. Shapes: B candidates, N rows, F
fields of a row, V ids of a field.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from partimento.generate.constraints.base import Constraint, Scene
from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling
from partimento.short_repr import short_repr
from partimento.tokens.base import Grammar
from partimento.training.trained_model import TrainedModel

ROWS = 64  # lengths are rounded up to a multiple of this, to compile loops for few lengths
EVENTS_PER_QUARTER = 2  # a typical value, to estimate the events of a length in bars
# The compiled loop starts 3.9 s (CPU time) later. It then saves 0.6 ms per row with up to 8
# candidates, or 0.1 ms with 32 (benchmarks/startup.py --loops, 2 cores, the bundled model). It is
# therefore worth compiling from 6,500 rows. About half of the reserved rows are used.
MAX_ROWS_ON_NUMPY = 10_000


@short_repr
class Generated(NamedTuple):
    """Hold generated candidates.

    Attributes
    ----------
    ids : (B, N, F) int32
        The prompt and its continuation; padding after the end.
    closing : (B,) float32
        The model's log-probability that the piece ends where the candidate was stopped. It is very
        low if the candidate was stopped within an event.
    dead_ends : (B,) int32
        1 for a candidate that was given up, because the constraints left it no way on; else 0.
        Such a candidate is not complete.
    nats : (B,) float32
        The nats of the ids after the prompt, among those that the grammar allows. Constraints,
        temperature and truncation do not change them. NaN if the model does not compose id by id.
    """

    ids: np.ndarray
    closing: np.ndarray
    dead_ends: np.ndarray
    nats: np.ndarray


def constrained(
    grammar: Grammar, state: Any, field: int, mask: Any, allowed: Any, xp: Any
) -> tuple[Any, Any]:
    """Combine the grammar's mask with that of the constraints.

    Where they leave no id, the grammar's mask is returned, because sampling from an empty mask
    could break the grammar. The loop then goes back (`backtrack`).

    Parameters
    ----------
    grammar, state : Grammar and its state
    field : int
    mask, allowed : (B, V) bool
        The ids that the grammar allows, and those that the constraints allow.
    xp : module
        `numpy` or `keras.ops`.

    Returns
    -------
    mask : (B, V) bool
    dead : (B,) bool
        Where the constraints left no id.
    """
    both = grammar.viable(state, field, mask & allowed, xp)
    dead = ~xp.any(both, axis=-1)
    return xp.where(xp.expand_dims(dead, -1), mask, both), dead


def padded(rows: int) -> int:
    """Return a number of rows, rounded up as lengths of loops are."""
    return -(-rows // ROWS) * ROWS


def iterations(rows: int) -> int:
    """Return how often a loop with constraints may turn, for a number of rows.

    It needs more turns than rows, because candidates go back at dead ends.
    """
    return padded(rows + rows // 2 + ROWS)


def generate_candidates(
    trained: TrainedModel,
    prompt: np.ndarray,
    *,
    limits: Limits,
    sampling: Sampling,
    candidates: int = 1,
    seed: int = 0,
    constraints: Sequence[Constraint] = (),
    scene: Scene | None = None,
) -> Generated:
    """Continue a prompt ``(n, F)`` with the loop that is faster for this length.

    The choice depends only on the arguments, so that the same arguments give the same notes.
    """
    options: dict[str, Any] = {
        "limits": limits,
        "sampling": sampling,
        "candidates": candidates,
        "seed": seed,
        "constraints": constraints,
        "scene": scene,
    }
    step = trained.numpy_step if is_short(trained, prompt, limits) else None
    if step is not None:
        from partimento.generate.numpy_loop import generate_on_numpy

        return generate_on_numpy(step, trained.tokenizer, prompt, **options)
    from partimento.generate.autoregressive import generate  # imported here because it loads Keras

    return generate(trained.model, prompt, **options)


def is_short(trained: TrainedModel, prompt: np.ndarray, limits: Limits) -> bool:
    """Return True if the piece is so short that compiling a loop does not pay off."""
    quarters = math.ceil(limits.steps / trained.tokenizer.grid)
    events = min(limits.events, EVENTS_PER_QUARTER * quarters + 1)
    return trained.tokenizer.max_rows(events, len(prompt)) <= MAX_ROWS_ON_NUMPY
