"""Predict each cell of a grid from the music before it, after it and beside it.

This follows DeepBach (Hadjeres, Pachet & Nielsen 2017). One recurrent network reads all voices up
to a step, and another one reads backwards down to it. A dense network reads the other voices at the
step. Together they predict the cell of one voice. A hold symbol says that a note goes on, so that
redrawing one cell can change a whole note. The place in the bar, fermatas and the key are given.

Differences from the paper: one network serves all voices, with the voice as an input, instead of
four. Both recurrent networks run once over a whole window, and all its cells are predicted at once.
No prediction sees its own cell, because each direction stops a step before it. In a share of the
windows (`hidden`), some cells are hidden as in Coconet (`models.gibbs`). Sampling can therefore
start from an empty grid instead of random notes.

The loss is the pseudo-likelihood: the nats of each cell given all others. It is not a likelihood of
pieces, and `nats` returns None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops
from pydantic import Field

from partimento.config import ModelSettings
from partimento.models.base import Batch, Likelihood, Loss, Tokens, mean_loss
from partimento.models.gibbs import HIDDEN, FactsEmbedding, GibbsModel, HideCells, steps_of
from partimento.models.layers import LSTM
from partimento.tokens.grid_facts import KINDS
from partimento.tokens.grid_grammar import HOLD
from partimento.tokens.vocabulary import SPECIAL

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `DeepBach`."""

    name: Literal["deepbach"] = Field(default="deepbach", description="The model.")
    embed_size: int = Field(
        default=32, ge=2, le=1024, description="Size of the vector of each cell."
    )
    units: int = Field(
        default=128, ge=4, le=4096, description="Width of the two recurrent networks."
    )
    dense: int = Field(default=192, ge=4, le=8192, description="Width of the dense layers.")
    dropout: float = Field(default=0.2, ge=0, lt=1, description="Dropout before each layer.")
    hidden: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of the training windows in which some other cells are hidden, too.",
    )


# ---------------------------------------------------------------------- layers


class Backwards(layers.Layer):
    """Reverse the order of the steps."""

    def call(self, x: Any) -> Any:
        """Return ``(B, T, C)`` from the last step to the first."""
        return ops.flip(x, axis=1)


class Earlier(layers.Layer):
    """Move each step to the place of the next one."""

    def call(self, x: Any) -> Any:
        """Return ``(B, T, C)`` without its last step, after a step of zeros."""
        return ops.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :-1]


class OtherVoices(layers.Layer):
    """Return for each voice the vectors of the others, with zeros for its own."""

    def call(self, x: Any) -> Any:
        """Map ``(B, T, N, E)`` to ``(B, T, N, N · E)``."""
        voices, size = x.shape[2], x.shape[3]
        others = (1.0 - np.eye(voices, dtype="float32"))[:, :, None]  # (N, N, 1)
        rows = ops.expand_dims(x, 2) * others  # (B, T, N, N, E)
        return ops.reshape(rows, (-1, ops.shape(x)[1], voices, voices * size))

    def compute_output_shape(self, shape: Any) -> Any:
        """Return ``(B, T, N, N · E)``."""
        return (*shape[:3], shape[2] * shape[3])


class VoiceVectors(layers.Layer):
    """Add a learned vector per voice, by which one network serves all voices."""

    def build(self, shape: Any) -> None:
        """Create the weights."""
        self.table = self.add_weight(shape=shape[2:], initializer="random_normal", name="table")

    def call(self, x: Any) -> Any:
        """Return ``(B, T, N, C)`` with the vectors added."""
        return x + self.table


# ---------------------------------------------------------------------- model


