"""Parts that make harmony, and parts that do not."""

from __future__ import annotations

import numpy as np

from partimento.piece import Notes, Piece


def without_drums(piece: Piece) -> Piece:
    """The piece without the notes of its drum parts, which are no harmony."""
    drums = np.array([part.is_drum for part in piece.parts])[piece.notes.part]
    if not drums.any():
        return piece
    columns = {name: getattr(piece.notes, name)[~drums] for name in Notes.COLUMNS}
    return piece.replace(notes=Notes.from_columns(piece.notes.divisions, **columns))
