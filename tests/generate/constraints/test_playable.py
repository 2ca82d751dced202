"""Chords that a hand can hold."""

from __future__ import annotations

import pytest
from tests.generate.constrained import compose_within, violations

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Scene


@pytest.mark.parametrize("kind", ["chords", "notes", "voices", "frames"])
def test_every_chord_is_playable(kind: str) -> None:
    pieces = compose_within(kind, [pt.Playable(), pt.ChordSize(2, 4)]).pieces
    assert pieces
    assert not any(violations(piece, pt.Playable()) for piece in pieces)


def test_the_hand_stays_where_it_is_if_the_model_composes_lower() -> None:
    moved = pt.Playable().transposed(-5)
    for piece in compose_within("notes", [moved, pt.ChordSize(2, 4)]).pieces:
        assert not violations(piece.transpose(5), pt.Playable())


def test_a_chord_that_no_hand_can_hold_is_found() -> None:
    piece = pt.Piece([pt.Note(0, 1, 41), pt.Note(0, 1, 81), pt.Note(1, 1, 60)])
    assert pt.Playable().check(piece, Scene(grid=1)).achieved == "1 of 2 chords"


def test_other_instruments_are_refused() -> None:
    with pytest.raises(PartimentoError, match="did you mean guitar"):
        pt.Playable("guitarre")
