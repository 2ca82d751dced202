"""Cells are chosen in a fixed order: larger amounts vary the same and more."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento.errors import PartimentoError
from partimento.generate.cells import (
    choose_cells,
    half_bars,
    is_inside,
    merged,
    outside,
)
from partimento.music.notes import Note
from partimento.music.piece import Piece

LINES = [[Note(Fraction(t), Fraction(1), 60 + n) for t in range(32)] for n in range(4)]
TIMES = [Fraction(t) for t in range(0, 32, 2)]


def inside(onset: int, spans: object) -> bool:
    return is_inside(Fraction(onset), spans)  # type: ignore[arg-type]


def test_larger_amounts_contain_smaller_ones() -> None:
    before: set[tuple[int, int]] = set()
    for amount in (0.1, 0.25, 0.5, 0.8, 1.0):
        choice = choose_cells(LINES, TIMES, amount, 3)
        now = {(n, t) for n in range(4) for t in range(32) if inside(t, choice.spans[n])}
        assert before < now
        assert choice.share == pytest.approx(amount, abs=0.02)
        assert len(now) == choice.notes
        before = now
    assert len(before) == 128


def test_other_seeds_choose_other_cells() -> None:
    one, two = (choose_cells(LINES, TIMES, 0.3, seed).spans for seed in (1, 2))
    assert one != two
    assert one == choose_cells(LINES, TIMES, 0.3, 1).spans


def test_lines_without_notes_are_kept() -> None:
    choice = choose_cells([[], LINES[1]], TIMES, 1.0, 0)
    assert choice.spans == ((), ((0, 32),))
    assert choice.total == 32


@pytest.mark.parametrize("amount", [0, -1, 1.5])
def test_an_amount_is_a_share(amount: float) -> None:
    with pytest.raises(PartimentoError, match="a share of the notes"):
        choose_cells(LINES, TIMES, amount, 0)
    with pytest.raises(PartimentoError, match="no notes to vary"):
        choose_cells([[]], TIMES, 0.5, 0)


def test_cells_are_half_bars_where_the_grid_has_them() -> None:
    piece = Piece([Note(0, 9, 60)], pickup=Fraction(1))
    assert half_bars(piece, 4) == [0, 1, 3, 5, 7]
    assert half_bars(piece.replace(pickup=Fraction(0)), 1) == [0, 2, 4, 6, 8]


def test_spans_are_joined_and_inverted() -> None:
    spans = [(Fraction(4), Fraction(6)), (Fraction(1), Fraction(2)), (Fraction(2), Fraction(3))]
    assert merged(spans) == ((1, 3), (4, 6))
    assert outside(spans, Fraction(8)) == ((0, 1), (3, 4), (6, 8))
    assert outside([], Fraction(8)) == ((0, 8),)
    assert outside([(Fraction(0), Fraction(8))], Fraction(8)) == ()


def test_long_notes_of_chords_stay() -> None:
    chords = [*LINES[0], Note(Fraction(0), Fraction(8), 40)]
    choice = choose_cells([chords], TIMES, 1.0, 0, end=Fraction(32))
    assert choice.spans == (((0, 32),),)
    assert choice.total == 32
