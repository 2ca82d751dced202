"""Prepare pieces for training: grace notes, octave, pickup, note ends and grid.

The result is called a *view* of the exact piece. `DataSettings` states how it is made.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from partimento.analysis.grace_notes import (
    mark_grace_notes,
    merge_grace_notes,
    on_plain_grid,
    remove_grace_notes,
)
from partimento.analysis.guitar_octave import to_sounding
from partimento.analysis.music21_grid import music21_view
from partimento.analysis.note_ends import restore_note_ends, write_out_staccato
from partimento.analysis.pickup import infer_pickup
from partimento.analysis.quantize import quantize
from partimento.corpus.settings import DataSettings
from partimento.io.formats import MIDI_SUFFIXES
from partimento.music.performed import Midi
from partimento.music.piece import Piece

# A MIDI file with a greater share of onsets off the grid of notation is a performance.
PERFORMED = 0.1


def as_recorded(piece: Piece, *, suffix: str) -> Piece:
    """Flag the grace notes of a MIDI file; nothing else is changed."""
    return mark_grace_notes(piece) if suffix in MIDI_SUFFIXES else piece


def as_configured(
    piece: Piece,
    config: DataSettings,
    *,
    suffix: str,
    instrument: str = "",
    pickup: Fraction | None = None,
) -> Piece:
    """Prepare a piece as `config` states.

    Parameters
    ----------
    piece : Piece
        From `as_recorded`.
    config : DataSettings
        With ``quantize="music21"`` the piece is returned unchanged, because that view is made when
        the file is read (see `read_piece`).
    suffix : str
        The suffix of its file.
    instrument : str
        The instruments as stated in a manifest.
    pickup : Fraction, optional
        From `inferred_pickup`; used if `config` asks for inferred pickups.
    """
    if config.quantize == "music21":
        return piece
    if suffix in MIDI_SUFFIXES and config.quantize == "beats" and _is_performed(piece):
        return quantize(piece)
    if suffix in MIDI_SUFFIXES and config.note_ends != "exact":
        piece = restore_note_ends(piece)
        piece = write_out_staccato(piece) if config.note_ends == "full" else piece
    if config.grace_notes == "remove":
        piece = remove_grace_notes(piece)
    elif config.grace_notes == "merge":
        piece = merge_grace_notes(piece)
    if config.octave == "sounding":
        piece = to_sounding(piece, instrument=instrument)
    if pickup and config.pickup == "inferred":
        piece = piece.replace(pickup=pickup)
    return (
        on_grid(piece)
        if config.quantize == "auto" and suffix in MIDI_SUFFIXES and _is_performed(piece)
        else piece
    )


def inferred_pickup(piece: Piece, *, suffix: str) -> Fraction | None:
    """Infer the pickup of a MIDI file from its notes; None if the evidence is weak.

    Other formats state where bars begin, so that this returns None for them.
    """
    return infer_pickup(piece) if suffix in MIDI_SUFFIXES and not piece.pickup else None


def _is_performed(piece: Piece) -> bool:
    notes = piece.notes
    if not len(notes):
        return False
    return float(np.mean(~on_plain_grid(notes.onset, notes.divisions))) > PERFORMED


def on_grid(piece: Piece) -> Piece:
    """Quantize a piece to quarters and thirds of a quarter, as music21's view does."""
    notes = piece.notes
    order = np.lexsort((notes.onset, notes.part))
    columns = {
        name: getattr(notes, name)[order]
        for name in ("onset", "duration", "pitch", "velocity", "part")
    }
    marks = {name: getattr(piece, name) for name in ("parts", "meters", "keys", "tempos", "title")}
    midi = Midi(divisions=notes.divisions, **columns, **marks, end=0)
    return music21_view(midi).replace(
        pickup=piece.pickup, title=piece.title, composer=piece.composer, source=piece.source
    )
