"""Generate windows that a discriminator cannot tell from real ones.

This follows the tutorial's section "Generative Adversarial Networks" (Goodfellow et al. 2014). A
generator maps a random point to a window of L events. A discriminator learns to recognize generated
windows. It scores the neighborhood of every event and the window as a whole.

- Generated music is discrete: the most probable chord, held pattern and duration of each step. The
  gradient is that of the softmax (straight-through estimator, Bengio et al. 2013).
- The generator outputs the notes of chords, and the discriminator reads them.
- Spectral normalization limits the slope of the discriminator (Miyato et al. 2018).
- One loss trains both networks in one step: the gradient is reversed between them (Ganin &
  Lempitsky 2015).
- The discriminator reads how much the windows of a batch differ, so that a generator whose windows
  are all alike is easy to recognize (Karras et al. 2018).
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
    HELD,
    NEVER,
    PAD,
    SPECIAL,
    Batch,
    ChordTokenizer,
    LatentModel,
    Loss,
    Tokens,
    one_hot,
)
from partimento.models.deferred import keras, layers, ops

TAPS = 3  # kernel width of a dilated convolution, in events
# Probability that `decode` gives to the generator's choice. The discriminator only sees choices, so
# the generator's own probabilities mean nothing.
CHOICE_PROBABILITY = 0.995
MAX_ACCURACY = 0.95  # above this accuracy of the discriminator, the generator learns nothing more
INITIAL_BIAS = -2.0  # bias of the note outputs, so that an untrained generator plays few notes

# ---------------------------------------------------------------------- configuration


class Config(ModelSettings):
    """Settings of `Gan`, for both networks."""

    name: Literal["gan"] = Field(default="gan", description="The model.")
    latent: int = Field(default=64, ge=1, le=4096, description="Number of latent dimensions (Z).")
    units: int = Field(default=64, ge=1, le=8192, description="Width of the generator.")
    blocks: int = Field(
        default=3,
        ge=1,
        le=8,
        description=(
            "Number of residual blocks of the generator. Each block has twice the dilation of the"
            " previous one."
        ),
    )
    critic: int = Field(default=128, ge=1, le=8192, description="Width of the discriminator.")
    scale: float = Field(
        default=3.0,
        gt=0,
        description=(
            "Factor of the discriminator's scores. Spectral normalization would otherwise keep"
            " them close to 0."
        ),
    )
    leak: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Slope of the hinge loss beyond the margin; above 0, no gradient vanishes.",
    )


# ---------------------------------------------------------------------- layers


def dilated_context(x: Any, step: int = 1) -> Any:
    """Concatenate each event with those `step` events before and after it.

    The result is ``(B, L, 3 · V)`` for ``(B, L, V)``, padded with zeros outside the window. A dense
    layer on the result computes a dilated convolution.
    """
    length = x.shape[1]
    wide = ops.pad(x, [[0, 0], [step, step], [0, 0]])
    return ops.concatenate([wide[:, i * step : i * step + length] for i in range(TAPS)], axis=-1)


class SpectralNormDense(layers.Layer):
    """Apply a dense layer ``(…, V) → (…, units)`` whose kernel has spectral norm 1.

    The kernel is divided by its largest singular value, found by one power iteration per step
    (Miyato et al. 2018).
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        self.kernel = self.add_weight(
            shape=(shape[-1], self.units), initializer="orthogonal", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.direction = self.add_weight(
            shape=(self.units,), initializer="random_normal", trainable=False, name="direction"
        )

    def norm(self, training: bool = False) -> Any:
        """Return an estimate of the kernel's largest singular value.

        In training, every call improves the estimate by one power iteration.
        """
        kernel = ops.stop_gradient(ops.convert_to_tensor(self.kernel))
        v = _unit(ops.matmul(kernel, ops.convert_to_tensor(self.direction)))
        u = _unit(ops.matmul(v, kernel))
        if training:
            self.direction.assign(u)
        return ops.sum(ops.stop_gradient(v) * ops.matmul(self.kernel, ops.stop_gradient(u)))

    def call(self, x: Any, training: bool = False) -> Any:
        """Apply the layer."""
        return ops.matmul(x, self.kernel / self.norm(training)) + self.bias


def _unit(x: Any) -> Any:
    return x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-9)


class MinibatchStdDev(layers.Layer):
    """Append the mean standard deviation over the batch to each row ``(B, V)``.

    The mask `counted` ``(B, 1)`` selects the rows to measure (Karras et al. 2018).
    """

    def call(self, x: Any, counted: Any) -> Any:
        """Append the mean standard deviation as a column."""
        share = counted / ops.maximum(ops.sum(counted), 1.0)
        mean = ops.sum(x * share, axis=0, keepdims=True)
        variance = ops.sum(ops.square(x - mean) * share, axis=0, keepdims=True)
        deviation = ops.sqrt(variance + 1e-8)
        return ops.concatenate([x, ops.ones_like(x[:, :1]) * ops.mean(deviation)], axis=-1)


