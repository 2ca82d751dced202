"""Train on PyTorch: a call is a plain loop over its steps, without compilation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import torch
from keras import ops

from partimento.models.loss import Totals
from partimento.training.backend import Arrays, PackedLoss
from partimento.training.backend.in_place import InPlace


class Trainer(InPlace):
    """Run training steps; see `backend.Trainer`."""

    def __init__(self, network: keras.Model, optimizer: keras.Optimizer, loss: PackedLoss) -> None:
        super().__init__(network, optimizer)
        self._network, self._optimizer, self._loss = network, optimizer, loss

    def train(self, batches: Arrays, count: int, first: int) -> np.ndarray:
        """Take steps."""
        values = np.zeros(len(next(iter(batches.values()))), np.float32)
        variables = self._network.trainable_variables
        for i in range(count):
            self._network.zero_grad()
            objective, value = self._loss.of_step(_at(batches, i), float(first + i))
            objective.backward()
            with torch.no_grad():
                grads = [
                    v.value.grad if v.value.grad is not None else torch.zeros_like(v.value)
                    for v in variables
                ]
                self._optimizer.apply(grads, variables)
            values[i] = float(value.detach())
        return values

    def evaluate(self, batches: Arrays, count: int) -> Totals:
        """Sum the loss."""
        total: Any = 0.0
        events = 0.0
        with torch.no_grad():
            for i in range(count):
                sums, more = self._loss.sums(_at(batches, i))
                total, events = total + sums.numpy(), events + float(more)
        return self._loss.totals(total, events)


def _at(batches: Arrays, i: int) -> dict[str, Any]:
    return {name: ops.convert_to_tensor(array[i]) for name, array in batches.items()}
