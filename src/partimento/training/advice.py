"""Say whether there is enough music for a model to learn from."""

from __future__ import annotations

from collections.abc import Sequence

from partimento.models.base import Autoregressive, Latent, Model, Tokens

FEW_EVENTS = 1_000  # a handful of pieces
WEIGHTS_PER_EVENT = (
    50  # beyond this a network learns its pieces by heart before it learns their style
)


def too_small(model: Model, pieces: Sequence[Tokens]) -> str | None:
    """Return advice where there is too little music for the model; None where there is enough."""
    if not any(ability in model.capabilities for ability in (Autoregressive, Latent)):
        return None  # a model that does not compose is no rival of counts
    events = sum(model.tokenizer.events_in(piece.ids[1:]) for piece in pieces)
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
