"""A tune is known again in any key and at any speed, and only by a whole run."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento.evaluation.shared_tunes import RUN_LENGTH, shares_tune, tune_symbols

HYMN = [60, 62, 64, 65, 67, 65, 64, 62, 60, 67, 69, 67, 65]  # 13 notes: 12 symbols


def line(pitches: list[int], steps: int = 2) -> list[int]:
    return [pitch for pitch in pitches for _ in range(steps)]


def test_symbols_are_intervals_and_ratios_of_durations() -> None:
    assert tune_symbols([60, 60, 60, 60, 64, 64, 62]) == [
        (4, Fraction(1, 2)),
        (-2, Fraction(1, 2)),
    ]
    assert tune_symbols([60, 60, -1, -1, 60]) == [(0, Fraction(1, 2))]  # struck again after a rest
    assert tune_symbols([]) == tune_symbols([-1, -1]) == tune_symbols([60, 60]) == []


@pytest.mark.parametrize(
    ("tune", "shared"),
    [
        (line(HYMN), True),
        (line([pitch - 5 for pitch in HYMN]), True),  # in another key
        (line(HYMN, 4), True),  # half as fast
        ([50, 71, *line(HYMN), 80], True),  # within another tune
        (line(HYMN[:-1]), False),  # a symbol too few
        (line([*HYMN[:5], 68, *HYMN[6:]]), False),  # a wrong note
        ([*line(HYMN[:5]), *line(HYMN[5:6], 3), *line(HYMN[6:])], False),  # a longer note
        (line([120 - pitch for pitch in HYMN]), False),  # upside down
        ([], False),
    ],
)
def test_a_run_of_twelve_symbols_is_a_tune(tune: list[int], shared: bool) -> None:
    assert len(HYMN) == RUN_LENGTH + 1
    assert shares_tune([line([70, 61]), line(HYMN)], [tune]).tolist() == [shared]


def test_one_answer_per_line_and_any_length() -> None:
    short = line(HYMN[:4])
    assert shares_tune([short], [short, line(HYMN)], length=3).tolist() == [True, True]
    assert shares_tune([short], [short, line(HYMN)]).tolist() == [False, False]
    none = shares_tune([short], [])
    assert (none.dtype, len(none)) == (np.dtype(bool), 0)
