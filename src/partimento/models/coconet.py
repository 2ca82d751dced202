"""Predict any cells of a grid from any others, with convolutions over time.

This follows Coconet (Huang et al. 2017, "Counterpoint by convolution"). It fills a grid of voices
from any part of it, and can therefore harmonize a melody, fill bars or continue in both directions.
Training hides a random number of cells, and the loss is the mean of their nats (`models.gibbs`).

The network differs from the paper's, which has 64 two-dimensional convolutions over time and pitch
and nine million parameters. Here, the cells of each step are embedded together. Residual blocks
then mix the steps (a depthwise convolution, dilated more and more) and the channels (two dense
layers). Copies of the pieces in all keys (`tokens.transpose = "all"`) take the place of convolution
over pitch. The network also reads the nearest known cells before and after each cell in its voice,
however far away they are, and can copy them.

Settings: width and number of the blocks, dropout, and which cells are known in training. Recipe
`minibach-harmonise` gives the first voice alone, as MiniBach does (Briot, Hadjeres & Pachet 2019),
and predicts the other voices in one pass.
"""

from __future__ import annotations

from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops
from pydantic import Field

from partimento.config import ModelSettings
from partimento.models.gibbs import HIDDEN, FactsEmbedding, GibbsModel, HideCells
from partimento.tokens.grid_facts import KINDS

