"""Judge chords and moves as a guitarist does."""

from __future__ import annotations

import numpy as np
import pytest

from partimento.guitar.playable import (
    LIMIT,
    can_move,
    chord_cost,
    is_playable,
    position_costs,
    shift_mm,
)
from partimento.guitar.tunings import STANDARD, TUNINGS


def test_costs_follow_what_is_hard() -> None:
    open_strings = chord_cost([40, 45, 50, 55, 59, 64])
    first_position, barre = chord_cost([48, 52, 55, 60, 64]), chord_cost([41, 48, 53, 57, 60, 65])
    assert 0 == open_strings < first_position < barre <= LIMIT
    assert chord_cost([65, 69, 72]) < chord_cost([77, 81, 83])  # higher up


@pytest.mark.parametrize(
    "pitches",
    [
        (41, 43),  # on one string alone
        (39, 64),  # below the lowest string
        (64, 84),  # above the last fret
        (40, 45, 50, 55, 59, 64, 67),  # more than strings
        (41, 44, 46, 49),  # a cluster in the bass
        (60, 61, 62, 63),  # a cluster
    ],
)
def test_what_cannot_be_played_is_not_playable(pitches: tuple[int, ...]) -> None:
    assert not is_playable(pitches)


def test_silence_and_each_note_of_the_range_are_playable() -> None:
    assert is_playable([])
    low, high = STANDARD.range
    assert all(is_playable([pitch]) for pitch in range(low, high + 1))


def test_a_part_of_a_playable_chord_is_playable() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        chord = rng.choice(np.arange(40, 80), rng.integers(2, 6), replace=False).tolist()
        costs = position_costs(tuple(sorted(chord)), STANDARD)
        for left_out in chord:
            fewer = tuple(sorted(set(chord) - {left_out}))
            assert (position_costs(fewer, STANDARD) <= costs + 1e-6).all(), (chord, left_out)


def test_the_tuning_and_the_limit_count() -> None:
    assert not is_playable([38, 50, 57])
    assert is_playable([38, 50, 57], TUNINGS["drop d"])
    assert not is_playable([48, 52, 55, 60, 64], limit=0.5)


def test_a_hand_needs_time_to_move() -> None:
    low, high = [41, 48, 53], [72, 76]
    assert can_move(low, high, 1.0)
    assert not can_move(low, high, 0.1)
    assert can_move(low, [45, 50, 55, 59], 0.01)  # to open strings at any time
    assert not can_move(low, [41, 43], 10)  # the second one is unplayable


def test_distances_of_positions_are_symmetric() -> None:
    distance = shift_mm(STANDARD)
    assert (distance == distance.T).all()
    assert (np.diff(distance[0]) > 0).all()
