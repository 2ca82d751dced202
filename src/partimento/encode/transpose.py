"""Transposition: of a piece by semitones, and of a corpus to a common key."""

from __future__ import annotations

import numpy as np

from partimento.piece import Key, Notes, Piece


def transpose(piece: Piece, semitones: int) -> Piece:
    """Shift every note but the drums', and the declared keys with them; its inverse is the shift by ``-semitones``.

    Raises
    ------
    ValueError
        If a pitch would leave 0 to 127.
    """
    if semitones == 0:
        return piece
    notes = piece.notes
    columns = {name: getattr(notes, name) for name in Notes.COLUMNS}
    drums = np.array([part.is_drum for part in piece.parts])[notes.part]
    columns["pitch"] = notes.pitch + np.where(drums, 0, semitones)
    columns["string"] = columns["fret"] = -1  # the fingering was for the old pitches
    keys = tuple(Key.from_tonic((key.tonic + semitones) % 12, key.mode, onset=key.onset) for key in piece.keys)
    return piece.replace(notes=Notes.from_columns(notes.divisions, **columns), keys=keys)


def interval_to_common_key(key: Key) -> int:
    """Semitones, -6 to 5, that take `key` to C major or a minor, which share their pitches.

    >>> interval_to_common_key(Key.from_name("G major")), interval_to_common_key(Key.from_name("e minor"))
    (5, 5)
    """
    home = 9 if key.mode == "minor" else 0
    return (home - key.tonic + 6) % 12 - 6


def without_drums(piece: Piece) -> Piece:
    """The piece without the notes of its drum parts, which are no harmony."""
    drums = np.array([part.is_drum for part in piece.parts])[piece.notes.part]
    if not drums.any():
        return piece
    columns = {name: getattr(piece.notes, name)[~drums] for name in Notes.COLUMNS}
    return piece.replace(notes=Notes.from_columns(piece.notes.divisions, **columns))
