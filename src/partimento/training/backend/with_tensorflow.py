"""Train on TensorFlow: a graph with a loop over the steps of a call."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from partimento.models.loss import Totals
from partimento.training.backend import Arrays, PackedLoss
from partimento.training.backend.in_place import InPlace


class Trainer(InPlace):
    """Take training steps: see `backend.Trainer`."""

    def __init__(self, network: keras.Model, optimizer: keras.Optimizer, loss: PackedLoss) -> None:
        super().__init__(network, optimizer)
        self._loss = loss
        variables = [v.value for v in network.trainable_variables]

        def one(batch: Any, step: Any) -> Any:
            with tf.GradientTape() as tape:
                objective, value = loss.of_step(batch, step)
            zero = tf.UnconnectedGradients.ZERO
            grads = tape.gradient(objective, variables, unconnected_gradients=zero)
            optimizer.apply(grads, network.trainable_variables)
            return value

        def train(batches: Any, count: Any, first: Any) -> Any:
            def body(i: Any, values: Any) -> Any:
                value = one(_at(batches, i), first + tf.cast(i, "float32"))
                return i + 1, tf.tensor_scatter_nd_update(values, [[i]], [value])

            size = next(iter(batches.values())).shape[0]
            return tf.while_loop(lambda i, _: i < count, body, (0, tf.zeros((size,))))[1]

        def evaluate(batches: Any, count: Any) -> Any:
            def body(i: Any, sums: Any, events: Any) -> Any:
                more = loss.sums(_at(batches, i))
                return i + 1, sums + more[0], events + more[1]

            start = (1, *loss.sums(_at(batches, 0)))
            return tf.while_loop(lambda i, *_: i < count, body, start)[1:]

        self._train = tf.function(train, reduce_retracing=True)
        self._evaluate = tf.function(evaluate, reduce_retracing=True)

    def train(self, batches: Arrays, count: int, first: int) -> np.ndarray:
        """Take steps."""
        values = self._train(_tensors(batches), tf.constant(count), tf.constant(float(first)))
        return np.asarray(values.numpy())

    def evaluate(self, batches: Arrays, count: int) -> Totals:
        """Sum the loss."""
        sums, events = self._evaluate(_tensors(batches), tf.constant(count))
        return self._loss.totals(sums.numpy(), events)


def _at(batches: Any, i: Any) -> Any:
    return {name: array[i] for name, array in batches.items()}


def _tensors(batches: Arrays) -> Any:
    return {name: tf.constant(array) for name, array in batches.items()}
