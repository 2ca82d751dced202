"""Evaluate models on benchmark sets with a fixed split and published results.

The metric is the exact joint likelihood. On piano rolls, it is given in nats per time step. All
steps count, including the first, and the end of a piece costs nothing. On the four-voice grid of
sixteenths, it is given in nats per note, with four notes per step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from partimento.corpus.benchmarks import BENCHMARKS, VOICES
from partimento.corpus.entries import Corpus
from partimento.errors import PartimentoError
from partimento.evaluation.note_counts import NoteCounts, VoiceCounts
from partimento.models.base import Autoregressive
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.vocabulary import OutOfVocabularyCost
from partimento.tokens.voices import grid_of

if TYPE_CHECKING:
    from partimento.training.trained_model import TrainedModel

RESAMPLES = 10_000  # bootstrap samples for a confidence interval
BL2012 = "Boulanger-Lewandowski, Bengio & Vincent 2012"
BAI2018 = "Bai, Kolter & Koltun 2018"


@short_repr
class Published(NamedTuple):
    """A published result: nats per unit, and the paper that reports it."""

    name: str
    nats: float
    source: str


PUBLISHED: dict[str, tuple[Published, ...]] = {
    "jsb": (
        Published("RNN", 8.91, BAI2018),
        Published("LSTM", 8.45, BAI2018),
        Published("TCN", 8.10, BAI2018),
        Published("RBM", 7.43, BL2012),
        Published("NADE", 7.19, BL2012),
        Published("RNN-RBM", 6.27, BL2012),
        Published("RNN-NADE", 5.56, BL2012),
        Published("DMM-Aug-NADE", 5.12, "Krishnan, Shalit & Sontag 2017 (a bound)"),
        Published("LSTM-RTRBM", 4.72, "Lyu, Wu & Zhu 2015 (by annealed importance sampling)"),
    ),
    "nottingham": (
        Published("RNN", 4.05, BAI2018),
        Published("LSTM", 3.29, BAI2018),
        Published("TCN", 3.07, BAI2018),
        Published("RNN-NADE", 2.31, BL2012),
        Published("DMM-Aug-NADE", 2.31, "Krishnan, Shalit & Sontag 2017 (a bound)"),
    ),
    "jsb16": (
        Published("BachBot", 0.477, "Liang et al. 2017, on a split of its own"),
        Published("Music Transformer", 0.335, "Huang et al. 2018, as quoted by others"),
    ),
}
UNITS = {"jsb": "time step", "nottingham": "time step", "jsb16": "note"}


@short_repr
@dataclass(frozen=True)
class BenchmarkResult:
    """Nats per unit (see `UNITS`) on one split of a set.

    Attributes
    ----------
    name : str
    nats : float
        The nats of all pieces divided by the units of all pieces.
    by_pieces : float
        The mean over the pieces of their nats per unit.
    low, high : float
        95 % confidence interval of `nats`, by resampling pieces (bootstrap).
    units, pieces : int
        Their numbers in the split.
    """

    name: str
    nats: float
    by_pieces: float
    low: float
    high: float
    units: int
    pieces: int


def result_of(name: str, nats: np.ndarray, units: np.ndarray, *, seed: int = 0) -> BenchmarkResult:
    """Combine the nats and units of each piece, both ``(pieces,)``, to a result."""
    drawn = np.random.default_rng(seed).integers(len(nats), size=(RESAMPLES, len(nats)))
    means = nats[drawn].sum(1) / units[drawn].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return BenchmarkResult(
        name,
        float(nats.sum() / units.sum()),
        float((nats / units).mean()),
        float(low),
        float(high),
        int(units.sum()),
        len(nats),
    )


def pieces_of(corpus: Corpus, split: str) -> list[Piece]:
    """Return the pieces of one split of a set."""
    return [entry.piece for entry in corpus if entry.split == split]


def units_of(name: str, pieces: Sequence[Piece]) -> np.ndarray:
    """Count the time steps of each piece, or its notes for ``jsb16``: ``(pieces,)``.

    Rests count as notes, because they must be predicted, too.
    """
    steps = np.array([float(piece.length / BENCHMARKS[name].frame) for piece in pieces])
    return steps * len(VOICES) if name == "jsb16" else steps


def baseline_results(name: str, corpus: Corpus, *, split: str = "test") -> list[BenchmarkResult]:
    """Evaluate two baselines that count notes: a unigram and a Markov model."""
    frame = BENCHMARKS[name].frame
    pieces = pieces_of(corpus, split)
    by_voice = name == "jsb16"

    def frames(piece: Piece) -> list[tuple[int, ...]]:
        if by_voice:
            return grid_of(piece, len(VOICES), frame)
        return [event.chord for event in NoteTokenizer.read(piece.events, frame)]

    results = []
    for label, order in (("unigram", 0), ("markov", 1 if by_voice else 2)):
        model = (VoiceCounts if by_voice else NoteCounts)(
            map(frames, pieces_of(corpus, "train")), order=order
        )
        results.append(
            result_of(
                label,
                np.array([model.nats(frames(piece)) for piece in pieces]),
                units_of(name, pieces),
            )
        )
    return results


def check_fits(trained: TrainedModel, corpus: Corpus) -> None:
    """Raise PartimentoError unless the run was trained on exactly this set and split."""
    expected = {entry.piece.source.path: entry.split for entry in corpus}
    if {piece.source.path: piece.split for piece in trained.pieces} != expected:
        raise PartimentoError(
            f"{trained.folder} was not trained on this set and its split: use partimento train FILE"
            " -o RUN"
        )


def results_of(
    trained: TrainedModel,
    name: str,
    corpus: Corpus,
    *,
    split: str = "test",
    progress: Progress = silent,
) -> list[BenchmarkResult]:
    """Evaluate a run on the pieces of a split, without transposing them.

    A model whose likelihood is a bound has two results: the bound, and an estimate.

    Raises
    ------
    PartimentoError
        If the model has no likelihood, or its tokens do not fit the units of this set.
    """
    pieces = pieces_of(corpus, split)
    label = trained.folder.name if trained.folder else trained.settings.name
    if Autoregressive in trained.model.capabilities:
        nats = {label: piece_nats(trained, name, corpus, split=split, progress=progress)}
    else:
        missing = missing_of(trained, name, corpus, split)
        bounds = bound_and_estimate(trained, pieces, progress)
        nats = {f"{label} ({what})": values + missing for what, values in bounds.items()}
    return [result_of(label, values, units_of(name, pieces)) for label, values in nats.items()]


def piece_nats(
    trained: TrainedModel,
    name: str,
    corpus: Corpus,
    *,
    split: str = "test",
    progress: Progress = silent,
) -> np.ndarray:
    """Return the exact nats of each piece, ``(pieces,)``, without transposing it."""
    pieces = pieces_of(corpus, split)
    nats = np.array([steps.sum() for steps in step_nats([trained], pieces, progress=progress)])
    return np.asarray(nats + missing_of(trained, name, corpus, split))


def ensemble(
    models: Sequence[TrainedModel], name: str, corpus: Corpus, *, split: str = "test"
) -> BenchmarkResult:
    """Evaluate several models as one that averages their probabilities at each step.

    Raises
    ------
    PartimentoError
        If a model is not autoregressive, or their tokenizers differ.
    """
    first = models[0]
    if any(
        Autoregressive not in trained.model.capabilities or trained.tokenizer != first.tokenizer
        for trained in models
    ):
        raise PartimentoError(
            "an ensemble needs autoregressive models with the same tokenizer and vocabulary"
        )
    pieces = pieces_of(corpus, split)
    nats = np.array([steps.sum() for steps in step_nats(models, pieces)]) + missing_of(
        first, name, corpus, split
    )
    return result_of(f"ensemble of {len(models)}", nats, units_of(name, pieces))


def missing_of(trained: TrainedModel, name: str, corpus: Corpus, split: str) -> np.ndarray:
    """Return the nats ``(pieces,)`` of unknown symbols and of fields not predicted.

    Raises
    ------
    PartimentoError
        If the tokens of the run do not fit the units of the set.
    """
    tokenizer, frame = trained.tokenizer, Fraction(trained.settings.tokens.frame or 0)
    if (tokenizer.name == "voices") != (name == "jsb16"):
        raise PartimentoError(
            f"{trained.folder} does not predict {'voices' if name == 'jsb16' else 'chords'},"
            f" which {name} needs"
        )
    if frame not in (0, BENCHMARKS[name].frame):
        raise PartimentoError(
            f"{trained.folder} has frames of {frame} quarters; this set needs"
            f" {BENCHMARKS[name].frame}"
        )
    cost = OutOfVocabularyCost([piece.events for piece in pieces_of(corpus, "train")])
    pieces = pieces_of(corpus, split)
    tokens = tokenizer.encode_all(pieces)
    return np.array(
        [
            tokenizer.missing_cost(piece, cost, own) + trained.model.unpredicted_nats([own])
            for piece, own in zip(pieces, tokens, strict=True)
        ]
    )


def step_nats(
    models: Sequence[TrainedModel],
    pieces: Sequence[Piece],
    *,
    progress: Progress = silent,
) -> Iterator[np.ndarray]:
    """Yield the nats of all steps of each piece, as an array.

    Several models are combined by the mean of their probabilities. Models of note tokens pay
    nothing for the end of a piece (`NextModel.step_nats`).
    """
    tokens = models[0].tokenizer.encode_all(pieces)
    every = zip(
        *(trained.model.piece_nats(tokens, may_end=False) for trained in models), strict=True
    )
    for done, nats in enumerate(every, 1):
        yield -(np.logaddexp.reduce(-np.stack(nats), axis=0) - np.log(len(models)))
        progress("measure", done, len(pieces))


def bound_and_estimate(
    trained: TrainedModel, pieces: Sequence[Piece], progress: Progress
) -> dict[str, np.ndarray]:
    """Return the bound and the estimate of each piece's nats, ``(pieces,)`` each.

    Raises
    ------
    PartimentoError
        If the model has no likelihood.
    """
    nats = np.zeros((2, len(pieces)))
    for i, tokens in enumerate(trained.tokenizer.encode_all(pieces)):
        likelihood = trained.model.nats([tokens])
        if likelihood is None:
            raise PartimentoError(
                f"{trained.folder}: a run of {trained.settings.name} has no likelihood"
            )
        nats[:, i] = likelihood.nats, likelihood.estimated
        progress("measure", i + 1, len(pieces))
    return dict(zip(("bound", "estimate"), nats, strict=True))
