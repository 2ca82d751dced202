"""A model and its baselines on the same held-out pieces."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento import Event, Piece
from partimento.evaluation.heldout import held_out


def chain(seed: int) -> Piece:
    """A walk in which each chord is followed by one of two."""
    rng, at, events = np.random.default_rng(seed), 0, []
    for _ in range(60):
        at = (at * 2 + int(rng.integers(2))) % 7
        events.append(Event((50 + at, 60 + at), Fraction(1 + at % 2)))
    return Piece.from_events(events)


def test_order_one_beats_order_zero_and_a_model_is_charged_alike() -> None:
    from partimento.training.train import learn, over_recipe

    pieces = [chain(seed) for seed in range(10)]

    settings = {
        "model": {"units": 24, "dense": 16, "embed_size": 8, "layers": 1},
        "train": {"epochs": 2, "batch_size": 8, "min_steps": 0},
    }
    run, data = learn(pieces, settings=over_recipe(settings, "lstm-notes"))
    table = held_out(data, run.model, name="lstm")
    assert list(table) == ["unigram", "markov", "lstm"]
    assert table["markov"].total < table["unigram"].total - 0.5
    assert len({row.events for row in table.values()}) == 1
    assert len({row.parts["unknown"] for row in table.values()}) == 1
    alone = run.model.nats(data.tokens("test"))
    assert table["lstm"].total == pytest.approx(alone.total + table["lstm"].parts["unknown"])
    assert [*table["lstm"].parts] == ["chord", "held", "duration", "unknown"]
