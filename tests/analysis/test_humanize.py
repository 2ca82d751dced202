"""Deviations of a human performance: small, seeded, and without loss."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from tests.music.strategies import pieces
from tests.pieces import chorale, marked

from partimento.analysis.humanize import MOST_MS, humanize
from partimento.errors import PartimentoError
from partimento.io.midi.read import midi_from_bytes
from partimento.io.midi.write import to_midi
from partimento.music.piece import Piece


def test_the_seed_decides() -> None:
    piece = chorale()
    assert humanize(piece, 1) == humanize(piece, 1)
    assert humanize(piece, 1) != humanize(piece, 2)
    assert humanize(piece, 1) != piece
    with pytest.raises(PartimentoError, match="seed"):
        humanize(piece, -1)


def test_notes_move_by_milliseconds_and_stay_the_same_notes() -> None:
    piece = chorale(8)
    played = humanize(piece, 3)
    assert played.parts == piece.parts
    assert Counter(played.notes.pitch.tolist()) == Counter(piece.notes.pitch.tolist())
    written = sorted((note.pitch, note.onset) for note in piece.notes)
    moved = sorted((note.pitch, note.onset) for note in played.notes)
    us = piece.tempos[0].us_per_quarter
    shifts = [abs(b[1] - a[1]) * us / 1000 for a, b in zip(written, moved, strict=True)]
    assert max(shifts) <= MOST_MS + 1.1  # and a step of the grid
    assert sum(shift > 1 for shift in shifts) > len(shifts) / 2


def test_it_breathes_and_slows_down_at_the_end() -> None:
    piece = chorale(8)
    bpm = [tempo.bpm for tempo in humanize(piece, 1).tempos]
    assert len(bpm) == 32  # one per beat
    assert 0.6 < bpm[-1] / piece.tempos[0].bpm < 0.8
    assert all(100 < each < 135 for each in bpm[:20])
    open_end = humanize(piece.replace(open_end=True), 1)
    assert open_end.tempos[-1].bpm > 100


def test_a_midi_file_has_exactly_the_played_notes() -> None:
    played = humanize(marked(), 5)
    assert midi_from_bytes(to_midi(played)).to_piece().notes == played.notes


def test_a_piece_without_notes_stays() -> None:
    assert humanize(Piece([], length=Fraction(4)), 1) == Piece([], length=Fraction(4))


@settings(max_examples=30, deadline=None)
@given(pieces)
def test_any_piece_keeps_its_pitches_and_length(piece: Piece) -> None:
    played = humanize(piece, 2)
    assert played.length == piece.length
    assert Counter(played.notes.pitch.tolist()) == Counter(piece.notes.pitch.tolist())
