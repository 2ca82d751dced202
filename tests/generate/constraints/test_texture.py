"""How many notes sound at once."""

from __future__ import annotations

from typing import Any

import pytest
from tests.generate.constrained import KINDS, compose_within, violations

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Constraint, Scene


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("constraint", [pt.MaxVoices(2), pt.ChordSize(2, 3)], ids=repr)
def test_so_many_notes_sound(kind: str, constraint: Constraint) -> None:
    pieces = compose_within(kind, [constraint]).pieces
    assert pieces
    assert not any(violations(piece, constraint) for piece in pieces)


def test_a_note_that_goes_on_counts() -> None:
    piece = pt.Piece([pt.Note(0, 2, 48), pt.Note(1, 1, 60)])
    assert pt.MaxVoices(1).check(piece, Scene(grid=1)).achieved == "at most 2"
    assert pt.ChordSize(1, 2).check(piece, Scene(grid=1)).holds
    assert not pt.ChordSize(2, 2).check(piece, Scene(grid=1)).holds


def test_a_rest_has_no_notes() -> None:
    piece = pt.Piece([pt.Note(0, 1, 48), pt.Note(2, 1, 60)])
    assert pt.ChordSize(1, 1).check(piece, Scene(grid=1)).achieved == "0 to 1"


@pytest.mark.parametrize(
    "make", [lambda: pt.MaxVoices(0), lambda: pt.ChordSize(3, 2), lambda: pt.ChordSize(0, 0)]
)
def test_nonsense_is_refused(make: Any) -> None:
    with pytest.raises(PartimentoError, match="needs"):
        make()
