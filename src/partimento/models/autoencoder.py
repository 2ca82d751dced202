"""Encode windows of chords in a few numbers, and decode them.

It is MiniBach as an autoencoder (Briot, Hadjeres & Pachet 2019), as in the tutorial's section "The
Autoencoder". A window of chords is flattened, encoded in a few latent numbers (tanh), and decoded
again.

Recipe `minibach-tutorial` is the tutorial's network: one dense layer on either side. Each column of
the one-hot window is a yes or no of its own (sigmoid, binary cross-entropy). Recipe `minibach` has
more layers and predicts one chord per step (softmax). It reads and writes chords by their notes:
the network does not grow with the vocabulary.
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
    chords_right,
    column_nats,
    field_sums,
    unflatten,
)
from partimento.models.deferred import keras, layers, ops

ACTIVE = (
    0.01  # standard deviation over windows, of numbers from -1 to 1, below which one is inactive
)

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
            "Number of dense layers (ReLU) on either side of the latent numbers; the tutorial has"
            " none."
        ),
    )
    units: int = Field(default=256, ge=1, le=8192, description="Width of these layers.")
    embed: Literal["index", "notes"] = Field(
        default="index",
        description=(
            "Input: index is one-hot chords, notes computes a chord's vector from its notes and"
            " needs output softmax."
        ),
    )
    embed_size: int = Field(
        default=64,
        ge=1,
        le=4096,
        description="Size of the vector of a chord that is computed from its notes (E).",
    )
    output: Literal["sigmoid", "softmax"] = Field(
        default="sigmoid",
        description=(
            "Output of a step: sigmoid treats each column by itself, as in the tutorial; softmax"
            " chooses one chord."
        ),
    )
    dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Dropout of the window's columns and after each dense layer.",
    )

    @model_validator(mode="after")
    def _check_output(self) -> Self:
        if self.embed == "notes" and self.output == "sigmoid":
            raise ValueError(
                'model.embed = "notes" chooses one chord per step: it needs model.output ='
                ' "softmax"'
            )
        return self


# ---------------------------------------------------------------------- model


class Autoencoder(LatentModel):
    """Encode windows with `encoder` and decode points with `decoder`.

    `network` maps windows ``(B, L, 3)`` to flat logits ``(B, C·L)``. Where chords are written by
    their notes, the logits are ``(B, L, C)``.
    """

    config_type = Config

    def __init__(self, config: Config, tokenizer: ChordTokenizer, length: int) -> None:
        super().__init__(config, tokenizer, length)
        self.encoder, self.decoder = self._encoder(), self._decoder()
        window = keras.Input((length, 3), dtype="int32", name="window")
        self.network = keras.Model(window, self.decoder(self.encoder(window)), name="autoencoder")

    def _encoder(self) -> keras.Model:
        from partimento.models.layers import NotesEmbedding, WindowDense  # it loads Keras

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
        right, active = chords_right(scores, targets), self._active(targets)
        return Loss(objective, terms, count, {"accuracy": right, "active": active * count})

    def _active(self, targets: Any) -> Any:
        """Return how many latent numbers differ from one window of a batch to the next."""
        real = ops.cast(targets[:, :1, CHORD] != PAD, "float32")  # (B, 1): no window of padding
        windows = ops.maximum(ops.sum(real), 1.0)
        points = self.encoder(targets, training=False)
        mean = ops.sum(points * real, axis=0) / windows
        variance = ops.sum(ops.square(points - mean) * real, axis=0) / windows
        active = ops.sum(ops.cast(variance > ACTIVE**2, "float32"))
        return ops.where(windows > 1, active, float(self.latent))  # one window shows nothing

    def diagnose(self, parts: Mapping[str, float]) -> str | None:
        """Describe a collapse: every window is encoded as the same point."""
        active = parts["active"]
        if active < 0.5:
            return (
                f"the latent space has collapsed: none of its {self.latent} numbers differs from"
                " one window to the next, and the same window is decoded whatever was encoded (a"
                " smaller train.learning_rate or recipe minibach may help)"
            )
        if active < self.latent / 4:
            return (
                f"the latent space has partly collapsed: {active:.0f} of its {self.latent} numbers"
                " differ from one window to the next"
            )
        return None

    # ------------------------------------------------------------------ composing

    def encode(self, targets: np.ndarray) -> np.ndarray:
        """Return the points ``(B, Z)`` of windows."""
        return np.asarray(self.encoder.predict_on_batch(targets), np.float32)

    def decode(self, z: Any) -> list[np.ndarray]:
        """Return one distribution per step; where the outputs are sigmoids, their odds."""
        output = self.decoder.predict_on_batch(np.asarray(z, np.float32))
        return [np.asarray(ops.softmax(self._steps(output, np), axis=-1))]

    def _steps(self, output: Any, xp: Any) -> Any:
        """Return the decoder's output as logits ``(B, L, C)``."""
        return output if self.config.embed == "notes" else unflatten(output, self.length, xp)

    def prior(
        self, count: int, rng: np.random.Generator, known: np.ndarray | None = None
    ) -> np.ndarray:
        """Draw points near those of training pieces.

        An autoencoder's latent space has no distribution of its own.
        """
        if known is None or not len(known):
            return np.asarray(np.tanh(super().prior(count, rng)))
        spread = known.std(axis=0) if len(known) > 1 else 0.0
        chosen = known[rng.integers(len(known), size=count)]
        near = chosen + 0.25 * spread * rng.standard_normal(chosen.shape)
        clipped: np.ndarray = np.clip(near, -1, 1).astype(np.float32)
        return clipped
