"""Events: what sounds between neighboring starts and ends of notes."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from tests.music.strategies import F, event_lists, pieces

from partimento import Event, Piece
from partimento.music.events import distinct, events_from_sweep, merge_held, sweep


@given(event_lists())
def test_from_events_is_the_inverse_of_events(events):
    piece = Piece.from_events(events)
    assert list(piece.events) == merge_held(events)


@given(pieces)
def test_events_cover_the_piece_and_list_the_sounding_pitches(piece):
    events = piece.events
    assert sum((event.duration for event in events), F(0)) >= piece.length
    now = F(0)
    for event in events:
        sounding = {n.pitch for n in piece.notes if n.onset <= now < n.end}
        struck = {n.pitch for n in piece.notes if n.onset == now}
        assert event.chord == tuple(sorted(sounding))
        assert event.held == tuple(sorted(sounding - struck))
        assert event.duration > 0
        now += event.duration


def test_extra_times_split_a_note_and_hold_it():
    one = np.array([0]), np.array([8]), np.array([60])
    cut = sweep(*one, extra=(0, 4, 10))
    assert cut.times.tolist() == [0, 4, 8, 10]
    assert events_from_sweep(cut, 4) == (
        Event((60,), Fraction(1)),
        Event((60,), Fraction(1), (60,)),
        Event((), Fraction(1, 2)),
    )


def test_two_notes_of_one_pitch_sound_as_one_pitch_struck_again():
    cut = sweep(np.array([0, 2]), np.array([6, 4]), np.array([60, 60]))
    assert events_from_sweep(cut, 2) == (
        Event((60,), Fraction(1)),
        Event((60,), Fraction(1)),
        Event((60,), Fraction(1), (60,)),
    )


def test_only_events_that_strike_nothing_are_joined():
    one = Fraction(1)
    rest, struck, held = Event((), one), Event((60, 64), one), Event((60, 64), one, (60, 64))
    assert merge_held([rest, rest, struck, held, struck]) == [
        Event((), 2 * one),
        Event((60, 64), 2 * one),
        struck,
    ]
    partly = Event((60, 64), one, (60,))
    assert merge_held([struck, partly]) == [struck, partly]
    assert merge_held([]) == []


def test_distinct_values_ascend():
    assert distinct(np.array([3, 1, 3, 2, 1])).tolist() == [1, 2, 3]
    assert distinct(np.array([], np.int64)).tolist() == []
