"""Notes in columns."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento.corpus.parsers.wire import pack, unpack
from partimento.corpus.store.rows import Origin, row_of
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Part

NOTES = Notes(
    Note(Fraction(start, 2), Fraction(1, 2), pitch, part=part)
    for start, pitch, part in ((0, 60, 0), (1, 64, 1), (2, 67, 0))
)


def test_replaced_columns_replace_and_the_others_stay():
    higher = NOTES.replace(pitch=NOTES.pitch + 1)
    assert higher.pitch.tolist() == [61, 65, 68]
    for name in ("onset", "duration", "velocity", "part"):
        np.testing.assert_array_equal(getattr(higher, name), getattr(NOTES, name))
    assert NOTES.replace() == NOTES


def test_a_finer_grid_says_the_same_times():
    onset, duration = NOTES.onset * 6, NOTES.duration * 6
    assert NOTES.replace(divisions=12, onset=onset, duration=duration) == NOTES


def test_selected_notes_are_those_of_the_mask():
    assert list(NOTES.select(NOTES.part == 0)) == [NOTES[0], NOTES[2]]
    assert list(NOTES.select(slice(1, None))) == [NOTES[1], NOTES[2]]


def test_columns_change_before_notes_are_selected():
    kept = NOTES.replace(keep=NOTES.pitch > 60, pitch=NOTES.pitch - 12)
    assert kept.pitch.tolist() == [52, 55]


def test_unknown_columns_are_refused():
    with pytest.raises(TypeError, match="no column 'color'"):
        NOTES.replace(color=NOTES.pitch)


def test_two_voices_of_a_part_sound_the_same_pitch_together():
    once, quarter = Fraction(0), Fraction(1)
    notes = Notes([Note(once, quarter, 60, voice=1), Note(once, 2 * quarter, 60)])
    assert [(note.voice, note.duration) for note in notes] == [(0, 2), (1, 1)]
    assert len(Notes([Note(once, quarter, 60), Note(once, 2 * quarter, 60)])) == 1
    struck = Notes([*notes, Note(quarter, quarter, 60)])  # ends the note of its own voice
    assert [(note.onset, note.voice, note.duration) for note in struck] == [
        (0, 0, 1),
        (0, 1, 1),
        (1, 0, 1),
    ]
    with pytest.raises(ValueError, match="no voice"):
        Notes([Note(once, quarter, 60, voice=-1)])


def test_voices_are_written_where_there_are_any():
    piece = Piece([Note(Fraction(0), Fraction(1), 60, voice=1), Note(Fraction(0), Fraction(1), 60)])
    assert Piece.from_json(piece.to_json()) == piece
    assert '"voice": [0, 1]' in piece.to_json().replace('":[', '": [').replace("[0,1]", "[0, 1]")
    assert "voice" not in Piece(NOTES, parts=(Part(), Part())).to_json()
    assert unpack(pack(piece))[0] == piece


def test_a_store_refuses_what_it_would_lose():
    piece = Piece([Note(Fraction(0), Fraction(1), 60, voice=1)])
    with pytest.raises(ValueError, match="voices within a part"):
        row_of(piece, piece, Origin())
