"""WIP"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from partimento.models.base import (
    CHORD,
    DURATION,
    HELD,
    NEVER,
    PAD,
    SPECIAL,
    UNKNOWN,
    ChordCodec,
    EncodeConfig,
    Encoded,
    LatentModel,
    Losses,
    Windows,
    one_hot,
)
from partimento.models.layers import NotesOutput

TAPS = 3


@dataclass(frozen=True)
class Config:
    length: int = 32
    latent: int = 64
    units: int = 96
    critic: int = 96
    temperature: float = 1.0
    leak: float = 0.1
    norm: str = "layer"
    loss: str = "hinge"
    gumbel: bool = True
    sharp: float = 3.0
    minibatch: bool = True
    start: str = "full"
    blocks: int = 3
    gain: float = 1.0
    match: float = 0.0
    pool: str = "flat"
    slope: float = 1.0
    head: float = 1.0
    residual: bool = True
    jitter: float = 0.0
    commit: float = 0.0
    scale: float = 8.0
    start_bias: float = -2.0
    dilate: bool = True


def neighbours(x: Any, taps: int, step: int = 1) -> Any:
    """(B, L, V) → (B, L, taps · V)"""
    if taps == 1:
        return x
    length, side = x.shape[1], taps // 2 * step
    wide = ops.pad(x, [[0, 0], [side, side], [0, 0]])
    return ops.concatenate([wide[:, i * step : i * step + length] for i in range(taps)], axis=-1)


class Spectral(layers.Layer):
    def __init__(self, units: int, *, taps: int = 1, step: int = 1, gain: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.taps, self.gain, self.step = units, taps, gain, step

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(
            shape=(self.taps * shape[-1], self.units), initializer=keras.initializers.Orthogonal(self.gain), name="kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.u = self.add_weight(shape=(self.units,), initializer="random_normal", trainable=False, name="u")

    def norm(self, training: bool = False) -> Any:
        fixed = ops.stop_gradient(self.kernel)
        u = self.u.value if hasattr(self.u, "value") else self.u
        v = _unit(ops.matmul(fixed, u))
        if training:
            u = _unit(ops.matmul(v, fixed))
            self.u.assign(u)
        else:
            u = _unit(u)
        u, v = ops.stop_gradient(u), ops.stop_gradient(v)
        return ops.sum(v * ops.matmul(self.kernel, u))

    def call(self, x: Any, training: bool = False) -> Any:
        return ops.matmul(neighbours(x, self.taps, self.step), self.kernel / self.norm(training)) + self.bias


def _unit(x: Any) -> Any:
    return x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-9)


@ops.custom_gradient
def reverse(x: Any) -> Any:
    def gradient(*args: Any, upstream: Any = None) -> Any:
        if upstream is None:
            (upstream,) = args
        return -upstream

    return x, gradient


def straight(logits: Any, seed: Any, temperature: float) -> Any:
    soft = ops.softmax(logits / temperature, axis=-1)
    if seed is None:
        chosen = ops.argmax(logits, axis=-1)
    else:
        u = keras.random.uniform((*ops.shape(logits)[:-1], 1), seed=seed)
        chosen = ops.sum(ops.cast(ops.cumsum(ops.stop_gradient(soft), -1) < u, "int32"), -1)
        chosen = ops.minimum(chosen, logits.shape[-1] - 1)
    hard = ops.one_hot(chosen, logits.shape[-1])
    return soft + ops.stop_gradient(hard - soft)


class Spread(layers.Layer):
    """Appends to each row the batch's mean deviation: windows that are all alike show it."""

    def call(self, x: Any, counted: Any) -> Any:
        w = counted / ops.maximum(ops.sum(counted), 1.0)  # (B, 1)
        mean = ops.sum(x * w, axis=0, keepdims=True)
        sd = ops.sqrt(ops.sum(ops.square(x - mean) * w, axis=0, keepdims=True) + 1e-8)
        return ops.concatenate([x, ops.ones_like(x[:, :1]) * ops.mean(sd)], axis=-1)


