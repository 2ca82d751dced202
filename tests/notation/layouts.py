"""Parts of pieces, laid out as the writers of scores do it."""

from __future__ import annotations

from partimento.music.piece import Piece
from partimento.notation.graces import Ornaments, written_notes
from partimento.notation.layout import PartLayout, bars_of, drawn_times, lay_out, ticks_for


def layout_of(piece: Piece, part: int = 0, *, ornaments: Ornaments = "exact") -> PartLayout:
    written, bars, ticks = written_notes(piece, ornaments), bars_of(piece), ticks_for(piece)
    return lay_out(piece, written, part, bars, ticks, drawn_times(piece, written, bars, ticks))
