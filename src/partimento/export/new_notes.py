"""Color the notes that were composed into a given piece."""

from __future__ import annotations

import numpy as np

from partimento.export.note_colors import NoteColors
from partimento.music.piece import Piece

KIND = "new"
TITLE = "New notes"
LABELS = ("as before", "new")


def new_note_colors(piece: Piece, before: Piece) -> NoteColors:
    """Return colors of the notes that an earlier version of a piece does not have.

    Parameters
    ----------
    piece, before : Piece
    """
    old = {(note.onset, note.duration, note.pitch, note.part) for note in before.notes}
    is_new = [(note.onset, note.duration, note.pitch, note.part) not in old for note in piece.notes]
    return NoteColors(TITLE, LABELS, np.array(is_new, np.int64), record={"kind": KIND})
