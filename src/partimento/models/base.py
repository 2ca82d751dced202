"""The families of models: what each promises to training and to sampling, which hold the loops.

Axis letters: B batch, L events of a window, C chords, H held patterns, D durations, K notes of the
largest chord, Z latent size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from partimento.config import ModelSettings
from partimento.models.deferred import keras, ops
from partimento.models.numpy_step import NumpyStep, Weights
from partimento.tokens import note_features as note_facts
from partimento.tokens import note_grammar
from partimento.tokens.base import Tokens
from partimento.tokens.chords import CHORD, DURATION, FIELDS, HELD, ChordTokenizer
from partimento.tokens.notes import EventTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vectors.onehot import flatten, one_hot, unflatten
from partimento.tokens.vocabulary import END, PAD, SPECIAL, UNKNOWN
from partimento.tokens.windows import Windows, windows

__all__ = [
    "CHORD",
    "DURATION",
    "END",
    "FIELDS",
    "HELD",
    "PAD",
    "SPECIAL",
    "UNKNOWN",
    "ChordTokenizer",
    "EventTokenizer",
    "LatentModel",
    "Losses",
    "Model",
    "NextModel",
    "NumpyStep",
    "State",
    "TokenSettings",
    "Tokens",
    "Weights",
    "Windows",
    "column_losses",
    "field_losses",
    "flatten",
    "mean_losses",
    "note_facts",
    "note_grammar",
    "one_hot",
    "right_chords",
    "unflatten",
    "windows",
]  # fmt: skip

State = tuple[Any, ...]
NEVER = -1e9  # a logit that leaves no probability


class Losses(NamedTuple):
    """What a model says of a batch.

    Attributes
    ----------
    objective : () float32
        What a training step makes smaller.
    sums : (M,) float32
        `Model.terms`, then `Model.measures`, each summed over the events.
    events : () float32
        How many events were counted.
    """

    objective: Any
    sums: Any
    events: Any


class Model(ABC):
    """What training needs of a model.

    Attributes
    ----------
    config_type : subclass of ModelSettings
        Its `Config`: the settings of the section ``model``.
    encoding : str
        What it takes: ``integers`` (its first layer is a table of vectors), ``one-hot``,
        ``many-hot``; see docs/encodings.md.
    terms : tuple of str
        The parts that add up to its loss, in nats an event.
    measures : tuple of str
        What else its losses tell, each a mean over the events.
    by_steps : bool
        Whether it is trained by steps along a gradient; else `count` learns all at once.
    validates : bool
        Whether the validation loss says which epoch is best; else the last one is kept.
    tokenizer_kind : str
        What a piece is to it: ``chords`` or ``notes`` (`training.dataset.TOKENIZERS`).
    top_p : float
        Composing chooses among the likeliest that together have this probability, if nothing else
        is said.
    network : keras.Model
        Holds every variable.
    """

    config_type: ClassVar[type[ModelSettings]]
    tokenizer_kind: ClassVar[str] = "chords"
    top_p: ClassVar[float] = 0.95
    encoding: str = "integers"
    terms: tuple[str, ...] = FIELDS
    measures: tuple[str, ...] = ()
    by_steps: ClassVar[bool] = True
    validates: ClassVar[bool] = True
    weights_suffix: ClassVar[str] = ".weights.h5"
    network: keras.Model

    tokenizer: Any

    def __init__(self, config: Any, tokenizer: Any) -> None:
        self.config, self.tokenizer = config, tokenizer

    @classmethod
    def from_settings(cls, config: Any, tokenizer: Any, tokens: TokenSettings) -> Self:
        """Build the model, untrained; a model of windows of a fixed length reads it from `tokens`."""
        return cls(config, tokenizer)

    @abstractmethod
    def losses(self, batch: Sequence[Any], *, training: bool, step: Any = 0.0) -> Losses:
        """Of a batch of windows ``(inputs, targets, common)``; `step` is the number of training
        steps taken before.
        """

    def windows(
        self, pieces: Sequence[Tokens], config: TokenSettings, *, training: bool
    ) -> Windows:
        """What it learns from, or is checked with."""
        return windows(pieces, length=config.window, stride=config.stride if training else None)

    def count(self, pieces: Sequence[Tokens]) -> None:
        """Learn all at once (where not `by_steps`)."""
        raise NotImplementedError

    @property
    def parameters(self) -> int:
        """How many numbers it has learned."""
        return int(self.network.count_params())

    @classmethod
    def numpy_step(
        cls, config: Any, tokenizer: Any, read: Callable[[], Weights]
    ) -> NumpyStep | None:
        """Return its step on NumPy, with the weights that `read` returns; None if it has none.

        With it, short pieces are composed without building a network and compiling a loop. Its
        logits are those of the network, but for rounding: the contract tests compare them.
        """
        return None

    def write_weights(self, path: Path) -> None:
        """Into a file of a safe format."""
        self.network.save_weights(path)

    def read_weights(self, path: Path) -> None:
        """The inverse; OSError, ValueError or KeyError where they are of another shape or damaged."""
        self.network.load_weights(path)

    def verdict(self, parts: Mapping[str, float]) -> str | None:
        """What a person should know of the best epoch, whose `Epoch.parts` these are, where
        something went wrong that no loss tells.
        """
        return None

    def look(self, some: Windows) -> dict[str, np.ndarray]:
        """What it makes of some windows, for the pictures of a training: ``tokens`` (L, 3) of the
        first, ``latent`` (n, Z) of all.
        """
        return {}


class NextModel(Model):
    """A model of what comes next, given all that came before.

    Its network is for training: ``[inputs (B, L, 3), targets (B, L, 3)] → [chord (B, L, C), held
    (B, L, H), duration (B, L, D)]`` logits of the targets. A field may look at the target fields
    chosen before it (chord, then held, then duration), never at its own.
    """

    @abstractmethod
    def initial_state(self, batch: int) -> State:
        """Tensors of fixed shapes; the batch comes first."""

    @abstractmethod
    def step(
        self, state: State, ids: Any, *, field: int, features: Any = None
    ) -> tuple[State, Any]:
        """Take in one number ``(B,)`` of `field`; give the new state and the logits of the field
        that comes next. Pure.

        `features` are those of the next number (`Grammar.features`): for models that see more than
        the numbers.
        """

    def logits(self, batch: Sequence[Any], *, training: bool = False) -> list[Any]:
        """Of chord, held and duration at every step of windows ``(inputs, targets, common)``; None
        for a field that it does not tell of.
        """
        return list(self.network([batch[0], batch[1]], training=training))

    def nats(self, batch: Sequence[Any], *, training: bool = False) -> Losses:
        """Nats of each field, at every step."""
        return mean_losses(
            *field_losses(self.tokenizer, self.logits(batch, training=training), batch[1], batch[2])
        )

    def losses(self, batch: Sequence[Any], *, training: bool, step: Any = 0.0) -> Losses:
        return self.nats(batch, training=training)

    def look(self, some: Windows) -> dict[str, np.ndarray]:
        """What it would have guessed at each event of the first window, knowing those before."""
        logits = self.logits([column[:1] for column in some])
        return {
            "tokens": best_tokens(
                self.tokenizer,
                [None if field is None else np.asarray(field)[0] for field in logits],
                some.common[0],
            )
        }


class LatentModel(Model):
    """A model of whole windows of L events, each made from a point of a latent space.

    Attributes
    ----------
    length, latent : int
        L and Z.
    fields : tuple of int
        Those it tells of: the chord; the held notes and the duration where it does (else each event
        lasts a quarter, and is struck).
    """

    fields: tuple[int, ...] = (CHORD,)
    length: int
    latent: int

    def __init__(self, config: Any, tokenizer: Any, length: int) -> None:
        super().__init__(config, tokenizer)
        self.length, self.latent = length, config.latent

    @classmethod
    def from_settings(cls, config: Any, tokenizer: Any, tokens: TokenSettings) -> Self:
        return cls(config, tokenizer, tokens.window)

    @abstractmethod
    def decode(self, z: Any) -> list[np.ndarray]:
        """``(B, Z)`` → for each of `fields` probabilities ``(B, L, C)``, ``(B, L, H)``, ``(B, L,
        D)``.
        """

    def encode(self, targets: np.ndarray) -> np.ndarray | None:
        """``(B, L, 3)`` windows → ``(B, Z)`` their points (the means, where they are
        distributions); None without an encoder.
        """
        return None

    def draw(
        self, count: int, rng: np.random.Generator, known: np.ndarray | None = None
    ) -> np.ndarray:
        """``(count, Z)`` points to compose from: a standard normal. `known` ``(n, Z)`` are the
        points of training pieces, if it has any.
        """
        return rng.standard_normal((count, self.latent)).astype(np.float32)

    def look(self, some: Windows) -> dict[str, np.ndarray]:
        """The points of the windows in the latent space, and the first one's reconstruction."""
        z = self.encode(some.targets)
        if z is None:
            return {}
        told = dict(zip(self.fields, self.decode(z[:1]), strict=True))
        logits = [
            np.log(told[field][0] + 1e-9) if field in told else None
            for field in (CHORD, HELD, DURATION)
        ]
        return {
            "latent": z.astype(np.float32),
            "tokens": best_tokens(self.tokenizer, logits, some.common[0]),
        }

    def windows(
        self, pieces: Sequence[Tokens], config: TokenSettings, *, training: bool
    ) -> Windows:
        """Whole windows only: what is composed is whole."""
        return windows(
            pieces, length=config.window, stride=config.stride if training else None, whole=training
        )


