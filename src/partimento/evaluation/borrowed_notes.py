"""Color notes by the length of the passage that they share with a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from partimento.analysis.similarity.borrowing import index_corpus
from partimento.analysis.similarity.passages import (
    NotePassage,
    longest_of_notes,
    shared_passages,
)
from partimento.corpus.entries import Corpus
from partimento.evaluation.originality import Relatives, compared_and_held_out
from partimento.export.note_colors import NoteColors, level_of
from partimento.music.piece import Piece
from partimento.progress import Progress, silent

BOUNDS = (4, 8, 12, 16)
LABELS = ("fewer than 4", "4 to 7", "8 to 11", "12 to 15", "16 and more")
TITLE = "Chords or melody notes in a row that stand in the corpus"
INTERVALS = (
    "at the same pitch", "a semitone", "a tone", "a minor third", "a major third", "a fourth",
    "a tritone", "a fifth", "a minor sixth", "a major sixth", "a minor seventh", "a major seventh",
)  # fmt: skip


def originality_colors(
    piece: Piece,
    corpus: Corpus | Sequence[Piece],
    *,
    names: Sequence[str] = (),
    progress: Progress = silent,
) -> NoteColors:
    """Return colors of the notes by the length of the shared passage around them.

    If the corpus has a split, the piece is compared with its training pieces. If the piece is in
    the corpus itself, it is compared with the others, except its near-duplicates.

    Parameters
    ----------
    piece : Piece
    corpus : Corpus or sequence of Piece
    names : sequence of str
        The sources of the corpus, for the record of the file.
    progress : Progress, optional

    Raises
    ------
    PartimentoError
        If the corpus is empty.
    """
    inside, _ = compared_and_held_out(Corpus.of(corpus))
    index = index_corpus(inside, progress=progress)
    relatives = Relatives(inside).of(index.places_of(piece))
    passages = shared_passages(index, piece, in_corpus=relatives)
    longest = longest_of_notes(piece, passages)
    lengths = np.array([0 if each is None else each.shared.length for each in longest], float)
    texts = {i: _text(passage) for i, passage in enumerate(longest)}
    record = {"kind": "originality", "against": list(names), "pieces": len(inside)}
    levels = level_of(np.where(piece.drums, np.nan, lengths), BOUNDS)
    return NoteColors(TITLE, LABELS, levels, texts, record)


def _text(passage: NotePassage | None) -> str:
    """Say from which piece a note may come."""
    if passage is None:
        return f"In no passage of {BOUNDS[0]} or more that stands in the corpus."
    shared = passage.shared
    name = PurePosixPath(shared.path).name
    title = f"“{shared.title}” ({name})" if shared.title and shared.title != name else name
    what = "chords" if passage.line == "chords" else "notes of the melody"
    rhythm = "" if shared.same_rhythm else ", in another rhythm"
    others = shared.pieces - 1
    also = f"; {others:,} other piece{'s have' if others > 1 else ' has'} it, too" if others else ""
    return (
        f"From bar {shared.bar}: {shared.length} {what} as in {title}, from bar"
        f" {shared.corpus_bar}, {_interval(shared.semitones)}{rhythm}{also}."
    )


def _interval(semitones: int) -> str:
    """Say where a passage stands in the corpus, from the piece.

    >>> _interval(0), _interval(-7), _interval(14)
    ('at the same pitch', 'a fifth lower', 'an octave and a tone higher')
    """
    octaves, rest = divmod(abs(semitones), 12)
    if not semitones:
        return INTERVALS[0]
    count = {0: "", 1: "an octave"}.get(octaves, f"{octaves} octaves")
    words = " and ".join(word for word in (count, INTERVALS[rest] if rest else "") if word)
    return f"{words} {'higher' if semitones > 0 else 'lower'}"
