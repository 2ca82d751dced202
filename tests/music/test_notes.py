"""Notes in columns."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.music.strategies import notes

from partimento.music.notes import Note, Notes

NOTES = Notes(
    Note(Fraction(start, 2), Fraction(1, 2), pitch, part=part)
    for start, pitch, part in ((0, 60, 0), (1, 64, 1), (2, 67, 0))
)


def test_replace_changes_the_given_columns_only():
    higher = NOTES.replace(pitch=NOTES.pitch + 1)
    assert higher.pitch.tolist() == [61, 65, 68]
    for name in ("onset", "duration", "velocity", "part"):
        np.testing.assert_array_equal(getattr(higher, name), getattr(NOTES, name))
    assert NOTES.replace() == NOTES


def test_equal_times_on_a_finer_grid_are_equal_notes():
    onset, duration = NOTES.onset * 6, NOTES.duration * 6
    assert NOTES.replace(divisions=12, onset=onset, duration=duration) == NOTES


def test_select_returns_the_notes_of_the_mask():
    assert list(NOTES.select(NOTES.part == 0)) == [NOTES[0], NOTES[2]]
    assert list(NOTES.select(slice(1, None))) == [NOTES[1], NOTES[2]]


def test_replace_changes_columns_before_it_selects_notes():
    kept = NOTES.replace(keep=NOTES.pitch > 60, pitch=NOTES.pitch - 12)
    assert kept.pitch.tolist() == [52, 55]


def test_unknown_columns_are_refused():
    with pytest.raises(TypeError, match="no column 'color'"):
        NOTES.replace(color=NOTES.pitch)


def test_voices_do_not_count_in_comparisons():
    one, other = (Notes([Note(Fraction(0), Fraction(1), 60, voice=voice)]) for voice in (0, 3))
    assert one == other
    assert one[0] == other[0]
    assert len({one, other}) == len({one[0], other[0]}) == 1
    assert (one.voice.tolist(), other.voice.tolist()) == ([0], [3])


@pytest.mark.parametrize(
    ("rows", "merged"),
    [
        ([(0, 4, 60, 1), (0, 2, 60, 0)], [(0, 4, 60, 1)]),  # the longest note gives the voice
        ([(0, 4, 60, 1), (0, 4, 60, 0), (0, 4, 62, 2)], [(0, 4, 60, 0), (0, 4, 62, 2)]),
        ([(0, 4, 60, 0), (2, 4, 60, 1)], [(0, 2, 60, 0), (2, 4, 60, 1)]),
        (
            [(0, 4, 64, 0), (0, 4, 60, 1), (4, 1, 60, 0)],
            [(0, 4, 60, 1), (0, 4, 64, 0), (4, 1, 60, 0)],
        ),
    ],
)
def test_voices_of_a_score_share_their_unisons(rows, merged):
    onset, duration, pitch, voice = np.array(rows).T
    notes = Notes.from_score_columns(1, onset, duration, pitch, voice=voice)
    assert list(zip(notes.onset, notes.duration, notes.pitch, notes.voice, strict=True)) == merged
    single = Notes.from_columns(1, onset, duration, pitch)
    assert single == notes


def test_two_voices_of_a_part_may_sound_the_same_pitch():
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
    with pytest.raises(ValueError, match="the voice of a note is negative"):
        Notes([Note(once, quarter, 60, voice=-1)])


@given(st.lists(notes, max_size=20))
def test_notes_never_overlap_in_their_part_and_pitch(some):
    lines = {}
    for note in Notes(some):
        lines.setdefault((note.part, note.pitch, note.grace), []).append(note)
    for line in lines.values():
        assert all(a.end <= b.onset for a, b in pairwise(line))
    assert {(n.part, n.pitch, n.onset) for n in Notes(some)} == {
        (n.part, n.pitch, n.onset) for n in some
    }


def test_a_unison_keeps_the_string_and_fret_of_any_of_its_notes():
    begin, end = Fraction(0), Fraction(2)
    plain, fretted = Note(begin, end / 2, 60), Note(begin, end, 60, string=2, fret=1)
    other = Note(begin, end, 60, string=3, fret=5)
    assert list(Notes([plain, fretted])) == [fretted]
    assert list(Notes([fretted, plain, other])) == [fretted]
    assert list(Notes([plain, other, fretted])) == [other]
