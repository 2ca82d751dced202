"""Ranges, keys and scales."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.generate.constrained import KINDS, compose_within, tokenizer_of

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Scene
from partimento.generate.constraints.timetable import Timetable


@pytest.mark.parametrize("kind", KINDS)
def test_a_product_of_constraints_holds(kind: str) -> None:
    pieces = compose_within(kind, [pt.Range("C3", "A4"), pt.InScale("C", "major")]).pieces
    assert pieces
    for piece in pieces:
        assert set(piece.notes.pitch.tolist()) <= {
            48, 50, 52, 53, 55, 57, 59, 60, 62, 64, 65, 67, 69
        }  # fmt: skip


def test_constraints_move_with_the_music() -> None:
    assert pt.Range(40, 83).transposed(-5) == pt.Range(35, 78)
    assert pt.Range(2, 120).transposed(20) == pt.Range(22, 127)
    assert pt.InKey("G major").transposed(5) == pt.InKey("C major")
    assert pt.InKey("e minor").transposed(-4) == pt.InKey("c minor")
    assert pt.InScale("D", "dorian").transposed(3) == pt.InScale("F", "dorian")


def test_the_notes_of_a_minor_key() -> None:
    table = Timetable(tokenizer_of("notes"), Scene(grid=24, total=96))
    pt.InKey("a minor").narrow(table, Scene(grid=24, total=96))
    inside = np.flatnonzero(table.strike[0, 57:69]) + 57
    assert inside.tolist() == [57, 59, 60, 62, 64, 65, 66, 67, 68]  # F and F♯, G and G♯


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pt.Range(60, 50), "the lower bound of a range"),
        (lambda: pt.Range("H2"), "is not a pitch"),
        (lambda: pt.Range(0, 200), "between 0 and 127"),
        (lambda: pt.InKey("X major"), "no such key"),
        (lambda: pt.InScale("D", "dorean"), "did you mean dorian"),
        (lambda: pt.InScale("X"), "is not a pitch"),
        (lambda: pt.InScale("C", []), "at least one note"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        make()
