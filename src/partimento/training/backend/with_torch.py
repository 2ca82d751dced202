"""Training on PyTorch: nothing is compiled; a call is a plain loop over its steps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import torch
from keras import ops

from partimento.training.backend import Arrays, Losses, mean
from partimento.training.backend.in_place import InPlace


class Trainer(InPlace):
    """See `backend.Trainer`."""

    def __init__(
        self, network: keras.Model, optimizer: keras.Optimizer, losses: Losses, terms: int
    ) -> None:
        super().__init__(network, optimizer)
        self.network, self.optimizer, self.losses, self.terms = network, optimizer, losses, terms

    def train(self, batches: Arrays, count: int, first: int) -> np.ndarray:
        values = np.zeros(len(batches[0]), np.float32)
        variables = self.network.trainable_variables
        for i in range(count):
            self.network.zero_grad()
            objective, sums, events = self.losses(
                _batch(batches, i), training=True, step=float(first + i)
            )
            objective.backward()
            with torch.no_grad():
                grads = [
                    v.value.grad if v.value.grad is not None else torch.zeros_like(v.value)
                    for v in variables
                ]
                self.optimizer.apply(grads, variables)
            values[i] = float(mean(sums.detach(), events, self.terms))
        return values

    def evaluate(self, batches: Arrays, count: int) -> tuple[np.ndarray, float]:
        total: Any = 0.0
        events = 0.0
        with torch.no_grad():
            for i in range(count):
                _, sums, more = self.losses(_batch(batches, i), training=False, step=0.0)
                total, events = total + sums.numpy(), events + float(more)
        return np.asarray(total), events


def _batch(batches: Arrays, i: int) -> list[Any]:
    return [ops.convert_to_tensor(part[i]) for part in batches]
