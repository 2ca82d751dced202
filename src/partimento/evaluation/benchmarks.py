"""The figures of the field: exact joint likelihood on sets whose split and published results are
known, nothing trained here.

On piano rolls the measure is nats a time step: every step counts, the first one too, and the end of
a piece costs nothing. On the four-voice sixteenth grid it is nats a note, four to a step.
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
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.vocabulary import OutOfVocabularyCost
from partimento.tokens.voices import grid_of

if TYPE_CHECKING:
    from partimento.training.trained_model import TrainedModel

RESAMPLES = 10_000
BL2012 = "Boulanger-Lewandowski, Bengio & Vincent 2012"
BAI2018 = "Bai, Kolter & Koltun 2018"


class Published(NamedTuple):
    """A figure that others report, and where."""

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
UNITS = {"jsb": "a time step", "nottingham": "a time step", "jsb16": "a note"}


@dataclass(frozen=True)
class Score:
    """Nats a unit (see UNITS) on one side of a set.

    Attributes
    ----------
    name : str
    nats : float
        All nats over all units.
    by_pieces : float
        The mean over pieces of each piece's own figure.
    low, high : float
        The middle 95 % of `nats` when pieces are drawn anew, with replacement.
    units, pieces : int
    """

    name: str
    nats: float
    by_pieces: float
    low: float
    high: float
    units: int
    pieces: int


def score(name: str, nats: np.ndarray, units: np.ndarray, *, seed: int = 0) -> Score:
    """Put each piece's nats and units together."""
    drawn = np.random.default_rng(seed).integers(len(nats), size=(RESAMPLES, len(nats)))
    means = nats[drawn].sum(1) / units[drawn].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Score(
        name,
        float(nats.sum() / units.sum()),
        float((nats / units).mean()),
        float(low),
        float(high),
        int(units.sum()),
        len(nats),
    )


def side_of(corpus: Corpus, side: str) -> list[Piece]:
    """The pieces of one side of a set."""
    return [entry.piece for entry in corpus if entry.split == side]


def units_of(name: str, pieces: Sequence[Piece]) -> np.ndarray:
    """Time steps of each piece or, on the grid of voices, notes (rests count, as they must be
    foretold too).
    """
    steps = np.array([float(piece.length / BENCHMARKS[name].frame) for piece in pieces])
    return steps * len(VOICES) if name == "jsb16" else steps


def counts(name: str, corpus: Corpus, *, side: str = "test") -> list[Score]:
    """The baselines that count notes: each frame for itself, and after the two before."""
    frame = BENCHMARKS[name].frame
    pieces = side_of(corpus, side)
    by_voice = name == "jsb16"

    def frames(piece: Piece) -> list[tuple[int, ...]]:
        if by_voice:
            return grid_of(piece, len(VOICES), frame)
        return [event.chord for event in NoteTokenizer.read(piece.events, frame)]

    made = []
    for label, order in (("unigram", 0), ("markov", 1 if by_voice else 2)):
        model = (VoiceCounts if by_voice else NoteCounts)(
            map(frames, side_of(corpus, "train")), order=order
        )
        made.append(
            score(
                label,
                np.array([model.nats(frames(piece)) for piece in pieces]),
                units_of(name, pieces),
            )
        )
    return made


def check_fits(run: TrainedModel, corpus: Corpus) -> None:
    """Raise unless the run was trained and selected on exactly this set's split.

    Raises
    ------
    PartimentoError
    """
    wanted = {entry.piece.source.path: entry.split for entry in corpus}
    if {piece.source.path: piece.split for piece in run.pieces} != wanted:
        raise PartimentoError(
            f"{run.folder} was not trained on this set and its split: partimento train FILE -o RUN"
        )


def scores_of(
    run: TrainedModel,
    name: str,
    corpus: Corpus,
    *,
    side: str = "test",
    progress: Progress = silent,
) -> list[Score]:
    """Score a run on the pieces as they lie in the file, in no other key.

    A model with a bound has two scores: that of its bound, and that of its estimate.

    Raises
    ------
    PartimentoError
        If the run's model has no likelihood, or of other units than this set's.
    """
    pieces, label = side_of(corpus, side), run.folder.name if run.folder else run.settings.name
    if Autoregressive in run.model.capabilities:
        nats = {label: piece_nats(run, name, corpus, side=side, progress=progress)}
    else:
        missing = missing_of(run, name, corpus, side)
        bounds = bound_and_estimate(run, pieces, progress)
        nats = {f"{label} ({what})": values + missing for what, values in bounds.items()}
    return [score(label, values, units_of(name, pieces)) for label, values in nats.items()]


