"""What TensorFlow and PyTorch share: their variables are updated in place, so that the state of a
training is theirs.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from partimento.training.backend import State, groups


class InPlace:
    """The half of a `backend.Trainer` that only reads and writes variables."""

    def __init__(self, network: keras.Model, optimizer: keras.Optimizer) -> None:
        self._groups = groups(network, optimizer)

    def state(self) -> State:
        return [[np.array(ops.convert_to_numpy(v.value)) for v in group] for group in self._groups]

    def set_state(self, state: State) -> None:
        for variables, values in zip(self._groups, state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def sync(self) -> None:
        pass