class Gan(LatentModel):
    config_type = Config
    encoding = "many-hot"
    terms = ("discriminator",)
    measures = ("generator", "local", "wide", "whole")
    validates = False
    fields = (CHORD, HELD, DURATION)

    def __init__(self, config: Config, codec: ChordCodec) -> None:
        super().__init__(config, codec)
        self.length, self.latent = config.length, config.latent
        pitches = np.flatnonzero(codec.chord_notes.any(0))
        self.notes = codec.chord_notes[:, pitches.min() : pitches.max() + 1]
        self.pitches = np.arange(pitches.min(), pitches.max() + 1)
        z = keras.Input((config.latent,), name="z")
        self.generator = keras.Model(z, self._generate(z), name="generator")
        rows = [keras.Input((config.length, size)) for size in (self.notes.shape[1], *codec.sizes[1:])]
        counted = keras.Input((1,), name="counted")
        self.discriminator = keras.Model([*rows, counted], self._judge(rows, counted), name="discriminator")
        self.network = keras.Model([z, *rows, counted], [*self.generator(z), *self.discriminator([*rows, counted])], name="gan")
        self.network.noise = keras.random.SeedGenerator()
        self.possible = [np.where(np.arange(size) >= SPECIAL, 0.0, NEVER).astype("float32") for size in codec.sizes]

    def _norm(self, x):
        if self.config.norm == "layer":
            return layers.LayerNormalization()(x)
        if self.config.norm == "batch":
            return layers.BatchNormalization(momentum=0.9)(x)
        return x

    def _generate(self, z: Any) -> list[Any]:
        U, L = self.config.units, self.length
        x = layers.Reshape((L, U))(layers.Dense(L * U)(z))
        zs = ops.repeat(ops.expand_dims(z, 1), L, axis=1)
        for i in range(self.config.blocks):
            h = ops.concatenate([ops.relu(self._norm(x)), zs], -1)
            h = layers.Dense(U)(neighbours(h, TAPS, 2**i if self.config.dilate else 1))
            h = layers.Dense(U)(ops.relu(self._norm(h)))
            x = x + h
        x = ops.relu(self._norm(x[:, :L]))
        P = self.notes.shape[1]
        _, H, D = self.codec.sizes
        return [layers.Dense(P, name="notes", kernel_initializer=keras.initializers.VarianceScaling(self.config.head**2, "fan_avg", "uniform"), bias_initializer=keras.initializers.Constant(self.config.start_bias))(x), layers.Dense(H, name="held")(x), layers.Dense(D, name="duration")(x)]

    def _judge(self, rows: Any, counted: Any) -> Any:
        U = self.config.critic
        chroma = np.eye(12, dtype=np.float32)[self.pitches % 12]
        x = ops.concatenate([rows[0], ops.matmul(rows[0], chroma), *rows[1:]], -1)
        act = lambda x: ops.leaky_relu(x, 0.2)
        G = self.config.gain
        heads = []
        for i, dil in enumerate((1, 1, 2, 4)):
            h = act(Spectral(U, taps=TAPS, step=dil, gain=G)(x))
            x = x + h if i and self.config.residual else h
            if i in (1, 3):
                heads.append(Spectral(1, gain=G)(x)[..., 0])
        x = ops.mean(act(Spectral(U, gain=G)(x)), axis=1)
        seen = x
        x = Spread()(x, counted) if self.config.minibatch else x
        x = act(Spectral(U, gain=G)(x))
        whole = Spectral(1, gain=G)(x)
        K = self.config.scale
        return [K * (ops.stack([*heads, ops.repeat(whole, self.length, axis=1)], -1)), seen]

    def rows(self, fields, sounding):
        return [f * ops.expand_dims(sounding, -1) for f in fields]

    def fit_held(self, held_logits, chords):
        """Only what can be held given the chords."""
        codec = self.codec
        slots = ops.take(codec.chord_slots, chords, axis=0)  # (B, L, K)
        sounded = np.pad(codec.chord_notes > 0, ((0, 0), (0, 1)))
        before = ops.concatenate([chords[:, :1], chords[:, :-1]], 1)
        flat = ops.expand_dims(before, -1) * sounded.shape[1] + slots
        common = ops.take(sounded.reshape(-1), flat, axis=0)
        return ops.where(codec.patterns_that_fit(common, ops), held_logits, NEVER)

    def chord_logits(self, a, xp=ops):
        return xp.matmul(a, self.notes.T) + self.possible[CHORD]

    def fake(self, z, seed, training):
        a, held, duration = self.generator(z, training=training)
        if self.config.jitter and training:
            r = keras.random.uniform(ops.shape(a), 1e-4, 1 - 1e-4, seed=seed)
            a = a + self.config.jitter * (ops.log(r) - ops.log(1 - r))
        chords = ops.argmax(self.chord_logits(ops.stop_gradient(a)), -1)
        soft = ops.sigmoid(a * self.config.slope)
        self.soft_hard = a, ops.take(self.notes, chords, axis=0)
        notes = soft + ops.stop_gradient(ops.take(self.notes, chords, axis=0) - soft)
        T = self.config.temperature
        held = straight(self.fit_held(held, chords), None, T)
        return [notes, held, straight(duration + self.possible[DURATION], None, T)]

    def losses(self, batch: Sequence[Any], *, training: bool, step: Any = 0.0) -> Losses:
        _, targets, _ = batch
        sounding = ops.cast(targets[..., CHORD] >= SPECIAL, "float32")
        weight = ops.sum(ops.cast(targets[..., CHORD] != PAD, "float32"), axis=1)  # (B,)
        counted = ops.cast(ops.expand_dims(weight, -1) > 0, "float32")
        events = ops.sum(weight)
        z = keras.random.normal((ops.shape(targets)[0], self.latent), seed=self.network.noise)
        fake = self.rows(self.fake(z, self.network.noise, training), sounding)
        real = self.rows([ops.take(self.notes, targets[..., CHORD], axis=0), *(one_hot(targets[..., f], self.codec.sizes[f], ops) for f in (HELD, DURATION))], sounding)
        sr, seen_r = self.discriminator([*real, counted], training=training)
        sf, seen_f = self.discriminator([*map(reverse, fake), counted], training=training)
        if self.config.loss == "hinge":
            h = lambda x: ops.leaky_relu(1 + x, self.config.leak)
        else:
            h = ops.softplus
        each = h(-sr) + h(sf)  # (B, L, 3)
        weight = ops.cast(targets[..., CHORD] != PAD, "float32")
        acc = 0.5 * (ops.cast(sr > 0, "float32") + ops.cast(sf < 0, "float32"))
        sums = ops.stack([ops.sum(ops.mean(each, -1) * weight), -ops.sum(ops.mean(sf, -1) * weight), *(ops.sum(acc[..., i] * weight) for i in range(3))])
        objective = sums[0] / ops.maximum(events, 1.0)
        if self.config.commit:
            a, hard = self.soft_hard
            objective = objective + self.config.commit * ops.mean(ops.softplus(a) - a * hard) * 10
        if self.config.match:
            n = ops.maximum(ops.sum(counted), 1.0)
            gap = ops.sum((seen_r - seen_f) * counted, 0) / n
            objective = objective - self.config.match * ops.sqrt(ops.sum(ops.square(gap)) + 1e-8)
        return Losses(objective, sums, events)

    def decode(self, z: Any) -> list[np.ndarray]:
        a, *rest = (np.asarray(x, np.float64) for x in self.generator.predict_on_batch(np.asarray(z, np.float32)))
        made = []
        for field, no in zip([self.chord_logits(a, np), *rest], self.possible):
            field = field + no
            p = np.exp(field - field.max(-1, keepdims=True))
            made.append((p / p.sum(-1, keepdims=True)).astype(np.float32))
        return made
