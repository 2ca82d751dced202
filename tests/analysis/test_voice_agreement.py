"""Precision and recall of the next note in the same voice, by hand."""

import math

import numpy as np
import pytest

from partimento.analysis.voice_agreement import Agreement, agreement, voices_by_pitch_order

# Two voices of three notes each: onset, end, pitch.
ONSET = np.array([0, 0, 1, 1, 2, 2])
PITCH = np.array([72, 60, 71, 62, 74, 64])
STATED = np.array([0, 1, 0, 1, 0, 1])


def judge(voice, *, onset=ONSET, pitch=PITCH, stated=STATED):
    return agreement(onset, onset + 1, pitch, np.array(voice), stated)


def test_the_same_voices_by_other_numbers_agree():
    assert judge([5, 2, 5, 2, 5, 2]) == (4, 4, 4, 4)
    assert judge(STATED).precision == judge(STATED).recall == 1


def test_a_crossing_that_is_not_found_costs_its_links():
    assert judge([0, 1, 1, 0, 1, 0]) == (2, 4, 2, 4)


def test_voices_that_are_split_lose_recall_alone():
    found = judge([0, 1, 0, 1, 2, 3])
    assert found == (2, 2, 2, 4)
    assert (found.precision, found.recall) == (1, 0.5)


def test_a_link_must_lead_to_the_next_onset_of_the_voice():
    assert judge([0, 1, 2, 3, 0, 1]) == (0, 2, 0, 4)


def test_a_step_between_chords_is_found_by_any_of_its_links():
    chords = np.zeros(6, int)
    assert judge([0, 1, 0, 1, 0, 1], stated=chords) == (4, 4, 2, 2)
    assert judge([0, 1, 1, 2, 2, 3], stated=chords) == (2, 2, 2, 2)


def test_equal_notes_cannot_be_told_apart():
    pitch = np.array([72, 60, 66, 66, 72, 60])
    for voice in ([0, 1, 0, 1, 0, 1], [0, 1, 1, 0, 0, 1]):
        assert judge(voice, pitch=pitch) == (4, 4, 4, 4)


def test_a_note_alone_has_no_links():
    one = np.array([0])
    nothing = agreement(one, one + 1, one, one, one)
    assert nothing == Agreement()
    assert math.isnan(nothing.precision)
    assert math.isnan(nothing.recall)
    assert nothing.plus(judge(STATED)) == judge(STATED)


@pytest.mark.parametrize(
    ("rows", "voices"),
    [
        ([(0, 4, 60), (0, 4, 72), (4, 8, 64)], [1, 0, 0]),
        ([(0, 8, 72), (4, 8, 60), (8, 12, 60)], [0, 1, 0]),
        ([(0, 8, 60), (4, 8, 72)], [0, 0]),
    ],
)
def test_the_baseline_is_the_rank_among_what_sounds(rows, voices):
    onset, end, pitch = np.array(rows).T
    assert voices_by_pitch_order(onset, end, pitch).tolist() == voices
