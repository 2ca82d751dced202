"""Measure how far the notes of a piece are from those that stood there before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from partimento.music.piece import Piece

Spans = Sequence[tuple[Fraction, Fraction]]


def share_of_changed_notes(
    piece: Piece, before: Piece, *, spans: Spans = (), parts: Sequence[int] | None = None
) -> float:
    """Return the share of notes that differ from those of an earlier version.

    A note is the same if it begins at the same time, at the same pitch and in the same part. With
    n notes now, m before and s the same, the share is 1 - s / max(n, m).

    Parameters
    ----------
    piece, before : Piece
        The two versions.
    spans : sequence of (Fraction, Fraction)
        Times in quarters at which notes are compared; by default the whole piece.
    parts : sequence of int, optional
        The parts that are compared; by default all.

    Returns
    -------
    float
        0 if nothing changed, 1 if no note is the same.

    Examples
    --------
    >>> from partimento import Note
    >>> one = Fraction(1)
    >>> before = Piece([Note(one * i, one, 60 + i) for i in range(4)])
    >>> after = Piece([Note(one * i, one, pitch) for i, pitch in enumerate((60, 61, 62, 72))])
    >>> share_of_changed_notes(after, before)
    0.25
    """
    own, old = (_notes(each, spans, parts) for each in (piece, before))
    most = max(own.total(), old.total())
    return 1 - (own & old).total() / most if most else 0.0


def _notes(
    piece: Piece, spans: Spans, parts: Sequence[int] | None
) -> Counter[tuple[Fraction, int, int]]:
    rows = (
        (note.onset, note.pitch, note.part)
        for note in piece.notes
        if not note.grace and (parts is None or note.part in parts)
    )
    if not spans:
        return Counter(rows)
    return Counter(row for row in rows if any(begin <= row[0] < end for begin, end in spans))
