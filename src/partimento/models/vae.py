"""Encode windows as distributions over a latent space (Kingma & Welling 2014).

It is the tutorial's section "Variational Autoencoder". The encoder gives a normal distribution for
each window, and a point is drawn from it. Their divergence from the standard normal (KL)
is part of the loss: new music can then be decoded from points of the standard normal.

Recipe `vae-tutorial` is the tutorial's network: one dense layer on either side, sigmoids, and means
over columns and over latent dimensions. Recipe `vae` reads and writes chords, held notes and
durations with recurrent layers. It counts the KL in full, as the sum over dimensions:
−(reconstruction + KL) is then a bound on the likelihood, the ELBO. The weight β of the KL grows
during training (Bowman et al. 2016), and some KL of each dimension is free (Kingma et al. 2016).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from partimento.config import ModelSettings
from partimento.models.base import (
    CHORD,
    DURATION,
    FIELDS,
    HELD,
    PAD,
    Batch,
    ChordTokenizer,
    LatentModel,
    Likelihood,
    Loss,
    Tokens,
    chords_right,
    column_nats,
    field_nats,
    field_sums,
    unflatten,
)
from partimento.models.deferred import keras, layers, ops
from partimento.models.layers import LSTM, WindowDense, chord_embedding, chord_output

DRAWS = 32  # of each window, to estimate its likelihood
# nats beyond the free ones: a latent dimension with less KL carries nothing (Burda et al. 2016 draw
# a like line)
ACTIVE = 0.01

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `Vae`; the defaults are those of the recipe of that name."""

    name: Literal["vae"] = Field(default="vae", description="The model.")
    latent: int = Field(default=32, ge=1, le=4096, description="Number of latent dimensions (Z).")
    network: Literal["dense", "recurrent"] = Field(
        default="recurrent",
        description=(
            "Kind of network: dense is one layer either way over one-hot chords with"
            " sigmoids, as in the tutorial; recurrent has LSTM layers."
        ),
    )
    embed_size: int = Field(
        default=64,
        ge=1,
        le=4096,
        description="Size of the vector of each chord in the recurrent network (E).",
    )
    units: int = Field(
        default=256,
        ge=1,
        le=8192,
        description="Width of the LSTM layers of the recurrent network.",
    )
    dropout: float = Field(default=0.2, ge=0, lt=1, description="Dropout in the recurrent network.")
    kl: Literal["sum", "mean"] = Field(
        default="sum",
        description=(
            "KL divergence over the latent dimensions: their sum, or their mean as in the"
            " tutorial, where the reconstruction is a mean, too."
        ),
    )
    beta: float = Field(default=1.0, ge=0, description="Weight of the KL divergence.")
    anneal: int = Field(
        default=1000,
        ge=0,
        le=10**9,
        description="Training steps over which that weight grows from 0; 0 applies it at once.",
    )
    free_bits: float = Field(
        default=0.05,
        ge=0,
        description="Nats of KL divergence per latent dimension that cost nothing.",
    )


# ---------------------------------------------------------------------- layers


class Sampling(layers.Layer):
    """Draw points from normal distributions: the reparameterisation trick.

    Its inputs are the mean and the logarithm of the variance, ``(B, Z)`` each. Outside training the
    noise is always the same: a measurement then gives the same figure each time.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator()  # drawn from the seed that is set

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Draw points."""
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator if training else 1)
        return mean + ops.exp(log_variance / 2) * noise


