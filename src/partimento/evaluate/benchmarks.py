"""The figures of the field: exact joint likelihood on sets whose split and published results are
known, nothing trained here.

On piano rolls the measure is nats a time step: every step counts, the first one too, and the end of
a piece costs nothing. On the four-voice sixteenth grid it is nats a note, four to a step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from partimento.corpus.benchmarks import BENCHMARKS, VOICES
from partimento.corpus.entries import Corpus
from partimento.errors import PartimentoError
from partimento.evaluate.likelihood import UnknownPrices
from partimento.evaluate.note_counts import NoteCounts, VoiceCounts
from partimento.music.piece import Piece
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.voices import VoiceTokenizer, grid_of
from partimento.tokens.windows import windows

if TYPE_CHECKING:
    from partimento.training.run import Run

RESAMPLES = 10_000
BATCH = 8
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


def check_fits(run: Run, corpus: Corpus) -> None:
    """A run fits a set if it learned from its training side, chose by its validation side, and saw
    no more.

    Raises
    ------
    PartimentoError
    """
    wanted = {entry.piece.source.path: entry.split for entry in corpus}
    if {piece.source.path: piece.split for piece in run.pieces} != wanted:
        raise PartimentoError(
            f"{run.folder} was not trained on this set and its split: partimento train FILE -o RUN"
        )


def piece_nats(
    run: Run,
    name: str,
    corpus: Corpus,
    *,
    side: str = "test",
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Nats of each piece as it lies in the file, in no other key, under a run's model,
    ``(pieces,)``.
    """
    pieces = side_of(corpus, side)
    prices = UnknownPrices([piece.events for piece in side_of(corpus, "train")])
    if isinstance(run.tokenizer, VoiceTokenizer) != (name == "jsb16"):
        raise PartimentoError(
            f"{run.folder} does not tell of what {name} is measured in: {'voices' if name == 'jsb16' else 'chords'}"
        )
    if not isinstance(run.tokenizer, NoteTokenizer | VoiceTokenizer):
        return _by_events(run, pieces, prices, progress)
    if run.tokenizer.frame not in (0, BENCHMARKS[name].frame):
        raise PartimentoError(
            f"{run.folder} reads frames of {run.tokenizer.frame} quarters; this set has {BENCHMARKS[name].frame}"
        )
    tokens = token_nats([run], pieces, progress=progress)
    return np.array(
        [
            each.sum() + prices.of(run.tokenizer, piece)
            for each, piece in zip(tokens, pieces, strict=True)
        ]
    )


def scores_of(
    run: Run,
    name: str,
    corpus: Corpus,
    *,
    side: str = "test",
    progress: Callable[[int, int], None] | None = None,
) -> list[Score]:
    """A run's score; of a VAE, that of its bound and then of its estimate (by importance sampling)."""
    from partimento.evaluate.heldout import bound_nats, estimated_nats, has_bound

    pieces, label = side_of(corpus, side), run.folder.name if run.folder else run.settings.name
    units = units_of(name, pieces)
    if (
        not has_bound(run.model)
        or isinstance(run.tokenizer, NoteTokenizer | VoiceTokenizer)
        or name == "jsb16"
    ):
        return [score(label, piece_nats(run, name, corpus, side=side, progress=progress), units)]
    prices = UnknownPrices([piece.events for piece in side_of(corpus, "train")])
    encoded, told = run.tokenizer.encode_all(pieces), np.zeros((2, len(pieces)))
    for i, (piece, each) in enumerate(zip(pieces, encoded, strict=True)):
        unknown = prices.of(run.tokenizer, piece, each)
        sums, _, kl = bound_nats(run.model, [each])
        told[:, i] = float(sums.sum()) + kl + unknown, estimated_nats(run.model, [each]) + unknown
        if progress:
            progress(i + 1, len(pieces))
    return [
        score(f"{label} ({what})", nats, units)
        for what, nats in zip(("bound", "estimate"), told, strict=True)
    ]


def ensemble(runs: Sequence[Run], name: str, corpus: Corpus, *, side: str = "test") -> Score:
    """Several runs as one model: at every token the mean of their probabilities.

    Raises
    ------
    PartimentoError
        If they do not write the music in the same tokens.
    """
    if not isinstance(runs[0].tokenizer, NoteTokenizer | VoiceTokenizer) or any(
        run.tokenizer != runs[0].tokenizer for run in runs
    ):
        raise PartimentoError("an ensemble is of runs of notewise with the same encoding")
    pieces = side_of(corpus, side)
    prices = UnknownPrices([piece.events for piece in side_of(corpus, "train")])
    nats = [
        each.sum() + prices.of(runs[0].tokenizer, piece)
        for each, piece in zip(token_nats(runs, pieces), pieces, strict=True)
    ]
    return score(f"ensemble of {len(runs)}", np.array(nats), units_of(name, pieces))


def token_nats(
    runs: Sequence[Run],
    pieces: Sequence[Piece],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[np.ndarray]:
    """Nats of every token of each piece; of several models, under the mean of their probabilities."""
    tokenizer = runs[0].tokenizer
    encoded = tokenizer.encode_all(pieces)
    made: list[np.ndarray] = []
    for start in range(0, len(encoded), BATCH):
        some = encoded[start : start + BATCH]
        length = -(-max(len(each.ids) for each in some) // 64) * 64
        batch = windows(some, length=length)
        logs = np.stack(
            [-np.asarray(run.model.token_nats(batch, may_end=False), np.float64) for run in runs]
        )
        mixed = -(np.logaddexp.reduce(logs, axis=0) - np.log(len(runs)))
        made += [row[: len(each.ids) - 1] for row, each in zip(mixed, some, strict=True)]
        if progress:
            progress(min(start + BATCH, len(encoded)), len(encoded))
    return made


def _by_events(
    run: Run,
    pieces: Sequence[Piece],
    prices: UnknownPrices,
    progress: Callable[[int, int], None] | None,
) -> np.ndarray:
    """Nats of each piece under a model of whole chords: all fields, unknown chords note by note,
    the end of the piece too.
    """
    from partimento.models.base import NextModel

    if not isinstance(run.model, NextModel) or not isinstance(run.tokenizer, ChordTokenizer):
        raise PartimentoError(f"{run.folder}: a run of {run.settings.name} has no exact likelihood")
    encoded = run.tokenizer.encode_all(pieces)
    longest = -(-max(len(each.ids) for each in encoded) // 64) * 64
    made = []
    for done, (piece, each) in enumerate(zip(pieces, encoded, strict=True), 1):
        cut: Any = windows([each], length=longest)
        untold = 0.0 if getattr(run.model.config, "held", True) else prices.held(each)
        made.append(
            float(np.sum(run.model.nats(cut).sums)) + prices.of(run.tokenizer, piece, each) + untold
        )
        if progress:
            progress(done, len(pieces))
    return np.array(made)
