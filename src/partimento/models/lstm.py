"""Predict the next event with LSTM layers (Hochreiter & Schmidhuber 1997).

It follows the tutorial's section "Long Short-Term Memory". The chord and the duration of each event
are embedded and concatenated. LSTM layers and a dense layer follow. Softmax outputs predict the
next event's chord, held notes and duration.

In the tutorial (recipe `lstm-tutorial`), only the event after a window of 32 is a target. Held
notes are not predicted: every note is struck again. Chord and duration are sampled independently.

By default, every step is a target, and the held notes depend on the chosen chord. With `joint`, the
duration also depends on the chord and the held notes: a passing note gets a passing note's length.
With `embed = "notes"`, chord vectors are computed from notes in the input and the output layer, so
that rare chords profit from common ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from partimento.config import ModelSettings
from partimento.errors import PartimentoError
from partimento.models.base import (
    CHORD,
    DURATION,
    HELD,
    NEVER,
    SPECIAL,
    UNKNOWN,
    Batch,
    ChordTokenizer,
    HasChordVectors,
    Loss,
    Model,
    NextModel,
    State,
    Tokens,
    TokenSettings,
    WindowSpec,
    field_sums,
    mean_loss,
)
from partimento.models.deferred import keras, layers, ops

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `Lstm`; the defaults are the tutorial's."""

    name: Literal["lstm"] = Field(default="lstm", description="The model.")
    embed: Literal["index", "notes"] = Field(
        default="index",
        description=(
            "How to embed a chord: index learns a vector per chord, notes sums the vectors of its"
            " notes."
        ),
    )
    embed_size: int = Field(
        default=64, ge=1, le=4096, description="Size of the chord and duration vectors (E)."
    )
    layers: int = Field(default=2, ge=1, le=16, description="Number of LSTM layers.")
    units: int = Field(default=512, ge=1, le=8192, description="Width of each LSTM layer.")
    dense: int = Field(
        default=256,
        ge=1,
        le=8192,
        description="Width of the dense layer after the LSTM layers.",
    )
    dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Dropout after the embeddings and each LSTM layer.",
    )
    targets: Literal["all", "last"] = Field(
        default="all",
        description=(
            "Steps of a window that predict the next event: all, or only the last one as in the"
            " tutorial."
        ),
    )
    held: bool = Field(
        default=True,
        description=(
            "Whether to predict held notes. The tutorial does not: every note of every event is"
            " struck."
        ),
    )
    joint: bool = Field(
        default=True,
        description=(
            "Whether the duration depends on the event's chord and held notes. In the tutorial, it"
            " does not."
        ),
    )
    pretrained: str = Field(
        default="",
        description=(
            'Run folder of chord embeddings to start from (needs embed = "index"). Empty: start'
            " from random vectors."
        ),
    )
    freeze: bool = Field(
        default=False,
        description="Whether the pretrained embeddings stay fixed during training.",
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.joint and not self.held:
            raise ValueError(
                "model.joint lets the duration depend on the held notes: it needs model.held"
            )
        if self.pretrained and self.embed != "index":
            raise ValueError(
                'model.pretrained needs model.embed = "index": with "notes", vectors are computed'
                " from notes"
            )
        if self.freeze and not self.pretrained:
            raise ValueError(
                "model.freeze keeps pretrained embeddings as they are: it needs model.pretrained"
            )
        return self


# ---------------------------------------------------------------------- model


class Lstm(NextModel):
    """Predict chord, held notes and duration of the next event with LSTM layers.

    Training uses `network`, composing uses `step`; both share the same layers.
    """

    config_type = Config

    def __init__(self, config: Config, tokenizer: ChordTokenizer) -> None:
        # Imported here because it loads Keras, which reading the settings does not need.
        from partimento.models.layers import LSTM, chord_embedding, chord_output

        super().__init__(config, tokenizer)
        _, patterns, durations = tokenizer.sizes
        by_notes = config.embed == "notes"
        self.chord_embedding = chord_embedding(
            tokenizer.chord_notes, config.embed_size, by_notes=by_notes
        )
        self.duration_embedding = layers.Embedding(
            durations, config.embed_size, name="duration_embedding"
        )
        self.held_embedding = layers.Embedding(patterns, config.embed_size, name="held_embedding")
        self.lstms = [
            LSTM(config.units, return_sequences=True, name=f"lstm_{i}")
            for i in range(1, config.layers + 1)
        ]
        self.dense = layers.Dense(config.dense, name="dense")
        self.chord_output = chord_output(tokenizer.chord_notes, config.dense, by_notes=by_notes)
        self.held_output = layers.Dense(patterns, name="held_output")
        self.duration_output = layers.Dense(durations, name="duration_output")
        self.chord_embedding.trainable = not config.freeze
        self.network = self._network(last=False)
        self._last_step = self._network(last=True) if config.targets == "last" else self.network

    def _network(self, *, last: bool) -> keras.Model:
        inputs = keras.Input((None, 3), dtype="int32", name="inputs")
        targets = keras.Input((None, 3), dtype="int32", name="targets")
        drop = self.config.dropout
        x = self._join(inputs[..., CHORD], inputs[..., DURATION])  # (B, L, 2E)
        for i, lstm in enumerate(self.lstms):
            x = lstm(layers.Dropout(drop, name=f"dropout_{i}")(x))  # (B, L, units)
        predicted = targets
        if last:
            x, predicted = x[:, -1:], targets[:, -1:]  # (B, 1, …)
        h = self.dense(layers.Dropout(drop, name="dropout_last")(x))  # (B, L, dense)
        chord = self.chord_embedding(predicted[..., CHORD])
        held = [self._held(h, chord)] if self.config.held else []
        outputs = [self.chord_output(h), *held, self._duration(h, chord, predicted[..., HELD])]
        return keras.Model([inputs, targets], outputs, name="lstm")

    def _join(self, chord: Any, duration: Any) -> Any:
        return ops.concatenate(
            [self.chord_embedding(chord), self.duration_embedding(duration)], axis=-1
        )

    def _held(self, h: Any, chord: Any) -> Any:
        return self.held_output(ops.concatenate([h, chord], axis=-1))

    def _duration(self, h: Any, chord: Any, held: Any) -> Any:
        return self.duration_output(
            ops.concatenate([h, chord, self.held_embedding(held)], axis=-1)
            if self.config.joint
            else h
        )

    # ------------------------------------------------------------------ training

    def logits(self, batch: Batch, *, training: bool = False) -> list[Any]:
        """Return the logits of each field; None for held notes if they are not predicted."""
        chord, *held, duration = self.network(
            [batch["inputs"], batch["targets"]], training=training
        )
        return [chord, held[0] if held else None, duration]

    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the nats of each field, for all steps or the last one of each window."""
        if self.config.targets == "all":
            return self.exact_loss(batch, training=training)
        chord, *held, duration = self._last_step(
            [batch["inputs"], batch["targets"]], training=training
        )
        logits = [chord, held[0] if held else None, duration]
        last = {name: array[:, -1:] for name, array in batch.items()}
        return mean_loss(*field_sums(self.tokenizer, logits, last))

    def unpredicted_nats(self, pieces: Sequence[Tokens]) -> float:
        """Return the nats of the held notes, if they are not predicted.

        Without a prediction, each note that could be held costs one bit.
        """
        if self.config.held:
            return 0.0
        nats = 0.0
        for piece in pieces:
            known = piece.ids[:, HELD] != UNKNOWN  # `missing_cost` covers unknown patterns
            nats += float(piece.context["holdable"][known].sum() * np.log(2))
        return nats

    def window_spec(self, config: TokenSettings, *, training: bool) -> WindowSpec:
        """Require windows without padding if only their last steps are targets."""
        if self.config.targets == "all":
            return super().window_spec(config, training=training)
        return WindowSpec(config.window, config.stride, whole=True)

    def load_pretrained(self, load: Callable[[str], Model]) -> None:
        """Copy the chord vectors of the run folder that `pretrained` names."""
        if not self.config.pretrained:
            return
        other = load(self.config.pretrained)
        if HasChordVectors not in other.capabilities:
            raise PartimentoError(
                f"model.pretrained: {self.config.pretrained} is not a run of chord embeddings "
                "(train one with: partimento train … --recipe embeddings)"
            )
        self.set_embeddings(other.vectors(self.tokenizer))  # type: ignore[attr-defined]

    def set_embeddings(self, vectors: np.ndarray) -> None:
        """Set the chord vectors ``(C, E)``; rows of NaN keep their initial values.

        Raises
        ------
        PartimentoError
            If the vectors have another size than ``model.embed_size``.
        """
        table = np.asarray(self.chord_embedding.get_weights()[0])
        if vectors.shape != table.shape:
            raise PartimentoError(
                f"the pretrained vectors have size {vectors.shape[1]}: use --set"
                f" model.embed_size={vectors.shape[1]}"
            )
        known = np.isfinite(vectors)
        self.chord_embedding.set_weights([np.where(known, vectors, table)])

    # ------------------------------------------------------------------ composing

    def initial_state(self, batch: int) -> State:
        """Return zeros for the dense layer's output, the current chord and the LSTM cells."""
        cells = [ops.zeros((batch, self.config.units)) for _ in range(2 * self.config.layers)]
        return (ops.zeros((batch, self.config.dense)), ops.zeros((batch,), "int32"), *cells)

    def step(
        self, state: State, ids: Any, *, field: int, features: Any = None
    ) -> tuple[State, Any]:
        """Read ids of a field; a duration completes the event and advances the LSTMs."""
        h, chord, *cells = state
        if field == CHORD:
            if self.config.held:
                return (h, ids, *cells), self._held(h, self.chord_embedding(ids))
            # Held notes are not predicted: only the pattern that holds nothing is possible.
            nothing = np.arange(self.tokenizer.sizes[HELD]) == SPECIAL
            strike = np.where(nothing, 0.0, NEVER).astype("float32")
            return (h, ids, *cells), ops.expand_dims(ops.zeros_like(h[:, 0]), -1) + strike
        if field == HELD:
            return state, self._duration(h, self.chord_embedding(chord), ids)
        x = self._join(chord, ids)
        after = []
        for i, lstm in enumerate(self.lstms):
            x, carried = lstm.cell(x, cells[2 * i : 2 * i + 2])
            after += list(carried)
        h = self.dense(x)
        return (h, chord, *after), self.chord_output(h)
