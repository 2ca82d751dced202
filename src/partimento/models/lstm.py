"""The tutorial's LSTM (section "Long Short-Term Memory"; Hochreiter & Schmidhuber 1997), trained on every step of a window.

The chord and the duration of each event are embedded and joined along the feature axis, two LSTM layers and a dense layer follow, and
softmax outputs give the next event's chord, held notes and duration. Unlike in the tutorial, the held notes are given the chosen chord, and
by default (`joint`) so is the duration, which also sees the held notes: a passing note then gets a passing note's length.
With `embed = "notes"` a chord's vector, at the input and at the output, is computed from its notes, so that rare chords learn from
common ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from partimento.config import UserError
from partimento.models.base import CHORD, DURATION, HELD, ChordCodec, NextModel, State

# ---------------------------------------------------------------------- configuration


@dataclass(frozen=True)
class Config:
    """Sizes as in the tutorial.

    Parameters
    ----------
    embed : str
        ``index`` (a free vector a chord) or ``notes`` (the sum of its notes' vectors).
    embed_size, layers, units, dense : int
        E, number of LSTM layers, their width, width of the dense layer.
    dropout : float
        After the embeddings and each LSTM layer.
    joint : bool
        Whether the duration is given the event's chord and held notes; the tutorial's is not.
    """

    embed: str = "index"
    embed_size: int = 64
    layers: int = 2
    units: int = 512
    dense: int = 256
    dropout: float = 0.0
    joint: bool = True

    def __post_init__(self) -> None:
        if self.embed not in ("index", "notes"):
            raise UserError(f"model.embed is index or notes, not {self.embed!r}")
        for name, most in (("embed_size", 4096), ("layers", 16), ("units", 8192), ("dense", 8192)):
            if not 1 <= getattr(self, name) <= most:
                raise UserError(f"model.{name} lies between 1 and {most:,}")
        if not 0 <= self.dropout < 1:
            raise UserError("model.dropout is at least 0 and below 1")


# ---------------------------------------------------------------------- layers


class NotesEmbedding(layers.Layer):
    """A chord's vector is the sum of its notes' vectors plus a vector of the chord's own size: ``(…) int → (…, E)``."""

    def __init__(self, chord_notes: np.ndarray, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        special = np.eye(4, dtype="float32")  # padding, start, end, unknown: no notes, but each a vector of its own
        marks = np.concatenate([special, np.zeros((len(chord_notes) - 4, 4), "float32")])
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


# ---------------------------------------------------------------------- model


class Lstm(NextModel):
    """Build it from a `Config` and a codec; `network` trains, `step` composes, with the same layers."""

    config_type = Config

    def __init__(self, config: Config, codec: ChordCodec) -> None:
        super().__init__(config, codec)
        chords, patterns, durations = codec.sizes
        by_notes = config.embed == "notes"
        self.chord_embedding = (
            NotesEmbedding(codec.chord_notes, config.embed_size, name="chord_embedding")
            if by_notes
            else layers.Embedding(chords, config.embed_size, name="chord_embedding")
        )
        self.duration_embedding = layers.Embedding(durations, config.embed_size, name="duration_embedding")
        self.held_embedding = layers.Embedding(patterns, config.embed_size, name="held_embedding")
        self.lstms = [layers.LSTM(config.units, return_sequences=True, name=f"lstm_{i}") for i in range(1, config.layers + 1)]
        self.dense = layers.Dense(config.dense, name="dense")
        self.chord_output = (
            NotesOutput(codec.chord_notes, config.dense, name="chord_output") if by_notes else layers.Dense(chords, name="chord_output")
        )
        self.held_output = layers.Dense(patterns, name="held_output")
        self.duration_output = layers.Dense(durations, name="duration_output")
        self.network = self._network()

    def _network(self) -> keras.Model:
        inputs = keras.Input((None, 3), dtype="int32", name="inputs")
        targets = keras.Input((None, 3), dtype="int32", name="targets")
        drop = self.config.dropout
        x = self._join(inputs[..., CHORD], inputs[..., DURATION])  # (B, L, 2E)
        for i, lstm in enumerate(self.lstms):
            x = lstm(layers.Dropout(drop, name=f"dropout_{i}")(x))  # (B, L, units)
        h = self.dense(layers.Dropout(drop, name="dropout_last")(x))  # (B, L, dense)
        chord = self.chord_embedding(targets[..., CHORD])
        outputs = [self.chord_output(h), self._held(h, chord), self._duration(h, chord, targets[..., HELD])]
        return keras.Model([inputs, targets], outputs, name="lstm")

    def _join(self, chord: Any, duration: Any) -> Any:
        return ops.concatenate([self.chord_embedding(chord), self.duration_embedding(duration)], axis=-1)

    def _held(self, h: Any, chord: Any) -> Any:
        return self.held_output(ops.concatenate([h, chord], axis=-1))

    def _duration(self, h: Any, chord: Any, held: Any) -> Any:
        return self.duration_output(ops.concatenate([h, chord, self.held_embedding(held)], axis=-1) if self.config.joint else h)

    def initial_state(self, batch: int) -> State:
        cells = [ops.zeros((batch, self.config.units)) for _ in range(2 * self.config.layers)]
        return (ops.zeros((batch, self.config.dense)), ops.zeros((batch,), "int32"), *cells)

    def step(self, state: State, token: Any, *, field: int) -> tuple[State, Any]:
        h, chord, *cells = state
        if field == CHORD:
            return (h, token, *cells), self._held(h, self.chord_embedding(token))
        if field == HELD:
            return state, self._duration(h, self.chord_embedding(chord), token)
        x = self._join(chord, token)
        after = []
        for i, lstm in enumerate(self.lstms):
            x, carried = lstm.cell(x, cells[2 * i : 2 * i + 2])
            after += list(carried)
        h = self.dense(x)
        return (h, chord, *after), self.chord_output(h)
