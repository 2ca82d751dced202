"""Layers that several models share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import activations, initializers, layers, ops

from partimento.tokens.vocabulary import PAD, SPECIAL


class NotesEmbedding(layers.Layer):
    """A chord's vector is the sum of its notes' vectors plus a vector of the chord's own size:
    ``(…) int → (…, E)``.
    """

    def __init__(self, chord_notes: np.ndarray, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        special = np.eye(
            SPECIAL, dtype="float32"
        )  # padding, start, end, unknown: no notes, but each a vector of its own
        marks = np.concatenate(
            [special, np.zeros((len(chord_notes) - SPECIAL, SPECIAL), "float32")]
        )
        count = np.eye(17, dtype="float32")[np.minimum(chord_notes.sum(1).astype(int), 16)]
        self.features = np.concatenate([chord_notes, marks, count], 1)  # (C, F)
        self.size = size

    def build(self, _: Any) -> None:
        self.kernel = self.add_weight(
            shape=(self.features.shape[1], self.size), initializer="glorot_uniform", name="kernel"
        )

    def table(self) -> Any:
        """(C, E): the vector of every chord."""
        return ops.matmul(self.features, self.kernel)

    def call(self, chords: Any) -> Any:
        return ops.take(self.table(), chords, axis=0)


class NotesOutput(NotesEmbedding):
    """Logits of chords from features: ``(…, E) → (…, C)``, by their notes, plus a free bias a
    chord.
    """

    def build(self, _: Any) -> None:
        super().build(_)
        self.bias = self.add_weight(shape=(len(self.features),), initializer="zeros", name="bias")

    def call(self, features: Any) -> Any:
        return ops.matmul(features, ops.transpose(self.table())) + self.bias


class WindowDense(layers.Layer):
    """A dense layer on a flattened one-hot window, ``(B, L) int → (B, units)``: the sum of the
    kernel's rows that the ones choose.

    The kernel is ``(V·L, units)``. Equal to ``Dense(units)(flatten(one_hot(window, V)))``, but that
    the zeros are not multiplied; padding chooses no row.
    """

    def __init__(
        self, size: int, units: int, *, activation: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.units, self.activation = size, units, activations.get(activation)

    def build(self, shape: tuple[int | None, ...]) -> None:
        assert shape[1] is not None
        self.kernel = self.add_weight(
            shape=(self.size * shape[1], self.units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, window: Any) -> Any:
        length = window.shape[1]
        rows = ops.take(self.kernel, window * length + np.arange(length), axis=0)  # (B, L, units)
        counted = ops.cast(ops.expand_dims(window != PAD, -1), rows.dtype)
        return self.activation(ops.sum(rows * counted, axis=1) + self.bias)


def chord_embedding(
    chord_notes: np.ndarray, size: int, *, by_notes: bool, name: str = "chord_embedding"
) -> Any:
    """A layer ``(…) int → (…, E)``: a free vector a chord, or one computed from its notes."""
    return (
        NotesEmbedding(chord_notes, size, name=name)
        if by_notes
        else layers.Embedding(len(chord_notes), size, name=name)
    )


def chord_output(
    chord_notes: np.ndarray, size: int, *, by_notes: bool, name: str = "chord_output"
) -> Any:
    """A layer ``(…, size) → (…, C)`` logits: free, or by the chords' notes."""
    return (
        NotesOutput(chord_notes, size, name=name)
        if by_notes
        else layers.Dense(len(chord_notes), name=name)
    )


