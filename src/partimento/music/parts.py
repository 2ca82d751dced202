"""Separate the parts that make harmony from drums."""

from __future__ import annotations

import numpy as np

from partimento.music.notes import Notes
from partimento.music.piece import Piece


def drums(piece: Piece) -> np.ndarray:
    """Return which parts are drums: ``(parts,)`` bool."""
    return np.array([part.is_drum for part in piece.parts], bool)


def without_drums(piece: Piece) -> Piece:
    """Remove the notes of drum parts, which are no harmony."""
    is_drum = drums(piece)[piece.notes.part]
    if not is_drum.any():
        return piece
    columns = {name: getattr(piece.notes, name)[~is_drum] for name in Notes.COLUMNS}
    return piece.replace(notes=Notes.from_columns(piece.notes.divisions, **columns))
