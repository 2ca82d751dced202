"""Notes in ticks become a piece: exact times, and only the marks within it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from partimento import Key, Meter, Part, Tempo
from partimento.errors import InvalidScoreError
from partimento.music.performed import Midi, until


def ticks(**changes: Any) -> Midi:
    """Two notes of a third of a quarter, at 480 ticks per quarter."""
    values: dict[str, Any] = {
        "divisions": 480,
        "onset": np.array([0, 160]),
        "duration": np.array([160, 160]),
        "pitch": np.array([60, 64]),
        "velocity": np.array([80, 70]),
        "part": np.array([0, 1]),
        "parts": (Part("A", 24), Part("B", 40)),
        "meters": (),
        "keys": (),
        "tempos": (),
        "title": "Study",
        "end": 0,
    }
    return Midi(**{**values, **changes})


def test_notes_are_exact_and_meter_and_tempo_have_defaults() -> None:
    piece = ticks().to_piece()
    assert [(n.onset, n.duration, n.pitch, n.velocity, n.part) for n in piece.notes] == [
        (0, Fraction(1, 3), 60, 80, 0),
        (Fraction(1, 3), Fraction(1, 3), 64, 70, 1),
    ]
    assert (piece.meters, piece.keys, piece.tempos) == ((Meter(),), (), (Tempo(),))
    assert (piece.title, piece.parts) == ("Study", (Part("A", 24), Part("B", 40)))


def test_a_piece_ends_with_its_last_note_or_later_if_declared() -> None:
    assert ticks().to_piece().length == Fraction(2, 3)
    assert ticks(end=960).to_piece().length == 2
    assert ticks(end=100).to_piece().length == Fraction(2, 3)


def test_marks_beyond_the_end_are_left_out() -> None:
    marks = (Key(1), Key(2, onset=Fraction(2, 3)), Key(3, onset=Fraction(1)))
    assert until(Fraction(2, 3), marks) == marks[:2]
    assert until(Fraction(1), marks) is marks
    assert until(Fraction(1), ()) == ()
    assert ticks(keys=marks).to_piece().keys == marks[:2]
    late = ticks(tempos=(Tempo(600_000, Fraction(9)),), meters=(Meter(3, 4, Fraction(9)),))
    assert (late.to_piece().tempos, late.to_piece().meters) == ((Tempo(),), (Meter(),))


def test_more_bars_than_a_score_has_are_refused() -> None:
    with pytest.raises(InvalidScoreError, match="bars: more than 100000"):
        ticks(meters=(Meter(1, 128),), end=480 * 4000).to_piece()


def test_a_short_first_meter_is_a_pickup_if_it_lasts_one_bar_and_a_longer_one_follows() -> None:
    one, four = Meter(1, 4), Meter(4, 4, Fraction(1))
    piece = ticks(meters=(one, four, Meter(3, 4, Fraction(5))), end=480 * 8).to_piece()
    assert (piece.pickup, piece.meters) == (1, (Meter(4, 4), Meter(3, 4, Fraction(5))))
    for meters in (
        (one,),
        (one, Meter(4, 4, Fraction(2))),  # two bars
        (Meter(4, 4), Meter(1, 4, Fraction(4))),  # the longer one first
        (one, Meter(2, 8, Fraction(1))),  # equally long
        (Meter(1, 4, Fraction(1)), Meter(4, 4, Fraction(2))),  # not at the start
    ):
        piece = ticks(meters=meters, end=480 * 8).to_piece()
        assert (piece.pickup, piece.meters) == (0, meters)