class DeepBach(GibbsModel):
    """Predict each cell from the cells around it."""

    config_type = Config

    def __init__(self, config: Config, tokenizer: Any) -> None:
        super().__init__(config, tokenizer)
        cells = keras.Input((None, self.voices), dtype="int32", name="cells")
        facts = keras.Input((None, len(KINDS)), dtype="int32", name="facts")
        hidden = HideCells(0.0, 0.0, name="hide")(cells)
        logits = self.scorer([self.readable(cells, hidden), facts])
        self.network = keras.Model([cells, facts], [logits, hidden], name="deepbach")

    def make_scorer(self) -> keras.Model:
        """Build the network that scores cells."""
        config, voices, size = self.config, self.voices, self.cells
        cells = keras.Input((None, voices), dtype="int32", name="read")
        facts = keras.Input((None, len(KINDS)), dtype="int32", name="read_facts")
        shifted = cells + np.arange(voices, dtype="int32") * size
        vectors = layers.Embedding(voices * size, config.embed_size, name="cell_embedding")(shifted)
        step_facts = FactsEmbedding(config.embed_size, name="facts")(facts)
        flat = layers.Reshape((-1, voices * config.embed_size), name="flat")(vectors)
        steps = layers.Dense(config.units, activation="relu", name="steps")(
            self._drop(layers.Concatenate(name="step")([flat, step_facts]), "steps")
        )
        before = LSTM(config.units, return_sequences=True, name="before")(steps)
        after = Backwards(name="backwards")(steps)
        after = LSTM(config.units, return_sequences=True, name="after")(after)
        around = [
            Earlier(name="earlier")(before),
            Backwards(name="forwards")(Earlier(name="later")(after)),
            step_facts,
        ]
        context = layers.Dense(config.dense, name="around")(
            self._drop(layers.Concatenate(name="context")(around), "around")
        )
        beside = layers.Dense(config.dense, name="beside")(OtherVoices(name="others")(vectors))
        x = ops.relu(ops.expand_dims(context, 2) + VoiceVectors(name="voice")(beside))
        x = layers.Dense(config.dense, activation="relu", name="joined")(self._drop(x, "joined"))
        return keras.Model(
            [cells, facts],
            layers.Dense(size, name="output")(self._drop(x, "output")),
            name="scorer",
        )

    def _drop(self, x: Any, name: str) -> Any:
        return layers.Dropout(self.config.dropout, name=f"drop_{name}")(x)

    # ------------------------------------------------------------------ training

    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the nats of each cell given the others.

        Outside training, no cell is hidden from the others. Two thirds of the cells or more are
        holds; ``struck`` is the nats per cell of the others, which are harder to predict.
        """
        cells = ops.convert_to_tensor(batch["targets"][..., : self.voices])
        facts = ops.convert_to_tensor(batch["features"])
        if training and self.config.hidden:
            _, hidden = self.network([cells, facts], training=True)
            number = np.arange(cells.shape[0]) / max(cells.shape[0] - 1, 1)
            some = (number < self.config.hidden).reshape(-1, 1, 1)  # the windows are shuffled
            hidden = ops.logical_and(hidden, some)
            read = self.readable(cells, hidden)
        else:
            read = self.readable(cells, cells < 0)
        nats = self.cell_nats(self.scorer([read, facts], training=training), cells)
        count = ops.sum(ops.cast(cells >= SPECIAL, "float32"))
        loss = mean_loss({"cells": ops.sum(nats)}, count)
        if training:
            return loss
        is_struck = ops.cast(cells > HOLD, "float32")
        struck = ops.sum(nats * is_struck) / ops.maximum(ops.sum(is_struck), 1.0)
        return loss._replace(metrics={"struck": struck * count})

    def nats(self, pieces: Sequence[Tokens], *, missing: float = 0.0) -> Likelihood | None:
        """Return None: a pseudo-likelihood is no likelihood."""
        return None

    def pseudo_nats(self, tokens: Tokens) -> np.ndarray:
        """Return the nats of each cell of a piece given all others, ``(T, N)``."""
        rows, _ = steps_of(tokens, self.voices)
        nats = self.masked_nats(tokens, np.zeros((1, *rows.shape), bool))
        return np.asarray(nats[0])


assert HIDDEN != HOLD