class PositionEmbedding(layers.Layer):
    """Add to each step of ``(B, L, E)`` a learned vector of its position."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        self.table = self.add_weight(shape=shape[1:], initializer="glorot_uniform", name="table")

    def call(self, x: Any) -> Any:
        """Add the vectors."""
        return x + self.table


# ---------------------------------------------------------------------- model


class Vae(LatentModel):
    """Encode windows with `encoder` and decode points with `decoder`.

    The encoder maps windows ``(B, L, 3)`` to mean and log-variance ``(B, Z)``. The decoder maps
    points to logits ``(B, L, V)`` of each field that it predicts.
    """

    config_type = Config

    def __init__(self, config: Config, tokenizer: ChordTokenizer, length: int) -> None:
        super().__init__(config, tokenizer, length)
        recurrent = config.network == "recurrent"
        self.fields = (CHORD, HELD, DURATION) if recurrent else (CHORD,)
        window, latent = (
            keras.Input((length, 3), dtype="int32", name="window"),
            keras.Input((config.latent,), name="point"),
        )
        chords = tokenizer.sizes[CHORD]
        if recurrent:
            read, written = self._read(window), self._write(latent)
            mean, log_variance = (
                layers.Dense(config.latent, name=name)(read) for name in ("mean", "log_variance")
            )
        else:
            written = [layers.Dense(chords * length, name="output")(latent)]  # (B, C·L)
            mean, log_variance = (
                WindowDense(chords, config.latent, name=name)(window[..., CHORD])
                for name in ("mean", "log_variance")
            )
        self.encoder = keras.Model(window, [mean, log_variance], name="encoder")
        self.decoder = keras.Model(latent, written, name="decoder")
        mean, log_variance = self.encoder(window)
        outputs = self.decoder(Sampling(name="sampling")([mean, log_variance]))
        self.network = keras.Model(window, [mean, log_variance, *outputs], name="vae")

    # ------------------------------------------------------------------ the recurrent network

    def _read(self, window: Any) -> Any:
        """Encode windows ``(B, L, 3)`` as vectors ``(B, 2 units)``."""
        config = self.config
        chords = chord_embedding(self.tokenizer.chord_notes, config.embed_size, by_notes=True)(
            window[..., CHORD]
        )
        others = [
            layers.Embedding(
                self.tokenizer.sizes[f], config.embed_size // 2 or 1, name=f"{FIELDS[f]}_embedding"
            )(window[..., f])
            for f in (HELD, DURATION)
        ]
        x = layers.Dropout(config.dropout)(
            ops.concatenate([chords, *others], axis=-1)
        )  # (B, L, 2E)
        x = ops.concatenate(
            [
                LSTM(config.units, return_sequences=True, name="forward")(x),
                ops.flip(
                    LSTM(config.units, return_sequences=True, name="backward")(ops.flip(x, 1)), 1
                ),
            ],
            axis=-1,
        )
        counted = ops.cast(ops.expand_dims(window[..., CHORD] != PAD, -1), "float32")
        # The mean over the events that are no padding.
        return ops.sum(x * counted, axis=1) / ops.maximum(ops.sum(counted, axis=1), 1.0)

    def _write(self, latent: Any) -> list[Any]:
        """Decode points ``(B, Z)`` into logits ``(B, L, V)`` of each field."""
        config = self.config
        spread = layers.RepeatVector(self.length)(latent)  # (B, L, Z)
        x = layers.Dense(config.units, name="unfold")(spread)
        x = ops.relu(PositionEmbedding(name="places")(x))
        x = layers.Dropout(config.dropout)(
            LSTM(config.units, return_sequences=True, name="writer")(x)
        )
        x = ops.concatenate([x, spread], axis=-1)  # (B, L, units + Z)
        h = layers.Dense(config.units // 2 or 1, activation="relu", name="dense")(x)
        chord = chord_output(self.tokenizer.chord_notes, config.units // 2 or 1, by_notes=True)(h)
        return [
            chord,
            *(
                layers.Dense(self.tokenizer.sizes[f], name=f"{FIELDS[f]}_output")(h)
                for f in (HELD, DURATION)
            ),
        ]

    # ------------------------------------------------------------------ training

    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the cross-entropy of the reconstruction, and the KL divergence."""
        targets = batch["targets"]
        mean, log_variance, *logits = self.network(targets, training=training)
        real = ops.cast(targets[:, :1, CHORD] != PAD, "float32")  # (B, 1): no window of padding
        windows = ops.maximum(ops.sum(real), 1.0)
        kl = 0.5 * (ops.square(mean) + ops.exp(log_variance) - 1 - log_variance) * real  # (B, Z)
        each = ops.sum(kl, axis=0) / windows  # (Z,): nats per window
        weight = self.config.beta * (
            ops.minimum(ops.cast(step, "float32") / self.config.anneal, 1.0)
            if self.config.anneal
            else 1.0
        )
        charged = ops.sum(ops.maximum(each, self.config.free_bits))
        if self.config.network == "recurrent":
            terms, events = field_sums(self.tokenizer, logits, batch)
            reconstruction = ops.sum(ops.stack([*terms.values()])) / windows  # per window
            scores = logits[0]
        else:
            _, nats, events = column_nats(logits[0], targets)
            reconstruction, terms = nats / windows, {"reconstruction": nats}
            scores = unflatten(logits[0], self.length, ops)
        if self.config.kl == "mean":  # the tutorial's means over columns and over dimensions
            objective = (
                reconstruction / (self.length * self.tokenizer.sizes[CHORD])
                + weight * charged / self.latent
            )
        else:
            objective = (reconstruction + weight * charged) * windows / ops.maximum(events, 1.0)
        terms["kl"] = ops.sum(kl)
        if training:
            return Loss(objective, terms, events)
        active = ops.sum(ops.cast(each > ACTIVE + self.config.free_bits, "float32")) * events
        return Loss(
            objective, terms, events, {"accuracy": chords_right(scores, targets), "active": active}
        )

    def log_weights(self, batch: Batch, noise: np.ndarray) -> np.ndarray:
        """Return the logarithms of p(window, z) / q(z | window), ``(B,)``.

        The points z are drawn by standard normal `noise` ``(B, Z)``. The mean of these weights over
        many draws is the window's probability (Burda, Grosse & Salakhutdinov 2016). The model must
        predict held notes and durations.
        """
        mean, log_variance = (
            np.asarray(part, np.float64) for part in self.encoder.predict_on_batch(batch["targets"])
        )
        z = mean + np.exp(log_variance / 2) * noise
        logits = self.decoder.predict_on_batch(z.astype(np.float32))
        nats = sum(
            np.asarray(ops.sum(field, axis=1), np.float64)
            for field in field_nats(self.tokenizer, logits, batch)
        )
        return np.asarray(0.5 * np.sum(noise**2 + log_variance - z**2, axis=-1) - nats)

    def nats(self, pieces: Sequence[Tokens], *, missing: float = 0.0) -> Likelihood | None:
        """Return the bound on the likelihood of windows, each by itself, and an estimate.

        The tutorial's network predicts no durations, and has no likelihood.
        """
        if self.config.network != "recurrent":
            return None
        totals = self.window_totals(pieces)
        sums = {
            **{name: totals.terms[name] for name in FIELDS},
            "unknown": missing,
            "kl": totals.terms["kl"],
        }
        estimated = self.estimated_nats(pieces) + missing
        return Likelihood(sums, int(totals.count), is_bound=True, estimated=estimated)

    def estimated_nats(
        self, pieces: Sequence[Tokens], *, draws: int = DRAWS, seed: int = 0
    ) -> float:
        """Estimate the summed nats of the windows of pieces by importance sampling.

        A window's estimate is the mean of the weights of some draws (`log_weights`). It is too
        high, by less with more draws, and never expected above the bound.
        """
        rng, nats = np.random.default_rng(seed), 0.0
        for batch in self.held_windows(pieces):
            shape = len(batch["targets"]), self.latent
            logs = np.stack(
                [self.log_weights(batch, rng.standard_normal(shape)) for _ in range(draws)]
            )
            nats -= float(np.sum(np.logaddexp.reduce(logs, axis=0) - np.log(draws)))
        return nats

    def diagnose(self, parts: Mapping[str, float]) -> str | None:
        """Describe a posterior collapse: the latent space carries nothing."""
        active = parts["active"]
        if active < 0.5:
            return (
                f"posterior collapse: none of the {self.latent} latent dimensions carries more than"
                " the nats that are free, and what is decoded does not depend on them (a smaller"
                " model.beta, more model.free_bits, a longer model.anneal may help)"
            )
        if active < self.latent / 4:
            return (
                f"partial posterior collapse: of {self.latent} latent dimensions {active:.0f} carry"
                " more than the nats that are free"
            )
        return None

    # ------------------------------------------------------------------ composing

    def encode(self, targets: np.ndarray) -> np.ndarray:
        """Return the means of the windows' distributions."""
        return np.asarray(self.encoder.predict_on_batch(targets)[0])

    def decode(self, z: Any) -> list[np.ndarray]:
        """Return probabilities of each field that it predicts."""
        logits = self.decoder.predict_on_batch(np.asarray(z, np.float32))
        scores = (
            logits
            if self.config.network == "recurrent"
            else [unflatten(np.reshape(logits, (len(z), -1)), self.length)]
        )
        return [np.asarray(ops.softmax(field, axis=-1)) for field in scores]
