"""Evaluate models on benchmark sets with a fixed split.

The metric is the exact joint likelihood. On piano rolls, it is given in nats per time step. All
steps count, including the first, and the end of a piece costs nothing. On the four-voice grid of
sixteenths, it is given in nats per note, with four notes per step. `published_results` lists what
others report.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from partimento.corpus.benchmarks import BENCHMARKS, VOICES
from partimento.corpus.entries import Corpus
from partimento.errors import PartimentoError
from partimento.evaluation.benchmark_results import BenchmarkResult, split_results
from partimento.evaluation.note_counts import NoteCounts, VoiceCounts
from partimento.evaluation.shared_tunes import shares_tune
from partimento.models.base import Autoregressive
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.tokens.note_grammar import NONE
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.vocabulary import OutOfVocabularyCost
from partimento.tokens.voices import grid_of

if TYPE_CHECKING:
    from partimento.training.trained_model import TrainedModel

UNITS = {"jsb": "time step", "nottingham": "time step", "jsb16": "note"}
CHORALES = ("jsb", "jsb16")  # the sets whose tunes are hymns that Bach set several times
SILENT = -1


def pieces_of(corpus: Corpus, split: str) -> list[Piece]:
    """Return the pieces of one split of a set."""
    return [entry.piece for entry in corpus if entry.split == split]


def units_of(name: str, pieces: Sequence[Piece]) -> np.ndarray:
    """Count the time steps of each piece, or its notes for ``jsb16``: ``(pieces,)``.

    Rests count as notes, because they must be predicted, too.
    """
    steps = np.array([float(piece.length / BENCHMARKS[name].frame) for piece in pieces])
    return steps * len(VOICES) if name == "jsb16" else steps


def frames_of(name: str, piece: Piece) -> list[tuple[int, ...]]:
    """Return the chord of each time step, or the pitches of the voices for ``jsb16``."""
    frame = BENCHMARKS[name].frame
    if name == "jsb16":
        return grid_of(piece, len(VOICES), frame)
    return [event.chord for event in NoteTokenizer.read(piece.events, frame)]


def soprano_of(name: str, piece: Piece) -> list[int]:
    """Return the pitch of the soprano at each time step, or `SILENT`.

    In ``jsb``, which has no voices, it is the highest note.
    """
    frames = frames_of(name, piece)
    if name == "jsb16":
        return [SILENT if voices[0] == NONE else voices[0] for voices in frames]
    return [max(chord, default=SILENT) for chord in frames]


def new_tunes(name: str, corpus: Corpus, *, split: str = "test") -> np.ndarray | None:
    """Return which pieces of a split have a tune that stands in no training piece.

    A tune stands in a training piece if its soprano and theirs share a run of 12 intervals and
    ratios of durations (`shared_tunes`).

    Returns
    -------
    (pieces,) bool or None
        None for a set without chorales.
    """
    if name not in CHORALES:
        return None
    train, sopranos = (
        [soprano_of(name, piece) for piece in pieces_of(corpus, each)] for each in ("train", split)
    )
    return ~shares_tune(train, sopranos)


def baseline_nats(name: str, corpus: Corpus, *, split: str = "test") -> dict[str, np.ndarray]:
    """Return the nats of each piece, ``(pieces,)``, by two models of counts."""
    train, frames = (
        [frames_of(name, piece) for piece in pieces_of(corpus, each)] for each in ("train", split)
    )
    nats = {}
    for label, order in (("unigram", 0), ("markov", 1 if name == "jsb16" else 2)):
        model = (VoiceCounts if name == "jsb16" else NoteCounts)(train, order=order)
        nats[label] = np.array([model.nats(piece) for piece in frames])
    return nats


def baseline_results(
    name: str, corpus: Corpus, *, split: str = "test", new: np.ndarray | None = None
) -> list[BenchmarkResult]:
    """Evaluate two baselines that count notes: a unigram and a Markov model."""
    nats = baseline_nats(name, corpus, split=split)
    return split_results(nats, units_of(name, pieces_of(corpus, split)), split, new)


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
    new: np.ndarray | None = None,
    label: str = "",
    steps: Sequence[np.ndarray] | None = None,
    progress: Progress = silent,
) -> list[BenchmarkResult]:
    """Evaluate a run on the pieces of a split, without transposing them.

    A model whose likelihood is a bound has two results: the bound, and an estimate. With `new`, a
    mask of pieces, each is followed by the result of these pieces alone. The name of the results is
    `label`, by default that of the run folder, or of the model if it is not saved. `steps` is what
    `step_nats` returns, if it is known.

    Raises
    ------
    PartimentoError
        If the model has no likelihood, or its tokens do not fit the units of this set.
    """
    pieces = pieces_of(corpus, split)
    label = label or (trained.folder.name if trained.folder else trained.settings.name)
    if is_exact(trained):
        nats = {
            label: piece_nats(trained, name, corpus, split=split, steps=steps, progress=progress)
        }
    else:
        missing = missing_of(trained, name, corpus, split)
        bounds = bound_and_estimate(trained, pieces, progress)
        nats = {f"{label} ({what})": values + missing for what, values in bounds.items()}
    return split_results(nats, units_of(name, pieces), split, new)


def piece_nats(
    trained: TrainedModel,
    name: str,
    corpus: Corpus,
    *,
    split: str = "test",
    steps: Sequence[np.ndarray] | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Return the exact nats of each piece, ``(pieces,)``, without transposing it."""
    check_tokens(trained, name)
    if steps is None:
        steps = step_nats(trained, pieces_of(corpus, split), progress=progress)
    nats = np.array([own.sum() for own in steps])
    return np.asarray(nats + missing_of(trained, name, corpus, split))


