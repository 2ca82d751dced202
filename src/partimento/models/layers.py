"""Provide the layers that several models share.

Shapes: B batch, L steps, C chords, E embedding size, V symbols.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import activations, initializers, layers, ops

from partimento.short_repr import short_repr
from partimento.tokens.vocabulary import PAD, SPECIAL

MAX_COUNT = 16  # chords with more notes share one vector for their number of notes


def is_jax() -> bool:
    """Return True if JAX is the backend, for which some layers have faster code."""
    return str(keras.backend.backend()) == "jax"


# ---------------------------------------------------------------------- chords


class NotesEmbedding(layers.Layer):
    """Embed chords by their notes: ``(…) int → (…, E)``.

    A chord's vector is the sum of its notes' vectors and of a vector for its number of notes. Rare
    chords share notes with common ones and so get useful vectors, too.
    """

    def __init__(self, chord_notes: np.ndarray, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Padding, start, end and unknown have no notes, so each gets a vector of its own.
        special = np.eye(SPECIAL, dtype="float32")
        regular = np.zeros((len(chord_notes) - SPECIAL, SPECIAL), "float32")
        counts = np.minimum(chord_notes.sum(1).astype(int), MAX_COUNT)
        one_hot_counts = np.eye(MAX_COUNT + 1, dtype="float32")[counts]
        marks = np.concatenate([special, regular])
        self.features = np.concatenate([chord_notes, marks, one_hot_counts], 1)  # (C, F)
        self.size = size

    def build(self, _: Any) -> None:
        """Create the weights."""
        shape = (self.features.shape[1], self.size)
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")

    def table(self) -> Any:
        """Return the vector of every chord, (C, E)."""
        return ops.matmul(self.features, self.kernel)

    def call(self, chords: Any) -> Any:
        """Embed chords."""
        return ops.take(self.table(), chords, axis=0)


@short_repr
class NotesOutput(NotesEmbedding):
    """Compute logits of chords from their notes: ``(…, E) → (…, C)``.

    A logit is the product with the chord's vector (see `NotesEmbedding`), plus a bias per chord.
    """

    def build(self, _: Any) -> None:
        """Create the weights."""
        super().build(_)
        shape = (len(self.features),)
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def call(self, features: Any) -> Any:
        """Compute logits."""
        return ops.matmul(features, ops.transpose(self.table())) + self.bias


def chord_embedding(
    chord_notes: np.ndarray, size: int, *, by_notes: bool, name: str = "chord_embedding"
) -> Any:
    """Build a layer ``(…) int → (…, E)``: one free vector per chord, or sums of notes."""
    if by_notes:
        return NotesEmbedding(chord_notes, size, name=name)
    return layers.Embedding(len(chord_notes), size, name=name)


def chord_output(
    chord_notes: np.ndarray, size: int, *, by_notes: bool, name: str = "chord_output"
) -> Any:
    """Build a layer ``(…, size) → (…, C)`` of logits, dense or from the chords' notes."""
    if by_notes:
        return NotesOutput(chord_notes, size, name=name)
    return layers.Dense(len(chord_notes), name=name)


