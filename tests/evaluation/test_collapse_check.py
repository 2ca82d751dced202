"""Signs that what a model composes has collapsed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from keras import ops

from partimento import Piece
from partimento.evaluation.collapse_check import distinct_ngrams, sampler_check, stuck
from partimento.models import model_class
from partimento.tokens.chords import CHORD
from partimento.tokens.settings import TokenSettings
from partimento.training.dataset import prepare


def test_distinct_ngrams_by_hand() -> None:
    windows = np.array([[4, 5, 6, 4], [4, 5, 6, 7]])
    assert distinct_ngrams(windows, 1) == 4 / 8
    assert distinct_ngrams(windows, 2) == 4 / 6  # 45 56 64 67
    assert distinct_ngrams(windows, 4) == 1
    assert distinct_ngrams(np.array([[4, 5, 2, 0]]), 2) == 1  # the end and padding are no music
    assert distinct_ngrams(np.zeros((2, 4), int), 2) == 0


def test_stuck_by_hand() -> None:
    assert stuck(np.array([[4, 4, 4, 4, 5]])) == 0.75
    assert stuck(np.array([[4, 5, 4, 5], [6, 6, 2, 0]])) == 0.25
    assert stuck(np.zeros((1, 3), int)) == 0


def test_a_sampler_that_repeats_one_chord_is_found(pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    kind = model_class("lstm")
    model = kind(kind.config_type(units=8, dense=4, embed_size=2, layers=1), data.tokenizer)
    look = sampler_check(model, data)
    assert [look(epoch) for epoch in (1, 4, 5, 10)] == [
        None
    ] * 4  # untrained: anything but one chord
    bias: Any = SimpleNamespace(variable=model.chord_output.bias)
    favourite = np.zeros(bias.variable.shape)
    favourite[
        data.tokenizer.chords[(48, 60)] if (48, 60) in data.tokenizer.chords.symbols else 5
    ] = 50
    bias.variable.assign(ops.convert_to_tensor(favourite.astype("float32")))
    look = sampler_check(model, data)
    assert look(5) is None  # once may be chance
    assert look(7) is None  # not looked at
    assert "the sampler has collapsed" in str(look(10))
    assert "learning_rate" in str(sampler_check(model, data)(5) or look(20))
    assert stuck(np.stack([encoded.ids[:60, CHORD] for encoded in data.tokens("train")])) < 0.5


@pytest.mark.parametrize("name", ["vae", "markov"])
def test_only_models_of_what_comes_next_are_looked_at(name: str, pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    kind = model_class(name)
    model = kind.from_settings(kind.config_type(), data.tokenizer, TokenSettings())
    if name == "markov":
        model.adapt(data.training_tokens())
    look = sampler_check(model, data)
    assert [look(epoch) for epoch in (5, 10)] == [None, None]
