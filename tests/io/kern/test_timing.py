"""Times of lines and bar lines."""

from __future__ import annotations

from partimento.io.kern.timing import grid_of, time_of_barline, time_of_line


def test_the_grid_ignores_interpretations_comments_and_bar_lines() -> None:
    lines = [(1, "**kern\t**recip"), (2, "!7c"), (3, "=11\t=11"), (4, "12c\t20"), (5, "*M7/4")]
    assert grid_of(lines) == 240


def test_most_spines_decide_where_they_differ() -> None:
    assert time_of_line([], 3) == 3
    assert time_of_line([3, 5, 5], 3) == 5


def test_a_bar_ends_with_its_meter_where_spines_differ() -> None:
    assert time_of_barline([], 3, 4) == 3
    assert time_of_barline([3, 3], 3, 4) == 3
    assert time_of_barline([3, 4], 3, 4) == 4
    assert time_of_barline([5, 5, 6], 5, 4) == 5
    assert time_of_barline([1, 2], 3, 2) == 3
