"""Bars with the notes or the rhythm of an earlier bar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import partimento as pt
from partimento.analysis.bar_returns import BarReturns, bar_returns
from partimento.errors import PartimentoError

A = [(0, 1, 60), (1, 1, 62), (2, 2, 64)]
B = [(0, 2, 67), (2, 2, 65)]
A_HIGHER = [(0, 1, 65), (1, 1, 67), (2, 2, 69)]


def piece_of(*bars: list[tuple[int, int, int]], pickup: int = 0) -> pt.Piece:
    notes = [
        pt.Note(4 * number + pickup + onset, duration, pitch)
        for number, bar in enumerate(bars)
        for onset, duration, pitch in bar
    ]
    first = [pt.Note(0, pickup, 55)] if pickup else []
    return pt.Piece([*first, *notes], pickup=pickup)


def test_notes_and_rhythms_return() -> None:
    found = bar_returns(piece_of(A, B, A, B, A_HIGHER, B))
    assert found.notes == {3: 1, 4: 2, 6: 4}
    assert found.rhythm == {5: 3}
    assert found.text() == "3-4=1-2 5~3 6=4"
    assert found.bars == 6


def test_a_pickup_is_no_bar() -> None:
    assert bar_returns(piece_of(A, B, A, pickup=1)).notes == {3: 1}


def test_silence_does_not_return() -> None:
    assert bar_returns(piece_of(A, [], [], A)).notes == {4: 1}


def test_ties_return_too() -> None:
    tied, whole = [(0, 5, 60), (2, 2, 64)], [(0, 4, 60), (2, 2, 64)]
    after = [(1, 3, 62)]
    assert bar_returns(piece_of(tied, after, tied, after)) == BarReturns({3: 1, 4: 2}, {}, 4)
    assert bar_returns(piece_of(tied, after, whole)) == BarReturns({}, {3: 1}, 3)


def test_the_rhythm_has_held_notes() -> None:
    struck = [(0, 2, 60), (2, 2, 60), (2, 2, 65)]
    held = [(0, 4, 60), (2, 2, 65)]
    assert bar_returns(piece_of(struck, held)) == BarReturns({}, {}, 2)


def test_bars_of_another_length_are_not_compared() -> None:
    piece = piece_of([(0, 3, 60)], [(0, 3, 60)]).replace(
        meters=(pt.Meter(4, 4), pt.Meter(3, 4, onset=4))
    )
    assert bar_returns(piece) == BarReturns({}, {}, 2)


def test_the_first_bars() -> None:
    plan = BarReturns.from_text("3-4=1-2 5~3", bars=9)
    assert plan.first(3) == BarReturns({3: 1}, {}, 3)


@pytest.mark.parametrize(
    ("text", "notes", "rhythm"),
    [
        ("5-8=1-4", {5: 1, 6: 2, 7: 3, 8: 4}, {}),
        ("5–8 = 1–4, 9~1", {5: 1, 6: 2, 7: 3, 8: 4}, {9: 1}),
        ("2=1 3=2", {2: 1, 3: 2}, {}),
        ("", {}, {}),
    ],
)
def test_words_are_read(text: str, notes: dict[int, int], rhythm: dict[int, int]) -> None:
    assert BarReturns.from_text(text) == BarReturns(notes, rhythm)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("five", "does not say which bars return"),
        ("1=1", "must stand earlier"),
        ("2=3", "must stand earlier"),
        ("2-4=1-3", "must stand earlier"),
        ("5-8=1-3", "must stand earlier"),
        ("0=0", "must stand earlier"),
        ("5=1 5~2", "bar 5 cannot return in two ways"),
    ],
)
def test_other_words_are_refused(text: str, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        BarReturns.from_text(text)


@given(st.dictionaries(st.integers(2, 40), st.tuples(st.integers(1, 40), st.booleans())))
def test_words_say_everything(drawn: dict[int, tuple[int, bool]]) -> None:
    kept = {at: (of, same) for at, (of, same) in drawn.items() if of < at}
    plan = BarReturns(
        {at: of for at, (of, same) in kept.items() if same},
        {at: of for at, (of, same) in kept.items() if not same},
    )
    assert BarReturns.from_text(plan.text()) == plan
