"""Measure what a piece shares with a corpus: its longest borrowed passages.

Passages of chords and of melody are compared in any key. Real music also shares passages: formulas,
cadences, well-known tunes. The same figures are therefore reported for real pieces that the corpus
does not contain. Interpret the figures only in comparison with these.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import TypeVar

import numpy as np

from partimento.analysis.similarity.borrowing import Originality, Shared, index_corpus, shared_with
from partimento.analysis.similarity.duplicates import group
from partimento.analysis.similarity.fingerprints import fingerprint
from partimento.analysis.similarity.sequences import SILENT
from partimento.corpus.entries import Corpus
from partimento.corpus.splits import TEST, TRAIN, VALID
from partimento.errors import PartimentoError
from partimento.evaluation.originality_table import HEADER, rows
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.tables import markdown_table

SAMPLE = 200  # real pieces that are left out, at most
T = TypeVar("T")


@dataclass(frozen=True)
class Level:
    """How much several pieces share in one line.

    Parameters
    ----------
    length : tuple of float
        The longest passage of each piece: median, 95th percentile (linear between pieces) and
        maximum over the pieces.
    share : tuple of float
        The same for the share of elements in long passages.
    elements : float
        The median number of elements per piece.
    """

    length: tuple[float, float, float]
    share: tuple[float, float, float]
    elements: float


@dataclass(frozen=True)
class Group:
    """Several pieces: their number, and their levels."""

    pieces: int
    chords: Level
    melody: Level


@dataclass(frozen=True)
class Report:
    """Pieces compared with a corpus.

    Parameters
    ----------
    pieces : list of Originality
    together : Group
        All these pieces together.
    real : Group or None
        Real pieces compared with the rest of the corpus; None if the corpus has too few.
    how : str
        Describes the real pieces and what they are compared with.
    against : int
        Number of pieces in the corpus.
    events : int
        Number of chords in the corpus.
    """

    pieces: list[Originality]
    together: Group
    real: Group | None
    how: str
    against: int
    events: int

    def table(self) -> str:
        """Return a Markdown table: the longest passage that each piece shares, and where."""
        lines = rows(self, self.pieces, together=len(self.pieces) > 1)
        return markdown_table(HEADER, lines)

    def __str__(self) -> str:
        return f"{self.table()}\n{verdict_together(self)}"


def together(pieces: Sequence[Originality]) -> Group:
    """Compute the levels over several pieces."""
    return Group(
        len(pieces),
        _level([piece.chords for piece in pieces]),
        _level([piece.melody for piece in pieces]),
    )


def _level(lines: Sequence[Shared]) -> Level:
    lengths, shares = [shared.length for shared in lines], [shared.share for shared in lines]
    return Level(
        _spread(lengths), _spread(shares), float(np.median([shared.elements for shared in lines]))
    )


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    median, most_of_them, most = np.quantile(np.array(values, float), [0.5, 0.95, 1.0]).tolist()
    return median, most_of_them, most


def originality(
    pieces: Corpus | Sequence[Piece] | Piece,
    corpus: Corpus | Sequence[Piece],
    *,
    progress: Progress = silent,
) -> Report:
    """Compare pieces with a corpus, and real pieces with it as a reference level.

    With a stored split both are compared with the training pieces. The real pieces are then the
    test pieces or, without any, the validation pieces. Otherwise the real pieces are at most
    `SAMPLE` random pieces of the corpus. Each is compared with all others, excluding its
    near-duplicates.

    Parameters
    ----------
    pieces : sequence of Piece
        A piece that is itself in the corpus (by its SHA-256) is compared with the rest of it,
        excluding its near-duplicates; `in_corpus` names them.
    corpus : Corpus
        Read with the same view as `pieces`.
    progress : Progress, optional

    Raises
    ------
    PartimentoError
        If there are no pieces, or the corpus is empty.
    """
    pieces = [pieces] if isinstance(pieces, Piece) else Corpus.of(pieces).pieces
    corpus = Corpus.of(corpus)
    if not pieces:
        raise PartimentoError("there are no pieces to compare")
    inside, held_out = _compared_and_held_out(corpus)
    index, relatives = index_corpus(inside, progress=progress), _Relatives(inside)
    if held_out:
        real = [
            shared_with(index, piece) for piece in _with_progress(held_out, "real pieces", progress)
        ]
        how = f"{len(real):,} pieces held out from the corpus"
    else:
        drawn = sorted(random.Random(0).sample(range(len(inside)), min(SAMPLE, len(inside))))
        comparable = [number for number in drawn if len(relatives.of([number])) < len(inside)]
        real = [
            shared_with(index, inside[number], in_corpus=relatives.of([number]))
            for number in _with_progress(comparable, "real pieces", progress)
        ]
        how = f"{len(real):,} pieces of the corpus, each compared with the others"
    results = [
        shared_with(index, piece, in_corpus=relatives.of(index.places_of(piece)))
        for piece in _with_progress(pieces, "compare", progress)
    ]
    results = _mark_other_splits(results, pieces, corpus)
    events = int((index.chords.reference != SILENT).sum())
    return Report(
        results, together(results), together(real) if real else None, how, len(inside), events
    )


def _compared_and_held_out(corpus: Corpus) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces to compare with, and the held-out pieces if there is a split."""
    splits = corpus.splits
    held_out = next((name for name in (TEST, VALID) if splits.get(name)), "")
    if not splits.get(TRAIN) or not held_out:
        return corpus.pieces, []
    inside, real = (
        [entry.piece for entry in corpus if entry.split == name] for name in (TRAIN, held_out)
    )
    return inside, real


