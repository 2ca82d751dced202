"""Define what a model promises to training, to generation and to evaluation.

A model is one file and one line in `models.MODELS`. It derives from one of the families here, or
from `Model` alone, and names in `Model.capabilities` the protocols that it fulfils.

Shapes: B batch, L rows of a window, V numbers of a field, Z latent size. For chords: C
chords, H held patterns, D durations, K notes of the largest chord.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np

from partimento.config import ModelSettings
from partimento.models import likelihood
from partimento.models.deferred import keras, ops
from partimento.models.likelihood import Likelihood
from partimento.models.loss import Loss, Totals, mean_loss
from partimento.models.numpy_step import NumpyStep, Weights
from partimento.tokens import note_features, note_grammar
from partimento.tokens.base import Tokens
from partimento.tokens.chords import CHORD, DURATION, FIELDS, HELD, ChordTokenizer
from partimento.tokens.event_tokens import EventTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vectors.onehot import flatten, one_hot, unflatten
from partimento.tokens.vocabulary import END, PAD, SPECIAL, UNKNOWN
from partimento.tokens.windows import Batches, Windows, WindowSpec, windows

__all__ = [
    "CHORD",
    "DURATION",
    "END",
    "FIELDS",
    "HELD",
    "PAD",
    "SPECIAL",
    "UNKNOWN",
    "Autoregressive",
    "Batch",
    "ChordTokenizer",
    "Energy",
    "EventTokenizer",
    "Frames",
    "Gibbs",
    "HasChordVectors",
    "Latent",
    "LatentModel",
    "Likelihood",
    "Loss",
    "Model",
    "NextModel",
    "NumpyStep",
    "State",
    "TokenSettings",
    "Tokens",
    "Weights",
    "WindowSpec",
    "Windows",
    "chords_right",
    "column_nats",
    "field_nats",
    "field_sums",
    "flatten",
    "mean_loss",
    "note_features",
    "note_grammar",
    "one_hot",
    "unflatten",
    "windows",
]

State = tuple[Any, ...]
Batch = Mapping[str, Any]  # "inputs", "targets" (B, L, F), and the tokenizer's context arrays
NEVER = -1e9  # a logit that leaves no probability
BATCH = 8  # whole pieces measured at once
WINDOWS = 64  # windows measured at once


# ---------------------------------------------------------------------- capabilities


@runtime_checkable
class Autoregressive(Protocol):
    """Predict the next number from all before it, one at a time."""

    def initial_state(self, batch: int) -> State:
        """Return tensors of fixed shapes; the batch comes first."""

    def step(
        self, state: State, ids: Any, *, field: int, features: Any = None
    ) -> tuple[State, Any]:
        """Take in numbers ``(B,)`` of `field`; return the new state and next logits."""


@runtime_checkable
class Latent(Protocol):
    """Make whole windows from points of a latent space."""

    def encode(self, targets: np.ndarray) -> np.ndarray | None:
        """Return the points ``(B, Z)`` of windows ``(B, L, F)``; None without an encoder."""

    def decode(self, z: Any) -> list[np.ndarray]:
        """Return probabilities ``(B, L, V)`` of each field from points ``(B, Z)``."""

    def prior(
        self, count: int, rng: np.random.Generator, known: np.ndarray | None = None
    ) -> np.ndarray:
        """Draw points ``(count, Z)``; `known` are the points of training pieces."""


@runtime_checkable
class Gibbs(Protocol):
    """Predict each cell of a grid from all others. Known cells never change.

    No model has this capability yet. The order in which cells are drawn belongs to the sampler.
    """

    def logits(self, values: Any, known: Any) -> Any:
        """Return the logits of each cell, ``(B, T, N, V)``.

        `known` is a mask of the cells whose values are given.
        """


@runtime_checkable
class Frames(Protocol):
    """Model a sequence of frames, each a set of notes with a distribution of its own.

    No model has this capability yet: RNN-RBM and RNN-NADE will.
    """

    def advance(self, state: State, frame: Any) -> State:
        """Return the state after one more frame ``(B, P)``."""

    def frame_nats(self, state: State, frame: Any) -> Any:
        """Return the nats ``(B,)`` of the next frame, or an estimate of them."""

    def draw(self, state: State, known: Any, uniform: Any) -> Any:
        """Draw the next frame; known notes stay as they are."""


@runtime_checkable
class Energy(Protocol):
    """Model a frame by its energy, up to a constant.

    No model has this capability yet: Boltzmann machines will.
    """

    def free_energy(self, visible: Any) -> Any:
        """Return the free energy ``(B,)`` of frames ``(B, P)``."""

    def gibbs(self, visible: Any, steps: int, uniform: Any) -> Any:
        """Return the frames after some steps of Gibbs sampling."""

    def log_partition(self, rng: np.random.Generator) -> float:
        """Return or estimate the logarithm of the normalizing constant."""


@runtime_checkable
class HasChordVectors(Protocol):
    """Hold a vector per chord, which other models can begin with."""

    counts: np.ndarray  # (C,): how often each chord came in training

    def vectors(self, tokenizer: ChordTokenizer) -> np.ndarray:
        """Return the vectors ``(C, E)`` of another tokenizer's chords; NaN where unknown."""


