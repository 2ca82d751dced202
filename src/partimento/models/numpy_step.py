"""Step a model on NumPy, with neither Keras nor JAX.

A short piece is composed sooner than these would be imported.

A model offers it by its class method `Model.numpy_step`. That method reads the weights of each
layer by name: from a file, or from a network that has just been trained. Only a step is repeated
here; training and evaluation stay on Keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np

Weights = Mapping[
    str, Sequence[np.ndarray]
]  # of each layer by its name, in the order of `layer.get_weights()`
State = tuple[np.ndarray, ...]


class NumpyStep(Protocol):
    """Predict the next number from all before it, as `NextModel` does."""

    def initial_state(self, batch: int) -> State:
        """Return arrays with the batch first.

        Candidates that are complete are taken out of it.
        """

    def step(
        self, state: State, ids: np.ndarray, *, field: int, features: Any
    ) -> tuple[State, np.ndarray]:
        """Take in `ids` ``(B,)`` of `field`; return the new state and the next logits."""


def read_weights(path: Path) -> dict[str, list[np.ndarray]]:
    """Read a file of weights written by Keras, in single precision.

    It is empty for an old file that does not name its layers.

    Raises
    ------
    OSError, KeyError
        If it is no such file.
    """
    with h5py.File(path, "r") as file:
        groups = file["layers"].values()
        return {
            group["vars"].attrs["name"]: _arrays(group)
            for group in groups
            if "name" in group["vars"].attrs
        }


def _arrays(group: Any) -> list[np.ndarray]:
    """Read a layer's own weights, then those of the layers inside it, as a cell."""
    own = group["vars"]
    arrays = [np.asarray(own[str(number)], np.float32) for number in range(len(own))]
    return arrays + [
        array for name, inner in group.items() if name != "vars" for array in _arrays(inner)
    ]


def network_weights(network: Any) -> dict[str, list[np.ndarray]]:
    """Read the weights of a network in memory."""
    return {
        layer.name: [np.asarray(array, np.float32) for array in layer.get_weights()]
        for layer in network.layers
    }


def layer_weights(weights: Weights, name: str, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Return the weights of a layer if they have these shapes.

    Raises
    ------
    ValueError, KeyError
        If they have other shapes, or there is no such layer.
    """
    arrays = list(weights[name])
    if [array.shape for array in arrays] != list(shapes):
        raise ValueError(
            f"layer {name}: weights of shapes {[array.shape for array in arrays]}, not"
            f" {list(shapes)}"
        )
    return arrays


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), by way of tanh, which does not overflow."""
    half = np.float32(0.5)
    return half * np.tanh(half * x) + half


def lstm_step(
    x: np.ndarray, hidden: np.ndarray, cell: np.ndarray, weights: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return output and cell ``(B, units)`` of an LSTM one step later.

    The gates are in the order of Keras: input, forget, cell, output.
    """
    kernel, recurrent, bias = weights
    units = recurrent.shape[0]
    z = x @ kernel
    z += hidden @ recurrent
    z += bias
    gates = sigmoid(z)  # of all four: one call on a long array costs less than three on short ones
    cell = gates[:, units : 2 * units] * cell + gates[:, :units] * np.tanh(
        z[:, 2 * units : 3 * units]
    )
    return gates[:, 3 * units :] * np.tanh(cell), cell
