"""Learn a vector per chord without labels: skip-gram over chords.

The method is that of Mikolov et al. (2013), over music as in Chuan, Agres & Herremans (2018). Each
chord predicts each chord within `reach` events before and after it. The probability of chord j near
chord i is p(j) exp(v_i · u_j), normalized over the chords other than i. Here p(j) is the share of j
in the training pieces. The vectors then need not separate common chords from rare ones, only say
which occur together. Chords that can replace one another get similar vectors. A chord is not its
own neighbor: repeats would teach nothing else. Durations and held notes play no part. Nearer pairs
weigh more, as in word2vec.

The sum over all chords is exact with ``negatives = 0``, and always in validation. With copies in
all keys there are more than ten thousand chords. Each step then estimates the sum from `negatives`
chords, drawn with p(j)^¾ and shared by the batch. The estimate is corrected for how they were drawn
(Bengio & Senécal 2008; Jean et al. 2015): the loss has the same meaning, nats per pair.

It does not compose. `vectors` gives the embedding layers of other models something to start from
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

POWER = 0.75  # negatives are drawn with the chords' frequencies raised to it (Mikolov et al. 2013)


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
        description="Number of events before and after a chord that it predicts.",
    )
    negatives: int = Field(
        default=512,
        ge=0,
        le=65536,
        description=(
            "Chords sampled per step to estimate the sum over all chords; 0 takes the whole sum,"
            " for up to a few thousand chords."
        ),
    )


class Frequencies(layers.Layer):
    """Keep how often each chord occurs, ``(C,)``, and draw chords by it."""

    def __init__(self, chords: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.counts = self.add_weight(
            shape=(chords,), initializer="ones", trainable=False, name="counts"
        )
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, chords: Any) -> Any:
        """Return the logarithms of the chords' shares."""
        return ops.take(self.log_shares(), chords, axis=0)

    def log_shares(self) -> Any:
        """Return the logarithm of each chord's share of all, ``(C,)``.

        It is `NEVER` for special numbers and for chords that never occur.
        """
        counts = ops.where(
            ops.arange(self.counts.shape[0]) >= SPECIAL, ops.convert_to_tensor(self.counts), 0.0
        )
        return ops.where(
            counts > 0, ops.log(ops.maximum(counts, 1.0) / ops.maximum(ops.sum(counts), 1.0)), NEVER
        )

    def draw(self, number: int) -> tuple[Any, Any]:
        """Draw chords ``(K,)``; return also the logarithm of each one's expected count."""
        log_q = ops.log_softmax(POWER * self.log_shares())
        places = keras.random.uniform((number,), seed=self.seed_generator)
        drawn = ops.searchsorted(ops.cumsum(ops.exp(log_q)), places)
        # A sum of shares may end a rounding error below 1.
        drawn = ops.minimum(drawn, self.counts.shape[0] - 1)
        return drawn, ops.take(log_q, drawn) + math.log(number)


class Embeddings(Model):
    """Learn chord vectors, for `vectors`."""

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
        """Return the nats of all pairs of neighbors."""
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
        """Yield slices of the centers and the contexts of pairs, and the weights.

        A weight is 0 where there is no pair.
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

        The sum is over all chords j except the center itself; the estimate is from a sample.
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
            NaN for chords that did not occur in training, and for special numbers.
        """
        known = np.full((tokenizer.sizes[CHORD], self.config.embed_size), np.nan, np.float32)
        table = np.array(ops.convert_to_numpy(self.centre.embeddings))
        mine = np.array(
            [0] * SPECIAL + [self.tokenizer.chords[chord] for chord in tokenizer.chords.symbols]
        )
        met = mine >= SPECIAL
        known[met] = table[mine[met]]
        return known

    @property
    def counts(self) -> np.ndarray:
        """How often each chord occurred in training, copies included: (C,) float32."""
        return np.array(ops.convert_to_numpy(self.frequencies.counts))


def _uniform(size: int) -> Any:
    """Return word2vec's initializer: uniform within ± 0.5 / √E."""
    return keras.initializers.RandomUniform(-0.5 / size**0.5, 0.5 / size**0.5)
