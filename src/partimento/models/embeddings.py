"""Learn a vector per chord without labels: skip-gram (word2vec) over chords.

The method is that of Mikolov et al. (2013), applied to music as in Chuan, Agres & Herremans (2018).
Each chord predicts the chords within `reach` events before and after it. Nearer pairs weigh more,
as in word2vec. Durations and held notes are ignored.

The probability of chord j near chord i is p(j) exp(v_i · u_j), normalized over all chords except i.
Here p(j) is the share of j in the training pieces. With this factor, the vectors need not encode
how common a chord is, only which chords occur together. Interchangeable chords get similar vectors.
Pairs of equal chords are left out, because frequent repeats would dominate the loss.

The normalizing sum is exact with ``negatives = 0``, and always in validation. With transposed
copies, there are more than ten thousand chords. Each step then estimates the sum from `negatives`
chords, drawn with probability proportional to p(j)^¾ and shared by the batch. The estimate is
corrected for these probabilities (Bengio & Senécal 2008; Jean et al. 2015), so that the loss is
still in nats per pair.

This model does not compose. `vectors` initializes the chord embeddings of other models
(``model.pretrained``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from partimento.config import ModelSettings
from partimento.models.base import (
    CHORD,
    NEVER,
    SPECIAL,
    Batch,
    ChordTokenizer,
    HasChordVectors,
    Loss,
    Model,
    Tokens,
    mean_loss,
)
from partimento.models.deferred import keras, layers, ops

POWER = 0.75  # exponent of the chord frequencies for drawing negatives (Mikolov et al. 2013)


class Config(ModelSettings):
    """Settings of `Embeddings`."""

    name: Literal["embeddings"] = Field(default="embeddings", description="The model.")
    embed_size: int = Field(
        default=64,
        ge=1,
        le=4096,
        description="Size of the vectors (E), the same as in the model that will use them.",
    )
    reach: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Number of events before and after a chord that the chord predicts.",
    )
    negatives: int = Field(
        default=512,
        ge=0,
        le=65536,
        description=(
            "Chords sampled per step to estimate the normalizing sum over all chords. 0 computes"
            " it exactly, which is feasible for a few thousand chords."
        ),
    )


class Frequencies(layers.Layer):
    """Store how often each chord occurs, ``(C,)``, and draw chords by frequency."""

    def __init__(self, chords: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.counts = self.add_weight(
            shape=(chords,), initializer="ones", trainable=False, name="counts"
        )
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, chords: Any) -> Any:
        """Return the logarithm of each given chord's share of all events."""
        return ops.take(self.log_shares(), chords, axis=0)

    def log_shares(self) -> Any:
        """Return the logarithm of every chord's share of all events, ``(C,)``.

        It is `NEVER` for special ids and for chords that never occur.
        """
        counts = ops.where(
            ops.arange(self.counts.shape[0]) >= SPECIAL, ops.convert_to_tensor(self.counts), 0.0
        )
        return ops.where(
            counts > 0, ops.log(ops.maximum(counts, 1.0) / ops.maximum(ops.sum(counts), 1.0)), NEVER
        )

    def draw(self, number: int) -> tuple[Any, Any]:
        """Draw chords ``(K,)``; also return the logarithm of each one's expected count.

        The expected count is K times the probability of drawing the chord.
        """
        log_q = ops.log_softmax(POWER * self.log_shares())
        places = keras.random.uniform((number,), seed=self.seed_generator)
        drawn = ops.searchsorted(ops.cumsum(ops.exp(log_q)), places)
        # By rounding, the cumulative sum may end slightly below 1, and a draw may lie beyond it.
        drawn = ops.minimum(drawn, self.counts.shape[0] - 1)
        return drawn, ops.take(log_q, drawn) + math.log(number)


