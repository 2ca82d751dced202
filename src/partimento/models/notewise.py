"""Predict music note by note, with a small vocabulary and an exact likelihood.

An event is written as its notes from the highest down, each struck or held, then its duration
(`tokens.notes`). The likelihood of an event is the product over its tokens. Each token is predicted
from all before it, by a recurrent core (Hochreiter & Schmidhuber 1997) or a transformer with rotary
positions (Vaswani et al. 2017; Su et al. 2021).

At every step, the model reads features that a musician would look at
(`tokens.note_grammar.COLUMNS`). They include the previous chord, its note in the same voice, the
position in the bar and the key. If the latest notes occurred before, the features also include the
token that followed them.

Three design choices help the model to learn from few pieces:

- Pitches are read and predicted in several ways at once: as MIDI pitches, relative to the tonic,
  and as intervals from the previous note and from the same voice's previous note (relative pitch,
  Johnson 2017).
- The token that followed the longest repeat of the latest tokens gets a bonus, as in the match
  models of data compression (Mahoney 2005).
- Tokens that the grammar forbids get probability 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from partimento.config import ModelSettings
from partimento.models.base import (
    END,
    FIELDS,
    NEVER,
    UNKNOWN,
    Batch,
    EventTokenizer,
    Loss,
    NextModel,
    NumpyStep,
    State,
    Weights,
    mean_loss,
    note_features,
    note_grammar,
)
from partimento.models.deferred import keras, layers, ops
from partimento.tokens.parallels import KINDS

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `Notewise`; the defaults suit a few hundred pieces."""

    name: Literal["notewise"] = Field(default="notewise", description="The model.")
    core: Literal["recurrent", "transformer"] = Field(
        default="recurrent",
        description="Kind of network: LSTM layers (recurrent) or a transformer.",
    )
    embed_size: int = Field(
        default=256,
        ge=1,
        le=4096,
        description="Size of the vector in which the features of a token are summed (E).",
    )
    units: int = Field(default=256, ge=1, le=8192, description="Width of each layer of the core.")
    layers: int = Field(default=2, ge=1, le=16, description="Number of layers of the core.")
    heads: int = Field(default=4, ge=1, le=64, description="Attention heads of a transformer.")
    context: int = Field(
        default=256,
        ge=1,
        le=8192,
        description="Number of tokens that a transformer attends to.",
    )
    dropout: float = Field(default=0.3, ge=0, lt=1, description="Dropout after each layer.")
    input_dropout: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Dropout of the input features.",
    )
    weight_dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Dropout of the recurrent weights of LSTM layers.",
    )
    repeats: bool = Field(
        default=True,
        description=(
            "Whether the model uses the token that followed when the latest notes occurred before."
        ),
    )
    part_writing: bool = Field(
        default=False,
        description=(
            "Whether the model of voices is given which pitches would make parallel fifths or"
            " octaves; it needs tokens.voices."
        ),
    )

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        if self.core == "transformer" and self.units % (2 * self.heads):
            raise ValueError(
                f"model.units ({self.units}) must be a multiple of twice model.heads ({self.heads})"
            )
        return self


# ---------------------------------------------------------------------- model


