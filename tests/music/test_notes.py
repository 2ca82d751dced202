"""Notes in columns."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento.music.notes import Note, Notes

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
