"""Predict any cells of a grid from any others, with convolutions over time.

This follows Coconet (Huang et al. 2017, "Counterpoint by convolution"). It fills a grid of voices
from any part of it, and can therefore harmonize a melody, fill bars or continue in both directions.
Training hides a random number of cells, and the loss is the mean of their nats (`models.gibbs`).

The network differs from the paper's, which has 64 two-dimensional convolutions over time and pitch
and nine million parameters. Here, the cells of each step are embedded together. Residual blocks
then mix the steps (a depthwise convolution, dilated more and more) and the channels (two dense
layers). Copies of the pieces in all keys (`tokens.transpose = "all"`) take the place of convolution
over pitch. The output of a cell also has weights for each near cell of the same voice, by which it
can copy that cell.

Settings: width and number of the blocks, reach of the copies, dropout, and the share of windows
that know whole voices or all but a span. Recipe `minibach-harmonise` gives the first voice alone,
as MiniBach does (Briot, Hadjeres & Pachet 2019), and predicts the other voices in one pass.
"""

from __future__ import annotations

from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops
from pydantic import Field

from partimento.config import ModelSettings
from partimento.models.gibbs import FactsEmbedding, GibbsModel, HideCells
from partimento.tokens.grid_facts import KINDS

DILATIONS = (1, 2, 4, 8, 16, 32)  # of the blocks, in turn
TAPS = 5  # steps that a depthwise convolution reads

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `Coconet`."""

    name: Literal["coconet"] = Field(default="coconet", description="The model.")
    units: int = Field(default=192, ge=8, le=4096, description="Width of the residual blocks.")
    layers: int = Field(default=8, ge=1, le=64, description="Number of residual blocks.")
    copy_reach: int = Field(
        default=8,
        ge=0,
        le=64,
        description="Steps before and after a cell from which its prediction can copy.",
    )
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


class CopyCells(layers.Layer):
    """Add to the logits of a cell weights for the near cells of the same voice.

    The weight of each distance is computed from the channels. Inputs are the logits ``(B, T, N,
    V)``, the weights ``(B, T, N · 2R)`` and the cells ``(B, T, N)``.
    """

    def __init__(self, reach: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reach = reach

    def call(self, inputs: Any) -> Any:
        """Return the new logits."""
        logits, weights, cells = inputs
        length, reach = cells.shape[1] or ops.shape(cells)[1], self.reach
        voices, size = logits.shape[2], logits.shape[3]
        ids = ops.one_hot(cells, size, dtype="float32")  # (B, T, N, V)
        padded = ops.pad(ids, ((0, 0), (reach, reach), (0, 0), (0, 0)))
        offsets = [each for each in range(2 * reach + 1) if each != reach]
        for number, offset in enumerate(offsets):
            columns = slice(number * voices, (number + 1) * voices)
            weight = ops.expand_dims(weights[..., columns], -1)
            logits = logits + weight * padded[:, offset : offset + length]
        return logits


# ---------------------------------------------------------------------- model


class Coconet(GibbsModel):
    """Predict hidden cells with residual convolutions over time."""

    config_type = Config

    def __init__(self, config: Config, tokenizer: Any) -> None:
        super().__init__(config, tokenizer)
        cells = keras.Input((None, self.voices), dtype="int32", name="cells")
        facts = keras.Input((None, len(KINDS)), dtype="int32", name="facts")
        hide = HideCells(
            config.whole_voices, config.spans, 1 if config.melody_only else None, name="hide"
        )
        hidden = hide(cells)
        logits = self.scorer([self.readable(cells, hidden), facts])
        self.network = keras.Model([cells, facts], [logits, hidden], name="coconet")

    def make_scorer(self) -> keras.Model:
        """Build the network that scores cells."""
        config, voices, size = self.config, self.voices, self.cells
        cells = keras.Input((None, voices), dtype="int32", name="read")
        facts = keras.Input((None, len(KINDS)), dtype="int32", name="read_facts")
        # Each voice has a table of its own: the vectors of one step are added up.
        shifted = cells + np.arange(voices, dtype="int32") * size
        vectors = layers.Embedding(voices * size, config.units, name="cell_embedding")(shifted)
        x = ops.sum(vectors, axis=2) + FactsEmbedding(config.units, name="facts")(facts)
        for number in range(config.layers):
            x = self._block(x, number)
        x = layers.LayerNormalization(name="last_norm")(x)
        logits = layers.Dense(voices * size, name="output")(x)
        logits = layers.Reshape((-1, voices, size), name="by_voice")(logits)
        if config.copy_reach:
            weights = layers.Dense(voices * 2 * config.copy_reach, name="copy_weights")(x)
            logits = CopyCells(config.copy_reach, name="copy")([logits, weights, cells])
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
