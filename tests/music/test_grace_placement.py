from fractions import Fraction

import pytest

from partimento.music.grace_placement import GRACE_QL, grace_onset
from partimento.music.notes import Note, Notes

C5, Q = 72, Fraction(1)


@pytest.mark.parametrize(
    ("beat", "count", "onsets"),
    [(64, 1, [60]), (64, 3, [52, 56, 60]), (4, 2, [0, 4]), (0, 1, [0]), (0, 3, [0, 4, 8])],
)
def test_a_row_of_grace_notes_is_played_before_the_beat_and_never_before_the_piece(
    beat, count, onsets
):
    assert [grace_onset(beat, back, count, 4) for back in range(count, 0, -1)] == onsets


@pytest.mark.parametrize("before", [True, False])
def test_a_grace_note_of_the_same_pitch_takes_no_time_from_its_neighbor(before):
    grace = Note(1 - GRACE_QL, GRACE_QL, C5, grace=True)
    main = Note(Q * 0, Q, C5) if before else Note(Q, Q, C5)
    assert sorted(Notes([grace, main]), key=lambda note: note.grace) == [main, grace]


def test_at_the_start_a_grace_note_and_its_main_note_of_one_pitch_stay_two_notes():
    main, grace = Note(Q * 0, Q, C5), Note(Q * 0, GRACE_QL, C5, grace=True)
    assert list(Notes([main, grace])) == [grace, main]
    assert list(Notes([grace, grace, main, main])) == [grace, main]
