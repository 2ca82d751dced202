"""A model beside its baselines on the same held-out pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from partimento.encode.codecs import Encoded
from partimento.encode.prepare import DataSet
from partimento.encode.windows import windows
from partimento.evaluate.baselines import Baseline
from partimento.evaluate.likelihood import Likelihood, UnknownPrices, likelihood

if TYPE_CHECKING:
    from partimento.models.base import NextModel

BATCH = 8


def held_out(data: DataSet, model: NextModel | None = None, *, name: str = "model") -> dict[str, Likelihood]:
    """Nats an event on the test pieces, each read whole from its start: of the baselines and of `model`.

    Where there are too few pieces for any to test with, the validation pieces stand in.

    Every event is charged in full; what is not in the vocabularies pays the same price under each (see `UnknownPrices`).

    Returns
    -------
    dict
        ``unigram``, ``markov1`` and, with a model, `name`.
    """
    pieces = data.test or data.valid
    train, held = data.encode_training(), data.encode(pieces)
    prices = UnknownPrices([item.events for item in data.train])
    unknown = sum(prices.of(data.codec, item.events, encoded) for item, encoded in zip(pieces, held, strict=True))
    table = {
        "unigram": likelihood(*Baseline(data.codec, train, order=0).nats(held), unknown),
        "markov1": likelihood(*Baseline(data.codec, train, order=1).nats(held), unknown),
    }
    if model is not None:
        table[name] = likelihood(*model_nats(model, held), unknown)
    return table


def model_nats(model: NextModel, pieces: Sequence[Encoded]) -> tuple[np.ndarray, int]:
    """Summed nats by field ``(3,)`` and the number of events of whole pieces, the model's state carried from start to end."""
    length = max(len(piece.tokens) for piece in pieces) - 1
    nats, events = np.zeros(3), 0
    for start in range(0, len(pieces), BATCH):
        batch = windows(pieces[start : start + BATCH], length=-(-length // 64) * 64)
        part, count = model.losses((batch.inputs, batch.targets, batch.common), training=False)
        nats += np.array(part, np.float64)
        events += int(count)
    return nats, events
