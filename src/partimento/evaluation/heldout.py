"""Compare a model with its baselines on the same held-out pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from partimento.evaluation.baselines import Baseline
from partimento.models.likelihood import Likelihood
from partimento.tokens.vocabulary import OutOfVocabularyCost
from partimento.training.dataset import Dataset

if TYPE_CHECKING:
    from partimento.models.base import Model


def held_out(
    data: Dataset, model: Model | None = None, *, name: str = "model"
) -> dict[str, Likelihood]:
    """Evaluate the baselines and a model on the test pieces.

    Without test pieces, the validation pieces are used. Pieces are read from start to end, and the
    nats cover every event completely. Symbols outside a vocabulary, and fields that a model does
    not predict, cost the same for each model (see `OutOfVocabularyCost`). Tokens of a header are
    included, too.

    Returns
    -------
    dict
        ``unigram``, ``markov`` and, if the model has a likelihood, `name`.
    """
    split = "test" if data.test else "valid"
    cost = OutOfVocabularyCost([item.events for item in data.train])
    table = baselines(data.by_chords(), split, cost)
    if model is not None:
        likelihood = model.nats(data.tokens(split), missing=data.missing_cost(split, cost))
        if likelihood is not None:
            table[name] = likelihood
    return table


def baselines(data: Dataset, split: str, cost: OutOfVocabularyCost) -> dict[str, Likelihood]:
    """Return the likelihood of the pieces of a split under two counting models."""
    from partimento.models import model_class

    tokenizer: Any = data.tokenizer
    train, held = data.training_tokens(), data.tokens(split)
    missing = data.missing_cost(split, cost)
    kind = model_class("markov")
    markov = kind(kind.config_type(), tokenizer)
    markov.adapt(train)
    unigram = Baseline(tokenizer, train, order=0)
    return {
        "unigram": unigram.likelihood(held, missing),
        "markov": markov.nats(held, missing=missing),
    }


def reconstruction(data: Dataset, model: Model) -> float | None:
    """Return the share of held-out chords that a model reconstructs, or None."""
    return model.accuracy(data.tokens("test" if data.test else "valid"))
