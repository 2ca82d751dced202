"""The families of models: what each promises to training and to sampling, which hold the loops.

Axis letters: B batch, L events of a window, C chords, H held patterns, D durations, P pitches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import keras
from keras import ops

from partimento.encode.codecs import CHORD, DURATION, HELD, ChordCodec
from partimento.encode.vocabulary import END, PAD, SPECIAL, UNKNOWN

__all__ = ["CHORD", "DURATION", "HELD", "ChordCodec", "NextModel", "field_losses"]

State = tuple[Any, ...]
NEVER = -1e9  # a logit that leaves no probability


class NextModel(ABC):
    """A model of what comes next, given all that came before.

    Attributes
    ----------
    network : keras.Model
        For training: ``[inputs (B, L, 3), targets (B, L, 3)] → [chord (B, L, C), held (B, L, H), duration (B, L, D)]`` logits of the
        targets. A field may look at the target fields chosen before it (chord, then held, then duration), never at its own.
    """

    config_type: ClassVar[type[Any]]
    network: keras.Model

    def __init__(self, config: Any, codec: ChordCodec) -> None:
        self.config, self.codec = config, codec

    @abstractmethod
    def initial_state(self, batch: int) -> State:
        """Tensors of fixed shapes; the batch comes first."""

    @abstractmethod
    def step(self, state: State, token: Any, *, field: int) -> tuple[State, Any]:
        """Take in one sub-token ``(B,)`` of `field`; give the new state and the logits of the field that comes next. Pure."""

    def losses(self, batch: tuple[Any, Any, Any], *, training: bool) -> tuple[Any, Any]:
        """Nats of each field, summed over a batch of windows ``(inputs, targets, common)``: ``(3,)``, and its number of events."""
        inputs, targets, common = batch
        logits = self.network([inputs, targets], training=training)
        return field_losses(self.codec, logits, targets, common)


def field_losses(codec: ChordCodec, logits: Any, targets: Any, common: Any) -> tuple[Any, Any]:
    """Nats of the targets under the logits, by field.

    Each distribution is normalised over what can follow at all: never padding or start, and only patterns of notes that can be held.

    Returns
    -------
    (3,) float32, () float32
        Summed nats of chord, held and duration; the number of events (the end of a piece counts as one).
    """
    chords, patterns, durations = (ops.arange(size) for size in codec.sizes)
    possible = (
        chords >= END,
        ops.logical_or(codec.patterns_that_fit(common, ops), patterns == UNKNOWN),
        durations >= UNKNOWN,
    )
    nats = []
    for field in (CHORD, HELD, DURATION):
        target = targets[..., field]
        logp = ops.log_softmax(ops.where(possible[field], logits[field], NEVER), axis=-1)
        picked = ops.take_along_axis(logp, ops.expand_dims(target, -1), axis=-1)[..., 0]
        nats.append(-ops.sum(ops.where(target != PAD, picked, 0.0)))
    return ops.stack(nats), ops.sum(ops.cast(targets[..., CHORD] != PAD, "float32"))


assert SPECIAL == UNKNOWN + 1  # the masks above count on the order of the special numbers
