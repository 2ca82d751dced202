"""Training steps on JAX, worked out by hand for one weight."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from partimento.models.loss import Loss
from partimento.training import backend

if backend.name() != "jax":
    pytest.skip("another backend is in use", allow_module_level=True)


class Weight(keras.layers.Layer):
    """Multiply by one weight, which begins at 1."""

    def build(self, _: Any) -> None:
        self.weight = self.add_weight(shape=(), initializer="ones", name="weight")

    def call(self, x: Any) -> Any:
        return x * self.weight


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return keras.Sequential([keras.Input((1,)), Weight()])


@pytest.fixture(scope="module")
def trainer(network: keras.Model) -> backend.Trainer:
    def loss(batch: Any, *, training: bool, step: Any = 0.0) -> Loss:
        value = ops.sum(network(batch["x"], training=training))
        return Loss(value, {"sum": value}, ops.cast(ops.shape(batch["x"])[0], "float32"))

    return backend.trainer(network, keras.optimizers.SGD(0.5), loss)


def test_steps_evaluation_and_state(network: keras.Model, trainer: backend.Trainer) -> None:
    begin = trainer.state()
    batches = {"x": np.array([[[1.0], [1.0]], [[2.0], [0.0]], [[9.0], [9.0]]], np.float32)}
    # The gradient is the sum of a batch: 2, then 2; the third batch is beyond the count.
    losses = trainer.train(batches, 2, 0)
    np.testing.assert_allclose(losses, [1.0, 0.0, 0.0], atol=1e-6)
    assert float(trainer.state()[0][0]) == pytest.approx(1 - 0.5 * 2 - 0.5 * 2)
    assert float(network.trainable_variables[0].value) == 1  # until it is written back
    totals = trainer.evaluate(batches, 3)
    assert totals.terms == {"sum": pytest.approx(-(2 + 2 + 18))}
    assert totals.count == 6
    trainer.sync()
    assert float(network.trainable_variables[0].value) == pytest.approx(-1)
    trainer.set_state(begin)
    np.testing.assert_allclose(trainer.train(batches, 2, 0), losses)  # the same steps again
