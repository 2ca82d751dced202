"""Compute an LSTM over a whole sequence, fast on JAX on a CPU.

The results are those of Keras' layer (Hochreiter & Schmidhuber 1997, with the forget gate of Gers
et al. 2000, in Keras' order of gates). It takes little more time than its matrix products alone, as
`benchmarks/training.py` measures, for three reasons:

- Arrays have the features first, ``(features, B)``. A product of a large matrix and 64 columns can
  then read the matrix in place. With the batch first, XLA would repack the matrix at every step,
  which takes a fifth of the product's time. Input and recurrent weights form one matrix, so that
  each step is one product.
- The forward pass does not store the gates, but the factors by which the backward pass multiplies.
  No sigmoid or tanh is computed twice. The gates' gradients can overwrite the factors, so that the
  memory stays in the caches and causes few page faults.
- The gradients of the weights are one product over all steps at the end, not a sum of small ones.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Array = Any
# What the forward pass stores for the backward pass: outputs, forget gates, d(output)/d(cell), the
# gates' factors, and inputs concatenated with the previous outputs. All are (L, …, B).
Residuals = tuple[Array, Array, Array, Array, Array]


@jax.custom_vjp
def lstm_sequence(x: Array, kernel: Array, recurrent: Array, bias: Array) -> Array:
    """Compute the outputs of an LSTM at every step, starting from a zero state.

    The result equals that of `keras.layers.LSTM` with ``return_sequences=True``.

    Parameters
    ----------
    x : (B, L, I) array
        Inputs.
    kernel : (I, 4 × units) array
        Input weights; gates in the order input, forget, cell, output.
    recurrent : (units, 4 × units) array
    bias : (4 × units,) array

    Returns
    -------
    (B, L, units) array

    Examples
    --------
    >>> kernel, recurrent, bias = jnp.ones((5, 16)), jnp.ones((4, 16)), jnp.zeros(16)
    >>> lstm_sequence(jnp.ones((2, 3, 5)), kernel, recurrent, bias).shape
    (2, 3, 4)
    """
    # Without differentiation, XLA removes the computation of the unused residuals.
    return _forward(x, kernel, recurrent, bias)[0]


def _forward(
    x: Array, kernel: Array, recurrent: Array, bias: Array
) -> tuple[Array, tuple[Array, Array, Residuals]]:
    units, batch = recurrent.shape[0], x.shape[0]
    steps = x.transpose(1, 2, 0)  # (L, I, B)
    weights = jnp.concatenate([kernel, recurrent]).T  # (4 × units, I + units)

    def step(state: tuple[Array, Array], x_t: Array) -> tuple[tuple[Array, Array], Residuals]:
        h, c_before = state
        joined = jnp.concatenate([x_t, h])
        z = (weights @ joined).reshape(4, units, batch) + bias.reshape(4, units, 1)
        i, f, g, o = (
            jax.nn.sigmoid(z[0]),
            jax.nn.sigmoid(z[1]),
            jnp.tanh(z[2]),
            jax.nn.sigmoid(z[3]),
        )
        c = f * c_before + i * g
        tanh_c = jnp.tanh(c)
        h = o * tanh_c
        factors = jnp.concatenate(
            [g * i * (1 - i), c_before * f * (1 - f), i * (1 - g * g), h * (1 - o)]
        )  # (4 × units, B)
        return (h, c), (h, f, o * (1 - tanh_c * tanh_c), factors, joined)

    zeros = jnp.zeros((units, batch), x.dtype)
    _, kept = lax.scan(step, (zeros, zeros), steps)
    # The residuals include `joined`, the inputs as the loop read them, instead of `steps`. XLA
    # would recompute `steps` in the backward pass, which can take a second for summed look-ups.
    return kept[0].transpose(2, 0, 1), (kernel, recurrent, kept)


def _backward(
    residuals: tuple[Array, Array, Residuals], d_outputs: Array
) -> tuple[Array, Array, Array, Array]:
    kernel, recurrent, (_, forget, slope, factors, joined) = residuals
    (length, units, batch), size = forget.shape, kernel.shape[0]
    weights = jnp.concatenate([kernel, recurrent])  # (I + units, 4 × units)
    d_out = d_outputs.transpose(1, 2, 0)  # (L, units, B)

    def step(n: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        dh, dc, gates, d_steps = state
        t = length - 1 - n
        dh = dh + d_out[t]
        dc = dc + dh * slope[t]
        dz = gates[t] * jnp.concatenate([dc, dc, dc, dh])  # (4 × units, B)
        d_joined = weights @ dz
        return (
            d_joined[size:],
            dc * forget[t],
            gates.at[t].set(dz),
            d_steps.at[t].set(d_joined[:size]),
        )

    zeros = jnp.zeros((units, batch), forget.dtype)
    _, _, gates, d_steps = lax.fori_loop(
        0, length, step, (zeros, zeros, factors, jnp.zeros_like(joined[:, :size]))
    )
    joined, gates = (
        a.transpose(1, 0, 2).reshape(a.shape[1], length * batch) for a in (joined, gates)
    )
    d_weights = joined @ gates.T
    return d_steps.transpose(2, 0, 1), d_weights[:size], d_weights[size:], gates.sum(1)


lstm_sequence.defvjp(_forward, _backward)
