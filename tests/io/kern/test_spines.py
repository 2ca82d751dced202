"""The paths of spines."""

from __future__ import annotations

import pytest

from partimento.io.kern.spines import MOST_SPINES, Spines


def spines(*kinds: str) -> Spines:
    spine_paths = Spines()
    assert spine_paths.begin(list(kinds))
    return spine_paths


def numbers(paths: Spines) -> list[int]:
    return [spine.column.number for spine in paths.active]


@pytest.mark.parametrize(
    ("lines", "columns"),
    [
        (["*^ *"], [0, 0, 1]),
        (["*^ *^", "*v *v *v *v"], [0, 1]),  # two neighboring groups
        (["* *^", "* * *^", "* *v *v *v"], [0, 1]),
        (["*v *v"], [0]),  # two columns
        (["*^ *", "*v *v *v"], [0]),
        (["* *^", "* *^ *", "* *v *v *", "* *v *v"], [0, 1]),
        (["*x *x"], [1, 0]),
        (["* *-"], [0]),
        (["*- *-"], []),
        (["*^ *", "*- * *x"], [0, 1]),
    ],
)
def test_paths(lines: list[str], columns: list[int]) -> None:
    paths = spines("**kern", "**kern")
    for line in lines:
        paths.follow(line.split(" "))
    assert numbers(paths) == columns


def test_merged_spines_end_with_the_longer_one() -> None:
    paths = spines("**kern")
    paths.follow(["*^"])
    paths.active[0].end, paths.active[1].end = 3, 5
    paths.follow(["*v", "*v"])
    assert [spine.end for spine in paths.active] == [5]


def test_faults_are_reported() -> None:
    paths = spines("**kern", "**kern")
    assert paths.follow(["*v", "*"]) == ["*v has no spine to merge with"]
    assert paths.follow(["*x", "*"]) == ["*x must stand in two spines"]
    assert numbers(paths) == [0, 1]
    for _ in range(12):
        faults = paths.follow(["*^"] * len(paths.active))
    assert faults == [f"more than {MOST_SPINES} spines"]
    assert len(paths.active) == MOST_SPINES


def test_a_new_spine_stands_right_of_its_neighbor() -> None:
    paths = spines("**kern", "**kern")
    paths.follow(["*+", "*"])
    assert not paths.begin(["*", "**kern", "*"])
    assert [column.number for column in paths.columns] == [0, 2, 1]


def test_lines_with_several_tabs_in_a_row_fit() -> None:
    paths = spines("**kern", "**kern")
    assert paths.fit(["4c", "", "4d"]) == ["4c", "4d"]
    assert paths.fit(["4c"]) is None
