"""Encode windows as distributions over a latent space (Kingma & Welling 2014).

This follows the tutorial's section "Variational Autoencoder". The encoder maps each window to a
normal distribution, from which a point is drawn. Its KL divergence from the standard normal is part
of the loss. New music can therefore be decoded from points of the standard normal.

Recipe `vae-tutorial` is the tutorial's network: one dense layer each for encoder and decoder, with
sigmoid outputs. Its loss takes means over columns and over latent dimensions.

Recipe `vae` reads and predicts chords, held notes and durations with recurrent layers. It sums the
KL over the dimensions, so that −(reconstruction + KL) is a lower bound on the log-likelihood (the
ELBO). The weight β of the KL grows during training (Bowman et al. 2016). A small KL per dimension
is free (Kingma et al. 2016).
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
    column_nats,
    correct_chords,
    field_nats,
    field_sums,
    unflatten,
)
from partimento.models.deferred import keras, layers, ops
from partimento.models.layers import LSTM, WindowDense, chord_embedding, chord_output

DRAWS = 32  # importance samples per window to estimate its likelihood
# Nats of KL beyond the free ones. A latent dimension with less carries no information (Burda et al.
# 2016 use the same threshold for the variance of the means).
ACTIVE = 0.01

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `Vae`; the defaults are those of the recipe of that name."""

    name: Literal["vae"] = Field(default="vae", description="The model.")
    latent: int = Field(default=32, ge=1, le=4096, description="Number of latent dimensions (Z).")
    network: Literal["dense", "recurrent"] = Field(
        default="recurrent",
        description=(
            "Kind of network: dense has one layer each for encoder and decoder, over one-hot"
            " chords, with sigmoid outputs, as in the tutorial; recurrent has LSTM layers."
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
            "How to combine the KL divergences of the latent dimensions: sum, or mean as in the"
            " tutorial, which also takes the mean of the reconstruction."
        ),
    )
    beta: float = Field(default=1.0, ge=0, description="Weight of the KL divergence.")
    anneal: int = Field(
        default=1000,
        ge=0,
        le=10**9,
        description="Training steps over which beta grows from 0; 0 uses it from the start.",
    )
    free_bits: float = Field(
        default=0.05,
        ge=0,
        description="Nats of KL divergence per latent dimension that cost nothing.",
    )


# ---------------------------------------------------------------------- layers


class Sampling(layers.Layer):
    """Draw points from normal distributions, by the reparameterization trick.

    Its inputs are the mean and the logarithm of the variance, ``(B, Z)`` each. Outside training,
    the noise has a fixed seed, so that evaluation is reproducible.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = (
            keras.random.SeedGenerator()
        )  # seeded by `keras.utils.set_random_seed`

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Draw points."""
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator if training else 1)
        return mean + ops.exp(log_variance / 2) * noise


class PositionEmbedding(layers.Layer):
    """Add a learned vector per position to each step of ``(B, L, E)``."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
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
        # The mean over all events except padding.
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
        real = ops.cast(targets[:, :1, CHORD] != PAD, "float32")  # (B, 1): 0 for padding windows
        windows = ops.maximum(ops.sum(real), 1.0)
        kl = 0.5 * (ops.square(mean) + ops.exp(log_variance) - 1 - log_variance) * real  # (B, Z)
        kl_per_dimension = ops.sum(kl, axis=0) / windows  # (Z,): nats per window
        weight = self.config.beta * (
            ops.minimum(ops.cast(step, "float32") / self.config.anneal, 1.0)
            if self.config.anneal
            else 1.0
        )
        charged = ops.sum(ops.maximum(kl_per_dimension, self.config.free_bits))
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
        is_active = kl_per_dimension > ACTIVE + self.config.free_bits
        metrics = {
            "accuracy": correct_chords(scores, targets),
            "active": ops.sum(ops.cast(is_active, "float32")) * events,
        }
        return Loss(objective, terms, events, metrics)

    def log_weights(self, batch: Batch, noise: np.ndarray) -> np.ndarray:
        """Return the logarithms of p(window, z) / q(z | window), ``(B,)``.

        The points z are computed from standard normal `noise` ``(B, Z)``. The mean of the weights
        p / q over many draws estimates the window's probability (Burda, Grosse & Salakhutdinov
        2016). The model must predict held notes and durations.
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
        """Return a bound on the likelihood of all windows, and an estimate of it.

        Windows are treated as independent. The tutorial's network predicts no durations, so it has
        no likelihood: the result is None.
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

        The estimate of a window is the logarithm of the mean weight over `draws` (`log_weights`).
        Its expected nats are at most those of the bound. They exceed the true nats, by less with
        more draws.
        """
        rng, nats = np.random.default_rng(seed), 0.0
        for batch in self.evaluation_windows(pieces):
            shape = len(batch["targets"]), self.latent
            logs = np.stack(
                [self.log_weights(batch, rng.standard_normal(shape)) for _ in range(draws)]
            )
            nats -= float(np.sum(np.logaddexp.reduce(logs, axis=0) - np.log(draws)))
        return nats

    def diagnose(self, parts: Mapping[str, float]) -> str | None:
        """Describe a posterior collapse, in which the latent space carries no information."""
        active = parts["active"]
        if active < 0.5:
            return (
                f"posterior collapse: none of the {self.latent} latent dimensions carries more than"
                " the free nats, so the decoder ignores the latent space (try a smaller model.beta,"
                " a larger model.free_bits or a larger model.anneal)"
            )
        if active < self.latent / 4:
            return (
                f"partial posterior collapse: only {active:.0f} of the {self.latent} latent"
                " dimensions carry more than the free nats"
            )
        return None

    # ------------------------------------------------------------------ composing

    def encode(self, targets: np.ndarray) -> np.ndarray:
        """Return the means of the windows' distributions."""
        return np.asarray(self.encoder.predict_on_batch(targets)[0])

    def decode(self, z: Any) -> list[np.ndarray]:
        """Return probabilities ``(B, L, V)`` of each predicted field."""
        logits = self.decoder.predict_on_batch(np.asarray(z, np.float32))
        scores = (
            logits
            if self.config.network == "recurrent"
            else [unflatten(np.reshape(logits, (len(z), -1)), self.length)]
        )
        return [np.asarray(ops.softmax(field, axis=-1)) for field in scores]