# ---------------------------------------------------------------------- the contract


class Model(ABC):
    """Define what training needs of a model.

    Attributes
    ----------
    config_type : subclass of ModelSettings
        Its `Config`: the settings of the section ``model``.
    tokenizer_kind : str
        The tokens that it reads: ``chords`` or ``notes`` (`tokens.registry.TOKENIZERS`).
    capabilities : tuple of protocols
        The protocols that it fulfils beside training: `Autoregressive`, `Latent`, …. Generation and
        evaluation ask here, never for a class.
    trains_by_gradient : bool
        It is trained by steps along a gradient; else `adapt` learns everything.
    select_by_validation : bool
        The epoch with the lowest validation loss is kept; else the last one.
    top_p : float
        The default of sampling: choose among the likeliest that together have this probability.
    weights_suffix : str
        The suffix of the file of its weights in a run folder.
    network : keras.Model
        Holds every variable.
    """

    config_type: ClassVar[type[ModelSettings]]
    tokenizer_kind: ClassVar[str] = "chords"
    capabilities: ClassVar[tuple[type[Any], ...]] = ()
    trains_by_gradient: ClassVar[bool] = True
    select_by_validation: ClassVar[bool] = True
    top_p: ClassVar[float] = 0.95
    weights_suffix: ClassVar[str] = ".weights.h5"
    network: keras.Model
    tokenizer: Any

    def __init__(self, config: Any, tokenizer: Any) -> None:
        self.config, self.tokenizer = config, tokenizer

    @classmethod
    def from_settings(cls, config: Any, tokenizer: Any, tokens: TokenSettings) -> Self:
        """Build the model, untrained.

        A model of windows of a fixed length reads the length from `tokens`.
        """
        return cls(config, tokenizer)

    def load_pretrained(self, load: Callable[[str], Model]) -> None:
        """Start from what another model has learned, if the settings name its run.

        `load` returns the model of a run.
        """
        return

    @abstractmethod
    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the loss of a batch; `step` is the number of training steps taken before."""

    def window_spec(self, config: TokenSettings, *, training: bool) -> WindowSpec:
        """Return how pieces are cut into windows, for training or for validation."""
        return WindowSpec(config.window, config.stride if training else None)

    def windows(
        self, pieces: Sequence[Tokens], config: TokenSettings, *, training: bool
    ) -> Windows:
        """Cut pieces into windows."""
        return windows(pieces, **self.window_spec(config, training=training)._asdict())

    def batches(self, data: Any, split: str, config: TokenSettings, *, batch_size: int) -> Batches:
        """Return the batches of a split of a `Dataset`.

        They are windows in memory. A model that streams its data returns `Batches` of its own.
        """
        spec = self.window_spec(config, training=split == "train")
        batches: Batches = data.batches(split, spec, batch_size=batch_size)
        return batches

    def adapt(self, pieces: Sequence[Tokens]) -> None:
        """Compute what needs no gradient, such as counts, from all training pieces.

        It is called once, before the first step.
        """
        return

    @classmethod
    def numpy_step(
        cls, config: Any, tokenizer: Any, read: Callable[[], Weights]
    ) -> NumpyStep | None:
        """Return its step on NumPy, if it has one.

        `read` returns the weights. With it, short pieces are composed without building a network
        and compiling a loop. Its logits are those of the network, but for rounding: the contract
        tests compare them.
        """
        return None

    def nats(self, pieces: Sequence[Tokens], *, missing: float = 0.0) -> Likelihood | None:
        """Return the likelihood of whole pieces; None if the model has none.

        Parameters
        ----------
        pieces : sequence of Tokens
        missing : float
            The nats of what these tokens leave out (`Dataset.missing_cost`).
        """
        return None

    def unpredicted_nats(self, pieces: Sequence[Tokens]) -> float:
        """Return the cost of the fields that the model does not predict."""
        return 0.0

    def accuracy(self, pieces: Sequence[Tokens]) -> float | None:
        """Return the share of chords that it reconstructs, if it reconstructs any."""
        return None

    @property
    def parameters(self) -> int:
        """The number of its parameters."""
        return int(self.network.count_params())

    def write_weights(self, path: Path) -> None:
        """Write the weights in a safe format."""
        self.network.save_weights(path)

    def read_weights(self, path: Path) -> None:
        """Read the weights.

        Raises
        ------
        OSError, ValueError, KeyError
            If they have other shapes or are damaged.
        """
        self.network.load_weights(path)

    def diagnose(self, parts: Mapping[str, float]) -> str | None:
        """Describe a failure that the loss does not show; None if there is none.

        An example is posterior collapse.

        `parts` are the `Epoch.parts` of the best epoch.
        """
        return None

    def snapshot(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return what the pictures of a training show of some windows; empty without any.

        ``tokens`` (L, F): its prediction of the first window. ``latent`` (B, Z): the point of each.
        """
        return {}


