"""The generator against the discriminator: the gradient between them is turned, the discriminator
cannot steepen, what is made is music.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from partimento import Piece
from partimento.models import model_class
from partimento.models.gan import SpectralNormDense, gradient_reversal
from partimento.models.loss import Loss
from partimento.tokens.chords import CHORD, DURATION, HELD
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import SPECIAL
from partimento.training import backend
from partimento.training.dataset import Dataset, prepare
from partimento.training.loop import fit
from partimento.training.settings import TrainSettings

ENCODE = TokenSettings(min_count=1, window=16, stride=4)


@pytest.fixture(scope="module")
def data(pieces: list[Piece]) -> Dataset:
    return prepare(pieces, ENCODE, validation=0.2, test=0.1, seed=0)


def build(data: Dataset, **more: Any) -> Any:
    keras.utils.set_random_seed(3)
    kind = model_class("gan")
    return kind(
        kind.config_type(**{"units": 16, "critic": 16, "latent": 8, "blocks": 2, **more}),
        data.tokenizer,
        16,
    )


class Doubled(keras.layers.Layer):
    """A weight, and what is made of it behind the turned gradient."""

    def build(self, _: Any) -> None:
        self.w = self.add_weight(shape=(), initializer="ones", name="w")

    def call(self, x: Any) -> Any:
        return gradient_reversal(ops.convert_to_tensor(self.w)) * x


def test_the_gradient_is_turned() -> None:
    """A step down the turned gradient makes the loss larger."""
    layer = Doubled()
    network = keras.Sequential([keras.Input((1,)), layer])

    def loss(batch: Any, *, training: bool, step: Any = 0.0) -> Loss:
        value = ops.sum(network(batch["x"]))
        return Loss(value, {"value": value}, ops.ones(()))

    loop = backend.trainer(network, keras.optimizers.SGD(0.1), loss)
    loop.train({"x": np.full((1, 1, 1), 3.0, np.float32)}, 1, 0)
    loop.sync()
    assert float(ops.convert_to_numpy(layer.w)) == pytest.approx(
        1.3
    )  # 1 − 0.1 · 3 without the turn


def test_a_spectral_layer_has_norm_one() -> None:
    layer = SpectralNormDense(7)
    x = np.random.default_rng(0).standard_normal((4, 11)).astype(np.float32)
    layer.build(x.shape)
    kernel = np.random.default_rng(1).standard_normal((11, 7)).astype(np.float32) * 5
    layer.kernel.assign(kernel)
    for _ in range(60):
        layer(x, training=True)
    largest = np.linalg.svd(kernel, compute_uv=False)[0]
    assert float(ops.convert_to_numpy(layer.norm())) == pytest.approx(largest, rel=1e-3)
    np.testing.assert_allclose(np.asarray(layer(x)), x @ kernel / largest, rtol=1e-2, atol=1e-3)


def test_what_is_made_is_music_of_the_vocabulary(data: Dataset) -> None:
    model = build(data)
    notes, held, duration = (
        np.asarray(part)
        for part in model.generated(
            np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)
        )
    )
    known = {tuple(row) for row in model.notes.astype(int).tolist()}
    assert {
        tuple(row) for row in np.rint(notes).astype(int).reshape(-1, notes.shape[-1]).tolist()
    } <= known
    for part in (held, duration):
        np.testing.assert_allclose(part.max(-1), 1, atol=1e-5)
        np.testing.assert_allclose(part.sum(-1), 1, atol=1e-5)
    assert (duration.argmax(-1) >= SPECIAL).all()
    decoded = model.decode(np.random.default_rng(0).standard_normal((5, 8)))
    chords = decoded[CHORD].argmax(-1)
    np.testing.assert_array_equal(
        model.notes[chords], np.rint(notes)
    )  # what is composed is what was judged
    np.testing.assert_array_equal(decoded[DURATION].argmax(-1), duration.argmax(-1))
    fits = data.tokenizer.grammar().holdable_patterns(
        np.array(
            [
                [
                    [p in before for p in _slots(data, now)]
                    for before, now in zip(_chords(data, row), _chords(data, row)[1:], strict=False)
                ]
                for row in chords
            ]
        )
    )
    assert np.take_along_axis(fits, held.argmax(-1)[:, 1:, None], -1).all()
    assert (HELD, DURATION) == (1, 2)


def _chords(data: Dataset, row: np.ndarray) -> list[tuple[int, ...]]:
    return [data.tokenizer.chords.symbol(int(number)) for number in row]


def _slots(data: Dataset, chord: tuple[int, ...]) -> list[int]:
    return [*chord, *[-1] * (data.tokenizer.most_notes - len(chord))]


def test_the_discriminator_alone_learns_to_tell(data: Dataset) -> None:
    model = build(data)
    model.generator.trainable = False
    train = data.batches("train", model.window_spec(ENCODE, training=True), batch_size=16)
    history = fit(
        model,
        train,
        train,
        TrainSettings(epochs=6, batch_size=16, learning_rate=0.003, optimizer="rmsprop"),
    ).history
    assert history[-1].loss < history[0].loss - 0.3
    assert history[-1].parts["discriminator_accuracy"] > 0.7
    assert history[-1].epoch == 6  # no patience: the last epoch is kept


def test_when_the_discriminator_has_won_it_is_said(data: Dataset) -> None:
    model = build(data)
    assert model.diagnose({"discriminator_accuracy": 0.8}) is None
    assert "the discriminator classifies 99%" in model.diagnose({"discriminator_accuracy": 0.99})


@pytest.mark.slow
def test_its_noise_is_part_of_its_state(data: Dataset) -> None:
    """A checkpoint must hold it, and the same seed gives the same weights."""
    kept = []
    for _ in range(2):
        model = build(data)
        assert any("seed" in variable.path for variable in model.network.non_trainable_variables)
        train = data.batches("train", model.window_spec(ENCODE, training=True), batch_size=16)
        fit(model, train, train, TrainSettings(epochs=2, batch_size=16, learning_rate=0.001))
        kept.append(model.network.get_weights())
    for one, two in zip(*kept, strict=True):
        np.testing.assert_array_equal(one, two)
