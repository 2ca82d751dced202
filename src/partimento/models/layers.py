"""Layers that several models share."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import activations, layers, ops

from partimento.encode.vocabulary import PAD, SPECIAL
from partimento.models import backend


class NotesEmbedding(layers.Layer):
    """A chord's vector is the sum of its notes' vectors plus a vector of the chord's own size: ``(…) int → (…, E)``."""

    def __init__(self, chord_notes: np.ndarray, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        special = np.eye(SPECIAL, dtype="float32")  # padding, start, end, unknown: no notes, but each a vector of its own
        marks = np.concatenate([special, np.zeros((len(chord_notes) - SPECIAL, SPECIAL), "float32")])
        count = np.eye(17, dtype="float32")[np.minimum(chord_notes.sum(1).astype(int), 16)]
        self.features = np.concatenate([chord_notes, marks, count], 1)  # (C, F)
        self.size = size

    def build(self, _: Any) -> None:
        self.kernel = self.add_weight(shape=(self.features.shape[1], self.size), initializer="glorot_uniform", name="kernel")

    def table(self) -> Any:
        """(C, E): the vector of every chord."""
        return ops.matmul(self.features, self.kernel)

    def call(self, chords: Any) -> Any:
        return ops.take(self.table(), chords, axis=0)


class NotesOutput(NotesEmbedding):
    """Logits of chords from features: ``(…, E) → (…, C)``, by their notes, plus a free bias a chord."""

    def build(self, _: Any) -> None:
        super().build(_)
        self.bias = self.add_weight(shape=(len(self.features),), initializer="zeros", name="bias")

    def call(self, features: Any) -> Any:
        return ops.matmul(features, ops.transpose(self.table())) + self.bias


class WindowDense(layers.Layer):
    """A dense layer on a flattened one-hot window, ``(B, L) int → (B, units)``: the sum of the kernel's rows that the ones choose.

    The kernel is ``(V·L, units)``. Equal to ``Dense(units)(flatten(one_hot(window, V)))``, but that the zeros are not multiplied; padding
    chooses no row.
    """

    def __init__(self, size: int, units: int, *, activation: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.units, self.activation = size, units, activations.get(activation)

    def build(self, shape: tuple[int | None, ...]) -> None:
        assert shape[1] is not None
        self.kernel = self.add_weight(shape=(self.size * shape[1], self.units), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, window: Any) -> Any:
        length = window.shape[1]
        rows = ops.take(self.kernel, window * length + np.arange(length), axis=0)  # (B, L, units)
        counted = ops.cast(ops.expand_dims(window != PAD, -1), rows.dtype)
        return self.activation(ops.sum(rows * counted, axis=1) + self.bias)


def chord_embedding(chord_notes: np.ndarray, size: int, *, by_notes: bool, name: str = "chord_embedding") -> Any:
    """A layer ``(…) int → (…, E)``: a free vector a chord, or one computed from its notes."""
    return NotesEmbedding(chord_notes, size, name=name) if by_notes else layers.Embedding(len(chord_notes), size, name=name)


def chord_output(chord_notes: np.ndarray, size: int, *, by_notes: bool, name: str = "chord_output") -> Any:
    """A layer ``(…, size) → (…, C)`` logits: free, or by the chords' notes."""
    return NotesOutput(chord_notes, size, name=name) if by_notes else layers.Dense(len(chord_notes), name=name)


class LSTM(layers.LSTM):
    """Keras' LSTM; on JAX the same numbers, sooner (`backend.fast_lstm`)."""

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
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
        if backend.name() != "jax" or special:
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        from partimento.models.backend.fast_lstm import lstm_sequence

        weights = (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
        return lstm_sequence(sequences, *(ops.convert_to_tensor(weight) for weight in weights))