class Embeddings(Model):
    """Learn a vector per chord, which `vectors` returns."""

    config_type = Config
    capabilities = (HasChordVectors,)

    def __init__(self, config: Config, tokenizer: ChordTokenizer) -> None:
        super().__init__(config, tokenizer)
        size = tokenizer.sizes[CHORD]
        self.centre = layers.Embedding(
            size,
            config.embed_size,
            embeddings_initializer=_uniform(config.embed_size),
            name="centre",
        )
        self.context = layers.Embedding(
            size, config.embed_size, embeddings_initializer="zeros", name="context"
        )
        self.frequencies = Frequencies(size, name="frequencies")
        chords = keras.Input((None,), dtype="int32", name="chords")
        outputs = [self.centre(chords), self.context(chords), self.frequencies(chords)]
        self.network = keras.Model(chords, outputs, name="embeddings")

    # ------------------------------------------------------------------ training

    def adapt(self, pieces: Sequence[Tokens]) -> None:
        """Count the chords of the training pieces."""
        numbers = np.concatenate([piece.ids[:, CHORD] for piece in pieces])
        self.frequencies.counts.assign(
            np.bincount(numbers, minlength=self.tokenizer.sizes[CHORD]).astype("float32")
        )

    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the nats of all pairs of neighboring chords, weighted by distance."""
        chords = ops.convert_to_tensor(batch["inputs"])[..., CHORD]  # (B, L)
        centre, context, log_p = self.network(chords, training=training)  # (B, L, E) twice, (B, L)
        sample = (
            self.frequencies.draw(self.config.negatives)
            if training and self.config.negatives
            else None
        )
        rest = self._log_sum(chords, centre, sample)  # (B, L)
        nats = pairs = ops.zeros(())
        for one, other, weight in self._pairs(chords):
            score = ops.sum(centre[:, one] * context[:, other], -1) + log_p[:, other]
            total = rest[:, one] if sample is None else ops.logaddexp(rest[:, one], score)
            nats += ops.sum(weight * (total - score))
            pairs += ops.sum(weight)
        return mean_loss({"context": nats}, pairs)

    def _pairs(self, chords: Any) -> Iterator[tuple[slice, slice, Any]]:
        """Yield all pairs, by distance: slices of centers and of contexts, and weights.

        Weights ``(B, L - distance)`` are 0 for pairs that do not count.
        """
        reach = self.config.reach
        real = chords >= SPECIAL
        for away in range(1, min(reach, chords.shape[1] - 1) + 1):
            early, late = slice(None, -away), slice(away, None)
            pair = ops.logical_and(
                ops.logical_and(real[:, early], real[:, late]), chords[:, early] != chords[:, late]
            )
            weight = ops.cast(pair, "float32") * ((reach - away + 1) / reach)
            yield early, late, weight
            yield late, early, weight

    def _log_sum(self, chords: Any, centre: Any, sample: tuple[Any, Any] | None) -> Any:
        """Return or estimate the logarithm of the sum of p(j) exp(v · u_j), ``(B, L)``.

        The sum is over all chords j except the center itself. With a `sample` from
        `Frequencies.draw`, it is estimated.
        """
        weight = self.frequencies.log_shares()
        if sample is None:
            others, vectors = (
                ops.arange(self.tokenizer.sizes[CHORD]),
                ops.convert_to_tensor(self.context.embeddings),
            )
        else:
            others, expected = sample
            vectors, weight = self.context(others), ops.take(weight, others) - expected
        # (B, L, C), or (B, L, K) for a sample.
        scores = ops.matmul(centre, ops.transpose(vectors)) + weight
        own = ops.expand_dims(chords, -1) == ops.cast(others, "int32")
        return ops.logsumexp(ops.where(own, NEVER, scores), axis=-1)

    # ------------------------------------------------------------------ what was learned

    def vectors(self, tokenizer: ChordTokenizer) -> np.ndarray:
        """Return the vectors of another tokenizer's chords, matched by their pitches.

        Returns
        -------
        (C', E) float32
            NaN for chords that did not occur in training, and for special ids.
        """
        known = np.full((tokenizer.sizes[CHORD], self.config.embed_size), np.nan, np.float32)
        table = np.array(ops.convert_to_numpy(self.centre.embeddings))
        own_ids = np.array(
            [0] * SPECIAL + [self.tokenizer.chords[chord] for chord in tokenizer.chords.symbols]
        )
        is_known = own_ids >= SPECIAL
        known[is_known] = table[own_ids[is_known]]
        return known

    @property
    def counts(self) -> np.ndarray:
        """Occurrences of each chord in training, with transposed copies: (C,) float32."""
        return np.array(ops.convert_to_numpy(self.frequencies.counts))


def _uniform(size: int) -> Any:
    """Return word2vec's initializer: uniform within ± 0.5 / √E."""
    return keras.initializers.RandomUniform(-0.5 / size**0.5, 0.5 / size**0.5)