def best_tokens(
    tokenizer: ChordTokenizer, logits: Sequence[np.ndarray | None], common: np.ndarray
) -> np.ndarray:
    """The likeliest number of each field ``(L, 3)``, the special ones aside; without logits the
    commonest one, and nothing held.
    """
    rows = np.full((len(common), 3), SPECIAL, np.int32)
    for field, scores in enumerate(logits):
        if scores is None:
            continue
        allowed = (
            tokenizer.grammar().holdable_patterns(common)
            if field == HELD
            else np.arange(scores.shape[-1]) >= SPECIAL
        )
        rows[:, field] = np.where(allowed, scores, -np.inf).argmax(-1)
    return rows


def mean_losses(sums: Any, events: Any) -> Losses:
    """Where the objective is the loss: nats an event."""
    return Losses(ops.sum(sums) / ops.maximum(events, 1.0), sums, events)


def field_losses(
    tokenizer: ChordTokenizer, logits: Sequence[Any], targets: Any, common: Any
) -> tuple[Any, Any]:
    """`field_nats` of a whole batch.

    Returns
    -------
    (3,) float32, () float32
        Summed nats of chord, held and duration; the number of events (the end of a piece counts as
        one).
    """
    nats = [ops.sum(field) for field in field_nats(tokenizer, logits, targets, common)]
    return ops.stack(nats), ops.sum(ops.cast(targets[..., CHORD] != PAD, "float32"))