def piece_nats(
    run: TrainedModel,
    name: str,
    corpus: Corpus,
    *,
    side: str = "test",
    progress: Progress = silent,
) -> np.ndarray:
    """Return the exact nats ``(pieces,)`` of each piece as it lies in the file, in no other key."""
    pieces = side_of(corpus, side)
    nats = np.array([each.sum() for each in step_nats([run], pieces, progress=progress)])
    return np.asarray(nats + missing_of(run, name, corpus, side))


def ensemble(
    runs: Sequence[TrainedModel], name: str, corpus: Corpus, *, side: str = "test"
) -> Score:
    """Score several runs as one model: at every step the mean of their probabilities.

    Raises
    ------
    PartimentoError
        If they do not write the music in the same tokens.
    """
    first = runs[0]
    if any(
        Autoregressive not in run.model.capabilities or run.tokenizer != first.tokenizer
        for run in runs
    ):
        raise PartimentoError(
            "an ensemble is of runs that write event after event, with the same encoding"
        )
    pieces = side_of(corpus, side)
    nats = np.array([each.sum() for each in step_nats(runs, pieces)]) + missing_of(
        first, name, corpus, side
    )
    return score(f"ensemble of {len(runs)}", nats, units_of(name, pieces))


def missing_of(run: TrainedModel, name: str, corpus: Corpus, side: str) -> np.ndarray:
    """Return the nats ``(pieces,)`` of what a run's tokens and its model leave out.

    Raises
    ------
    PartimentoError
        If its tokens are of other units than the set's.
    """
    tokenizer, frame = run.tokenizer, Fraction(run.settings.tokens.frame or 0)
    if (tokenizer.name == "voices") != (name == "jsb16"):
        raise PartimentoError(
            f"{run.folder} does not predict what {name} is measured in: {'voices' if name == 'jsb16' else 'chords'}"
        )
    if frame not in (0, BENCHMARKS[name].frame):
        raise PartimentoError(
            f"{run.folder} reads frames of {frame} quarters; this set has {BENCHMARKS[name].frame}"
        )
    cost = OutOfVocabularyCost([piece.events for piece in side_of(corpus, "train")])
    pieces = side_of(corpus, side)
    tokens = tokenizer.encode_all(pieces)
    return np.array([
        tokenizer.missing_cost(piece, cost, each) + run.model.unpredicted_nats([each])
        for piece, each in zip(pieces, tokens, strict=True)
    ])  # fmt: skip


def step_nats(
    runs: Sequence[TrainedModel],
    pieces: Sequence[Piece],
    *,
    progress: Progress = silent,
) -> Iterator[np.ndarray]:
    """Yield the nats of every step of each piece; of several models, under the mean of their
    probabilities.

    Models of single tokens know that no piece ends, and pay nothing for the end.
    """
    tokens = runs[0].tokenizer.encode_all(pieces)
    every = zip(*(run.model.piece_nats(tokens, may_end=False) for run in runs), strict=True)
    for done, nats in enumerate(every, 1):
        yield -(np.logaddexp.reduce(-np.stack(nats), axis=0) - np.log(len(runs)))
        progress("measure", done, len(pieces))


def bound_and_estimate(
    run: TrainedModel, pieces: Sequence[Piece], progress: Progress
) -> dict[str, np.ndarray]:
    """Return the nats ``(pieces,)`` of a model that has a bound: the bound, and its estimate."""
    nats = np.zeros((2, len(pieces)))
    for i, tokens in enumerate(run.tokenizer.encode_all(pieces)):
        likelihood = run.model.nats([tokens])
        if likelihood is None:
            raise PartimentoError(f"{run.folder}: a run of {run.settings.name} has no likelihood")
        nats[:, i] = likelihood.nats, likelihood.estimated
        progress("measure", i + 1, len(pieces))
    return dict(zip(("bound", "estimate"), nats, strict=True))