def is_exact(trained: TrainedModel) -> bool:
    """Return whether the likelihood of a model is exact, not a bound."""
    return Autoregressive in trained.model.capabilities


def check_ensemble(models: Sequence[TrainedModel]) -> None:
    """Raise PartimentoError unless the models can be averaged at each step."""
    if not all(
        is_exact(trained) and trained.tokenizer == models[0].tokenizer for trained in models
    ):
        raise PartimentoError(
            "an ensemble needs autoregressive models with the same tokenizer and vocabulary"
        )


def ensemble(
    models: Sequence[TrainedModel],
    name: str,
    corpus: Corpus,
    *,
    split: str = "test",
    new: np.ndarray | None = None,
    steps: Sequence[Sequence[np.ndarray]] | None = None,
) -> list[BenchmarkResult]:
    """Evaluate several models as one that averages their probabilities at each step.

    The result of all pieces is followed by that of the pieces of the mask `new`, if there is one.
    `steps` is what `step_nats` returns for each model, if it is known.

    Raises
    ------
    PartimentoError
        If a model is not autoregressive, or their tokenizers differ.
    """
    check_ensemble(models)
    pieces = pieces_of(corpus, split)
    if steps is None:
        steps = [step_nats(trained, pieces) for trained in models]
    mean = [  # of the probabilities, not of the nats
        np.log(len(models)) - np.logaddexp.reduce(-np.stack(own), axis=0)
        for own in zip(*steps, strict=True)
    ]
    nats = np.array([own.sum() for own in mean]) + missing_of(models[0], name, corpus, split)
    return split_results({f"ensemble of {len(models)}": nats}, units_of(name, pieces), split, new)


def check_tokens(trained: TrainedModel, name: str) -> None:
    """Raise PartimentoError if the tokens of a run do not fit the units of a set."""
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


def missing_of(trained: TrainedModel, name: str, corpus: Corpus, split: str) -> np.ndarray:
    """Return the nats ``(pieces,)`` of unknown symbols and of fields not predicted.

    Raises
    ------
    PartimentoError
        If the tokens of the run do not fit the units of the set.
    """
    check_tokens(trained, name)
    tokenizer = trained.tokenizer
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
    trained: TrainedModel, pieces: Sequence[Piece], *, progress: Progress = silent
) -> list[np.ndarray]:
    """Return the nats of all steps of each piece.

    The likelihood of the model must be exact (`is_exact`). Models of note tokens pay nothing for
    the end of a piece (`NextModel.step_nats`).
    """
    steps = []
    tokens = trained.tokenizer.encode_all(pieces)
    for done, nats in enumerate(trained.model.piece_nats(tokens, may_end=False), 1):
        steps.append(np.asarray(nats))
        progress("measure", done, len(pieces))
    return steps


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