class WindowDense(layers.Layer):
    """Apply a dense layer to a flattened one-hot window, ``(B, L) int → (B, units)``.

    The kernel is ``(V·L, units)``. The result equals ``Dense(units)(flatten(one_hot(window, V)))``.
    It sums the kernel's rows of the ones instead of multiplying by mostly zeros. Padding adds no
    row.
    """

    def __init__(
        self, size: int, units: int, *, activation: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.units, self.activation = size, units, activations.get(activation)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        assert shape[1] is not None
        kernel = (self.size * shape[1], self.units)
        self.kernel = self.add_weight(shape=kernel, initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, window: Any) -> Any:
        """Apply the layer."""
        length = window.shape[1]
        rows = ops.take(self.kernel, window * length + np.arange(length), axis=0)  # (B, L, units)
        counted = ops.cast(ops.expand_dims(window != PAD, -1), rows.dtype)
        return self.activation(ops.sum(rows * counted, axis=1) + self.bias)


# ---------------------------------------------------------------------- features


class SummedEmbedding(layers.Layer):
    """Embed several categories and sum their vectors: ``(…, n) int → (…, size)``.

    The i-th category has a table of ``kinds[i]`` vectors.
    """

    def __init__(self, kinds: Sequence[int], size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kinds, self.size = list(kinds), size

    def build(self, shape: Any) -> None:
        """Create the weights: all tables in one array, one below the other."""
        deviation = 0.5 / len(self.kinds) ** 0.5
        self.kernel = self.add_weight(
            shape=(sum(self.kinds), self.size),
            initializer=initializers.RandomNormal(stddev=deviation),
            name="kernel",
        )

    def call(self, numbers: Any) -> Any:
        """Embed categories."""
        if is_jax():
            return _summed_on_jax(ops.convert_to_tensor(self.kernel), numbers, self.kinds)
        return _summed(self.kernel, numbers, self.kinds)


def _summed(kernel: Any, numbers: Any, kinds: Sequence[int]) -> Any:
    """Sum the vectors, looking up each table separately.

    On a CPU, this is many times as fast as looking up all vectors in one large table.
    """
    stops = np.cumsum(kinds).tolist()
    tables = (kernel[stop - kind : stop] for kind, stop in zip(kinds, stops, strict=True))
    vectors = [ops.take(table, numbers[..., i], axis=0) for i, table in enumerate(tables)]
    return sum(vectors[1:], vectors[0])


def _summed_on_jax(kernel: Any, numbers: Any, kinds: Sequence[int]) -> Any:
    """Sum the vectors; compute the gradient as one product with one-hot categories.

    The default gradient scatters row by row, which is slow on a CPU.
    """

    @ops.custom_gradient
    def summed(kernel: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            flat = ops.reshape(numbers, (-1, len(kinds)))
            one_hot = [ops.one_hot(flat[:, i], kind) for i, kind in enumerate(kinds)]
            hot = ops.concatenate(one_hot, axis=-1)  # (N, all vectors)
            return ops.matmul(ops.transpose(hot), ops.reshape(upstream, (-1, kernel.shape[1])))

        return _summed(kernel, numbers, kinds), gradient

    return summed(kernel)


# ---------------------------------------------------------------------- sequences


class TransformerBlock(layers.Layer):
    """Apply attention and a two-layer network to a sequence ``(B, L, size)``.

    This is the block of Vaswani et al. (2017) with layer normalization before each part and rotary
    positions (Su et al. 2021). Each step attends to itself and the ``context - 1`` steps before it.
    `step` applies the block to one step. It keeps keys and values in a ring buffer of fixed size.
    """

    def __init__(self, size: int, heads: int, context: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.heads, self.context = size, heads, context
        self.norms = [layers.LayerNormalization(name=f"norm_{i}") for i in (1, 2)]
        self.joined = layers.Dense(3 * size, use_bias=False, name="queries_keys_values")
        self.attended = layers.Dense(size, use_bias=False, name="attended")
        self.wide = layers.Dense(4 * size, activation="gelu", name="wide")
        self.narrow = layers.Dense(size, name="narrow")
        self.drops = [layers.Dropout(dropout, name=f"drop_{i}") for i in (1, 2)]

    def build(self, shape: Any) -> None:
        """Build the layers inside."""
        for layer in (*self.norms, self.joined, self.attended, self.wide):
            layer.build((*shape[:-1], self.size))
        self.narrow.build((*shape[:-1], 4 * self.size))

    def compute_output_shape(self, shape: Any) -> Any:
        """Return the same shape."""
        return shape

    def call(self, x: Any, training: bool = False) -> Any:
        """Apply the block to whole sequences."""
        length = ops.shape(x)[1]
        position = ops.arange(length, dtype="int32")
        q, k, v = self._queries_keys_values(x, position)  # (B, L, heads, size / heads)
        distance = ops.expand_dims(position, 1) - ops.expand_dims(position, 0)  # (L, L)
        visible = ops.logical_and(distance >= 0, distance < self.context)
        scores = ops.where(visible, ops.einsum("bqhd,bkhd->bhqk", q, k), -1e9)
        values = ops.einsum("bhqk,bkhd->bqhd", ops.softmax(scores, axis=-1), v)
        values = ops.reshape(values, (-1, length, self.size))
        x = x + self.drops[0](self.attended(values), training=training)
        return x + self.drops[1](self.narrow(self.wide(self.norms[1](x))), training=training)

    def _queries_keys_values(self, x: Any, position: Any) -> tuple[Any, Any, Any]:
        """Return queries and keys, rotated by their positions ``(…, L)``, and values."""
        parts = ops.split(self.joined(self.norms[0](x)), 3, axis=-1)
        width = self.size // self.heads
        q, k, v = (ops.reshape(part, (*ops.shape(part)[:-1], self.heads, width)) for part in parts)
        return self._rotated(q, position) * width**-0.5, self._rotated(k, position), v

    def _rotated(self, x: Any, position: Any) -> Any:
        half = x.shape[-1] // 2
        speed = (10_000.0 ** (-np.arange(half) / half)).astype("float32")
        column = ops.expand_dims(ops.expand_dims(ops.cast(position, "float32"), -1), -1)
        angle = column * speed  # (…, L, 1, half)
        cos, sin = ops.cos(angle), ops.sin(angle)
        a, b = x[..., :half], x[..., half:]
        return ops.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)

    def initial_cache(self, batch: int) -> tuple[Any, Any, Any]:
        """Return empty keys and values, and the number of steps so far, ``(B,)``.

        Keys and values are ``(B, heads, context, size / heads)``. The number of steps is the same
        for the whole batch.
        """
        shape = (batch, self.heads, self.context, self.size // self.heads)
        return ops.zeros(shape), ops.zeros(shape), ops.zeros((batch,), "int32")

    def step(self, x: Any, cache: Sequence[Any]) -> tuple[Any, tuple[Any, Any, Any]]:
        """Apply the block to one step ``(B, size)``; return the result and the new cache."""
        keys, values, count = cache
        q, k, v = self._queries_keys_values(ops.expand_dims(x, 1), ops.expand_dims(count, -1))
        # Ring buffer: the new key overwrites the oldest one.
        slot = (0, 0, count[0] % self.context, 0)
        keys = ops.slice_update(keys, slot, ops.transpose(k, (0, 2, 1, 3)))
        values = ops.slice_update(values, slot, ops.transpose(v, (0, 2, 1, 3)))
        count = count + 1
        filled = np.arange(self.context, dtype="int32") < count[0]
        # (B, heads, 1, context)
        scores = ops.matmul(ops.transpose(q, (0, 2, 1, 3)), ops.transpose(keys, (0, 1, 3, 2)))
        weights = ops.softmax(ops.where(filled, scores, -1e9), axis=-1)
        attended = ops.reshape(ops.matmul(weights, values)[:, :, 0], (-1, self.size))
        x = x + self.attended(attended)
        return x + self.narrow(self.wide(self.norms[1](x))), (keys, values, count)


class LSTM(layers.LSTM):
    """Apply Keras' LSTM; on JAX, compute the same result faster (`models.fast_lstm`).

    `weight_dropout` drops recurrent weights in training: in each batch, other ones are 0. It
    regularizes more than dropout of the outputs alone (Merity, Keskar & Socher 2018, "Regularizing
    and optimizing LSTM language models").
    """

    def __init__(self, units: int, *, weight_dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.weight_dropout = weight_dropout
        if weight_dropout:
            self.weight_seeds = keras.random.SeedGenerator()

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """Apply the layer."""
        unsupported = (  # `fast_lstm` covers only the options that the models use
            initial_state is not None
            or mask is not None
            or not (self.return_sequences and self.use_bias)
            or self.return_state
            or self.stateful
            or self.go_backwards
            or self.dropout
            or self.recurrent_dropout
            or self.activation is not activations.tanh
            or self.recurrent_activation is not activations.sigmoid
        )
        drops = bool(training and self.weight_dropout)
        if unsupported or not (drops or is_jax()):
            return super().call(
                sequences, initial_state=initial_state, mask=mask, training=training
            )
        weights = (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
        kernel, recurrent, bias = (ops.convert_to_tensor(weight) for weight in weights)
        if drops:
            recurrent = keras.random.dropout(recurrent, self.weight_dropout, seed=self.weight_seeds)
        if not is_jax():
            return lstm_by_scan(sequences, kernel, recurrent, bias)
        from partimento.models.fast_lstm import lstm_sequence

        return lstm_sequence(sequences, kernel, recurrent, bias)


def lstm_by_scan(sequences: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
    """Compute an LSTM with given weights on any backend.

    Inputs are ``(B, L, I)`` and outputs ``(B, L, units)``. The result is that of Keras'
    layer, which takes no other weights than its own.
    """
    inputs = ops.transpose(ops.matmul(sequences, kernel) + bias, (1, 0, 2))  # (L, B, 4 × units)
    units = recurrent.shape[0]

    # Output and memory are one array: TensorFlow's loop takes no other structure.
    def step(state: Any, row: Any) -> tuple[Any, Any]:
        output, memory = state[:, :units], state[:, units:]
        gates = ops.split(row + ops.matmul(output, recurrent), 4, axis=-1)
        enter, keep, leave = (ops.sigmoid(gates[number]) for number in (0, 1, 3))
        memory = keep * memory + enter * ops.tanh(gates[2])
        state = ops.concatenate([leave * ops.tanh(memory), memory], axis=-1)
        return state, state

    _, states = ops.scan(step, ops.zeros_like(inputs[0][:, : 2 * units]), inputs)
    return ops.transpose(states[..., :units], (1, 0, 2))
