"""MiniBach as an autoencoder (Briot, Hadjeres & Pachet 2019; tutorial, section "The Autoencoder").

A window of one-hot chords is flattened, pressed through a few latent numbers (tanh), and unfolded again. In the tutorial (recipe
`minibach-tutorial`) there is one dense layer on either side and every column is a yes or no of its own (sigmoid, binary cross-entropy);
recipe `minibach` has more layers and one choice among the chords at each step (softmax), the chords seen and told by their notes, so that
the network does not grow with the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from partimento.config import UserError
from partimento.models.base import CHORD, ChordCodec, LatentModel, Losses, column_losses, field_losses, right_chords, unflatten
from partimento.models.deferred import keras, layers, ops

# ---------------------------------------------------------------------- configuration


@dataclass(frozen=True)
class Config:
    """Sizes as in the tutorial.

    Parameters
    ----------
    length : int
        Events of a window (L); the same as ``encode.window``.
    latent : int
        Latent numbers (Z).
    layers, units : int
        Dense layers (ReLU) between the window and the latent numbers, on either side, and their width; none in the tutorial.
    embed : str
        ``index``: one-hot chords; ``notes``: each chord by its notes (`layers.NotesEmbedding`), which needs ``output = "softmax"``.
    embed_size : int
        Of chords by their notes (E).
    output : str
        ``sigmoid``: each column of a step apart, as in the tutorial; ``softmax``: one chord a step.
    dropout : float
        Of the window's columns and after each dense layer.
    """

    length: int = 32
    latent: int = 2
    layers: int = 0
    units: int = 256
    embed: str = "index"
    embed_size: int = 64
    output: str = "sigmoid"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name, words in (("output", ("sigmoid", "softmax")), ("embed", ("index", "notes"))):
            if getattr(self, name) not in words:
                raise UserError(f"model.{name} is {' or '.join(words)}, not {getattr(self, name)!r}")
        if self.embed == "notes" and self.output == "sigmoid":
            raise UserError('model.embed = "notes" tells a chord by its notes, one a step: it needs model.output = "softmax"')
        sizes = (("length", 1, 4096), ("latent", 1, 4096), ("layers", 0, 16), ("units", 1, 8192), ("embed_size", 1, 4096))
        for name, least, most in sizes:
            if not least <= getattr(self, name) <= most:
                raise UserError(f"model.{name} lies between {least} and {most:,}")
        if not 0 <= self.dropout < 1:
            raise UserError("model.dropout is at least 0 and below 1")


# ---------------------------------------------------------------------- model


class Autoencoder(LatentModel):
    """`encoder` and `decoder`, and `network`, the one after the other: ``(B, L, 3)`` windows → logits ``(B, C·L)``, flat.

    By their notes, chords have logits ``(B, L, C)``.
    """

    config_type = Config
    encoding = "one-hot"
    measures = ("accuracy",)

    def __init__(self, config: Config, codec: ChordCodec) -> None:
        super().__init__(config, codec)
        self.length, self.latent = config.length, config.latent
        self.terms = ("chord",) if config.output == "softmax" else ("reconstruction",)
        self.encoder, self.decoder = self._encoder(), self._decoder()
        window = keras.Input((config.length, 3), dtype="int32", name="window")
        self.network = keras.Model(window, self.decoder(self.encoder(window)), name="autoencoder")

    def _encoder(self) -> keras.Model:
        from partimento.models.layers import NotesEmbedding, WindowDense  # it loads Keras

        window = keras.Input((self.length, 3), dtype="int32", name="window")
        widths = [*[(self.config.units, "relu")] * self.config.layers, (self.latent, "tanh")]
        names = [*(f"encoder_{i}" for i in range(self.config.layers)), "latent"]
        if self.config.embed == "notes":
            chords = NotesEmbedding(self.codec.chord_notes, self.config.embed_size, name="chord_embedding")(window[..., CHORD])
            x = layers.Flatten(name="flatten")(chords)  # (B, L·E)
        else:
            x = WindowDense(self.codec.sizes[CHORD], widths[0][0], activation=widths[0][1], name=names[0])(window[..., CHORD])
            names, widths = names[1:], widths[1:]
        for name, (units, activation) in zip(names, widths, strict=True):
            x = layers.Dense(units, activation=activation, name=name)(self._drop(x))
        return keras.Model(window, x, name="encoder")

    def _decoder(self) -> keras.Model:
        from partimento.models.layers import NotesOutput

        latent = keras.Input((self.latent,), name="point")
        x = latent
        for i in range(self.config.layers):
            x = self._drop(layers.Dense(self.config.units, activation="relu", name=f"decoder_{i}")(x))
        if self.config.embed == "notes":
            steps = layers.Dense(self.length * self.config.embed_size, activation="relu", name="steps")(x)
            steps = layers.Reshape((self.length, self.config.embed_size))(steps)  # (B, L, E)
            told = NotesOutput(self.codec.chord_notes, self.config.embed_size, name="chord_output")(steps)
            return keras.Model(latent, told, name="decoder")  # (B, L, C)
        return keras.Model(latent, layers.Dense(self.codec.sizes[CHORD] * self.length, name="output")(x), name="decoder")

    def _drop(self, x: Any) -> Any:
        return layers.Dropout(self.config.dropout)(x) if self.config.dropout else x

    # ------------------------------------------------------------------ training

    def losses(self, batch: Sequence[Any], *, training: bool, step: Any = 0.0) -> Losses:
        _, targets, common = batch
        told = self.network(targets, training=training)
        right = ops.zeros(()) if training else right_chords(self._steps(told, ops), targets)
        if self.config.output == "softmax":
            nats, events = field_losses(self.codec, [self._steps(told, ops), None, None], targets, common)
            return Losses(nats[CHORD] / ops.maximum(events, 1.0), ops.stack([nats[CHORD], right]), events)
        mean, nats, events = column_losses(told, targets)
        return Losses(mean, ops.stack([nats, right]), events)

    # ------------------------------------------------------------------ composing

    def encode(self, targets: np.ndarray) -> np.ndarray:
        return np.asarray(self.encoder.predict_on_batch(targets), np.float32)

    def decode(self, z: Any) -> list[np.ndarray]:
        """One distribution a step; where the outputs are sigmoids, their odds."""
        told = self.decoder.predict_on_batch(np.asarray(z, np.float32))
        return [np.asarray(ops.softmax(self._steps(told, np), axis=-1))]

    def _steps(self, told: Any, xp: Any) -> Any:
        """(B, L, C) logits of what the decoder gives."""
        return told if self.config.embed == "notes" else unflatten(told, self.length, xp)

    def draw(self, count: int, rng: np.random.Generator, known: np.ndarray | None = None) -> np.ndarray:
        """Among the points of training pieces: an autoencoder's latent space has no shape of its own."""
        if known is None or not len(known):
            return np.asarray(np.tanh(super().draw(count, rng)))
        spread = known.std(axis=0) if len(known) > 1 else 0.0
        chosen = known[rng.integers(len(known), size=count)]
        near = chosen + 0.25 * spread * rng.standard_normal(chosen.shape)
        clipped: np.ndarray = np.clip(near, -1, 1).astype(np.float32)
        return clipped