def field_nats(
    tokenizer: ChordTokenizer, logits: Sequence[Any], targets: Any, common: Any
) -> list[Any]:
    """Nats of the targets under the logits, ``(B, L)`` of each field; a field without logits (None)
    is charged nothing.

    Each distribution is normalised over what can follow at all: never padding or start, and only
    patterns of notes that can be held.
    """
    chords, patterns, durations = (ops.arange(size) for size in tokenizer.sizes)
    possible = (
        chords >= END,
        ops.logical_or(tokenizer.grammar().holdable_patterns(common, ops), patterns == UNKNOWN),
        durations >= UNKNOWN,
    )
    nats = []
    for field in (CHORD, HELD, DURATION):
        if logits[field] is None:
            nats.append(ops.zeros(ops.shape(targets)[:2]))
            continue
        target = targets[..., field]
        logp = ops.log_softmax(ops.where(possible[field], logits[field], NEVER), axis=-1)
        picked = ops.take_along_axis(logp, ops.expand_dims(target, -1), axis=-1)[..., 0]
        nats.append(-ops.where(target != PAD, picked, 0.0))
    return nats


def column_losses(flat: Any, targets: Any) -> tuple[Any, Any, Any]:
    """Binary cross-entropy of flat logits ``(B, C·L)`` against the flattened one-hot chords of
    windows ``(B, L, 3)``.

    As Keras' `binary_crossentropy` has it, but that the ones are picked, not multiplied out.

    Returns
    -------
    () float32, () float32, () float32
        The mean over columns and windows, the sum in nats, the number of events; windows of padding
        count for nothing.
    """
    chords, length = targets[..., CHORD], targets.shape[1]
    ones = ops.take_along_axis(
        flat, chords * length + np.arange(length), axis=1
    )  # (B, L): the logits where a one is wanted
    counted = ops.cast(chords != PAD, flat.dtype)
    each = ops.sum(ops.softplus(flat), axis=1) - ops.sum(ones * counted, axis=1)  # (B,)
    nats = ops.sum(each * counted[:, 0])
    return nats / ops.maximum(ops.sum(counted[:, 0]), 1.0) / flat.shape[1], nats, ops.sum(counted)


def right_chords(logits: Any, targets: Any) -> Any:
    """How many chords of windows ``(B, L, 3)`` are the likeliest under logits ``(B, L, C)``."""
    chords = targets[..., CHORD]
    right = ops.logical_and(ops.argmax(logits, axis=-1) == chords, chords != PAD)
    return ops.sum(ops.cast(right, "float32"))


assert SPECIAL == UNKNOWN + 1  # the masks above count on the order of the special numbers
