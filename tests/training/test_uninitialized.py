"""Networks without initial weights."""

from __future__ import annotations

from threading import Thread

import keras
import numpy as np

from partimento.training.uninitialized import uninitialized


def dense() -> np.ndarray:
    """The kernel of a new layer."""
    layer = keras.layers.Dense(3, bias_initializer="ones")
    layer.build((None, 4))
    return np.concatenate([np.ravel(weight) for weight in layer.get_weights()])


def test_weights_are_zero_inside_the_context_only() -> None:
    with uninitialized():
        assert not dense().any()
    assert dense().all()


def test_a_shape_and_an_initializer_given_by_position_are_understood() -> None:
    with uninitialized():
        weight = keras.layers.Layer().add_weight((2, 3), "ones")
    np.testing.assert_array_equal(weight, np.zeros((2, 3)))


def test_another_thread_goes_on_drawing_its_weights() -> None:
    kernels: list[np.ndarray] = []
    with uninitialized():
        thread = Thread(target=lambda: kernels.append(dense()))
        thread.start()
        thread.join()
    assert kernels[0].all()
