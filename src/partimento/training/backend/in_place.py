"""Hold the state of training for TensorFlow and PyTorch, which update it in place."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from partimento.short_repr import short_repr
from partimento.training.backend import State, variable_groups


@short_repr
class InPlace:
    """Implement the methods of `backend.Trainer` that read and write the state."""

    def __init__(self, network: keras.Model, optimizer: keras.Optimizer) -> None:
        self._groups = variable_groups(network, optimizer)

    def state(self) -> State:
        """Return a copy of the variables."""
        return [[np.array(ops.convert_to_numpy(v.value)) for v in group] for group in self._groups]

    def set_state(self, state: State) -> None:
        """Write the variables."""
        for variables, values in zip(self._groups, state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def sync(self) -> None:
        """Return at once: training updates the variables of the network itself."""