class NextModel(Model):
    """Predict what comes next, given all that came before.

    Its network is for training: ``[inputs (B, L, 3), targets (B, L, 3)] → [chord (B, L, C), held
    (B, L, H), duration (B, L, D)]`` logits of the targets. A field may look at the target fields
    chosen before it (chord, then held, then duration), never at its own.
    """

    capabilities = (Autoregressive,)

    @abstractmethod
    def initial_state(self, batch: int) -> State:
        """Return tensors of fixed shapes; the batch comes first."""

    @abstractmethod
    def step(
        self, state: State, ids: Any, *, field: int, features: Any = None
    ) -> tuple[State, Any]:
        """Take in numbers ``(B,)`` of `field`; return the new state and next logits.

        It is a pure function. `features` are those of the next number (`Grammar.features`), for
        models that read more than the numbers.
        """

    def logits(self, batch: Batch, *, training: bool = False) -> list[Any]:
        """Return the logits of each field; None for a field that is not predicted."""
        return list(self.network([batch["inputs"], batch["targets"]], training=training))

    def exact_loss(self, batch: Batch, *, training: bool = False) -> Loss:
        """Return the nats of each field, every step counted: its exact likelihood."""
        return mean_loss(*field_sums(self.tokenizer, self.logits(batch, training=training), batch))

    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the nats of each field."""
        return self.exact_loss(batch, training=training)

    def nats(self, pieces: Sequence[Tokens], *, missing: float = 0.0) -> Likelihood:
        """Return the exact likelihood of pieces, each read from start to end."""
        totals = Totals.of(self.exact_loss(batch) for batch in _whole(pieces))
        unknown = {likelihood.UNKNOWN: missing + self.unpredicted_nats(pieces)}
        return Likelihood({**totals.terms, **unknown}, int(totals.count))

    def step_nats(self, batch: Batch, *, may_end: bool = True) -> Any:
        """Return the nats ``(B, L)`` of all fields at each step.

        With `may_end` False, a model of single tokens knows that no piece ends, and pays nothing
        for the end. A model of whole chords always pays for it.
        """
        nats = field_nats(self.tokenizer, self.logits(batch), batch)
        return sum(np.asarray(field, np.float64) for field in nats)

    def piece_nats(self, pieces: Sequence[Tokens], *, may_end: bool = True) -> Iterator[np.ndarray]:
        """Yield for each piece its `step_nats` ``(T - 1,)``."""
        for start in range(0, len(pieces), BATCH):
            some = pieces[start : start + BATCH]
            batch = windows(some, length=_rounded(max(len(piece.ids) for piece in some)))[:]
            nats = np.asarray(self.step_nats(batch, may_end=may_end), np.float64)
            for row, piece in zip(nats, some, strict=True):
                yield row[: len(piece.ids) - 1]

    def snapshot(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return its guess at each event of the first window, knowing those before."""
        first = {name: array[:1] for name, array in batch.items()}
        logits = [None if x is None else np.asarray(x)[0] for x in self.logits(first)]
        return {"tokens": best_tokens(self.tokenizer, logits, first["holdable"][0])}


