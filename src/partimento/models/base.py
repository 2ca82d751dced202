"""Define the interface between models and training, generation and evaluation.

A model is one file and one line in `models.MODELS`. It derives from `Model` or from one of the
families `NextModel` and `LatentModel`. `Model.capabilities` names the protocols that it implements.

Shapes: B batch, L rows of a window, F fields, V vocabulary size of a field, Z latent size. For
chords: C chords, H held patterns, D durations, K notes of the largest chord.
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
from partimento.short_repr import short_repr
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
    "column_nats",
    "correct_chords",
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
NEVER = -1e9  # a logit so low that its probability is 0; -inf would give NaN gradients
BATCH = 8  # whole pieces per batch in evaluation
WINDOWS = 64  # windows per batch in evaluation


# ---------------------------------------------------------------------- capabilities


@runtime_checkable
class Autoregressive(Protocol):
    """Predict the next id from all previous ones, one at a time."""

    def initial_state(self, batch: int) -> State:
        """Return tensors of fixed shapes, with the batch as first axis."""

    def step(
        self, state: State, ids: Any, *, field: int, features: Any = None
    ) -> tuple[State, Any]:
        """Read ids ``(B,)`` of `field`; return the new state and the next id's logits."""


@runtime_checkable
class Latent(Protocol):
    """Decode whole windows from points of a latent space."""

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

    The sampler decides in which order cells are drawn (`generate.gibbs`).
    """

    def logits(self, values: Any, known: Any, facts: Any) -> Any:
        """Return the logits of each cell, ``(B, T, N, V)``.

        `values` ``(B, T, N)`` are ids. `known` is a mask of the cells whose values are given, and
        `facts` ``(B, T, 6)`` is what is known of each step besides (`grid_facts`).
        """


@runtime_checkable
class Frames(Protocol):
    """Model a sequence of frames, each with a joint distribution over its notes.

    No model has this capability yet. It is meant for the RNN-RBM and RNN-NADE.
    """

    def advance(self, state: State, frame: Any) -> State:
        """Return the state after one more frame ``(B, P)``, with P pitches."""

    def frame_nats(self, state: State, frame: Any) -> Any:
        """Return the nats ``(B,)`` of the next frame, or an estimate of them."""

    def draw(self, state: State, known: Any, uniform: Any) -> Any:
        """Draw the next frame; known notes stay as they are."""


@runtime_checkable
class Energy(Protocol):
    """Model a frame by its energy, an unnormalized negative log-probability.

    No model has this capability yet. It is meant for Boltzmann machines.
    """

    def free_energy(self, visible: Any) -> Any:
        """Return the free energy ``(B,)`` of frames ``(B, P)``."""

    def gibbs(self, visible: Any, steps: int, uniform: Any) -> Any:
        """Return the frames after some steps of Gibbs sampling."""

    def log_partition(self, rng: np.random.Generator) -> float:
        """Return or estimate the logarithm of the normalizing constant."""


@runtime_checkable
class HasChordVectors(Protocol):
    """Provide a trained vector per chord, which other models can start from."""

    counts: np.ndarray  # (C,): how often each chord occurred in training

    def vectors(self, tokenizer: ChordTokenizer) -> np.ndarray:
        """Return the vectors ``(C, E)`` of another tokenizer's chords; NaN where unknown."""


# ---------------------------------------------------------------------- the contract


