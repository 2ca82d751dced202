"""Make the view of a piece that is learned from, out of its exact notes."""

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
from partimento.analysis.pickup import infer_pickup
from partimento.corpus.settings import DataSettings
from partimento.io.formats import MIDI_SUFFIXES
from partimento.music.performed import Midi
from partimento.music.piece import Piece

PLAYED = (
    0.1  # share of the onsets off the grid of notation from which on a file was played, not written
)


def as_recorded(piece: Piece, *, suffix: str) -> Piece:
    """Flag the grace notes of a MIDI file; everything else stays as the file has it."""
    return mark_grace_notes(piece) if suffix in MIDI_SUFFIXES else piece


def as_configured(
    piece: Piece,
    config: DataSettings,
    *,
    suffix: str,
    instrument: str = "",
    pickup: Fraction | None = None,
) -> Piece:
    """Make the view that `config` asks for.

    Parameters
    ----------
    piece : Piece
        As recorded (`as_recorded`).
    config : DataSettings
        With ``quantize="music21"`` the piece is returned unchanged: that view is made from a file,
        see `read_piece`.
    suffix : str
        The suffix of its file.
    instrument : str
        A manifest's word for what plays.
    pickup : Fraction, optional
        The upbeat that `inferred_pickup` finds; used if `config` asks for inferred ones.
    """
    if config.quantize == "music21":
        return piece
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
        if config.quantize == "auto" and suffix in MIDI_SUFFIXES and _was_played(piece)
        else piece
    )


def inferred_pickup(piece: Piece, *, suffix: str) -> Fraction | None:
    """Infer the upbeat of a MIDI file from its notes; None where the evidence is weak.

    Other formats say themselves where bars begin.
    """
    return infer_pickup(piece) if suffix in MIDI_SUFFIXES and not piece.pickup else None


def _was_played(piece: Piece) -> bool:
    notes = piece.notes
    return (
        bool(len(notes)) and float(np.mean(~on_plain_grid(notes.onset, notes.divisions))) > PLAYED
    )


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
