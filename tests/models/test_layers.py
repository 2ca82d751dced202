"""Shared layers against what they stand for; a network told as rows; what is said of a corpus that
is too small.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from partimento.models.layers import LSTM, SummedEmbedding, WindowDense, lstm_by_scan
from partimento.models.loss import Loss
from partimento.tokens.vectors.onehot import flatten, one_hot
from partimento.training import backend


def test_window_dense_is_a_dense_layer_on_the_flattened_one_hot_window() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 7, (5, 6))  # padding among them
    layer = WindowDense(7, 3, activation="tanh")
    mine = np.asarray(layer(numbers))
    dense = keras.layers.Dense(3, activation="tanh")
    flat = flatten(one_hot(numbers, 7))
    dense.build(flat.shape)
    dense.set_weights(layer.get_weights())
    np.testing.assert_allclose(mine, np.asarray(dense(flat)), atol=1e-6)


def test_our_lstm_is_keras_lstm() -> None:
    x = np.random.default_rng(1).standard_normal((3, 9, 5)).astype(np.float32)
    mine, theirs = LSTM(6, return_sequences=True), keras.layers.LSTM(6, return_sequences=True)
    mine.build(x.shape)
    theirs.build(x.shape)
    mine.set_weights(
        [
            np.random.default_rng(n).standard_normal(w.shape)
            for n, w in enumerate(mine.get_weights())
        ]
    )
    theirs.set_weights(mine.get_weights())
    np.testing.assert_allclose(np.asarray(mine(x)), np.asarray(theirs(x)), atol=1e-5)
    last = LSTM(6)  # of another shape: Keras' own way
    last.build(x.shape)
    last.set_weights(mine.get_weights())
    np.testing.assert_allclose(np.asarray(last(x)), np.asarray(mine(x))[:, -1], atol=1e-5)


def test_an_lstm_with_given_weights_is_keras_lstm() -> None:
    keras.utils.set_random_seed(3)
    layer = keras.layers.LSTM(6, return_sequences=True)
    x = np.random.default_rng(3).normal(size=(4, 9, 5)).astype("float32")
    expected = ops.convert_to_numpy(layer(x))
    weights = (ops.convert_to_tensor(weight) for weight in layer.get_weights())
    np.testing.assert_allclose(
        ops.convert_to_numpy(lstm_by_scan(ops.convert_to_tensor(x), *weights)), expected, atol=1e-5
    )


def test_weights_are_dropped_in_training_only() -> None:
    keras.utils.set_random_seed(4)
    layer = LSTM(8, weight_dropout=0.5, return_sequences=True)
    x = np.random.default_rng(4).normal(size=(2, 7, 3)).astype("float32")
    without = keras.layers.LSTM(8, return_sequences=True)
    without.build(x.shape)
    whole = ops.convert_to_numpy(layer(x, training=False))
    without.set_weights(layer.get_weights())
    np.testing.assert_allclose(whole, ops.convert_to_numpy(without(x)), atol=1e-5)
    first, second = (ops.convert_to_numpy(layer(x, training=True)) for _ in range(2))
    # The first step has no recurrent input, so that nothing of it is dropped.
    np.testing.assert_allclose(first[:, 0], whole[:, 0], atol=1e-5)
    assert np.abs(first[:, 1:] - whole[:, 1:]).max() > 1e-3
    assert np.abs(first[:, 1:] - second[:, 1:]).max() > 1e-3  # another draw in each call


def test_a_sum_of_rows_and_its_gradient_are_those_of_one_hot_products() -> None:
    kinds, rng = [3, 5, 2], np.random.default_rng(0)
    layer = SummedEmbedding(kinds, 4)
    numbers = np.stack([rng.integers(kind, size=(2, 6)) for kind in kinds], -1).astype(np.int32)
    made = np.asarray(layer(numbers))
    hot = np.concatenate(
        [np.eye(kind, dtype=np.float32)[numbers[..., i]] for i, kind in enumerate(kinds)], -1
    )
    np.testing.assert_allclose(made, hot @ np.asarray(layer.kernel), rtol=1e-5)
    weight = rng.standard_normal(made.shape).astype(np.float32)
    shown = keras.Input((None, 3), dtype="int32")
    network = keras.Model(shown, layer(shown))

    def loss(batch: dict[str, Any], **_: Any) -> Loss:
        value = ops.sum(network(batch["numbers"]) * batch["weight"])
        return Loss(value, {"value": value}, ops.ones(()))

    trainer = backend.trainer(network, keras.optimizers.SGD(1.0), loss)
    before = np.asarray(layer.kernel)
    trainer.train({"numbers": numbers[None], "weight": weight[None]}, 1, 0)
    trainer.sync()
    np.testing.assert_allclose(
        before - np.asarray(layer.kernel),
        np.einsum("btk,bte->ke", hot, weight),
        rtol=1e-4,
        atol=1e-5,
    )
