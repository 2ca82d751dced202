"""Encode windows of chords as points of a latent space, and decode them.

This is MiniBach as an autoencoder (Briot, Hadjeres & Pachet 2019), as in the tutorial's section
"The Autoencoder". A window of chords is flattened, encoded in a few latent dimensions (tanh), and
decoded again.

Recipe `minibach-tutorial` is the tutorial's network: one dense layer each for encoder and decoder.
It predicts every column of the one-hot window independently (sigmoid, binary cross-entropy). Recipe
`minibach` has more layers and predicts one chord per step (softmax). It embeds and predicts chords
by their notes, so that the network does not grow with the vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from partimento.config import ModelSettings
from partimento.models.base import (
    CHORD,
    PAD,
    Batch,
    ChordTokenizer,
    LatentModel,
    Loss,
    column_nats,
    correct_chords,
    field_sums,
    unflatten,
)
from partimento.models.deferred import keras, layers, ops

# Latent values lie in -1 to 1. A dimension whose standard deviation over windows is not above this
# is inactive: it does not distinguish windows.
ACTIVE = 0.01

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `Autoencoder`; the defaults are the tutorial's."""

    name: Literal["autoencoder"] = Field(default="autoencoder", description="The model.")
    latent: int = Field(default=2, ge=1, le=4096, description="Number of latent dimensions (Z).")
    layers: int = Field(
        default=0,
        ge=0,
        le=16,
        description=(
            "Number of dense layers (ReLU) in the encoder before the latent layer, and in the"
            " decoder after it. The tutorial has none."
        ),
    )
    units: int = Field(default=256, ge=1, le=8192, description="Width of these dense layers.")
    embed: Literal["index", "notes"] = Field(
        default="index",
        description=(
            "How to read chords: index as one-hot, notes as vectors computed from their notes"
            ' (needs output = "softmax").'
        ),
    )
    embed_size: int = Field(
        default=64,
        ge=1,
        le=4096,
        description='Size of the chord vectors (E), for embed = "notes".',
    )
    output: Literal["sigmoid", "softmax"] = Field(
        default="sigmoid",
        description=(
            "Output: sigmoid predicts each column of the window independently, as in the tutorial;"
            " softmax predicts one chord per step."
        ),
    )
    dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Dropout before each dense layer.",
    )

    @model_validator(mode="after")
    def _check_output(self) -> Self:
        if self.embed == "notes" and self.output == "sigmoid":
            raise ValueError(
                'model.embed = "notes" predicts one chord per step: it needs model.output ='
                ' "softmax"'
            )
        return self


# ---------------------------------------------------------------------- model