class Notewise(NextModel):
    """Predict the next note token with LSTM or transformer layers.

    Training uses `network`, composing uses `step`; both share the same layers. The network maps
    features ``(B, L, columns)`` to logits of the next token ``(B, L, V)``.
    """

    config_type = Config
    tokenizer_kind = "notes"
    # An event consists of many tokens, most of them nearly certain. A lower value would make these
    # certain, and the music could never leave a loop.
    top_p = 0.98
    tokenizer: EventTokenizer

    def __init__(self, config: Config, tokenizer: EventTokenizer) -> None:
        # Imported here because it loads Keras, which reading the settings does not need.
        from partimento.models.layers import LSTM, SummedEmbedding, TransformerBlock

        super().__init__(config, tokenizer)
        columns = np.zeros((1, tokenizer.width), "int32")
        features = tokenizer.input_features(columns, np, repeats=config.repeats)
        kinds = [kinds for _, kinds in features]
        self.feature_embedding = SummedEmbedding(kinds, config.embed_size, name="facts")
        if config.core == "recurrent":
            self.core = [
                LSTM(
                    config.units,
                    weight_dropout=config.weight_dropout,
                    return_sequences=True,
                    name=f"lstm_{i}",
                )
                for i in range(1, config.layers + 1)
            ]
        else:
            self.widened = layers.Dense(config.units, name="widened")
            self.core = [
                TransformerBlock(
                    config.units, config.heads, config.context, config.dropout, name=f"block_{i}"
                )
                for i in range(1, config.layers + 1)
            ]
        self.token_output = layers.Dense(tokenizer.sizes[0], name="token_output")
        self.intervals = [
            layers.Dense(note_features.INTERVALS, use_bias=False, name=f"interval_from_{name}")
            for name in note_features.ANCHORS
        ]
        self.degrees = layers.Dense(tokenizer.layout.keys, use_bias=False, name="degree")
        self.repeat_output = layers.Dense(1, name="repeat_output")
        self.repeat_trust = layers.Embedding(
            len(note_grammar.REPEAT_LENGTHS) + 1,
            1,
            embeddings_initializer="zeros",
            name="repeat_trust",
        )
        self.has_parallels = config.part_writing and tokenizer.parallels(columns, np) is not None
        if self.has_parallels:
            self.parallels = layers.Dense(KINDS, name="parallels")
        self.network = self._network()

    def _network(self) -> keras.Model:
        config = self.config
        columns = keras.Input((None, self.tokenizer.width), dtype="int32", name="features")
        # Layers draw their seeds as they are made: another order would train another model.
        dropout = layers.Dropout(config.input_dropout, name="dropout_0")
        h = self._widened(dropout(self._embedded(columns)))  # (B, L, E), then (B, L, units)
        for i, layer in enumerate(self.core, 1):
            if config.core == "recurrent":
                output = layers.Dropout(config.dropout, name=f"dropout_{i}")(layer(h))
                h = self._residual(h, output, i)
            else:
                h = layer(h)
        return keras.Model(columns, self._logits(h, columns), name="notewise")

    def _residual(self, h: Any, output: Any, number: int) -> Any:
        """Add the input of an LSTM layer to its output, except in the first layer."""
        return output if number == 1 else h + output

    def _widened(self, h: Any) -> Any:
        """Project the embedding to the width of the core; only a transformer needs this."""
        return h if self.config.core == "recurrent" else self.widened(h)

    def _embedded(self, columns: Any) -> Any:
        features = self.tokenizer.input_features(columns, ops, repeats=self.config.repeats)
        return self.feature_embedding(ops.stack([feature for feature, _ in features], axis=-1))

    def _logits(self, h: Any, columns: Any) -> Any:
        """Compute the logits ``(…, V)`` from the core's output and the features."""
        g, size = note_grammar, self.tokenizer.sizes[0]
        anchors, degree = self.tokenizer.interval_features(columns, ops)
        notes = ops.take_along_axis(self.degrees(h), degree, axis=-1)  # (…, P)
        for layer, interval in zip(self.intervals, anchors, strict=True):
            notes = notes + ops.take_along_axis(layer(h), interval, axis=-1)
        if self.has_parallels:
            kinds = self.tokenizer.parallels(columns, ops)
            notes = notes + ops.take_along_axis(self.parallels(h), kinds, axis=-1)
        before, after = [(0, 0)] * (len(h.shape) - 1), size - g.NOTE - g.PITCHES
        logits = self.token_output(h) + ops.pad(notes, [*before, (g.NOTE, after)])
        if not self.config.repeats:
            return logits
        # The token that followed the longest repeat gets a learned bonus. It depends on the core's
        # output and on the length of the repeat.
        length = columns[..., g.REPEAT_LENGTH]
        trust = self.repeat_output(h)[..., 0] + self.repeat_trust(length)[..., 0]
        bonus = ops.expand_dims(ops.where(length > 0, trust, 0.0), -1)
        return logits + bonus * ops.one_hot(columns[..., g.REPEAT_TOKEN], size)

    # ------------------------------------------------------------------ training

    def logits(self, batch: Batch, *, training: bool = False) -> list[Any]:
        """Return the logits of each token."""
        return [self.network(ops.cast(batch["features"], "int32"), training=training)]

    def _logp(
        self, batch: Batch, *, training: bool = False, may_end: bool = True
    ) -> tuple[Any, Any]:
        """Return the targets ``(B, L)`` and all tokens' log-probabilities ``(B, L, V)``.

        Tokens that the grammar forbids have probability 0.
        """
        allowed = self.tokenizer.grammar().allowed_by_features(
            ops.cast(batch["features"], "int32"), ops, may_end=may_end
        )
        (logits,) = self.logits(batch, training=training)
        return ops.cast(batch["targets"][..., 0], "int32"), ops.log_softmax(
            ops.where(allowed, logits, NEVER), axis=-1
        )

    def step_nats(self, batch: Batch, *, may_end: bool = True) -> Any:
        """Return the nats ``(B, L)`` of each target token.

        Padding and the header cost nothing, nor does the end token with ``may_end=False``.
        """
        target, logp = self._logp(batch, may_end=may_end)
        counted = ops.logical_and(target >= (END if may_end else UNKNOWN), _after_header(batch))
        return ops.where(counted, -_of(logp, ops.where(counted, target, END)), 0.0)

    def exact_loss(self, batch: Batch, *, training: bool = False) -> Loss:
        """Return the nats, split into parts that a model of whole chords has, too.

        They are ``chord`` (which notes the chord has, and that it has no more), ``held`` (which of
        them are held) and ``duration``. The header (meter, pickup, key) is given and costs nothing.
        """
        g, layout = note_grammar, self.tokenizer.layout
        target, logp = self._logp(batch, training=training)
        is_note = ops.logical_and(target >= g.NOTE, target < layout.duration)
        unknown = ops.logical_and(target == UNKNOWN, _after_header(batch))
        is_duration = ops.logical_or(
            ops.logical_and(target >= layout.duration, target < layout.bar), unknown
        )
        is_end = target == END
        counted = ops.logical_or(is_note, ops.logical_or(is_duration, is_end))
        picked = _of(logp, ops.where(counted, target, END))
        chord = picked
        # The probability of a note's pitch is that of striking it plus that of holding it; the rest
        # of the token's cost is the part ``held``.
        if layout.hold < layout.duration:
            pitch = ops.where(is_note, (target - g.NOTE) % g.PITCHES, 0)
            chord = ops.where(
                is_note,
                ops.logaddexp(_of(logp, g.NOTE + pitch), _of(logp, layout.hold + pitch)),
                chord,
            )
        # Any duration ends the chord. Ending it costs the sum of all durations' probabilities; the
        # rest of the token's cost is the part ``duration``.
        closed = ops.logaddexp(
            ops.logsumexp(logp[..., layout.duration :], axis=-1), logp[..., UNKNOWN]
        )
        chord = ops.where(is_duration, closed, chord)
        parts = [
            ops.where(counted, -chord, 0.0),
            ops.where(is_note, chord - picked, 0.0),
            ops.where(is_duration, chord - picked, 0.0),
        ]
        events = ops.sum(ops.cast(ops.logical_or(is_duration, is_end), "float32"))
        return mean_loss(
            {name: ops.sum(part) for name, part in zip(FIELDS, parts, strict=True)}, events
        )

    def snapshot(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return nothing: the pictures of training show chords only."""
        return {}

    # ------------------------------------------------------------------ composing

    @classmethod
    def numpy_step(
        cls, config: Config, tokenizer: EventTokenizer, read: Callable[[], Weights]
    ) -> NumpyStep | None:
        """Return the step of a recurrent core on NumPy; a transformer has none."""
        from partimento.models.notewise_numpy import NumpyNotewise

        weights = read() if config.core == "recurrent" else {}
        return NumpyNotewise(config, tokenizer, weights) if weights else None

    def initial_state(self, batch: int) -> State:
        """Return the zero state of each layer of the core."""
        if self.config.core == "recurrent":
            return tuple(
                ops.zeros((batch, self.config.units)) for _ in range(2 * self.config.layers)
            )
        return tuple(part for block in self.core for part in block.initial_cache(batch))

    def step(
        self, state: State, ids: Any, *, field: int, features: Any = None
    ) -> tuple[State, Any]:
        """Return the new state and the logits ``(B, V)`` of the next token.

        The features include the previous token, so `ids` is not used.
        """
        h = self._widened(self._embedded(features))
        size = len(state) // len(self.core)
        after: list[Any] = []
        for i, layer in enumerate(self.core):
            layer_state = state[i * size : (i + 1) * size]
            if self.config.core == "recurrent":
                out, carried = layer.cell(h, layer_state)
                h = self._residual(h, out, i + 1)
            else:
                h, carried = layer.step(h, layer_state)
            after += list(carried)
        return tuple(after), self._logits(h, features)


def _after_header(batch: Batch) -> Any:
    """Return a mask ``(B, L)`` of the steps after the header."""
    return batch["features"][..., note_grammar.AFTER_HEADER] > 0


def _of(logp: Any, number: Any) -> Any:
    return ops.take_along_axis(logp, ops.expand_dims(number, -1), axis=-1)[..., 0]