@ops.custom_gradient
def gradient_reversal(x: Any) -> Any:
    """Return the input; reverse its gradient (Ganin & Lempitsky 2015)."""

    def gradient(*args: Any, upstream: Any = None) -> Any:
        return -(args[0] if upstream is None else upstream)

    return x, gradient


def straight_through(logits: Any) -> Any:
    """Return the argmax of ``(…, V)`` as one-hot, with the gradient of the softmax."""
    soft = ops.softmax(logits, axis=-1)
    hard = ops.one_hot(ops.argmax(logits, axis=-1), logits.shape[-1])
    return soft + ops.stop_gradient(hard - soft)


# ---------------------------------------------------------------------- model


class Gan(LatentModel):
    """Train `generator` against `discriminator`.

    The generator maps points ``(B, Z)`` to logits of notes ``(B, L, P)``, of held patterns ``(B, L,
    H)`` and of durations ``(B, L, D)``. The discriminator scores such windows.
    """

    config_type = Config
    select_by_validation = False
    loss_unit = "hinge loss"
    fields = (CHORD, HELD, DURATION)

    def __init__(self, config: Config, tokenizer: ChordTokenizer, length: int) -> None:
        super().__init__(config, tokenizer, length)
        used = np.flatnonzero(tokenizer.chord_notes.any(0))
        used = np.arange(used.min(initial=60), used.max(initial=60) + 1)
        self.notes = tokenizer.chord_notes[:, used]  # (C, P): P is the range of pitches in training
        self.chroma = np.eye(12, dtype=np.float32)[used % 12]  # (P, 12)
        self.possible = [
            np.where(np.arange(size) >= SPECIAL, 0.0, NEVER).astype("float32")
            for size in tokenizer.sizes
        ]
        sizes = (self.notes.shape[1], *tokenizer.sizes[1:])
        point, counted = (
            keras.Input((config.latent,), name="point"),
            keras.Input((1,), name="counted"),
        )
        rows = [
            keras.Input((length, size), name=name)
            for name, size in zip(("notes", "held", "duration"), sizes, strict=True)
        ]
        self.generator = keras.Model(point, self._generate(point, sizes), name="generator")
        self.discriminator = keras.Model(
            [*rows, counted], self._judge(rows, counted), name="discriminator"
        )
        self.network = keras.Model(
            [point, *rows, counted],
            [*self.generator(point), self.discriminator([*rows, counted])],
            name="gan",
        )
        self.network.noise = keras.random.SeedGenerator()

    def _generate(self, point: Any, sizes: Sequence[int]) -> list[Any]:
        """Compute the generator's logits from points."""
        units = self.config.units
        x = layers.Reshape((self.length, units))(
            layers.Dense(self.length * units, name="unfold")(point)
        )
        spread = layers.RepeatVector(self.length)(point)
        for i in range(self.config.blocks):
            h = ops.concatenate([ops.relu(layers.LayerNormalization()(x)), spread], axis=-1)
            h = layers.Dense(units, name=f"block_{i}")(dilated_context(h, 2**i))
            x = x + layers.Dense(units, name=f"block_{i}_out")(
                ops.relu(layers.LayerNormalization()(h))
            )
        x = ops.relu(layers.LayerNormalization()(x))
        bias = keras.initializers.Constant(INITIAL_BIAS)
        return [
            layers.Dense(sizes[0], bias_initializer=bias, name="notes_output")(x),
            *(
                layers.Dense(size, name=f"{name}_output")(x)
                for name, size in zip(("held", "duration"), sizes[1:], strict=True)
            ),
        ]

    def _judge(self, rows: Sequence[Any], counted: Any) -> Any:
        """Compute three scores per event, ``(B, L, 3)``, positive for real music.

        They are for the event's neighborhood, for a wider neighborhood, and for the whole window.
        """
        units, scores = self.config.critic, []
        x = ops.concatenate([rows[0], ops.matmul(rows[0], self.chroma), *rows[1:]], axis=-1)
        for i, step in enumerate((1, 1, 2, 4)):
            h = ops.leaky_relu(
                SpectralNormDense(units, name=f"judge_{i}")(dilated_context(x, step)), 0.2
            )
            x = x + h if i else h
            if i in (1, 3):
                scores.append(SpectralNormDense(1, name=f"score_{i}")(x)[..., 0])
        x = ops.mean(ops.leaky_relu(SpectralNormDense(units, name="whole")(x), 0.2), axis=1)
        x = ops.leaky_relu(
            SpectralNormDense(units, name="whole_spread")(
                MinibatchStdDev(name="spread")(x, counted)
            ),
            0.2,
        )
        scores.append(ops.repeat(SpectralNormDense(1, name="score_whole")(x), self.length, axis=1))
        return self.config.scale * ops.stack(scores, axis=-1)

    # ------------------------------------------------------------------ training

    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the discriminator's hinge loss; the generator gets the reversed gradient."""
        targets = batch["targets"]
        weight = ops.cast(targets[..., CHORD] != PAD, "float32")  # (B, L)
        counted = ops.cast(ops.sum(weight, axis=1, keepdims=True) > 0, "float32")
        # Cut generated windows to the length of the real ones, or padding would reveal which is
        # which.
        sounding = ops.expand_dims(ops.cast(targets[..., CHORD] >= SPECIAL, "float32"), -1)
        fields = [one_hot(targets[..., f], self.tokenizer.sizes[f], ops) for f in (HELD, DURATION)]
        real = [
            part * sounding for part in (ops.take(self.notes, targets[..., CHORD], axis=0), *fields)
        ]
        z = keras.random.normal(
            (ops.shape(targets)[0], self.latent), seed=self.network.noise if training else 1
        )
        windows = self.generated(z, training=training)
        fake = [gradient_reversal(part * sounding) for part in windows]
        scores = [self.discriminator([*rows, counted], training=training) for rows in (real, fake)]
        hinge = [
            ops.mean(ops.leaky_relu(1 - sign * score, self.config.leak), -1)
            for sign, score in zip((1, -1), scores, strict=True)
        ]
        correct = [
            ops.mean(ops.cast(sign * score > 0, "float32"), -1)
            for sign, score in zip((1, -1), scores, strict=True)
        ]
        discriminator, events = ops.sum((hinge[0] + hinge[1]) * weight), ops.sum(weight)
        metrics = {
            "generator": ops.sum(-ops.mean(scores[1], -1) * weight),
            "discriminator_accuracy": ops.sum((correct[0] + correct[1]) / 2 * weight),
        }
        objective = discriminator / ops.maximum(events, 1.0)
        return Loss(objective, {"discriminator": discriminator}, events, metrics)

    def generated(self, z: Any, *, training: bool = False) -> list[Any]:
        """Generate windows in the form that the discriminator reads.

        They are notes ``(B, L, P)`` as zeros and ones, and held patterns ``(B, L, H)`` and
        durations ``(B, L, D)`` as one-hot.
        """
        notes, held, duration = self.generator(z, training=training)
        # (B, L): the chords whose notes are most probable.
        chords = ops.argmax(self._chords(ops.stop_gradient(notes), ops), axis=-1)
        soft = ops.sigmoid(notes)
        hard = soft + ops.stop_gradient(ops.take(self.notes, chords, axis=0) - soft)
        return [
            hard,
            straight_through(self._possible_held(held, chords)),
            straight_through(duration + self.possible[DURATION]),
        ]

    def _chords(self, notes: Any, xp: Any) -> Any:
        """Return the logits of chords ``(B, L, C)``: the sums of their notes' logits."""
        return xp.matmul(notes, self.notes.T) + self.possible[CHORD]

    def _possible_held(self, held: Any, chords: Any) -> Any:
        """Set the logits of patterns to NEVER that hold a note not in the previous chord.

        In the first event, any note may be held.
        """
        # (C, P + 1): the last column is for empty slots.
        sounded = np.pad(self.tokenizer.chord_notes > 0, ((0, 0), (0, 1)))
        before = ops.concatenate([chords[:, :1], chords[:, :-1]], axis=1)
        flat = ops.expand_dims(before, -1) * sounded.shape[1] + ops.take(
            self.tokenizer.chord_slots, chords, axis=0
        )
        holdable = ops.take(sounded.reshape(-1), flat, axis=0)  # (B, L, K)
        return ops.where(self.tokenizer.grammar().holdable_patterns(holdable, ops), held, NEVER)

    def diagnose(self, parts: Mapping[str, float]) -> str | None:
        """Describe a discriminator that recognizes nearly all generated windows."""
        if parts["discriminator_accuracy"] > MAX_ACCURACY:
            return (
                f"the discriminator classifies {parts['discriminator_accuracy']:.0%} of the events"
                " correctly as real or generated, so the generator learns nothing more from it (try"
                " a smaller train.learning_rate, fewer train.epochs or a smaller model.critic)"
            )
        return None

    def accuracy(self, pieces: Sequence[Tokens]) -> float | None:
        """Return None: without an encoder, the model reconstructs nothing."""
        return None

    # ------------------------------------------------------------------ composing

    def decode(self, z: Any) -> list[np.ndarray]:
        """Return probabilities that almost always select the generator's choice.

        The remaining probability matters only if the grammar forbids that choice.
        """
        notes, held, duration = (
            np.asarray(x, np.float64)
            for x in self.generator.predict_on_batch(np.asarray(z, np.float32))
        )
        fields = []
        for logits in (
            self._chords(notes, np),
            held + self.possible[HELD],
            duration + self.possible[DURATION],
        ):
            p = np.exp(logits - logits.max(-1, keepdims=True))
            p *= (1 - CHOICE_PROBABILITY) / p.sum(-1, keepdims=True)
            np.put_along_axis(
                p,
                logits.argmax(-1)[..., None],
                CHOICE_PROBABILITY + np.take_along_axis(p, logits.argmax(-1)[..., None], -1),
                -1,
            )
            fields.append(p.astype(np.float32))
        return fields
