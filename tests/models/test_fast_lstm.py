"""The fast LSTM gives the numbers of Keras' layer, and the gradients that come of differentiating
the definition.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from partimento.models.fast_lstm import lstm_sequence

SIZES = [(1, 1, 3, 2), (5, 7, 4, 6), (64, 12, 16, 32)]  # B, L, I, units


def inputs(size: tuple[int, int, int, int], *, scale: float = 1.0) -> list[np.ndarray]:
    batch, length, features, units = size
    rng = np.random.default_rng(0)
    shapes = [(batch, length, features), (features, 4 * units), (units, 4 * units), (4 * units,)]
    return [
        (scale * rng.standard_normal(shape) / np.sqrt(shape[0] if len(shape) < 3 else 1)).astype(
            "float32"
        )
        for shape in shapes
    ]


def by_definition(x: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
    def step(state: Any, x_t: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.split(x_t @ kernel + h @ recurrent + bias, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((x.shape[0], recurrent.shape[0]))
    return jax.lax.scan(step, (zeros, zeros), x.swapaxes(0, 1))[1].swapaxes(0, 1)


@pytest.mark.parametrize("size", SIZES)
def test_outputs_are_those_of_keras(size: tuple[int, int, int, int]) -> None:
    x, *weights = inputs(size)
    layer = keras.layers.LSTM(size[-1], return_sequences=True)
    layer.build(x.shape)
    layer.set_weights(weights)
    np.testing.assert_allclose(
        lstm_sequence(x, *weights), keras.ops.convert_to_numpy(layer(x)), atol=2e-6
    )


@pytest.mark.parametrize("size", SIZES)
def test_gradients_are_those_of_the_definition(size: tuple[int, int, int, int]) -> None:
    arrays = inputs(size)
    everywhere = (
        np.random.default_rng(1).standard_normal((size[0], size[1], size[3])).astype("float32")
    )
    last_only = np.where(np.arange(size[1])[:, None] == size[1] - 1, everywhere, 0)

    def gradients(function: Any) -> Any:
        return jax.jit(jax.grad(lambda arrays, wanted: (function(*arrays) * wanted).sum()))

    ours, theirs = gradients(lstm_sequence), gradients(by_definition)
    for wanted in (everywhere, last_only):
        for one, other in zip(ours(arrays, wanted), theirs(arrays, wanted), strict=True):
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(other).max())


def test_gates_that_are_wide_open_or_shut_have_finite_gradients() -> None:
    arrays = inputs((3, 5, 4, 6), scale=1e4)
    values = jax.jit(jax.grad(lambda arrays: lstm_sequence(*arrays).sum()))(arrays)
    assert all(np.isfinite(value).all() for value in values)


def test_steps_inside_one_compiled_loop_train_as_steps_one_by_one() -> None:
    x, *weights = map(jnp.asarray, inputs((5, 7, 4, 6)))

    def step(weights: Any, _: Any = None) -> Any:
        loss, grads = jax.value_and_grad(
            lambda weights: (lstm_sequence(x, *weights)[:, -1] ** 2).sum()
        )(weights)
        return [w - 0.1 * g for w, g in zip(weights, grads, strict=True)], loss

    together, losses = jax.jit(lambda weights: jax.lax.scan(step, weights, length=5))(weights)
    one_by_one, compiled = weights, jax.jit(step)
    for _ in range(5):
        one_by_one, loss = compiled(one_by_one)
    np.testing.assert_allclose(losses[-1], loss, rtol=1e-5)
    assert losses[-1] < losses[0]
    for ours, theirs in zip(together, one_by_one, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
