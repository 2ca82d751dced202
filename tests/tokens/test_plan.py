"""The plan of a piece: classes of its features, and rhythms that can be written plainly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partimento.tokens.plan import (
    BARS_LEFT,
    EIGHTHS,
    SIXTEENTHS_LEFT,
    Plan,
    class_of,
    countdown,
    is_notated,
    is_plain,
    notated_table,
    phrase_classes,
)

PLANS = [Plan(*(bool(number & bit) for bit in (1, 2, 4))) for number in range(8)]


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_there_is_a_number_of_classes_for_every_column(plan: Plan) -> None:
    assert len(plan.kinds) == plan.columns == 2 * plan.countdown + 2 * plan.phrases
    assert Plan() == Plan(modes=False, countdown=False, phrases=False)


@given(st.lists(st.integers(-5, 10**6), min_size=1, max_size=9))
def test_a_class_is_the_number_of_bounds_that_are_reached(values: list[int]) -> None:
    for bounds in (SIXTEENTHS_LEFT, BARS_LEFT, EIGHTHS):
        expected = [sum(value >= bound for bound in bounds) for value in values]
        assert class_of(np.array(values), bounds).tolist() == expected


@pytest.mark.parametrize(
    ("left", "bar", "grid", "sixteenths", "bars"),
    [
        (0, 16, 4, 1, 1),  # at the end: known, and nothing is left
        (1, 16, 4, 2, 2),  # a sixteenth, in a bar that has begun
        (16, 16, 4, 1 + 10, 2),
        (17, 16, 4, 1 + 10, 3),
        (24, 12, 12, 1 + 6, 3),  # eight sixteenths, two bars of a quarter
        (10**6, 16, 4, 1 + len(SIXTEENTHS_LEFT), 1 + len(BARS_LEFT)),
        (-1, 16, 4, 0, 0),
    ],
)
def test_the_countdown_in_sixteenths_and_in_bars(
    left: int, bar: int, grid: int, sixteenths: int, bars: int
) -> None:
    classes = countdown(np.array([left]), np.array([bar]), grid)
    assert [int(values[0]) for values in classes] == [sixteenths, bars]
    assert all(c < k for c, k in zip((sixteenths, bars), Plan(countdown=True).kinds, strict=True))


def test_the_countdown_falls_until_the_end() -> None:
    left = np.arange(400, -1, -1)
    for values in countdown(left, np.full(401, 12), 4):
        assert (np.diff(values) <= 0).all()
        assert values[-1] == 1
        assert (values > 0).all()


@pytest.mark.parametrize(
    ("since", "previous", "expected"),
    [(0, 0, [1, 0]), (2, 0, [2, 0]), (3, 32, [2, 13]), (10**6, 10**6, [21, 21])],
)
def test_the_classes_of_phrases(since: int, previous: int, expected: list[int]) -> None:
    classes = phrase_classes(np.array([since]), np.array([previous]), 4)
    assert [int(values[0]) for values in classes] == expected
    assert max(expected) < Plan(phrases=True).kinds[0]


def test_classes_are_the_same_in_numpy_and_in_keras() -> None:
    from keras import ops

    left, bar = np.arange(-3, 60, 7, dtype=np.int32), np.arange(4, 13, dtype=np.int32)
    for here, there in zip(
        [*countdown(left, bar, 4), *phrase_classes(bar, left, 4)],
        [*countdown(left, bar, 4, ops), *phrase_classes(bar, left, 4, ops)],
        strict=True,
    ):
        np.testing.assert_array_equal(here, np.asarray(there))


def test_a_plain_time_is_on_the_grid_of_thirty_seconds() -> None:
    assert all(is_plain(Fraction(number, 8)) for number in range(20))
    assert not any(is_plain(Fraction(1, of)) for of in (3, 5, 6, 7, 12, 16, 32))


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("0", "1", True),
        ("1/2", "5/2", True),  # plain notes may be tied from the beat or the eighth after it
        ("3/4", "1/4", True),
        ("3/4", "5/2", False),  # else they end within their quarter
        ("1/4", "3/4", True),
        ("1/4", "1", False),
        ("1/8", "3/8", True),
        ("1/8", "1/2", False),  # thirty-seconds end within their eighth
        ("0", "1/16", False),  # shorter than a thirty-second
        ("1/16", "1/16", False),
        ("0", "1/3", True),
        ("1/3", "1/3", True),
        ("1/3", "2/3", True),
        ("2/3", "1/3", True),
        ("2/3", "2/3", False),  # a tie from a triplet into the next quarter
        ("1/4", "1/3", False),
        ("0", "4/3", False),  # a tie into a triplet
        ("1/2", "1/6", True),  # a triplet in an eighth
        ("1/6", "1/3", True),
        ("1/12", "1/12", True),
        ("0", "1/24", False),
        ("0", "1/5", True),
        ("4/5", "1/5", True),
        ("1/3", "1/5", False),  # from a triplet into a quintuplet
        ("1/5", "1/3", False),
    ],
)
def test_which_notes_can_be_written_plainly(start: str, duration: str, expected: bool) -> None:
    assert is_notated(Fraction(start), Fraction(duration)) is expected


@given(st.integers(0, 11), st.integers(1, 48))
def test_a_plainly_written_note_never_ends_in_a_tuplet_of_another_quarter(
    start: int, steps: int
) -> None:
    place, end = Fraction(start, 12), Fraction(start + steps, 12)
    if is_notated(place, Fraction(steps, 12)):
        assert end <= 1 or (is_plain(place) and is_plain(end))


def test_the_table_has_a_row_per_place_and_a_column_per_duration() -> None:
    steps = np.array([4, 12, 3, 1])  # a triplet's eighth, a quarter, a sixteenth, its third
    table = notated_table(steps, 12)
    assert table.shape == (12, 4)
    assert table[0].tolist() == [True, True, True, True]
    assert table[4].tolist() == [True, False, True, True]
    assert table[3].tolist() == [False, False, True, False]  # a quarter would end off the beat
    assert notated_table(np.zeros(0, np.int32), 12).shape == (12, 0)
