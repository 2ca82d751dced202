"""What steps on NumPy share."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from partimento.models.numpy_step import (
    layer_weights,
    lstm_step,
    network_weights,
    read_weights,
    sigmoid,
)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    inputs = keras.Input((None, 3), name="inputs")
    hidden = keras.layers.LSTM(5, return_sequences=True, name="lstm_1")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="output")(hidden), name="small")


def test_a_file_holds_the_weights_of_the_network(network: keras.Model, tmp_path: Path) -> None:
    network.save_weights(tmp_path / "some.weights.h5")
    read, own = read_weights(tmp_path / "some.weights.h5"), network_weights(network)
    for name in ("lstm_1", "output"):
        assert len(read[name]) == len(own[name]) == len(network.get_layer(name).get_weights())
        for mine, theirs in zip(read[name], own[name], strict=True):
            np.testing.assert_array_equal(mine, theirs)
            assert mine.dtype == np.float32


def test_a_file_that_does_not_name_its_layers_gives_nothing(
    network: keras.Model, tmp_path: Path
) -> None:
    path = tmp_path / "some.weights.h5"
    network.save_weights(path)
    with h5py.File(path, "a") as file:
        for group in file["layers"].values():
            del group["vars"].attrs["name"]
    assert read_weights(path) == {}


def test_an_lstm_takes_the_steps_of_keras(network: keras.Model) -> None:
    x = np.random.default_rng(0).normal(size=(2, 7, 3)).astype(np.float32)
    expected = np.asarray(network.get_layer("lstm_1")(x))
    hidden = cell = np.zeros((2, 5), np.float32)
    weights = network_weights(network)["lstm_1"]
    for t in range(7):
        hidden, cell = lstm_step(x[:, t], hidden, cell, weights)
        np.testing.assert_allclose(hidden, expected[:, t], atol=1e-6)


def test_a_sigmoid_does_not_overflow() -> None:
    values = sigmoid(np.array([-1000, -1, 0, 1, 1000], np.float32))
    np.testing.assert_allclose(values, [0, 0.26894142, 0.5, 0.7310586, 1], rtol=1e-6)


def test_weights_of_another_shape_are_refused() -> None:
    weights = {"output": [np.zeros((5, 2)), np.zeros(2)]}
    assert len(layer_weights(weights, "output", (5, 2), (2,))) == 2
    with pytest.raises(ValueError, match="layer output"):
        layer_weights(weights, "output", (5, 3), (2,))
    with pytest.raises(KeyError):
        layer_weights(weights, "other", (5, 2))
