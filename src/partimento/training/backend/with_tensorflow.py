"""Training on TensorFlow: a graph with a loop over the steps of a call."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from partimento.training.backend import Arrays, Losses, mean
from partimento.training.backend.in_place import InPlace


class Trainer(InPlace):
    """See `backend.Trainer`."""

    def __init__(
        self, network: keras.Model, optimizer: keras.Optimizer, losses: Losses, terms: int
    ) -> None:
        super().__init__(network, optimizer)
        variables = [v.value for v in network.trainable_variables]

        def one(batch: Any, step: Any) -> Any:
            with tf.GradientTape() as tape:
                objective, sums, events = losses(batch, training=True, step=step)
            grads = tape.gradient(
                objective, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            optimizer.apply(grads, network.trainable_variables)
            return mean(sums, events, terms)

        def train(batches: Any, count: Any, first: Any) -> Any:
            def body(i: Any, values: Any) -> Any:
                value = one([part[i] for part in batches], first + tf.cast(i, "float32"))
                return i + 1, tf.tensor_scatter_nd_update(values, [[i]], [value])

            return tf.while_loop(
                lambda i, _: i < count, body, (0, tf.zeros((batches[0].shape[0],)))
            )[1]

        def evaluate(batches: Any, count: Any) -> Any:
            def of(i: Any) -> Any:
                return losses([part[i] for part in batches], training=False, step=0.0)[1:]

            def body(i: Any, sums: Any, events: Any) -> Any:
                more = of(i)
                return i + 1, sums + more[0], events + more[1]

            return tf.while_loop(lambda i, *_: i < count, body, (1, *of(0)))[1:]

        self._train = tf.function(train, reduce_retracing=True)
        self._evaluate = tf.function(evaluate, reduce_retracing=True)

    def train(self, batches: Arrays, count: int, first: int) -> np.ndarray:
        values = self._train(
            [tf.constant(part) for part in batches], tf.constant(count), tf.constant(float(first))
        )
        return np.asarray(values.numpy())

    def evaluate(self, batches: Arrays, count: int) -> tuple[np.ndarray, float]:
        sums, events = self._evaluate([tf.constant(part) for part in batches], tf.constant(count))
        return np.asarray(sums.numpy()), float(events)
