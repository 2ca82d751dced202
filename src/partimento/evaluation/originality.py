"""Measure which passages a piece shares with a corpus.

Passages of chords and of melody are compared in any key. Real pieces share passages, too: formulas,
cadences, well-known tunes. The same results are therefore reported for real pieces that are not in
the corpus. Interpret the results only in comparison with these.
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
from partimento.short_repr import short_repr
from partimento.tables import markdown_table

SAMPLE = 200  # maximum number of real pieces for the reference level, if there is no split
T = TypeVar("T")


@short_repr
@dataclass(frozen=True)
class Level:
    """How much several pieces share with a corpus, in one line (chords or melody).

    Attributes
    ----------
    length : tuple of float
        Length of the longest shared passage: median, 95th percentile (interpolated linearly) and
        maximum over the pieces.
    share : tuple of float
        The same for the share of a piece's elements (chords or notes) in long passages.
    elements : float
        The median number of elements per piece.
    """

    length: tuple[float, float, float]
    share: tuple[float, float, float]
    elements: float


@short_repr
@dataclass(frozen=True)
class Group:
    """The number of pieces in a group, and how much they share in each line."""

    pieces: int
    chords: Level
    melody: Level


@short_repr
@dataclass(frozen=True)
class Report:
    """The result of comparing pieces with a corpus.

    Attributes
    ----------
    pieces : list of Originality
        The result of each piece.
    together : Group
        The combined results of these pieces.
    real : Group or None
        The combined results of real pieces, as the reference level; None if the corpus has too
        few.
    how : str
        A description of the real pieces and of the pieces with which they are compared.
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
        """Return a Markdown table of each piece's longest shared passages."""
        lines = rows(self, self.pieces, together=len(self.pieces) > 1)
        return markdown_table(HEADER, lines)

    def __str__(self) -> str:
        return f"{self.table()}\n{verdict_together(self)}"


def together(pieces: Sequence[Originality]) -> Group:
    """Combine the results of several pieces."""
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
    """Compare pieces with a corpus, and real pieces as a reference level.

    If the corpus has a split, all are compared with its training pieces. The real pieces are then
    the test pieces or, without any, the validation pieces. Otherwise, the real pieces are at most
    `SAMPLE` random pieces of the corpus, each compared with all others except its near-duplicates.

    Parameters
    ----------
    pieces : Corpus, sequence of Piece, or Piece
        A piece that is in the corpus itself (by SHA-256) is compared with all other pieces except
        its near-duplicates; `Originality.in_corpus` lists them.
    corpus : Corpus or sequence of Piece
        Read with the same settings as `pieces`.
    progress : Progress, optional

    Returns
    -------
    Report

    Raises
    ------
    PartimentoError
        If there are no pieces, or the corpus is empty.
    """
    pieces = [pieces] if isinstance(pieces, Piece) else Corpus.of(pieces).pieces
    corpus = Corpus.of(corpus)
    if not pieces:
        raise PartimentoError("there are no pieces to compare")
    inside, held_out = compared_and_held_out(corpus)
    index, relatives = index_corpus(inside, progress=progress), Relatives(inside)
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


def compared_and_held_out(corpus: Corpus) -> tuple[list[Piece], list[Piece]]:
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
    """Add to `in_corpus` the copies of the pieces that are in another split.

    These were not compared anyway, so nothing needs to be excluded.
    """
    paths: dict[str, list[str]] = {}
    for piece in corpus.pieces:
        paths.setdefault(piece.source.sha256, []).append(piece.source.path)
    same = [paths.get(piece.source.sha256, []) if piece.source.sha256 else [] for piece in pieces]
    return [
        replace(result, in_corpus=tuple(dict.fromkeys([*result.in_corpus, *more])))
        for result, more in zip(results, same, strict=True)
    ]


@short_repr
class Relatives:
    """Near-duplicates among pieces, computed on first use."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces

    @cached_property
    def _groups(self) -> np.ndarray:
        return group(fingerprint(piece) for piece in self._pieces)

    def of(self, numbers: Sequence[int]) -> list[int]:
        """Return the indices of some pieces and of all their near-duplicates."""
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
    """Describe the results of a piece in a sentence.

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
    """Describe the results of several pieces in a sentence."""
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
