"""Find all passages that a piece shares with a corpus, and the notes in them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.analysis.similarity.borrowing import CorpusIndex, SharedPassage, passage_at
from partimento.analysis.similarity.sequences import sequences_of
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

SHORTEST = 4  # elements; shorter passages are shared with nearly every piece


@short_repr
class NotePassage(NamedTuple):
    """A passage that a piece shares with a corpus, and where it lies in the piece.

    Attributes
    ----------
    line : str
        ``chords`` or ``melody``.
    shared : SharedPassage
    onsets : tuple of Fraction
        When its chords or notes begin, in quarters.
    """

    line: str
    shared: SharedPassage
    onsets: tuple[Fraction, ...]


def shared_passages(
    corpus: CorpusIndex,
    piece: Piece,
    *,
    in_corpus: Sequence[int] = (),
    shortest: int = SHORTEST,
) -> list[NotePassage]:
    """Return the passages that a piece shares with a corpus, in any key.

    Passages inside longer ones are left out.

    Parameters
    ----------
    corpus : CorpusIndex
    piece : Piece
    in_corpus : sequence of int
        Positions of pieces of the corpus that are ignored.
    shortest : int
        The least number of chords or notes of a passage.
    """
    rest, found = corpus.without(in_corpus), list[NotePassage]()
    for line, sequence in sequences_of(piece)._asdict().items():
        index = getattr(rest, line)
        matches = index.matches(sequence)
        ends = np.arange(len(matches.length)) + matches.length
        # A passage that ends where the one before it ends is its own end.
        before = np.concatenate([[0], np.maximum.accumulate(ends)[:-1]])
        starts = np.flatnonzero((matches.length >= shortest) & (ends > before))
        for start in starts.tolist():
            length = int(matches.length[start])
            onsets = sequence.onset[start : start + length].tolist()
            times = tuple(Fraction(onset, sequence.divisions) for onset in onsets)
            shared = passage_at(index, sequence, start, length, corpus.pieces)
            found.append(NotePassage(line, shared, times))
    return found


def longest_of_notes(piece: Piece, passages: Sequence[NotePassage]) -> list[NotePassage | None]:
    """Return for each note the longest passage that contains it, or None.

    All notes that begin with a chord belong to it. Only the top note belongs to the melody.
    """
    by_time: dict[tuple[str, Fraction], NotePassage] = {}
    for passage in sorted(passages, key=lambda each: each.shared.length):
        for onset in passage.onsets:
            by_time[passage.line, onset] = passage  # longer ones replace shorter ones
    top: dict[Fraction, int] = {}
    drums = piece.drums
    notes = list(piece.notes)
    for i, note in enumerate(notes):
        if not drums[i]:
            top[note.onset] = max(top.get(note.onset, -1), note.pitch)
    result: list[NotePassage | None] = []
    for i, note in enumerate(notes):
        candidates = [by_time.get(("chords", note.onset))]
        if top.get(note.onset) == note.pitch:
            candidates.append(by_time.get(("melody", note.onset)))
        known = [] if drums[i] else [each for each in candidates if each is not None]
        result.append(max(known, key=lambda each: each.shared.length, default=None))
    return result