class Autoencoder(LatentModel):
    """Encode windows with `encoder` and decode points with `decoder`.

    `network` maps windows ``(B, L, 3)`` to flat logits ``(B, C·L)``, or to ``(B, L, C)`` with
    ``embed="notes"``.
    """

    config_type = Config

    def __init__(self, config: Config, tokenizer: ChordTokenizer, length: int) -> None:
        super().__init__(config, tokenizer, length)
        self.encoder, self.decoder = self._encoder(), self._decoder()
        window = keras.Input((length, 3), dtype="int32", name="window")
        self.network = keras.Model(window, self.decoder(self.encoder(window)), name="autoencoder")

    def _encoder(self) -> keras.Model:
        # Imported here because it loads Keras, which reading the settings does not need.
        from partimento.models.layers import NotesEmbedding, WindowDense

        window = keras.Input((self.length, 3), dtype="int32", name="window")
        widths = [*[(self.config.units, "relu")] * self.config.layers, (self.latent, "tanh")]
        names = [*(f"encoder_{i}" for i in range(self.config.layers)), "latent"]
        if self.config.embed == "notes":
            chords = NotesEmbedding(
                self.tokenizer.chord_notes, self.config.embed_size, name="chord_embedding"
            )(window[..., CHORD])
            x = layers.Flatten(name="flatten")(chords)  # (B, L·E)
        else:
            x = WindowDense(
                self.tokenizer.sizes[CHORD], widths[0][0], activation=widths[0][1], name=names[0]
            )(window[..., CHORD])
            names, widths = names[1:], widths[1:]
        for name, (units, activation) in zip(names, widths, strict=True):
            x = layers.Dense(units, activation=activation, name=name)(self._drop(x))
        return keras.Model(window, x, name="encoder")

    def _decoder(self) -> keras.Model:
        from partimento.models.layers import NotesOutput

        latent = keras.Input((self.latent,), name="point")
        x = latent
        for i in range(self.config.layers):
            x = self._drop(
                layers.Dense(self.config.units, activation="relu", name=f"decoder_{i}")(x)
            )
        if self.config.embed == "notes":
            steps = layers.Dense(
                self.length * self.config.embed_size, activation="relu", name="steps"
            )(x)
            steps = layers.Reshape((self.length, self.config.embed_size))(steps)  # (B, L, E)
            logits = NotesOutput(
                self.tokenizer.chord_notes, self.config.embed_size, name="chord_output"
            )(steps)
            return keras.Model(latent, logits, name="decoder")  # (B, L, C)
        return keras.Model(
            latent,
            layers.Dense(self.tokenizer.sizes[CHORD] * self.length, name="output")(x),
            name="decoder",
        )

    def _drop(self, x: Any) -> Any:
        return layers.Dropout(self.config.dropout)(x) if self.config.dropout else x

    # ------------------------------------------------------------------ training

    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the cross-entropy of the reconstructed chords."""
        targets = batch["targets"]
        output = self.network(targets, training=training)
        scores = self._steps(output, ops)
        if self.config.output == "softmax":
            sums, count = field_sums(self.tokenizer, [scores, None, None], batch)
            terms = {"chord": sums["chord"]}
            objective = sums["chord"] / ops.maximum(count, 1.0)
        else:
            objective, nats, count = column_nats(output, targets)
            terms = {"reconstruction": nats}
        if training:
            return Loss(objective, terms, count)
        correct, active = correct_chords(scores, targets), self._active(targets)
        return Loss(objective, terms, count, {"accuracy": correct, "active": active * count})

    def _active(self, targets: Any) -> Any:
        """Return the number of latent dimensions that differ between windows; see ACTIVE."""
        real = ops.cast(targets[:, :1, CHORD] != PAD, "float32")  # (B, 1): 0 for padding windows
        windows = ops.maximum(ops.sum(real), 1.0)
        points = self.encoder(targets, training=False)
        mean = ops.sum(points * real, axis=0) / windows
        variance = ops.sum(ops.square(points - mean) * real, axis=0) / windows
        active = ops.sum(ops.cast(variance > ACTIVE**2, "float32"))
        # One window has no variance; assume that all dimensions are active.
        return ops.where(windows > 1, active, float(self.latent))

    def diagnose(self, parts: Mapping[str, float]) -> str | None:
        """Describe a collapse, in which every window is encoded as nearly the same point."""
        active = parts["active"]
        if active < 0.5:
            return (
                f"the latent space has collapsed: none of its {self.latent} dimensions differs"
                " between windows, so every window is decoded to the same music (try a smaller"
                " train.learning_rate or recipe minibach)"
            )
        if active < self.latent / 4:
            return (
                f"the latent space has partly collapsed: only {active:.0f} of its {self.latent}"
                " dimensions differ between windows"
            )
        return None

    # ------------------------------------------------------------------ composing

    def encode(self, targets: np.ndarray) -> np.ndarray:
        """Return the points ``(B, Z)`` of windows."""
        return np.asarray(self.encoder.predict_on_batch(targets), np.float32)

    def decode(self, z: Any) -> list[np.ndarray]:
        """Return the chord probabilities per step, ``[(B, L, C)]``.

        With sigmoid outputs, a chord's probability is proportional to its odds.
        """
        output = self.decoder.predict_on_batch(np.asarray(z, np.float32))
        return [np.asarray(ops.softmax(self._steps(output, np), axis=-1))]

    def _steps(self, output: Any, xp: Any) -> Any:
        """Return the decoder's output as logits ``(B, L, C)``."""
        return output if self.config.embed == "notes" else unflatten(output, self.length, xp)

    def prior(
        self, count: int, rng: np.random.Generator, known: np.ndarray | None = None
    ) -> np.ndarray:
        """Draw points near those of training pieces.

        Training does not shape the distribution of the points, so there is no prior to draw from.
        """
        if known is None or not len(known):
            return np.asarray(np.tanh(super().prior(count, rng)))
        spread = known.std(axis=0) if len(known) > 1 else 0.0
        chosen = known[rng.integers(len(known), size=count)]
        near = chosen + 0.25 * spread * rng.standard_normal(chosen.shape)
        clipped: np.ndarray = np.clip(near, -1, 1).astype(np.float32)
        return clipped
