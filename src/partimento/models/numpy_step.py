"""Compute a model's step with NumPy, without Keras or JAX.

Composing a short piece takes less time than importing these libraries.

A model supports this with its class method `Model.numpy_step`. It takes the weights of each layer
by name, from a file or from a network in memory. Training and evaluation always use Keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np

# Layer name → the layer's arrays, in the order of `layer.get_weights()`.
Weights = Mapping[str, Sequence[np.ndarray]]
State = tuple[np.ndarray, ...]


class NumpyStep(Protocol):
    """Predict the next id from all previous ones, as `NextModel` does."""

    def initial_state(self, batch: int) -> State:
        """Return arrays with the batch as first axis.

        The generation loop drops the rows of complete candidates, so the batch may shrink.
        """

    def step(
        self, state: State, ids: np.ndarray, *, field: int, features: Any
    ) -> tuple[State, np.ndarray]:
        """Read `ids` ``(B,)`` of `field`; return the new state and the next id's logits."""


def read_weights(path: Path) -> dict[str, list[np.ndarray]]:
    """Read a weights file written by Keras, in single precision.

    The result is empty for old files, which do not name their layers.

    Raises
    ------
    OSError, KeyError
        If it is not a weights file.
    """
    with h5py.File(path, "r") as file:
        groups = file["layers"].values()
        return {
            group["vars"].attrs["name"]: _arrays(group)
            for group in groups
            if "name" in group["vars"].attrs
        }


def _arrays(group: Any) -> list[np.ndarray]:
    """Read a layer's weights, then those of layers inside it, such as a cell."""
    own = group["vars"]
    arrays = [np.asarray(own[str(number)], np.float32) for number in range(len(own))]
    return arrays + [
        array for name, inner in group.items() if name != "vars" for array in _arrays(inner)
    ]


def network_weights(network: Any) -> dict[str, list[np.ndarray]]:
    """Return the weights of a Keras network by layer name."""
    return {
        layer.name: [np.asarray(array, np.float32) for array in layer.get_weights()]
        for layer in network.layers
    }


def layer_weights(weights: Weights, name: str, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Return the weights of a layer, after checking their shapes.

    Raises
    ------
    ValueError, KeyError
        If they have other shapes, or there is no such layer.
    """
    arrays = list(weights[name])
    if [array.shape for array in arrays] != list(shapes):
        raise ValueError(
            f"layer {name} has weights of shapes {[array.shape for array in arrays]}, expected"
            f" {list(shapes)}"
        )
    return arrays


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), computed with tanh because exp could overflow."""
    half = np.float32(0.5)
    return half * np.tanh(half * x) + half


def lstm_step(
    x: np.ndarray, hidden: np.ndarray, cell: np.ndarray, weights: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the output and the cell ``(B, units)`` of an LSTM after one step.

    The gates are in the order of Keras: input, forget, cell, output.
    """
    kernel, recurrent, bias = weights
    units = recurrent.shape[0]
    z = x @ kernel
    z += hidden @ recurrent
    z += bias
    # One call on a long array costs less than three on short ones, although the cell's part of z
    # needs tanh instead and its sigmoid is not used.
    gates = sigmoid(z)
    cell = gates[:, units : 2 * units] * cell + gates[:, :units] * np.tanh(
        z[:, 2 * units : 3 * units]
    )
    return gates[:, 3 * units :] * np.tanh(cell), cell