def _mark_other_splits(
    results: Sequence[Originality], pieces: Sequence[Piece], corpus: Corpus
) -> list[Originality]:
    """Mark the pieces that the corpus has in another split.

    Nothing is excluded from the comparison for them.
    """
    paths: dict[str, list[str]] = {}
    for piece in corpus.pieces:
        paths.setdefault(piece.source.sha256, []).append(piece.source.path)
    same = [paths.get(piece.source.sha256, []) if piece.source.sha256 else [] for piece in pieces]
    return [
        replace(result, in_corpus=tuple(dict.fromkeys([*result.in_corpus, *more])))
        for result, more in zip(results, same, strict=True)
    ]


class _Relatives:
    """Near-duplicates among pieces, computed when they are first needed."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces

    @cached_property
    def _groups(self) -> np.ndarray:
        return group(fingerprint(piece) for piece in self._pieces)

    def of(self, numbers: Sequence[int]) -> list[int]:
        """Return the numbers of some pieces and of their near-duplicates."""
        return (
            sorted(
                {
                    *numbers,
                    *np.flatnonzero(np.isin(self._groups, self._groups[list(numbers)])).tolist(),
                }
            )
            if numbers
            else []
        )


def _with_progress(items: Sequence[T], stage: str, progress: Progress) -> Iterator[T]:
    for done, item in enumerate(items):
        yield item
        progress(stage, done + 1, len(items))


def verdict(piece: Originality, real: Group | None) -> str:
    """Describe the figures of a piece in a sentence.

    >>> verdict(Originality("", "", Shared(64, None, 0.0), Shared(0, None, 0.0)), None)
    'longest passage of chords: 0; of melody: 0'
    """
    lines = [
        ("chords", piece.chords, real and real.chords),
        ("melody", piece.melody, real and real.melody),
    ]
    clauses = []
    for name, shared, level in lines:
        beside = (
            f" (real pieces share {level.length[0]:g}, median, and {level.length[1]:.3g}, 95 %)"
            if level
            else ""
        )
        clauses.append(f"of {name}: {shared.length}{beside}")
    text = f"longest passage {'; '.join(clauses)}"
    if whole := [
        passage
        for _, shared, _ in lines
        if (passage := shared.longest) and passage.length >= shared.elements
    ]:
        text = f"all of it occurs in {PurePosixPath(whole[0].path).name or whole[0].title}: {text}"
    if piece.in_corpus:
        names = ", ".join(PurePosixPath(path).name for path in piece.in_corpus)
        text = f"this piece is in the corpus ({names}) and is compared with the rest: {text}"
    if not real:
        return text
    beyond = [name for name, shared, level in lines if level and shared.length > level.length[1]]
    return (
        f"{text}: more {' and '.join(beyond)} than 95 % of real pieces"
        if beyond
        else f"{text}: no more than real pieces do"
    )


def verdict_together(report: Report) -> str:
    """Describe the figures of several pieces in a sentence."""
    clauses = []
    for name in ("chords", "melody"):
        mine: Level = getattr(report.together, name)
        text = f"{name}: {_three(mine)}"
        if report.real:
            most = getattr(report.real, name).length[1]
            beyond = sum(getattr(piece, name).length > most for piece in report.pieces)
            text += (
                f", real pieces {_three(getattr(report.real, name))}; {beyond:,} of"
                f" {len(report.pieces):,} beyond 95 % of real pieces"
            )
        clauses.append(text)
    return f"longest passage (median, 95 %, most) of {'. Of '.join(clauses)}"


def _three(level: Level) -> str:
    return ", ".join(f"{value:.3g}" for value in level.length)
