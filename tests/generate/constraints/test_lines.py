"""Leaps of a line, and parallels between two."""

from __future__ import annotations

import pytest
from tests.generate.constrained import compose_within, violations

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Constraint, Scene

TWO = (pt.Part("high"), pt.Part("low"))


@pytest.mark.parametrize(
    ("kind", "constraint"),
    [
        ("chords", pt.StepLeap(4, "bass")),
        ("notes", pt.StepLeap(4, "melody")),
        ("notes", pt.StepLeap(5, "bass")),
        ("frames", pt.StepLeap(4, "melody")),
        ("voices", pt.StepLeap(4, "all")),
        ("voices", pt.StepLeap(3, "bass")),
        ("chords", pt.PartWriting()),
        ("notes", pt.PartWriting()),
        ("voices", pt.PartWriting("all")),
        ("voices", pt.PartWriting("outer")),
    ],
    ids=repr,
)
def test_lines_hold(kind: str, constraint: Constraint) -> None:
    pieces = compose_within(kind, [constraint]).pieces
    assert pieces
    assert not any(violations(piece, constraint) for piece in pieces)


def test_parallels_are_found() -> None:
    def finding(*pairs: tuple[int, int]) -> str:
        notes = [
            pt.Note(t, 1, p, part=i) for t, pair in enumerate(pairs) for i, p in enumerate(pair)
        ]
        return pt.PartWriting().check(pt.Piece(notes, parts=TWO), Scene(grid=1)).achieved

    assert finding((67, 60), (69, 62)) == "1"
    assert finding((72, 60), (74, 62), (76, 64)) == "2"
    assert finding((67, 60), (69, 60)) == "none"  # one voice moves
    assert finding((67, 60), (65, 62)) == "none"  # a fifth, then a third


def test_a_leap_after_a_rest_does_not_count() -> None:
    piece = pt.Piece([pt.Note(0, 1, 60), pt.Note(2, 1, 80), pt.Note(3, 1, 78)])
    assert pt.StepLeap(2).check(piece, Scene(grid=1)).achieved == "at most 2"


@pytest.mark.parametrize("constraint", [pt.StepLeap(4, "all"), pt.PartWriting("all")], ids=repr)
def test_all_voices_need_voices(constraint: Constraint) -> None:
    with pytest.raises(PartimentoError, match="needs a model that writes voices"):
        compose_within("notes", [constraint])


def test_nonsense_is_refused() -> None:
    with pytest.raises(PartimentoError, match="did you mean melody"):
        pt.StepLeap(3, "melodie")  # type: ignore[arg-type]
    with pytest.raises(PartimentoError, match="1 to 127"):
        pt.StepLeap(0)
