"""Bars return with their notes or their rhythm, for every kind of model."""

from __future__ import annotations

import pytest
from tests.generate.constrained import compose_within, violations

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Scene

SCENE = Scene(grid=2, total=32, bar=8)


@pytest.mark.parametrize("kind", ["chords", "notes", "voices"])
@pytest.mark.parametrize("bars", ["3-4=1-2", "2=1 4~3", "2=1 3=2 4~1"])
def test_bars_return(kind: str, bars: str) -> None:
    constraint = pt.BarsReturn(bars)
    pieces = compose_within(kind, [constraint, pt.MaxVoices(4)], seed=2).pieces
    assert pieces
    assert not any(violations(piece, constraint) for piece in pieces)
    assert all(constraint.check(piece, SCENE).holds for piece in pieces)


@pytest.mark.parametrize("kind", ["notes", "voices"])
def test_without_it_no_bar_returns(kind: str) -> None:
    constraint = pt.BarsReturn("3-4=1-2")
    pieces = compose_within(kind, [pt.MaxVoices(4)], seed=2).pieces
    assert all(violations(piece, constraint) for piece in pieces)


def test_the_bars_that_do_not_return_are_named() -> None:
    notes = [pt.Note(4 * bar, 4, pitch) for bar, pitch in enumerate([60, 62, 60, 65])]
    piece = pt.Piece(notes)
    finding = pt.BarsReturn("3-4=1-2").check(piece, SCENE)
    assert finding.achieved == "1 of 2 bars, not bar 4"
    assert not finding.holds
    assert pt.BarsReturn("3-4~1-2").check(piece, SCENE).holds
    assert not pt.BarsReturn("9=1").check(piece, SCENE).holds


def test_words_are_put_in_order() -> None:
    assert pt.BarsReturn("9 ~ 1, 5-8=1-4") == pt.BarsReturn("5-8=1-4 9~1")


@pytest.mark.parametrize(
    ("bars", "message"),
    [
        ("", "needs bars"),
        ("4=5", "must stand earlier"),
    ],
)
def test_other_bars_are_refused(bars: str, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        pt.BarsReturn(bars)


def test_bars_beyond_the_end_are_refused() -> None:
    with pytest.raises(PartimentoError, match="the piece has 4 bars"):
        compose_within("notes", [pt.BarsReturn("5=1")])


def test_a_range_for_half_of_the_piece_contradicts_nothing() -> None:
    """All demands hold together, also where a bar returns."""
    demands = [pt.BarsReturn("3-4=1-2"), pt.Density(2, 8), pt.Range(45, 76), pt.MaxVoices(3)]
    pieces = compose_within("notes", demands, seed=5).pieces
    assert pieces
    assert not any(violations(piece, demand) for piece in pieces for demand in demands)
