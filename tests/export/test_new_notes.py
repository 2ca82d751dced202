"""Colors of new notes."""

from __future__ import annotations

from fractions import Fraction

from partimento import Note, Piece
from partimento.export.new_notes import new_note_colors

ONE = Fraction(1)


def test_only_notes_that_were_not_there_are_colored() -> None:
    before = Piece([Note(ONE * i, ONE, 60) for i in range(3)])
    piece = Piece([Note(ONE * i, ONE, pitch) for i, pitch in enumerate((60, 62, 60))])
    colors = new_note_colors(piece, before)
    assert [bool(colors.color(i)) for i in range(3)] == [False, True, False]
    assert colors.record == {"kind": "new"}
    assert not new_note_colors(before, before).levels.any()
