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
from partimento.short_repr import short_repr

LONG = 8  # a passage of at least this many elements counts as borrowed
MAX_COMPARED = 1000  # occurrences of one passage whose rhythm is compared


@short_repr
@dataclass(frozen=True)
class SharedPassage:
    """A passage of a piece that also occurs in a corpus.

    Parameters
    ----------
    length : int
        Number of chords (including rests between them) or notes of the melody.
    bar : int
        The bar of the piece in which the passage begins.
    title, path : str
        Title and path of the piece of the corpus: the first one with the same rhythm, else the
        first one.
    corpus_bar : int
        The bar of that piece in which the passage begins.
    semitones : int
        The interval from the piece up to the passage in the corpus.
    same_rhythm : bool
        Whether the times between successive elements are equal, too.
    pieces : int
        Number of pieces of the corpus that contain the passage.
    corpus_last_bar : int
        The bar of the piece of the corpus in which the last element begins.
    """

    length: int
    bar: int
    title: str
    path: str
    corpus_bar: int
    semitones: int
    same_rhythm: bool
    pieces: int
    corpus_last_bar: int = 0


@short_repr
@dataclass(frozen=True)
class Shared:
    """The passages that one sequence of a piece shares with a corpus.

    Parameters
    ----------
    elements : int
        Number of chords without rests, or of notes of the melody.
    longest : SharedPassage or None
        None if no element occurs in the corpus.
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


@short_repr
@dataclass(frozen=True)
class Originality:
    """The passages that a piece shares with a corpus.

    Parameters
    ----------
    title, path : str
    chords, melody : Shared
    in_corpus : tuple of str
        Paths of the pieces of the corpus that were excluded, because they are this piece or the
        same music under another name.
    """

    title: str
    path: str
    chords: Shared
    melody: Shared
    in_corpus: tuple[str, ...] = ()


@short_repr
class IndexedPiece(NamedTuple):
    """Title, path and hash of a piece of an indexed corpus."""

    title: str
    path: str
    sha256: str


@short_repr
@dataclass(frozen=True, eq=False)
class CorpusIndex:
    """An indexed corpus, built by `index_corpus`.

    Attributes
    ----------
    pieces : list of IndexedPiece
    chords, melody : SequenceIndex
    """

    pieces: list[IndexedPiece]
    chords: SequenceIndex
    melody: SequenceIndex

    @cached_property
    def _by_file(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, piece in enumerate(self.pieces):
            if piece.sha256:
                places.setdefault(piece.sha256, []).append(place)
        return places

    def places_of(self, piece: Piece) -> list[int]:
        """Return the positions in the corpus of the pieces from the same file."""
        return self._by_file.get(piece.source.sha256, [])

    def without(self, pieces: Collection[int]) -> CorpusIndex:
        """Return an index whose searches ignore the pieces at these positions."""
        return CorpusIndex(self.pieces, self.chords.without(pieces), self.melody.without(pieces))


def index_corpus(pieces: Iterable[Piece], *, progress: Progress = silent) -> CorpusIndex:
    """Index the chords and melodies of pieces, to search them for shared passages.

    Raises
    ------
    PartimentoError
        If there are no pieces.
    """
    indexed, sequences = [], []
    total = len(pieces) if isinstance(pieces, Sequence) else 0
    for done, piece in enumerate(pieces, 1):
        indexed.append(IndexedPiece(piece.title, piece.source.path, piece.source.sha256))
        sequences.append(sequences_of(piece))
        progress("index", done, max(total, done))
    if not sequences:
        raise PartimentoError("an empty corpus: there is nothing to compare with")
    return CorpusIndex(
        indexed,
        index_of(one.chords for one in sequences),
        index_of(one.melody for one in sequences),
    )


def shared_with(corpus: CorpusIndex, piece: Piece, *, in_corpus: Sequence[int] = ()) -> Originality:
    """Find the passages that a piece shares with a corpus.

    Parameters
    ----------
    corpus : CorpusIndex
    piece : Piece
    in_corpus : sequence of int
        Positions of pieces of the corpus that are ignored.
    """
    sequences, rest = sequences_of(piece), corpus.without(in_corpus)
    chords, melody = (
        _shared(index, sequence, corpus.pieces)
        for index, sequence in zip((rest.chords, rest.melody), sequences, strict=True)
    )
    return Originality(
        piece.title,
        piece.source.path,
        chords,
        melody,
        tuple(corpus.pieces[position].path for position in in_corpus),
    )


def _shared(
    index: SequenceIndex, sequence: PieceSequence, pieces: Sequence[IndexedPiece]
) -> Shared:
    matches, sounding = index.matches(sequence), sequence.sounding
    elements = int(sounding.sum())
    if not matches.length.any():
        return Shared(elements, None, 0.0)
    borrowed = _in_long_passages(matches) & sounding
    longest = _longest(index, sequence, matches, pieces)
    return Shared(elements, longest, float(borrowed.sum() / elements))


def _in_long_passages(matches: Matches) -> np.ndarray:
    """Return which elements are in a passage of at least `LONG`: (T,) bool."""
    starts = np.flatnonzero(matches.length >= LONG)
    # +1 where a passage begins, -1 where it ends: the running sum counts passages at an element.
    changes = np.zeros(len(matches.length) + 1, np.int64)
    np.add.at(changes, starts, 1)
    np.add.at(changes, starts + matches.length[starts], -1)
    mask: np.ndarray = np.cumsum(changes[:-1]) > 0
    return mask


def _longest(
    index: SequenceIndex,
    sequence: PieceSequence,
    matches: Matches,
    pieces: Sequence[IndexedPiece],
) -> SharedPassage:
    """Return the longest passage; the first one, if several are equally long."""
    start = int(matches.length.argmax())
    return passage_at(index, sequence, start, int(matches.length[start]), pieces)


def passage_at(
    index: SequenceIndex,
    sequence: PieceSequence,
    start: int,
    length: int,
    pieces: Sequence[IndexedPiece],
) -> SharedPassage:
    """Return the shared passage of `length` elements from the element `start` on.

    Its place in the corpus is the first one with the same rhythm, else the first one.
    """
    places = index.places(sequence, start, length)
    intervals = np.diff(sequence.onset[start : start + length])
    elements = places[:MAX_COMPARED, None] + np.arange(length)
    # Times are in steps of different grids: multiply crosswise instead of dividing.
    same_rhythm = (
        np.diff(index.onset[elements], axis=1) * sequence.divisions
        == intervals * index.divisions[places[:MAX_COMPARED], None]
    ).all(axis=1)
    place = int(places[same_rhythm.argmax()])
    piece = pieces[index.piece[place]]
    return SharedPassage(
        length=length,
        bar=int(sequence.bar[start]),
        title=piece.title,
        path=piece.path,
        corpus_bar=int(index.bar[place]),
        semitones=int(index.reference[place]) - int(sequence.reference[start]),
        same_rhythm=bool(same_rhythm.any()),
        pieces=len(np.unique(index.piece[places])),
        corpus_last_bar=int(index.bar[place + length - 1]),
    )
