"""What a piece has in common with a corpus: the longest run of chords, and of melody, that stands
there in any key, and where.

Real music shares runs too: formulas, cadences, tunes that everybody knows. Hence the same figures
are always told of real pieces that the corpus does not contain, beside which alone they mean
something.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import TypeVar

import numpy as np

from partimento.analysis.similarity.borrowing import Originality, Shared, library, shared_with
from partimento.analysis.similarity.duplicates import group
from partimento.analysis.similarity.fingerprints import sketch
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
        Of the longest run, over the pieces: median, 95th percentile (linear between pieces) and
        most.
    share : tuple of float
        The same of the share of elements in long runs.
    elements : float
        A piece has, median.
    """

    length: tuple[float, float, float]
    share: tuple[float, float, float]
    elements: float


@dataclass(frozen=True)
class Group:
    """Pieces together: how many, and their levels."""

    pieces: int
    chords: Level
    melody: Level


@dataclass(frozen=True)
class Report:
    """Pieces beside a corpus.

    Parameters
    ----------
    pieces : list of Originality
    together : Group
        The same pieces as one.
    real : Group or None
        Real pieces beside the rest of the corpus; None if the corpus has too few.
    how : str
        Which real pieces, and beside what.
    against : int
        Pieces that the corpus has.
    events : int
        Chords that it has.
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
    """The levels over pieces."""
    return Group(
        len(pieces),
        _level([piece.chords for piece in pieces]),
        _level([piece.melody for piece in pieces]),
    )


def _level(found: Sequence[Shared]) -> Level:
    lengths, shares = [each.length for each in found], [each.share for each in found]
    return Level(
        _spread(lengths), _spread(shares), float(np.median([each.elements for each in found]))
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
    """Lay pieces beside a corpus, and real pieces too.

    With a stored split both are compared with the training pieces, and the real ones are the test
    pieces (the validation pieces, where there are none). Otherwise the real ones are pieces of the
    corpus, at most `SAMPLE` drawn by lot, each compared with all others but its near-duplicates.

    Parameters
    ----------
    pieces : sequence of Piece
        One whose file is in the corpus (the same SHA-256) is laid beside the rest of it,
        near-duplicates aside as well; it says so.
    corpus : Corpus
        Of the same view as `pieces`.
    progress : Progress, optional

    Raises
    ------
    PartimentoError
        If there are no pieces, or the corpus is empty.
    """
    pieces = [pieces] if isinstance(pieces, Piece) else Corpus.of(pieces).pieces
    corpus = Corpus.of(corpus)
    if not pieces:
        raise PartimentoError("there are no pieces to look at")
    inside, held_out = _sides(corpus)
    shelf, relatives = library(inside, progress=progress), _Relatives(inside)
    if held_out:
        real = [shared_with(shelf, piece) for piece in _told(held_out, "real pieces", progress)]
        how = f"{len(real):,} pieces held out from the corpus"
    else:
        drawn = sorted(random.Random(0).sample(range(len(inside)), min(SAMPLE, len(inside))))
        alone = [place for place in drawn if len(relatives.of([place])) < len(inside)]
        real = [
            shared_with(shelf, inside[place], in_corpus=relatives.of([place]))
            for place in _told(alone, "real pieces", progress)
        ]
        how = f"{len(real):,} pieces of the corpus, each beside the others"
    found = [
        shared_with(shelf, piece, in_corpus=relatives.of(shelf.places_of(piece)))
        for piece in _told(pieces, "compare", progress)
    ]
    found = _told_of_other_sides(found, pieces, corpus)
    events = int((shelf.chords.reference != SILENT).sum())
    return Report(
        found, together(found), together(real) if real else None, how, len(inside), events
    )


def _sides(corpus: Corpus) -> tuple[list[Piece], list[Piece]]:
    """The pieces to compare with, and real ones that are held out from them, if there is a split."""
    splits = corpus.splits
    held_out = next((name for name in (TEST, VALID) if splits.get(name)), "")
    if not splits.get(TRAIN) or not held_out:
        return corpus.pieces, []
    inside, real = (
        [entry.piece for entry in corpus if entry.split == name] for name in (TRAIN, held_out)
    )
    return inside, real


def _told_of_other_sides(
    found: Sequence[Originality], pieces: Sequence[Piece], corpus: Corpus
) -> list[Originality]:
    """Say of pieces that stand on another side of the split that the corpus has them; nothing is
    left aside for them.
    """
    paths: dict[str, list[str]] = {}
    for piece in corpus.pieces:
        paths.setdefault(piece.source.sha256, []).append(piece.source.path)
    same = [paths.get(piece.source.sha256, []) if piece.source.sha256 else [] for piece in pieces]
    return [
        replace(each, in_corpus=tuple(dict.fromkeys([*each.in_corpus, *more])))
        for each, more in zip(found, same, strict=True)
    ]


class _Relatives:
    """Near-duplicates among pieces, looked for when they are first asked for."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces

    @cached_property
    def _groups(self) -> np.ndarray:
        return group(sketch(piece) for piece in self._pieces)

    def of(self, places: Sequence[int]) -> list[int]:
        """These pieces and their near-duplicates, by their numbers."""
        return (
            sorted(
                {
                    *places,
                    *np.flatnonzero(np.isin(self._groups, self._groups[list(places)])).tolist(),
                }
            )
            if places
            else []
        )


def _told(items: Sequence[T], stage: str, progress: Progress) -> Iterator[T]:
    for done, item in enumerate(items):
        yield item
        progress(stage, done + 1, len(items))


def verdict(found: Originality, real: Group | None) -> str:
    """What the figures of a piece say, in a sentence.

    >>> verdict(Originality("", "", Shared(64, None, 0.0), Shared(0, None, 0.0)), None)
    'longest run of chords: 0; of melody: 0'
    """
    lines = [
        ("chords", found.chords, real and real.chords),
        ("melody", found.melody, real and real.melody),
    ]
    said = []
    for name, shared, level in lines:
        beside = (
            f" (real pieces share {level.length[0]:g}, median, and {level.length[1]:.3g}, 95 %)"
            if level
            else ""
        )
        said.append(f"of {name}: {shared.length}{beside}")
    text = f"longest run {'; '.join(said)}"
    if whole := [
        run for _, shared, _ in lines if (run := shared.longest) and run.length >= shared.elements
    ]:
        text = f"all of it stands in {PurePosixPath(whole[0].path).name or whole[0].title}: {text}"
    if found.in_corpus:
        names = ", ".join(PurePosixPath(path).name for path in found.in_corpus)
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
    """The same for several pieces."""
    said = []
    for name in ("chords", "melody"):
        mine: Level = getattr(report.together, name)
        text = f"{name}: {_three(mine)}"
        if report.real:
            most = getattr(report.real, name).length[1]
            beyond = sum(getattr(piece, name).length > most for piece in report.pieces)
            text += f", real pieces {_three(getattr(report.real, name))}; {beyond:,} of {len(report.pieces):,} beyond 95 % of real pieces"
        said.append(text)
    return f"longest run (median, 95 %, most) of {'. Of '.join(said)}"


def _three(level: Level) -> str:
    return ", ".join(f"{value:.3g}" for value in level.length)