class RowSum(layers.Layer):
    """The sum of one row each from several tables: ``(…, n) int → (…, size)``; the i-th number
    chooses among `kinds[i]`.
    """

    def __init__(self, kinds: Sequence[int], size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kinds, self.size = list(kinds), size
        self.first = np.cumsum([0, *self.kinds[:-1]]).astype(
            "int32"
        )  # the tables lie one after another

    def build(self, _: Any) -> None:
        deviation = 0.5 / len(self.kinds) ** 0.5
        initializer = initializers.RandomNormal(stddev=deviation)
        self.kernel = self.add_weight(
            shape=(sum(self.kinds), self.size), initializer=initializer, name="kernel"
        )

    def call(self, numbers: Any) -> Any:
        if keras.backend.backend() == "jax":
            return _with_one_product(ops.convert_to_tensor(self.kernel), numbers, self.kinds)
        return _sum_of_rows(self.kernel, numbers, self.kinds)


def _sum_of_rows(kernel: Any, numbers: Any, kinds: Sequence[int]) -> Any:
    """Row after row, each from its own table: on processors many times as fast as looking all of
    them up at once.
    """
    stops = np.cumsum(kinds).tolist()
    rows = [
        ops.take(kernel[stop - kind : stop], numbers[..., i], axis=0)
        for i, (kind, stop) in enumerate(zip(kinds, stops, strict=True))
    ]
    return sum(rows[1:], rows[0])


def _with_one_product(kernel: Any, numbers: Any, kinds: Sequence[int]) -> Any:
    """The same; going back, one product with the one-hot numbers side by side, not gradients added
    one by one.
    """

    @ops.custom_gradient
    def summed(kernel: Any) -> Any:
        def gradient(wanted: Any) -> Any:
            flat = ops.reshape(numbers, (-1, len(kinds)))
            hot = ops.concatenate(
                [ops.one_hot(flat[:, i], kind) for i, kind in enumerate(kinds)], axis=-1
            )  # (N, rows)
            return ops.matmul(ops.transpose(hot), ops.reshape(wanted, (-1, kernel.shape[1])))

        return _sum_of_rows(kernel, numbers, kinds), gradient

    return summed(kernel)


class Attention(layers.Layer):
    """A transformer's block (Vaswani et al. 2017; normalised before), with rotary positions (Su et
    al. 2021), ``(B, L, size)`` both ways.

    Each step attends to itself and the `context` - 1 before it. `step` does one of them, from a
    ring of keys and values of fixed size.
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
        for layer, width in ((self.norms[0], self.size), (self.norms[1], self.size), (self.joined, self.size), (self.attended, self.size),
                             (self.wide, self.size), (self.narrow, 4 * self.size)):  # fmt: skip
            layer.build((*shape[:-1], width))

    def compute_output_shape(self, shape: Any) -> Any:
        return shape

    def call(self, x: Any, training: bool = False) -> Any:
        length = ops.shape(x)[1]
        place = ops.arange(length, dtype="int32")
        q, k, v = self._split(x, place)  # (B, L, heads, size / heads)
        apart = ops.expand_dims(place, 1) - ops.expand_dims(place, 0)  # (L, L)
        seen = ops.logical_and(apart >= 0, apart < self.context)
        weights = ops.softmax(ops.where(seen, ops.einsum("bqhd,bkhd->bhqk", q, k), -1e9), axis=-1)
        heard = ops.reshape(ops.einsum("bhqk,bkhd->bqhd", weights, v), (-1, length, self.size))
        x = x + self.drops[0](self.attended(heard), training=training)
        return x + self.drops[1](self.narrow(self.wide(self.norms[1](x))), training=training)

    def _split(self, x: Any, place: Any) -> tuple[Any, Any, Any]:
        """Queries and keys, turned by their places ``(…, L)``, and values."""
        parts = ops.split(self.joined(self.norms[0](x)), 3, axis=-1)
        width = self.size // self.heads
        q, k, v = (ops.reshape(part, (*ops.shape(part)[:-1], self.heads, width)) for part in parts)
        return self._turned(q, place) * width**-0.5, self._turned(k, place), v

    def _turned(self, x: Any, place: Any) -> Any:
        half = x.shape[-1] // 2
        speed = (10_000.0 ** (-np.arange(half) / half)).astype("float32")
        angle = (
            ops.expand_dims(ops.expand_dims(ops.cast(place, "float32"), -1), -1) * speed
        )  # (…, L, 1, half)
        cos, sin = ops.cos(angle), ops.sin(angle)
        a, b = x[..., :half], x[..., half:]
        return ops.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)

    def initial_cache(self, batch: int) -> tuple[Any, Any, Any]:
        """Keys and values ``(B, heads, context, size / heads)``, and how many were ever there
        ``(B,)``: as many for all.
        """
        shape = (batch, self.heads, self.context, self.size // self.heads)
        return ops.zeros(shape), ops.zeros(shape), ops.zeros((batch,), "int32")

    def step(self, x: Any, cache: Sequence[Any]) -> tuple[Any, tuple[Any, Any, Any]]:
        """One step ``(B, size)``."""
        keys, values, count = cache
        q, k, v = self._split(ops.expand_dims(x, 1), ops.expand_dims(count, -1))  # (B, 1, heads, …)
        slot = (0, 0, count[0] % self.context, 0)
        keys = ops.slice_update(keys, slot, ops.transpose(k, (0, 2, 1, 3)))
        values = ops.slice_update(values, slot, ops.transpose(v, (0, 2, 1, 3)))
        count = count + 1
        filled = np.arange(self.context, dtype="int32") < count[0]
        scores = ops.matmul(
            ops.transpose(q, (0, 2, 1, 3)), ops.transpose(keys, (0, 1, 3, 2))
        )  # (B, heads, 1, context)
        heard = ops.matmul(ops.softmax(ops.where(filled, scores, -1e9), axis=-1), values)[:, :, 0]
        x = x + self.attended(ops.reshape(heard, (-1, self.size)))
        return x + self.narrow(self.wide(self.norms[1](x))), (keys, values, count)


class LSTM(layers.LSTM):
    """Keras' LSTM; on JAX the same numbers, sooner (`backend.fast_lstm`)."""

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        special = (
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
        if keras.backend.backend() != "jax" or special:
            return super().call(
                sequences, initial_state=initial_state, mask=mask, training=training
            )
        from partimento.models.fast_lstm import lstm_sequence

        weights = (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
        return lstm_sequence(sequences, *(ops.convert_to_tensor(weight) for weight in weights))
