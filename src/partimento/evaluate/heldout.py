"""A model beside its baselines on the same held-out pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from partimento.evaluate.baselines import Baseline
from partimento.evaluate.likelihood import Likelihood, UnknownPrices, likelihood
from partimento.tokens.base import Tokens
from partimento.tokens.chords import CHORD, DURATION, HELD, ChordTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.windows import windows
from partimento.training.dataset import DataSet
from partimento.training.settings import TrainSettings

if TYPE_CHECKING:
    from partimento.models.base import LatentModel, Model, NextModel
    from partimento.models.vae import Vae

BATCH = 8
DRAWS = 32  # of each window, for an estimate


def held_out(
    data: DataSet, model: Model | None = None, *, name: str = "model"
) -> dict[str, Likelihood]:
    """Nats an event on the test pieces, each read whole from its start: of the baselines and, where
    it has a likelihood, of `model`.

    Where there are too few pieces for any to test with, the validation pieces stand in.

    Every event is charged in full; a model that is told metre, pickup and key pays for them as if
    all were as likely. What is not in the vocabularies, and what a model does not tell of, pays the
    same price under each (see `UnknownPrices`). A VAE's figure is a bound: the ELBO of windows that
    follow one another, each for itself; beside it stands an estimate of its likelihood.

    Returns
    -------
    dict
        ``unigram``, ``markov`` and, with a model that has a likelihood, `name`.
    """
    pieces = data.test or data.valid
    prices = UnknownPrices([item.events for item in data.train])

    def encoded_by(view: DataSet) -> tuple[list[Tokens], float]:
        held = view.encode(pieces)
        return held, sum(
            prices.of(view.tokenizer, item.moved, each)
            for item, each in zip(pieces, held, strict=True)
        )

    counted = data.by_chords()
    held, unknown = encoded_by(counted)
    table = {
        name: likelihood(*counts, unknown) for name, counts in baselines(counted, held).items()
    }
    if model is None:
        return table
    if counted is not data:
        held, unknown = encoded_by(data)
        unknown += len(pieces) * data.tokenizer.header_nats
    from partimento.models.base import NextModel

    if isinstance(model, NextModel):
        nats, events = model_nats(model, held)
        untold = 0.0 if tells_held(model) else float(sum(prices.held(encoded) for encoded in held))
        table[name] = likelihood(nats, events, unknown + untold)
    elif has_bound(model):
        nats, events, kl = bound_nats(model, held)
        table[name] = likelihood(nats, events, unknown, kl=kl, estimate=estimated_nats(model, held))
    return table


def baselines(data: DataSet, held: Sequence[Tokens]) -> dict[str, tuple[np.ndarray, int]]:
    """Counting, in two ways: summed nats by field and the number of events."""
    from partimento.models import model_class

    train, kind = data.encode_training(), model_class("markov")
    assert isinstance(data.tokenizer, ChordTokenizer)
    markov = kind(kind.config_type(), data.tokenizer)
    markov.count(train)
    return {
        "unigram": Baseline(data.tokenizer, train, order=0).nats(held),
        "markov": model_nats(markov, held),
    }


def tells_held(model: NextModel) -> bool:
    """Whether a model tells which notes are held, or has every note struck again."""
    return bool(getattr(model.config, "held", True))


def model_nats(model: NextModel, pieces: Sequence[Tokens]) -> tuple[np.ndarray, int]:
    """Summed nats by field ``(3,)`` and the number of events of whole pieces, the model's state
    carried from start to end.
    """
    length = max(len(piece.ids) for piece in pieces) - 1
    nats, events = np.zeros(3), 0
    for start in range(0, len(pieces), BATCH):
        batch = windows(pieces[start : start + BATCH], length=-(-length // 64) * 64)
        told = model.nats((batch.inputs, batch.targets, batch.common))
        nats += np.array(told.sums, np.float64)
        events += int(told.events)
    return nats, events


def has_bound(model: Model) -> TypeGuard[Vae]:
    """Whether it is a VAE that tells whole events."""
    return "kl" in model.terms and getattr(model, "fields", ()) == (CHORD, HELD, DURATION)


def bound_nats(model: LatentModel, pieces: Sequence[Tokens]) -> tuple[np.ndarray, int, float]:
    """The same for a VAE: reconstruction by field, events, and KL, summed over windows."""
    sums, events = _window_sums(model, pieces)
    return sums[:3], int(events), float(sums[model.terms.index("kl")])


def estimated_nats(
    model: Vae, pieces: Sequence[Tokens], *, draws: int = DRAWS, seed: int = 0
) -> float:
    """Summed nats of a VAE's windows by importance sampling: of each, the mean of so many draws'
    weights (`Vae.log_weights`).

    It is too high by less, the more draws there are, and never expected above the bound.
    """
    cut = model.windows(pieces, TokenSettings(window=model.length), training=False)
    rng, size, nats = np.random.default_rng(seed), TrainSettings().batch_size, 0.0
    for start in range(0, len(cut.inputs), size):
        batch = tuple(column[start : start + size] for column in cut)
        shape = len(batch[0]), model.latent
        logs = np.stack(
            [model.log_weights(batch, rng.standard_normal(shape)) for _ in range(draws)]
        )
        nats -= float(np.sum(np.logaddexp.reduce(logs, axis=0) - np.log(draws)))
    return nats


def reconstruction(data: DataSet, model: Any) -> float | None:
    """Share of the chords of held-out windows that come out right, where a model is shown a window
    and gives it back; else None.
    """
    if "accuracy" not in model.measures or not hasattr(model, "decode"):
        return None
    sums, events = _window_sums(model, data.encode(data.test or data.valid))
    return float(sums[len(model.terms) + model.measures.index("accuracy")] / events)


def _window_sums(model: LatentModel, pieces: Sequence[Tokens]) -> tuple[np.ndarray, float]:
    cut = model.windows(pieces, TokenSettings(window=model.length), training=False)
    sums: Any = 0.0
    events, size = 0.0, TrainSettings().batch_size
    for start in range(0, len(cut.inputs), size):
        told = model.losses(tuple(column[start : start + size] for column in cut), training=False)
        sums, events = sums + np.array(told.sums, np.float64), events + float(told.events)
    return sums, events
