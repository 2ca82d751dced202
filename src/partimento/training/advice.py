"""Whether there is enough music for a model to learn from."""

from __future__ import annotations

import numpy as np

from partimento.models.base import LatentModel, Model, NextModel, Windows

FEW_EVENTS = 1_000  # a handful of pieces
WEIGHTS_PER_EVENT = (
    50  # beyond this a network learns its pieces by heart before it learns their style
)


def too_small(model: Model, train: Windows) -> str | None:
    """What to say before training, where the corpus is too small for the model; else None.

    The number of distinct events is not known from windows that overlap: that of windows' targets,
    less the overlap, is near enough.
    """
    if not isinstance(model, NextModel | LatentModel):
        return None  # what does not compose is no rival of counts
    shown = model.tokenizer.events_in(train.targets)
    starts = np.count_nonzero(train.targets[:, 0, 0])
    events = max(int(starts), shown // train.targets.shape[1]) if _overlaps(train) else shown
    weights = model.parameters
    if events < FEW_EVENTS:
        return f"only {events:,} events to learn from: counts may do better than any network (--recipe markov)"
    if weights > WEIGHTS_PER_EVENT * events:
        times = weights // events
        return (
            f"{weights:,} weights for {events:,} events ({times} each): it may learn them by heart; a smaller model, more pieces "
            "or copies in other keys (--set tokens.transpose=all) may do better"
        )
    return None


def _overlaps(train: Windows) -> bool:
    """Whether the second window begins inside the first."""
    if len(train.targets) < 2:
        return False
    return bool(np.array_equal(train.targets[0, 1:], train.targets[1, :-1]))
