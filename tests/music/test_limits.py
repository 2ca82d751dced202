"""Limits of size: a score within them passes, anything larger is refused with its figures."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento.errors import InvalidScoreError
from partimento.music.limits import (
    MAX_BARS,
    MAX_MARKS,
    MAX_NOTES,
    MAX_QUARTERS,
    check_bars,
    check_density,
    check_marks,
    check_size,
)
from partimento.music.timelines import Meter


def test_sizes_at_the_limit_pass_and_sizes_above_are_refused() -> None:
    check_size(1, 0)
    check_size(MAX_NOTES, MAX_QUARTERS)
    check_marks(MAX_MARKS)
    with pytest.raises(InvalidScoreError, match="no notes"):
        check_size(0, 4)
    with pytest.raises(InvalidScoreError, match="200001 notes: more than 200000"):
        check_size(MAX_NOTES + 1, 4)
    with pytest.raises(InvalidScoreError, match="ends 100001 quarter notes in"):
        check_size(1, MAX_QUARTERS + 1)
    with pytest.raises(InvalidScoreError, match="more than 10¹⁵ quarter notes"):
        check_size(1, 10**15)
    with pytest.raises(InvalidScoreError, match="100001 meters, keys or tempos"):
        check_marks(MAX_MARKS + 1)


def test_bars_are_counted_by_the_meter_in_force() -> None:
    short = Meter(1, 128)  # 32 of its bars in a quarter
    check_bars((short,), Fraction(MAX_BARS, 32))
    with pytest.raises(InvalidScoreError, match="100032 bars"):
        check_bars((short,), Fraction(MAX_BARS, 32) + 1)
    # The same length in 4/4 but for one quarter of short bars at the end.
    check_bars((Meter(), Meter(1, 128, Fraction(4000))), Fraction(4001))
    # Without a meter at the start, 4/4 is in force until the first one. A last bar counts whole.
    with pytest.raises(InvalidScoreError, match="100001 bars"):
        check_bars((Meter(1, 4, Fraction(4)),), 4 + MAX_BARS - Fraction(1, 2))


def test_many_notes_may_follow_each_other_but_not_sound_at_once() -> None:
    count = 10_000
    onset = np.arange(count)
    check_density(onset, onset + 1)
    with pytest.raises(InvalidScoreError, match="up to 10000 of its 10000 notes sound at once"):
        check_density(onset, np.full(count, count))


def test_bar_lines_add_to_the_number_of_events() -> None:
    onset, end = np.zeros(2000, np.int64), np.full(2000, 10_000)
    check_density(onset, end)
    with pytest.raises(InvalidScoreError, match="sound at once"):
        check_density(onset, end, bars=10_000)
