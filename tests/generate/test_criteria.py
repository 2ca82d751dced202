"""Criteria of a composed piece, and what they cost."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partimento import Event, Key, Note, Part, Piece
from partimento.generate.criteria import (
    ENDINGS,
    MOST,
    OUTSIDE,
    PLAGAL,
    SHORT_END,
    STRAY_END,
    WRONG_END,
    Criteria,
    Ending,
    measure,
    penalties,
    row,
)
from partimento.training.real_pieces import RealPieces, Spread

C = Key(0)
QUARTER = Fraction(1)
REAL = RealPieces(Spread(0.96, 0.02), Spread(10.0, 5.0), Spread(3.0, 0.5), loop=1.0, repeated_bar=2)
GOOD = Criteria(
    ends_on_tonic=True,
    cadence="authentic",
    end_length=2.0,
    in_key=0.97,
    parallels=8.0,
    loop=1.0,
    repeated_bar=2,
    is_active=True,
    nats=3.2,
)


def choir(*chords: tuple[int, ...], last: Fraction = QUARTER) -> Piece:
    """Return four voices, one chord per quarter."""
    notes = [
        Note(Fraction(beat), last if beat + 1 == len(chords) else QUARTER, pitch, part=part)
        for beat, chord in enumerate(chords)
        for part, pitch in enumerate(chord)
    ]
    return Piece(notes, parts=tuple(Part(name) for name in ("a", "b", "c", "d")))


TONIC, DOMINANT, SUBDOMINANT = (72, 64, 55, 48), (71, 62, 55, 43), (69, 65, 60, 53)


def test_a_piece_that_closes() -> None:
    criteria = measure(choir(TONIC, SUBDOMINANT, DOMINANT, TONIC, last=Fraction(2)), C)
    assert criteria.ends_on_tonic
    assert criteria.cadence == "authentic"
    assert criteria.end_length == 2
    assert criteria.in_key == 1
    assert criteria.outside == 0
    assert math.isnan(criteria.nats)


def test_a_piece_that_stays_open() -> None:
    piece = choir(TONIC, SUBDOMINANT, TONIC, DOMINANT)
    criteria = measure(piece, C, outside=2, nats=1.5)
    assert not criteria.ends_on_tonic
    assert criteria.cadence == "half"
    assert (criteria.outside, criteria.nats) == (2, 1.5)
    in_d = measure(choir(TONIC, (67, 61, 57, 45), (66, 62, 57, 50)), C)
    assert in_d.cadence == "none"  # a cadence in another key is none here


def test_loops_are_counted_in_bars_and_parallels_per_thousand_moves() -> None:
    bar = [Event((48, pitch), QUARTER) for pitch in (60, 62, 64, 65)]
    looped = measure(Piece.from_events(bar * 5), C)
    assert looped.loop == 5
    assert looped.repeated_bar == 5
    parallel = choir((67, 64, 60, 48), (69, 65, 62, 50))
    assert measure(parallel, C).parallels == 500  # two fifths and an octave


@pytest.mark.parametrize("piece", [Piece([]), Piece([], length=Fraction(8))])
def test_music_without_notes_is_measured(piece: Piece) -> None:
    criteria = measure(piece, C)
    assert not criteria.ends_on_tonic
    assert criteria.cadence == "none"
    assert penalties(criteria, REAL)["ending"] == WRONG_END
    json.dumps(row(criteria), allow_nan=False)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_piece_like_real_ones_costs_nothing(ending: Ending) -> None:
    good = replace(GOOD, cadence="half") if ending == "half" else GOOD
    assert set(penalties(good, REAL, ending).values()) == {0.0}
    assert get_args(Ending) == ENDINGS


@pytest.mark.parametrize(
    ("change", "name", "expected"),
    [
        ({"in_key": 0.92}, "key", 1.0),
        ({"parallels": 15.0}, "part_writing", 1.0),
        ({"loop": 1.5}, "loop", 4.5),
        ({"repeated_bar": 3}, "loop", 4.0),
        ({"is_active": False}, "activity", 4.0),
        ({"outside": 3}, "range", OUTSIDE + 2),
        ({"nats": 5.0}, "likelihood", 3.0),
        ({"nats": 1.0}, "likelihood", 3.0),  # too probable is no better
        ({"nats": 3.5}, "likelihood", 0.0),
        ({"end_length": 0.5}, "ending", SHORT_END),
        ({"last_phrase": 0.5}, "ending", STRAY_END),  # the last chord is struck again
        ({"cadence": "none"}, "ending", 2.0),
        ({"cadence": "plagal"}, "ending", PLAGAL),
        ({"ends_on_tonic": False}, "ending", WRONG_END),
        ({"outside": 1000}, "range", MOST),
    ],
)
def test_each_fault_costs_in_spreads_of_real_pieces(
    change: dict[str, Any], name: str, expected: float
) -> None:
    found = penalties(replace(GOOD, **change), REAL)
    assert found[name] == pytest.approx(expected)
    assert not any(value for other, value in found.items() if other != name)


def test_parallels_are_compared_with_those_of_as_many_moves() -> None:
    """Of 100 moving pairs, real pieces have 1 fifth and 3 octaves."""
    style = {"parallel_fifths": Spread(10.0, 50.0), "parallel_octaves": Spread(30.0, 50.0)}
    real = replace(REAL, style=style)

    def penalty(fifths: int, octaves: int, pairs: int = 100) -> float:
        counted = replace(GOOD, fifths=fifths, octaves=octaves, moving_pairs=pairs)
        return penalties(counted, real)["part_writing"]

    assert penalty(1, 3) == penalty(0, 0) == 0
    assert penalty(4, 3) == pytest.approx(3 / math.sqrt(2))
    assert penalty(1, 7) == pytest.approx(4 / math.sqrt(4))
    assert penalty(4, 3, 300) < penalty(4, 3)
    assert penalty(0, 0, 0) == 0


def test_the_wanted_ending_decides() -> None:
    half = replace(GOOD, ends_on_tonic=False, cadence="half")
    assert [penalties(half, REAL, ending)["ending"] for ending in ENDINGS] == [WRONG_END, 0, 0]
    assert [penalties(GOOD, REAL, ending)["ending"] for ending in ENDINGS] == [0, WRONG_END, 0]


GROWING = {  # from no fault to large ones
    "key": ("in_key", [1.0, 0.96, 0.9, 0.8, 0.1]),
    "part_writing": ("parallels", [0.0, 10.0, 20.0, 40.0, 900.0]),
    "loop": ("loop", [0.0, 1.0, 1.5, 3.0, 40.0]),
    "range": ("outside", [0, 1, 2, 7, 90]),
    "likelihood": ("nats", [3.0, 3.5, 4.0, 6.0, 99.0]),
}


@pytest.mark.parametrize("name", GROWING)
@given(st.data())
def test_a_larger_fault_never_costs_less(name: str, data: st.DataObject) -> None:
    column, values = GROWING[name]
    found = [penalties(replace(GOOD, **{column: value}), REAL)[name] for value in values]
    assert found[0] == 0 < found[-1] == MOST
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, len(values) - 1)] * 2)))
    assert found[low] <= found[high]


def test_an_unknown_likelihood_costs_nothing() -> None:
    assert penalties(replace(GOOD, nats=math.nan), REAL)["likelihood"] == 0
    assert penalties(replace(GOOD, nats=99.0), RealPieces())["likelihood"] == 0


def test_a_row_can_be_written_as_json() -> None:
    values = row(replace(GOOD, in_key=0.98765, nats=math.nan))
    assert (values["in_key"], values["nats"]) == (0.988, None)
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    hidden = {"style", "fifths", "octaves", "moving_pairs"}
    assert set(values) == set(vars(GOOD)) - hidden