class LatentModel(Model):
    """Make whole windows of L events, each from a point of a latent space.

    Attributes
    ----------
    length, latent : int
        L and Z.
    fields : tuple of int
        The fields that it predicts. Without held notes every note is struck; without durations each
        event lasts a quarter.
    """

    capabilities = (Latent,)
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
        """Return probabilities ``(B, L, V)`` of each of `fields` from points ``(B, Z)``."""

    def encode(self, targets: np.ndarray) -> np.ndarray | None:
        """Return the points ``(B, Z)`` of windows ``(B, L, 3)``; None without an encoder.

        Where they are distributions, the points are their means.
        """
        return None

    def prior(
        self, count: int, rng: np.random.Generator, known: np.ndarray | None = None
    ) -> np.ndarray:
        """Draw points ``(count, Z)`` of a standard normal distribution."""
        return rng.standard_normal((count, self.latent)).astype(np.float32)

    def snapshot(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the points of windows, and the first window's reconstruction."""
        z = self.encode(batch["targets"])
        if z is None:
            return {}
        probabilities = dict(zip(self.fields, self.decode(z[:1]), strict=True))
        logits = [
            np.log(probabilities[field][0] + 1e-9) if field in probabilities else None
            for field in (CHORD, HELD, DURATION)
        ]
        tokens = best_tokens(self.tokenizer, logits, batch["holdable"][0])
        return {"latent": z.astype(np.float32), "tokens": tokens}

    def accuracy(self, pieces: Sequence[Tokens]) -> float | None:
        """Return the share of the windows' chords that are reconstructed."""
        totals = self.window_totals(pieces)
        right = totals.metrics.get("accuracy")
        return None if right is None else right / totals.count

    def held_windows(self, pieces: Sequence[Tokens]) -> Iterator[Batch]:
        """Yield windows that follow one another, to measure the model with."""
        held = windows(pieces, length=self.length)
        for start in range(0, len(held), WINDOWS):
            yield held[start : start + WINDOWS]

    def window_totals(self, pieces: Sequence[Tokens]) -> Totals:
        """Sum the loss over `held_windows`."""
        return Totals.of(self.loss(batch, training=False) for batch in self.held_windows(pieces))

    def window_spec(self, config: TokenSettings, *, training: bool) -> WindowSpec:
        """Train on whole windows only, because what is composed is whole."""
        return WindowSpec(config.window, config.stride if training else None, whole=training)


def _whole(pieces: Sequence[Tokens]) -> Iterator[Batch]:
    """Yield batches of whole pieces, all of one length."""
    length = _rounded(max(len(piece.ids) for piece in pieces) - 1)
    for start in range(0, len(pieces), BATCH):
        yield windows(pieces[start : start + BATCH], length=length)[:]


def _rounded(length: int) -> int:
    """Round a length up to a multiple of 64, because each length is compiled anew."""
    return -(-length // 64) * 64


# ---------------------------------------------------------------------- the likelihood of chords


def best_tokens(
    tokenizer: ChordTokenizer, logits: Sequence[np.ndarray | None], holdable: np.ndarray
) -> np.ndarray:
    """Return the likeliest number of each field ``(L, 3)``, special numbers excluded.

    A field without logits gets the commonest number: no note is held.
    """
    rows = np.full((len(holdable), 3), SPECIAL, np.int32)
    for field, scores in enumerate(logits):
        if scores is None:
            continue
        regular = np.arange(scores.shape[-1]) >= SPECIAL
        allowed = tokenizer.grammar().holdable_patterns(holdable) if field == HELD else regular
        rows[:, field] = np.where(allowed, scores, -np.inf).argmax(-1)
    return rows


def field_sums(
    tokenizer: ChordTokenizer, logits: Sequence[Any], batch: Batch
) -> tuple[dict[str, Any], Any]:
    """Sum `field_nats` over a batch.

    Returns
    -------
    dict of () float32, () float32
        Summed nats by the names of the fields; the number of events, the end of a piece as one.
    """
    nats = field_nats(tokenizer, logits, batch)
    sums = {name: ops.sum(field) for name, field in zip(FIELDS, nats, strict=True)}
    return sums, ops.sum(ops.cast(batch["targets"][..., CHORD] != PAD, "float32"))


def field_nats(tokenizer: ChordTokenizer, logits: Sequence[Any], batch: Batch) -> list[Any]:
    """Return the nats ``(B, L)`` of each field's targets; zero without logits.

    Each distribution is normalized over what can follow at all: never padding or start, and only
    patterns of notes that can be held.
    """
    targets = batch["targets"]
    chords, patterns, durations = (ops.arange(size) for size in tokenizer.sizes)
    fits = tokenizer.grammar().holdable_patterns(batch["holdable"], ops)
    # These masks count on the order of the special numbers: see the assertion below.
    possible = (chords >= END, ops.logical_or(fits, patterns == UNKNOWN), durations >= UNKNOWN)
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


def column_nats(flat: Any, targets: Any) -> tuple[Any, Any, Any]:
    """Return the binary cross-entropy of flat logits against one-hot chords.

    It is Keras' `binary_crossentropy`, but the ones are picked, not multiplied out. The logits are
    ``(B, C·L)``, the targets windows ``(B, L, 3)``.

    Returns
    -------
    () float32, () float32, () float32
        The mean over columns and windows, the sum in nats, the number of events; windows of padding
        count for nothing.
    """
    chords, length = targets[..., CHORD], targets.shape[1]
    # (B, L): the logits where a one is wanted.
    ones = ops.take_along_axis(flat, chords * length + np.arange(length), axis=1)
    counted = ops.cast(chords != PAD, flat.dtype)
    each = ops.sum(ops.softplus(flat), axis=1) - ops.sum(ones * counted, axis=1)  # (B,)
    nats = ops.sum(each * counted[:, 0])
    mean = nats / ops.maximum(ops.sum(counted[:, 0]), 1.0) / flat.shape[1]
    return mean, nats, ops.sum(counted)


def chords_right(logits: Any, targets: Any) -> Any:
    """Count the chords of windows ``(B, L, 3)`` that have the highest logits."""
    chords = targets[..., CHORD]
    right = ops.logical_and(ops.argmax(logits, axis=-1) == chords, chords != PAD)
    return ops.sum(ops.cast(right, "float32"))


assert SPECIAL == UNKNOWN + 1
