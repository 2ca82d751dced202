"""Bars are found by their printed numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.io.musicxml.documents import START, note, score

import partimento as pt
from partimento import PartimentoError, Piece
from partimento.io.musicxml.bar_numbers import cut_bars, printed_starts
from partimento.io.musicxml.read import parse

BARS = [START + note("C4", 4), note("D4", 16), note("E4", 8), note("F4", 8), note("G4", 16)]
TEXT = (
    score([*BARS], bar_attributes={0: 'implicit="yes"', 3: 'implicit="yes"'})
    .replace('number="3"', 'number="X1"')
    .replace('number="4"', 'number="3"')
)


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    path = tmp_path / "a.musicxml"
    path.write_text(TEXT)
    return pt.read(path)


def test_uncounted_bars_belong_to_the_bar_before() -> None:
    assert printed_starts(parse(TEXT.encode())) == {0: 0, 1: 1, 2: 5, 3: 9}


def test_bars_by_number(piece: Piece) -> None:
    assert [n.pitch for n in cut_bars(piece, 2, 2).notes] == [64, 65]
    assert [n.pitch for n in cut_bars(piece, 3, 3).notes] == [67]
    assert cut_bars(piece, 0, 1).pickup == 1


def test_missing_numbers(piece: Piece) -> None:
    with pytest.raises(PartimentoError, match="bars 0-3"):
        cut_bars(piece, 2, 9)


def test_without_a_file_bars_are_counted(piece: Piece) -> None:
    plain = piece.replace(score=None)
    assert cut_bars(plain, 1, 1) == plain.cut(1, 1)


def test_numbers_that_begin_again_are_not_used() -> None:
    text = score([START + note("C4", 16), note("D4", 16)]).replace('number="1"', 'number="0"')
    assert printed_starts(parse(text.encode())) == {}
