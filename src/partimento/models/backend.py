"""The one backend-specific file: a compiled training step and a compiled evaluation, for JAX, TensorFlow and PyTorch.

Keras has no portable gradient or jit call; each `Trainer` here has ``step(batch) → nats``, ``evaluate(batch) → (nats, events)`` and
``sync()``, after which the model's own variables are up to date. A batch is a tuple of NumPy arrays; `losses` is `NextModel.losses`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import keras
import numpy as np
from keras import ops

Batch = tuple[np.ndarray, ...]
Losses = Callable[..., tuple[Any, Any]]


class Trainer(Protocol):
    """What training needs of a backend."""

    def step(self, batch: Batch) -> Any:
        """Train on a batch; nats an event, as a scalar that need not be ready yet."""

    def evaluate(self, batch: Batch) -> tuple[np.ndarray, float]:
        """Summed nats by field, and the number of events."""

    def sync(self) -> None:
        """Write the state back into the model and the optimiser."""


def name() -> str:
    """The backend in use: ``jax``, ``tensorflow`` or ``torch``."""
    return str(keras.backend.backend())


def trainer(network: keras.Model, optimizer: keras.Optimizer, losses: Losses) -> Trainer:
    """A `Trainer` for the backend in use."""
    optimizer.build(network.trainable_variables)
    kinds: dict[str, type] = {"jax": _JaxTrainer, "tensorflow": _TensorFlowTrainer, "torch": _TorchTrainer}
    made: Trainer = kinds[name()](network, optimizer, losses)
    return made


def _mean(summed: tuple[Any, Any]) -> Any:
    nats, events = summed
    return ops.sum(nats) / ops.maximum(events, 1.0)


class _JaxTrainer:
    def __init__(self, network: keras.Model, optimizer: keras.Optimizer, losses: Losses) -> None:
        import jax

        self.network, self.optimizer = network, optimizer

        def loss(trainable: Any, fixed: Any, batch: Any, training: bool) -> Any:
            mapping = [*zip(network.trainable_variables, trainable, strict=True), *zip(network.non_trainable_variables, fixed, strict=True)]
            with keras.StatelessScope(state_mapping=mapping) as scope:
                summed = losses(batch, training=training)
            after = [scope.get_current_value(v) for v in network.non_trainable_variables]  # the dropout generators move on
            return _mean(summed), (after, summed)

        gradient = jax.value_and_grad(loss, has_aux=True)

        def step(trainable: Any, fixed: Any, moments: Any, batch: Any) -> Any:
            (value, (fixed, _)), grads = gradient(trainable, fixed, batch, True)
            trainable, moments = optimizer.stateless_apply(moments, grads, trainable)
            return value, trainable, fixed, moments

        self._step = jax.jit(step, donate_argnums=(0, 1, 2))
        self._evaluate = jax.jit(lambda trainable, fixed, batch: loss(trainable, fixed, batch, False)[1][1])
        # copies: a donated buffer must not be the model's own
        self._state = [
            [v.value.copy() for v in some] for some in (network.trainable_variables, network.non_trainable_variables, optimizer.variables)
        ]

    def step(self, batch: Batch) -> Any:
        value, *self._state = self._step(*self._state, batch)
        return value

    def evaluate(self, batch: Batch) -> tuple[np.ndarray, float]:
        nats, events = self._evaluate(self._state[0], self._state[1], batch)
        return np.asarray(nats), float(events)

    def sync(self) -> None:
        groups = (self.network.trainable_variables, self.network.non_trainable_variables, self.optimizer.variables)
        for variables, values in zip(groups, self._state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value.copy())


class _TensorFlowTrainer:
    def __init__(self, network: keras.Model, optimizer: keras.Optimizer, losses: Losses) -> None:
        import tensorflow as tf

        variables = [v.value for v in network.trainable_variables]

        def step(*batch: Any) -> Any:
            with tf.GradientTape() as tape:
                value = _mean(losses(batch, training=True))
            optimizer.apply(tape.gradient(value, variables), network.trainable_variables)
            return value

        self._step = tf.function(step, reduce_retracing=True)
        self._evaluate = tf.function(lambda *batch: losses(batch, training=False), reduce_retracing=True)

    def step(self, batch: Batch) -> Any:
        return self._step(*map(ops.convert_to_tensor, batch))

    def evaluate(self, batch: Batch) -> tuple[np.ndarray, float]:
        nats, events = self._evaluate(*map(ops.convert_to_tensor, batch))
        return nats.numpy(), float(events)

    def sync(self) -> None:
        pass  # variables are updated in place


class _TorchTrainer:
    def __init__(self, network: keras.Model, optimizer: keras.Optimizer, losses: Losses) -> None:
        self.network, self.optimizer, self.losses = network, optimizer, losses

    def step(self, batch: Batch) -> Any:
        import torch

        self.network.zero_grad()
        value = _mean(self.losses(tuple(map(ops.convert_to_tensor, batch)), training=True))
        value.backward()
        variables = self.network.trainable_variables
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in variables], variables)
        return value.detach()

    def evaluate(self, batch: Batch) -> tuple[np.ndarray, float]:
        import torch

        with torch.no_grad():
            nats, events = self.losses(tuple(map(ops.convert_to_tensor, batch)), training=False)
        return nats.numpy(), float(events)

    def sync(self) -> None:
        pass  # variables are updated in place
