"""What Keras has no portable call for: gradients, and many training steps in one compiled call. One
file a backend.

A `Trainer` owns the state of a training: the network's variables, the state of its random
generators among them, and the optimiser's. It takes the steps; `training.fit` decides which and
when. Shapes: S steps a call, B windows a step.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from partimento.models.deferred import keras

Arrays = tuple[np.ndarray, ...]
Losses = Callable[
    ..., tuple[Any, Any, Any]
]  # (batch, training=, step=) → objective (), sums (M,), events (): `base.Model.losses`
State = list[list[np.ndarray]]  # trainable variables, other variables, the optimiser's


class Trainer(Protocol):
    """What training needs of a backend."""

    def train(self, batches: Arrays, count: int, first: int) -> np.ndarray:
        """Take the first `count` of the steps in `batches`, arrays ``(S, B, …)``; their losses
        ``(S,)``, zero for steps not taken.

        A loss is the sum of the terms an event; the gradient is that of the objective.

        `first` is the number of steps taken before. There is one compilation for a shape, whatever
        `count` is.
        """

    def evaluate(self, batches: Arrays, count: int) -> tuple[np.ndarray, float]:
        """What the losses add up to ``(M,)`` over the first `count` of ``(S, B, …)`` batches, and
        the number of events.
        """

    def state(self) -> State:
        """A copy of everything that a step changes."""

    def set_state(self, state: State) -> None:
        """Go on from what `state` was."""

    def sync(self) -> None:
        """Write the state back into the model and the optimiser."""


def name() -> str:
    """The backend in use: ``jax``, ``tensorflow`` or ``torch``."""
    return str(keras.backend.backend())


def trainer(
    network: keras.Model, optimizer: keras.Optimizer, losses: Losses, *, terms: int
) -> Trainer:
    """A `Trainer` for the backend in use; the first `terms` of the sums that `losses` gives add up
    to its loss.
    """
    optimizer.build(network.trainable_variables)
    room = import_module(f"partimento.training.backend.with_{name()}")
    made: Trainer = room.Trainer(network, optimizer, losses, terms)
    return made


def groups(network: keras.Model, optimizer: keras.Optimizer) -> list[list[Any]]:
    """The variables of a training, in the order of `State`."""
    return [network.trainable_variables, network.non_trainable_variables, optimizer.variables]


def mean(sums: Any, events: Any, terms: int) -> Any:
    """The loss of a batch, an event."""
    return keras.ops.sum(sums[:terms]) / keras.ops.maximum(events, 1.0)