DILATIONS = (1, 2, 4, 8, 16, 32)  # of the blocks, in turn
TAPS = 5  # steps that a depthwise convolution reads
FARTHEST = 16  # steps up to which distances of known cells are distinguished
LONGEST = 1023  # steps within which the nearest known cell is found

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `Coconet`."""

    name: Literal["coconet"] = Field(default="coconet", description="The model.")
    units: int = Field(default=128, ge=8, le=4096, description="Width of the residual blocks.")
    layers: int = Field(default=6, ge=1, le=64, description="Number of residual blocks.")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="Dropout in each block.")
    whole_voices: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="Share of the training windows in which some voices are known completely.",
    )
    spans: float = Field(
        default=0.15,
        ge=0,
        le=1,
        description=(
            "Share of the training windows in which everything is known but a span of time."
        ),
    )
    melody_only: bool = Field(
        default=False,
        description=(
            "Whether the first voice is always known and the others never, as in MiniBach."
        ),
    )


# ---------------------------------------------------------------------- layers


class TimeMix(layers.Layer):
    """Convolve each channel over time, with its own weights."""

    def __init__(self, dilation: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dilation = dilation

    def build(self, shape: Any) -> None:
        """Create the weights."""
        self.kernel = self.add_weight(
            shape=(TAPS, shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=TAPS**-0.5),
            name="kernel",
        )

    def call(self, x: Any) -> Any:
        """Return the convolution of ``(B, T, C)``, padded with zeros."""
        length, edge = x.shape[1] or ops.shape(x)[1], TAPS // 2 * self.dilation
        padded = ops.pad(x, ((0, 0), (edge, edge), (0, 0)))
        return sum(
            padded[:, tap * self.dilation : tap * self.dilation + length] * self.kernel[tap]
            for tap in range(TAPS)
        )


class NearestKnown(layers.Layer):
    """Find the nearest known cells before and after each cell, in the same voice."""

    def call(self, cells: Any) -> Any:
        """Return their ids and how far away they are, ``(B, T, N)`` each.

        The order is: ids before, ids after, distances before and after. Distances are counted up to
        FARTHEST. The id is HIDDEN if no known cell is on this side.
        """
        before, far_before = self._before(cells)
        after, far_after = self._before(ops.flip(cells, axis=1))
        return before, ops.flip(after, axis=1), far_before, ops.flip(far_after, axis=1)

    def _before(self, cells: Any) -> Any:
        steps = ops.cumsum(ops.ones_like(cells), axis=1)  # 1, 2, 3, …
        last = ops.where(cells != HIDDEN, steps, 0)
        last = ops.pad(last, ((0, 0), (1, 0), (0, 0)))[:, :-1]
        # The running maximum, by shifts of 1, 2, 4, … steps.
        for shift in (2**power for power in range(LONGEST.bit_length())):
            length = last.shape[1] or ops.shape(last)[1]
            moved = ops.pad(last, ((0, 0), (shift, 0), (0, 0)))[:, :length]
            last = ops.maximum(last, moved)
        ids = ops.take_along_axis(cells, ops.maximum(last - 1, 0), axis=1)
        is_none = last == 0
        far = ops.where(is_none, FARTHEST, ops.minimum(steps - last, FARTHEST))
        return ops.where(is_none, HIDDEN, ids), far


class VoiceEmbedding(layers.Layer):
    """Add up a learned vector for each voice, from a table of its own."""

    def __init__(self, voices: int, numbers: int, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.voices, self.numbers, self.size = voices, numbers, size
        self.table = layers.Embedding(voices * numbers, size, name="table")

    def build(self, shape: Any) -> None:
        """Build the tables."""
        self.table.build(shape)

    def compute_output_shape(self, shape: Any) -> Any:
        """Return the shape of the vectors."""
        return (*shape[:-1], self.size)

    def call(self, numbers: Any) -> Any:
        """Return ``(B, T, size)`` for numbers ``(B, T, N)``."""
        shifted = numbers + np.arange(self.voices, dtype="int32") * self.numbers
        return ops.sum(self.table(shifted), axis=2)


class CopyCells(layers.Layer):
    """Add to the logits of a cell weights for the ids of the nearest known cells.

    Inputs are the logits ``(B, T, N, V)``, the weights ``(B, T, 2N)`` and the ids before and after
    ``(B, T, N)``.
    """

    def call(self, inputs: Any) -> Any:
        """Return the new logits."""
        logits, weights, before, after = inputs
        voices, size = logits.shape[2], logits.shape[3]
        for ids, own in ((before, weights[..., :voices]), (after, weights[..., voices:])):
            logits = logits + ops.one_hot(ids, size, dtype="float32") * ops.expand_dims(own, -1)
        return logits


# ---------------------------------------------------------------------- model


class Coconet(GibbsModel):
    """Predict hidden cells with residual convolutions over time."""

    config_type = Config

    def __init__(self, config: Config, tokenizer: Any) -> None:
        super().__init__(config, tokenizer)
        cells = keras.Input((None, self.voices), dtype="int32", name="cells")
        facts = keras.Input((None, len(KINDS)), dtype="int32", name="facts")
        hide = HideCells(config.whole_voices, config.spans, int(config.melody_only), name="hide")
        hidden = hide(cells)
        logits = self.scorer([self.readable(cells, hidden), facts])
        self.network = keras.Model([cells, facts], [logits, hidden], name="coconet")

    def make_scorer(self) -> keras.Model:
        """Build the network that scores cells."""
        config, voices, size = self.config, self.voices, self.cells
        cells = keras.Input((None, voices), dtype="int32", name="read")
        facts = keras.Input((None, len(KINDS)), dtype="int32", name="read_facts")
        before, after, far_before, far_after = NearestKnown(name="nearest")(cells)
        x = FactsEmbedding(config.units, name="facts")(facts)
        for name, numbers, kinds in (
            ("cell", cells, size),
            ("before", before, size),
            ("after", after, size),
            ("far_before", far_before, FARTHEST + 1),
            ("far_after", far_after, FARTHEST + 1),
        ):
            x = x + VoiceEmbedding(voices, kinds, config.units, name=name)(numbers)
        for number in range(config.layers):
            x = self._block(x, number)
        x = layers.LayerNormalization(name="last_norm")(x)
        logits = layers.Dense(voices * size, name="output")(x)
        logits = layers.Reshape((-1, voices, size), name="by_voice")(logits)
        weights = layers.Dense(2 * voices, name="copy_weights")(x)
        logits = CopyCells(name="copy")([logits, weights, before, after])
        return keras.Model([cells, facts], logits, name="scorer")

    def _block(self, x: Any, number: int) -> Any:
        units = self.config.units
        y = layers.LayerNormalization(name=f"norm_{number}")(x)
        y = TimeMix(DILATIONS[number % len(DILATIONS)], name=f"time_{number}")(y)
        y = layers.Dense(2 * units, activation="relu", name=f"wide_{number}")(y)
        y = layers.Dense(units, name=f"narrow_{number}")(y)
        if self.config.dropout:
            y = layers.Dropout(self.config.dropout, name=f"drop_{number}")(y)
        return x + y
