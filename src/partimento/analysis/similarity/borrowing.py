"""Find the longest passages that a piece shares with a corpus."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from partimento.analysis.similarity.sequences import PieceSequence, sequences_of
from partimento.analysis.similarity.suffix_index import Matches, SequenceIndex, index_of
from partimento.errors import PartimentoError
from partimento.music.piece import Piece
from partimento.progress import Progress, silent

LONG = 8  # elements of a passage from which on it counts as borrowed
LOOKED_AT = 1000  # places of one passage whose rhythm is compared


@dataclass(frozen=True)
class SharedPassage:
    """A passage of a piece that is in a corpus.

    Parameters
    ----------
    length : int
        Number of chords (events, rests inside included) or notes of the melody.
    bar : int
        The bar of the piece in which it begins.
    title, path : str
        Those of the piece of the corpus: the first one with the same rhythm, else the first one.
    corpus_bar : int
        The bar in which it begins there.
    semitones : int
        The interval from the piece up to the corpus.
    same_rhythm : bool
        Whether the times from each element to the next agree, too.
    pieces : int
        Number of pieces of the corpus with the passage.
    """

    length: int
    bar: int
    title: str
    path: str
    corpus_bar: int
    semitones: int
    same_rhythm: bool
    pieces: int


@dataclass(frozen=True)
class Shared:
    """The passages that one sequence of a piece shares with a corpus.

    Parameters
    ----------
    elements : int
        Number of chords that sound, or of notes of the melody.
    longest : SharedPassage or None
        None if not even one element is in the corpus.
    share : float
        The share of elements inside shared passages of at least `LONG`.
    """

    elements: int
    longest: SharedPassage | None
    share: float

    @property
    def length(self) -> int:
        """The length of the longest passage."""
        return self.longest.length if self.longest else 0


@dataclass(frozen=True)
class Originality:
    """The passages that a piece shares with a corpus.

    Parameters
    ----------
    title, path : str
    chords, melody : Shared
    in_corpus : tuple of str
        Pieces of the corpus that are this one, or the same music under another name. They were
        excluded.
    """

    title: str
    path: str
    chords: Shared
    melody: Shared
    in_corpus: tuple[str, ...] = ()


class About(NamedTuple):
    """The facts about a piece of the corpus that are kept besides its sequences."""

    title: str
    path: str
    sha256: str


@dataclass(frozen=True, eq=False)
class CorpusIndex:
    """An indexed corpus, built by `index_corpus`."""

    about: list[About]
    chords: SequenceIndex
    melody: SequenceIndex

    @cached_property
    def _by_file(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, about in enumerate(self.about):
            if about.sha256:
                places.setdefault(about.sha256, []).append(place)
        return places

    def places_of(self, piece: Piece) -> list[int]:
        """Return the numbers of the corpus' pieces that are the same file."""
        return self._by_file.get(piece.source.sha256, [])

    def without(self, pieces: Collection[int]) -> CorpusIndex:
        """Return the same corpus, in which nothing is found in these pieces."""
        return CorpusIndex(self.about, self.chords.without(pieces), self.melody.without(pieces))


def index_corpus(pieces: Iterable[Piece], *, progress: Progress = silent) -> CorpusIndex:
    """Index pieces, for others to be compared with.

    Raises
    ------
    PartimentoError
        If there are none.
    """
    about, both, total = [], [], len(pieces) if isinstance(pieces, Sequence) else 0
    for done, piece in enumerate(pieces, 1):
        about.append(About(piece.title, piece.source.path, piece.source.sha256))
        both.append(sequences_of(piece))
        progress("index", done, max(total, done))
    if not both:
        raise PartimentoError("an empty corpus: there is nothing to compare with")
    return CorpusIndex(
        about,
        index_of(sequences.chords for sequences in both),
        index_of(sequences.melody for sequences in both),
    )


def shared_with(corpus: CorpusIndex, piece: Piece, *, in_corpus: Sequence[int] = ()) -> Originality:
    """Return what a piece shares with a corpus; pieces `in_corpus` are excluded."""
    sequences, rest = sequences_of(piece), corpus.without(in_corpus)
    chords, melody = (
        _shared(index, sequence, corpus.about)
        for index, sequence in zip((rest.chords, rest.melody), sequences, strict=True)
    )
    return Originality(
        piece.title,
        piece.source.path,
        chords,
        melody,
        tuple(corpus.about[number].path for number in in_corpus),
    )


def _shared(index: SequenceIndex, sequence: PieceSequence, about: Sequence[About]) -> Shared:
    found, sounding = index.matches(sequence), sequence.sounding
    elements = int(sounding.sum())
    if not found.length.any():
        return Shared(elements, None, 0.0)
    inside = _inside(found) & sounding
    return Shared(elements, _longest(index, sequence, found, about), float(inside.sum() / elements))


def _inside(found: Matches) -> np.ndarray:
    """Return which elements are in a passage of at least `LONG`: (T,) bool."""
    starts = np.flatnonzero(found.length >= LONG)
    steps = np.zeros(len(found.length) + 1, np.int64)
    np.add.at(steps, starts, 1)
    np.add.at(steps, starts + found.length[starts], -1)
    inside: np.ndarray = np.cumsum(steps[:-1]) > 0
    return inside


def _longest(
    index: SequenceIndex, sequence: PieceSequence, found: Matches, about: Sequence[About]
) -> SharedPassage:
    """Return the longest passage, the first of several.

    Its place in the corpus is the first one with the same rhythm, else the first one.
    """
    start = int(found.length.argmax())
    length = int(found.length[start])
    places = index.places(sequence, start, length)
    apart = np.diff(sequence.onset[start : start + length])
    near = places[:LOOKED_AT, None] + np.arange(length)
    same = (
        np.diff(index.onset[near], axis=1) * sequence.divisions
        == apart * index.divisions[places[:LOOKED_AT], None]
    ).all(axis=1)
    place = int(places[same.argmax()])
    piece = about[index.piece[place]]
    up = int(index.reference[place]) - int(sequence.reference[start])
    several = len(np.unique(index.piece[places]))
    return SharedPassage(
        length,
        int(sequence.bar[start]),
        piece.title,
        piece.path,
        int(index.bar[place]),
        up,
        bool(same.any()),
        several,
    )
