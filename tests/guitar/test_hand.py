"""Shapes of a hand, and which patterns of stops a hand can hold where."""

from __future__ import annotations

import numpy as np
import pytest

from partimento.guitar.hand import (
    CODES,
    FRETS_OF_FINGER,
    _as_arrays,
    digits,
    fret_mm,
    position_count,
    stop_costs,
)
from partimento.guitar.tunings import STANDARD, TUNINGS


def test_no_finger_crosses_another() -> None:
    shapes = _as_arrays(4)
    found = {
        (*frets, *strings, *barre)
        for frets, strings, barre in zip(
            *(part.tolist() for part in (shapes.fret, shapes.string, shapes.barre)), strict=True
        )
    }
    assert len(found) == len(shapes.code)
    for row in found:
        fingers = [(n, fret) for n, fret in enumerate(row[:5]) if fret >= 0]
        strings = [string for string in row[5:10] if string >= 0]
        assert [fret for _, fret in fingers] == sorted(fret for _, fret in fingers)
        assert len(set(strings)) == len(strings) == len(fingers)
        assert all(n == 1 or fret in FRETS_OF_FINGER[n] for n, fret in fingers)


def test_a_pattern_states_where_the_fingers_are() -> None:
    shapes = _as_arrays(4)
    only_index = (shapes.fret[:, 1] == 0) & (shapes.fret[:, 2:] < 0).all(axis=1)
    assert sorted(shapes.code[only_index].tolist()) == [CODES**string for string in range(4)]
    barre = (shapes.barre == [0, 3]).all(axis=1) & (shapes.fret < 0).all(axis=1)
    assert shapes.code[barre].tolist() == [1 + CODES**3]


def test_frets_are_where_a_luthier_puts_them() -> None:
    assert fret_mm(12, STANDARD) == pytest.approx(325)
    assert fret_mm(1, STANDARD) == pytest.approx(650 / 17.817, rel=1e-4)  # the luthiers' rule


def test_costs_grow_with_the_stretch_and_shrink_up_the_neck() -> None:
    table, weights = stop_costs(STANDARD), digits(6)

    def cost(position: int, *stops: tuple[int, int]) -> float:
        row = table.row[sum(weights[string] * (above + 1) for string, above in stops)]
        return float(table.free[row, position - 1]) if row >= 0 else np.inf

    natural, stretched, too_far = (cost(1, (0, 0), (2, above)) for above in (3, 4, 5))
    assert natural < stretched < too_far == np.inf
    assert cost(7, (0, 0), (2, 5)) < np.inf  # six frets, where they are close together
    assert cost(1, (0, 0)) < cost(1, (0, 0), (1, 1)) < cost(1, (0, 0), (1, 1), (2, 2))


def test_a_table_has_a_row_for_each_pattern() -> None:
    for name in ("ukulele", "standard"):
        tuning = TUNINGS[name]
        table = stop_costs(tuning)
        assert len(table.row) == CODES ** len(tuning.strings)
        assert table.free.shape == (len(table.code), position_count(tuning))
        assert (table.row[table.code] == np.arange(len(table.code))).all()