@short_repr
class Model(ABC):
    """Define the base class of all models.

    Attributes
    ----------
    config_type : subclass of ModelSettings
        The settings class of the section ``model``.
    tokenizer_kind : str
        The tokens that it reads: ``chords`` or ``notes`` (`tokens.registry.TOKENIZERS`).
    capabilities : tuple of protocols
        The protocols that it implements besides this class: `Autoregressive`, `Latent`, ….
        Generation and evaluation look here, never at the class.
    trains_by_gradient : bool
        True if training follows a gradient; False if `adapt` learns everything.
    select_by_validation : bool
        True to keep the epoch with the lowest validation loss, False to keep the last epoch.
    loss_unit : str
        The unit of the losses, for the axes of pictures.
    top_p : float
        Default of nucleus sampling: sample from the most probable ids whose probabilities sum up
        to this value.
    weights_suffix : str
        File name suffix of the weights in a run folder.
    network : keras.Model
        Holds all variables, trainable or not.
    tokenizer : Tokenizer
        Defines the ids that the model reads and predicts.
    """

    config_type: ClassVar[type[ModelSettings]]
    tokenizer_kind: ClassVar[str] = "chords"
    capabilities: ClassVar[tuple[type[Any], ...]] = ()
    trains_by_gradient: ClassVar[bool] = True
    select_by_validation: ClassVar[bool] = True
    loss_unit: ClassVar[str] = "nats per event"
    top_p: ClassVar[float] = 0.95
    weights_suffix: ClassVar[str] = ".weights.h5"
    network: keras.Model
    tokenizer: Any

    def __init__(self, config: Any, tokenizer: Any) -> None:
        self.config, self.tokenizer = config, tokenizer

    @classmethod
    def from_settings(cls, config: Any, tokenizer: Any, tokens: TokenSettings) -> Self:
        """Build the model, untrained.

        Models of windows with a fixed length take that length from `tokens`; others ignore it.
        """
        return cls(config, tokenizer)

    def load_pretrained(self, load: Callable[[str], Model]) -> None:
        """Copy weights from a pretrained model, if the settings name one.

        `load` returns the model of a run folder.
        """
        return

    @abstractmethod
    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the loss of a batch; `step` counts the training steps before this one."""

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

        By default these are windows in memory. A model that streams its data overrides this.
        """
        spec = self.window_spec(config, training=split == "train")
        batches: Batches = data.batches(split, spec, batch_size=batch_size)
        return batches

    def adapt(self, pieces: Sequence[Tokens]) -> None:
        """Compute statistics without a gradient, such as counts, from training pieces.

        Training calls this once, before the first step.
        """
        return

    @classmethod
    def numpy_step(
        cls, config: Any, tokenizer: Any, read: Callable[[], Weights]
    ) -> NumpyStep | None:
        """Return a NumPy version of `step`, or None if the model has none.

        `read` returns the weights. The NumPy version composes short pieces without the time for
        building a network and compiling a loop. Its logits equal those of the network except for
        rounding, which the contract tests check.
        """
        return None

    def nats(self, pieces: Sequence[Tokens], *, missing: float = 0.0) -> Likelihood | None:
        """Return the likelihood of whole pieces, or None if the model cannot compute it.

        Parameters
        ----------
        pieces : sequence of Tokens
        missing : float
            Nats of the out-of-vocabulary symbols of these pieces (`Dataset.missing_cost`).
        """
        return None

    def unpredicted_nats(self, pieces: Sequence[Tokens]) -> float:
        """Return the nats of the fields that the model does not predict."""
        return 0.0

    def accuracy(self, pieces: Sequence[Tokens]) -> float | None:
        """Return the share of chords (0 to 1) reconstructed correctly, or None."""
        return None

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        return int(self.network.count_params())

    def write_weights(self, path: Path) -> None:
        """Write the weights in a safe format."""
        self.network.save_weights(path)

    def read_weights(self, path: Path) -> None:
        """Read the weights.

        Raises
        ------
        OSError, ValueError, KeyError
            If the file is damaged or has weights of other shapes.
        """
        self.network.load_weights(path)

    def diagnose(self, parts: Mapping[str, float]) -> str | None:
        """Describe a failure that the loss hides, such as posterior collapse, or None.

        `parts` are the `Epoch.parts` of the best epoch.
        """
        return None

    def snapshot(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return arrays for the pictures of training, computed from a few windows.

        Keys are ``tokens`` (L, F), the prediction of the first window, and ``latent`` (B, Z), the
        latent point of each window. A model omits what it does not have.
        """
        return {}


class NextModel(Model):
    """Base class of autoregressive models: predict the next id from all previous ones.

    The network is used in training. It maps ``[inputs (B, L, 3), targets (B, L, 3)]`` to logits of
    the targets: ``[chord (B, L, C), held (B, L, H), duration (B, L, D)]``. The logits of a field
    may depend on earlier target fields (the order is chord, held, duration), never on their own.
    """

    capabilities = (Autoregressive,)

    @abstractmethod
    def initial_state(self, batch: int) -> State:
        """Return tensors of fixed shapes, with the batch as first axis."""

    @abstractmethod
    def step(
        self, state: State, ids: Any, *, field: int, features: Any = None
    ) -> tuple[State, Any]:
        """Read ids ``(B,)`` of `field`; return the new state and the next id's logits.

        This is a pure function. `features` are the input features for predicting the next id
        (`Grammar.features`); models that read only ids ignore them.
        """

    def logits(self, batch: Batch, *, training: bool = False) -> list[Any]:
        """Return the logits of each field; None for a field that is not predicted."""
        return list(self.network([batch["inputs"], batch["targets"]], training=training))

    def exact_loss(self, batch: Batch, *, training: bool = False) -> Loss:
        """Return the nats of each field over all steps: the exact negative log-likelihood."""
        return mean_loss(*field_sums(self.tokenizer, self.logits(batch, training=training), batch))

    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Return the nats of each field."""
        return self.exact_loss(batch, training=training)

    def nats(self, pieces: Sequence[Tokens], *, missing: float = 0.0) -> Likelihood:
        """Return the exact likelihood of pieces, each read from its start to its end."""
        totals = Totals.of(self.exact_loss(batch) for batch in _whole(pieces))
        unknown = {likelihood.UNKNOWN: missing + self.unpredicted_nats(pieces)}
        return Likelihood({**totals.terms, **unknown}, int(totals.count))

    def step_nats(self, batch: Batch, *, may_end: bool = True) -> Any:
        """Return the nats ``(B, L)`` of all fields at each step.

        With ``may_end=False``, a model of note tokens gives the end of a piece probability 0 and
        pays nothing for it. A model of chords ignores `may_end`.
        """
        nats = field_nats(self.tokenizer, self.logits(batch), batch)
        return sum(np.asarray(field, np.float64) for field in nats)

    def piece_nats(self, pieces: Sequence[Tokens], *, may_end: bool = True) -> Iterator[np.ndarray]:
        """Yield the `step_nats` ``(T - 1,)`` of each piece."""
        for start in range(0, len(pieces), BATCH):
            chunk = pieces[start : start + BATCH]
            batch = windows(chunk, length=_rounded(max(len(piece.ids) for piece in chunk)))[:]
            nats = np.asarray(self.step_nats(batch, may_end=may_end), np.float64)
            for row, piece in zip(nats, chunk, strict=True):
                yield row[: len(piece.ids) - 1]

    def snapshot(self, batch: Batch) -> dict[str, np.ndarray]:
        """Return the most probable event at each step of the first window, given its past."""
        first = {name: array[:1] for name, array in batch.items()}
        logits = [None if x is None else np.asarray(x)[0] for x in self.logits(first)]
        return {"tokens": best_tokens(self.tokenizer, logits, first["holdable"][0])}


class LatentModel(Model):
    """Base class of latent models: decode a window of L events from a point.

    Attributes
    ----------
    length, latent : int
        L and Z.
    fields : tuple of int
        The fields that the model predicts. Without HELD, every note is struck. Without DURATION,
        each event lasts a quarter.
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

        A variational encoder returns the means of its distributions.
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
        """Return the share of the windows' chords that are reconstructed correctly."""
        totals = self.window_totals(pieces)
        correct = totals.metrics.get("accuracy")
        return None if correct is None else correct / totals.count

    def evaluation_windows(self, pieces: Sequence[Tokens]) -> Iterator[Batch]:
        """Yield batches of windows without overlap, in which each event counts once."""
        consecutive = windows(pieces, length=self.length)
        for start in range(0, len(consecutive), WINDOWS):
            yield consecutive[start : start + WINDOWS]

    def window_totals(self, pieces: Sequence[Tokens]) -> Totals:
        """Sum the loss over `evaluation_windows`."""
        return Totals.of(
            self.loss(batch, training=False) for batch in self.evaluation_windows(pieces)
        )

    def window_spec(self, config: TokenSettings, *, training: bool) -> WindowSpec:
        """Train only on windows without padding, because composed windows have none."""
        return WindowSpec(config.window, config.stride if training else None, whole=training)


def _whole(pieces: Sequence[Tokens]) -> Iterator[Batch]:
    """Yield batches of whole pieces, all padded to the same length."""
    length = _rounded(max(len(piece.ids) for piece in pieces) - 1)
    for start in range(0, len(pieces), BATCH):
        yield windows(pieces[start : start + BATCH], length=length)[:]


def _rounded(length: int) -> int:
    """Round a length up to a multiple of 64: every new length costs a compilation."""
    return -(-length // 64) * 64


# ---------------------------------------------------------------------- the likelihood of chords


def best_tokens(
    tokenizer: ChordTokenizer, logits: Sequence[np.ndarray | None], holdable: np.ndarray
) -> np.ndarray:
    """Return the most probable id of each field ``(L, 3)``, special ids excluded.

    A field without logits (None) gets the first regular id. For HELD, this holds no note.
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
    sums : dict of () float32
        Summed nats by field name.
    events : () float32
        The number of events; the end of a piece counts as one.
    """
    nats = field_nats(tokenizer, logits, batch)
    sums = {name: ops.sum(field) for name, field in zip(FIELDS, nats, strict=True)}
    return sums, ops.sum(ops.cast(batch["targets"][..., CHORD] != PAD, "float32"))


def field_nats(tokenizer: ChordTokenizer, logits: Sequence[Any], batch: Batch) -> list[Any]:
    """Return the nats ``(B, L)`` of each field's targets; zero without logits.

    Each distribution is normalized over the possible ids only. These exclude padding, start and
    patterns that hold a note which did not sound before.
    """
    targets = batch["targets"]
    chords, patterns, durations = (ops.arange(size) for size in tokenizer.sizes)
    fits = tokenizer.grammar().holdable_patterns(batch["holdable"], ops)
    # These comparisons rely on the order of the special ids: see the assertion below.
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
    """Return the binary cross-entropy between flat logits and one-hot chords.

    The result equals Keras' `binary_crossentropy`. The logits of the ones are looked up instead of
    multiplied by a one-hot array, which would be large. Windows of padding are ignored.

    Parameters
    ----------
    flat : (B, C·L) float32
        Logits of the columns of `flatten`.
    targets : (B, L, 3) int
        Windows of ids.

    Returns
    -------
    mean : () float32
        The mean over columns and windows.
    nats : () float32
        The sum.
    events : () float32
        The number of events.
    """
    chords, length = targets[..., CHORD], targets.shape[1]
    # (B, L): the logits of the columns whose target is 1.
    ones = ops.take_along_axis(flat, chords * length + np.arange(length), axis=1)
    counted = ops.cast(chords != PAD, flat.dtype)
    # For logit x and target y, the cross-entropy is softplus(x) - x y.
    per_window = ops.sum(ops.softplus(flat), axis=1) - ops.sum(ones * counted, axis=1)  # (B,)
    nats = ops.sum(per_window * counted[:, 0])
    mean = nats / ops.maximum(ops.sum(counted[:, 0]), 1.0) / flat.shape[1]
    return mean, nats, ops.sum(counted)


def correct_chords(logits: Any, targets: Any) -> Any:
    """Count the chords of windows ``(B, L, 3)`` that have the highest logit."""
    chords = targets[..., CHORD]
    correct = ops.logical_and(ops.argmax(logits, axis=-1) == chords, chords != PAD)
    return ops.sum(ops.cast(correct, "float32"))


assert SPECIAL == UNKNOWN + 1
