"""Compute gradients and run many training steps per call, one file per backend.

Keras has no portable function for either. A `Trainer` owns the state of training: the variables of
the network (including its random generators) and of the optimizer. It runs the steps that
`training.loop.fit` asks for. Shapes: S steps per call, B windows per step, M terms and metrics of
a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from partimento.models.deferred import keras, ops
from partimento.models.loss import Totals
from partimento.short_repr import short_repr

Arrays = Mapping[str, np.ndarray]
LossFunction = Callable[..., Any]  # (batch, *, training, step) → Loss: `base.Model.loss`
State = list[list[np.ndarray]]  # trainable variables, other variables, the optimizer's variables


class Trainer(Protocol):
    """Take training steps on one backend."""

    def train(self, batches: Arrays, count: int, first: int) -> np.ndarray:
        """Run the first `count` steps of `batches`, arrays ``(S, B, …)``.

        The gradient is that of `Loss.objective`. Each shape of `batches` is compiled once, whatever
        `count` is.

        Parameters
        ----------
        batches : mapping of arrays
        count : int
            At most S.
        first : int
            The number of steps before this call.

        Returns
        -------
        (S,) array
            The loss of each step: the sum of its terms per event; 0 for steps after `count`.
        """

    def evaluate(self, batches: Arrays, count: int) -> Totals:
        """Sum the loss over the first `count` of ``(S, B, …)`` batches."""

    def state(self) -> State:
        """Return a copy of all variables that a step changes."""

    def set_state(self, state: State) -> None:
        """Continue from an earlier `state`."""

    def sync(self) -> None:
        """Write the state into the variables of the network and the optimizer."""


@short_repr
class PackedLoss:
    """Stack the named sums of a loss into one array, which a compiled loop can sum up.

    The names are stored when the loss is traced, because compiled code returns only arrays.
    """

    def __init__(self, loss: LossFunction) -> None:
        self._loss = loss
        self._terms: tuple[str, ...] = ()
        self._metrics: tuple[str, ...] = ()

    def of_step(self, batch: Any, step: Any) -> tuple[Any, Any]:
        """Return the objective of a training step, and its loss per event."""
        loss = self._loss(batch, training=True, step=step)
        return loss.objective, ops.sum(ops.stack([*loss.terms.values()])) / ops.maximum(
            loss.count, 1.0
        )

    def sums(self, batch: Any) -> tuple[Any, Any]:
        """Return the summed terms and metrics ``(M,)`` in evaluation, and the event count."""
        loss = self._loss(batch, training=False, step=0.0)
        self._terms, self._metrics = tuple(loss.terms), tuple(loss.metrics)
        return ops.stack([*loss.terms.values(), *loss.metrics.values()]), loss.count

    def totals(self, sums: Any, count: Any) -> Totals:
        """Return the results of `sums` with their names."""
        values = [float(value) for value in np.asarray(sums)]
        terms = dict(zip(self._terms, values, strict=False))
        metrics = dict(zip(self._metrics, values[len(terms) :], strict=True))
        return Totals(terms, metrics, float(count))


def name() -> str:
    """Return the backend in use: ``jax``, ``tensorflow`` or ``torch``."""
    return str(keras.backend.backend())


def trainer(network: keras.Model, optimizer: keras.Optimizer, loss: LossFunction) -> Trainer:
    """Build a `Trainer` for the backend in use."""
    optimizer.build(network.trainable_variables)
    module = import_module(f"partimento.training.backend.with_{name()}")
    trainer_of_backend: Trainer = module.Trainer(network, optimizer, PackedLoss(loss))
    return trainer_of_backend


def variable_groups(network: keras.Model, optimizer: keras.Optimizer) -> list[list[Any]]:
    """Return the variables of network and optimizer, in the order of `State`."""
    return [network.trainable_variables, network.non_trainable_variables, optimizer.variables]
