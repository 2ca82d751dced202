"""The autoencoder of the tutorial to the formula, and the collapse of its latent space."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from partimento import Piece
from partimento.models import model_class
from partimento.tokens.chords import CHORD
from partimento.tokens.settings import TokenSettings
from partimento.training.dataset import Dataset, prepare
from partimento.training.loop import fit
from partimento.training.settings import TrainSettings

TOKENS = TokenSettings(min_count=1, window=16, stride=4)


@pytest.fixture(scope="module")
def data(pieces: list[Piece]) -> Dataset:
    return prepare(pieces, TOKENS, validation=0.2, test=0.1, seed=0)


def build(data: Dataset, **more: Any) -> Any:
    keras.utils.set_random_seed(3)
    kind = model_class("autoencoder")
    return kind.from_settings(kind.config_type(**more), data.tokenizer, TOKENS)


def active(model: Any, batch: Any) -> float:
    loss = model.loss(batch, training=False)
    return float(loss.metrics["active"]) / float(loss.count)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_latent_numbers_that_never_change_are_inactive(output: str, data: Dataset) -> None:
    model = build(data, output=output, latent=8)
    batch = data.windows("train", model.window_spec(TOKENS, training=True))[:6]
    assert active(model, batch) == 8
    assert model.diagnose({"active": 8.0}) is None
    latent = model.encoder.get_layer("latent")
    kernel, bias = (np.asarray(weight) for weight in latent.get_weights())
    latent.set_weights([kernel, bias + np.array([0, *[40] * 7])])  # seven numbers are saturated
    assert active(model, batch) == 1
    assert "partly collapsed: only 1 of its 8 dimensions" in model.diagnose({"active": 1.0})
    latent.set_weights([kernel, bias + 40])
    assert active(model, batch) == 0
    assert model.diagnose({"active": 0.0}).startswith("the latent space has collapsed")


def test_one_window_alone_shows_no_collapse(data: Dataset) -> None:
    model = build(data)
    batch = data.windows("train", model.window_spec(TOKENS, training=True))[:1]
    assert active(model, batch) == 2


def test_every_epoch_tells_how_many_are_active(data: Dataset) -> None:
    model = build(data)
    fitted = fit(
        model,
        data.batches("train", model.window_spec(TOKENS, training=True), batch_size=8),
        data.batches("valid", model.window_spec(TOKENS, training=False), batch_size=8),
        TrainSettings(epochs=2, batch_size=8),
    )
    assert [epoch.parts["active"] for epoch in fitted.history] == [2, 2]


def test_minibach_is_the_text_to_the_formula(data: Dataset) -> None:
    """Flattened one-hot window → tanh → sigmoid, binary cross-entropy: written out in NumPy."""
    model = build(data, latent=2)
    some = data.windows("train", model.window_spec(TOKENS, training=True))
    chords = some.targets[:6, :, CHORD]
    size = data.tokenizer.sizes[CHORD]
    hot = (chords[..., None] == np.arange(size)) & (chords[..., None] > 0)
    flat = (
        hot.transpose(0, 2, 1).reshape(6, -1).astype(float)
    )  # chord-major, as the tutorial swaps its axes
    kernel, bias, up, offset = (np.asarray(w, float) for w in model.network.get_weights())
    z = np.tanh(flat @ kernel + bias)
    p = 1 / (1 + np.exp(-(z @ up + offset)))
    wanted = -np.mean(flat * np.log(p) + (1 - flat) * np.log(1 - p))
    told = model.loss(some[:6], training=False)
    assert float(told.objective) == pytest.approx(wanted, rel=1e-4)
    np.testing.assert_allclose(model.encode(some.targets[:6]), z, atol=1e-5)
