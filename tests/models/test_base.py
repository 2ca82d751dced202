"""What all models share: nats of fields and of columns, and the most probable tokens."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from tests.models.small_models import build

from partimento.models.base import (
    best_tokens,
    column_nats,
    correct_chords,
    field_nats,
    field_sums,
    flatten,
    one_hot,
)
from partimento.tokens.chords import CHORD, DURATION, HELD
from partimento.tokens.vocabulary import PAD, SPECIAL
from partimento.tokens.windows import WindowSpec
from partimento.training.dataset import Dataset


@pytest.fixture(scope="module")
def batch(data: Dataset) -> Any:
    return data.windows("valid", WindowSpec(16))[:5]


def flat_logits(data: Dataset, batch: Any) -> list[np.ndarray]:
    """Return logits by which all numbers of a field are equally likely."""
    return [
        np.zeros((*batch["targets"].shape[:2], size), np.float32) for size in data.tokenizer.sizes
    ]


def test_padding_costs_nothing_and_events_cost_their_choice(data: Dataset, batch: Any) -> None:
    chord, _, duration = (
        np.asarray(nats) for nats in field_nats(data.tokenizer, flat_logits(data, batch), batch)
    )
    is_event = batch["targets"][..., CHORD] != PAD
    assert is_event.any()
    assert (chord[~is_event] == 0).all()
    # Padding and start are no choice; for durations, the end is none either.
    np.testing.assert_allclose(chord[is_event], np.log(data.tokenizer.sizes[CHORD] - 2), rtol=1e-5)
    has_duration = batch["targets"][..., DURATION] != PAD
    np.testing.assert_allclose(
        duration[has_duration], np.log(data.tokenizer.sizes[DURATION] - 3), rtol=1e-5
    )


def test_a_field_without_logits_costs_nothing(data: Dataset, batch: Any) -> None:
    logits: list[Any] = flat_logits(data, batch)
    logits[HELD] = None
    sums, events = field_sums(data.tokenizer, logits, batch)
    assert float(sums["held"]) == 0
    assert float(sums["chord"]) > 0
    assert float(events) == np.count_nonzero(batch["targets"][..., CHORD])


def test_the_nats_of_columns_are_keras_binary_cross_entropy(data: Dataset, batch: Any) -> None:
    targets, size = batch["targets"], data.tokenizer.sizes[CHORD]
    whole = targets[(targets[..., CHORD] != PAD).all(1)]
    flat = np.random.default_rng(0).normal(size=(len(whole), size * 16)).astype(np.float32)
    ones = flatten(one_hot(whole[..., CHORD], size)).astype(np.float32)
    wanted = keras.losses.binary_crossentropy(ones, flat, from_logits=True)
    mean, nats, events = (float(value) for value in column_nats(flat, whole))
    assert mean == pytest.approx(float(np.mean(np.asarray(wanted))), rel=1e-5)
    assert nats == pytest.approx(mean * flat.size, rel=1e-5)
    assert events == whole[..., CHORD].size


def test_only_chords_that_are_there_can_be_correct() -> None:
    targets = np.array([[[5, 4, 4], [PAD, PAD, PAD]]])
    logits = np.zeros((1, 2, 7), np.float32)
    logits[0, 0, 5] = logits[0, 1, PAD] = 1
    assert float(correct_chords(logits, targets)) == 1
    logits[0, 0, 6] = 2
    assert float(correct_chords(logits, targets)) == 0


def test_the_best_tokens_are_music(data: Dataset) -> None:
    chords, patterns, durations = data.tokenizer.sizes
    scores = [np.zeros((2, size), np.float32) for size in (chords, patterns, durations)]
    for field in scores:
        field[:, :SPECIAL] = 9  # padding, start, end and unknown are no music
    scores[CHORD][:, SPECIAL + 1] = 1
    scores[HELD][:, SPECIAL + 1] = 1
    slots = data.tokenizer.pattern_bits.shape[1]
    holdable = np.stack([np.ones(slots, bool), np.zeros(slots, bool)])
    tokens = best_tokens(data.tokenizer, [scores[CHORD], scores[HELD], None], holdable)
    assert tokens[:, CHORD].tolist() == [SPECIAL + 1] * 2
    assert tokens[0, HELD] == SPECIAL + 1
    assert tokens[1, HELD] == data.tokenizer.patterns[()]  # nothing can be held
    assert tokens[:, DURATION].tolist() == [SPECIAL] * 2


def test_a_plain_model_has_no_opinion(data: Dataset) -> None:
    model = build("autoencoder", {}, data)
    assert model.nats([]) is None
    assert model.diagnose({"active": 2.0}) is None
    assert model.numpy_step(model.config, model.tokenizer, dict) is None
    assert model.parameters == model.network.count_params() > 0
