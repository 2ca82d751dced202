"""Bar lines, note values, a given rhythm, notes per bar."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from tests.generate.constrained import compose_within, violations

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Constraint, Scene

DEMANDS: list[Constraint] = [
    pt.InMeter(),
    pt.InMeter("4/4", ties=False),
    pt.Durations(["1/2", 1, 2]),
    pt.Rhythm(["1/2", "1/2", 1]),
    pt.Density(2, 6),
]


@pytest.mark.parametrize("kind", ["chords", "notes", "voices"])
@pytest.mark.parametrize("constraint", DEMANDS, ids=repr)
def test_rhythm_holds(kind: str, constraint: Constraint) -> None:
    pieces = compose_within(kind, [constraint, pt.MaxVoices(4)], seed=1).pieces
    assert pieces
    assert not any(violations(piece, constraint) for piece in pieces)


@pytest.mark.parametrize("kind", ["notes", "voices"])
def test_rests_are_kept(kind: str) -> None:
    constraint = pt.Rhythm([1, -1, 2])
    pieces = compose_within(kind, [constraint, pt.MaxVoices(4)]).pieces
    assert pieces
    assert not any(violations(piece, constraint) for piece in pieces)


def test_chords_without_a_rest_are_refused() -> None:
    with pytest.raises(PartimentoError, match="this model cannot meet Rhythm"):
        compose_within("chords", [pt.Rhythm([1, -1, 2])])


def test_the_rhythm_of_a_piece() -> None:
    piece = pt.Piece([pt.Note(0, 2, 48), pt.Note(0, 1, 60), pt.Note(3, 1, 62)])
    assert pt.Rhythm.of(piece).durations == (Fraction(2), Fraction(-1), Fraction(1))
    assert pt.Rhythm.of(piece).check(piece, Scene(grid=1)).holds
    other = pt.Piece([pt.Note(0, 4, 48), pt.Note(1, 1, 60)])
    finding = pt.Rhythm.of(piece).check(other, Scene(grid=1))
    assert finding.achieved == "1 of 2 onsets, 1 others, notes in 1 rests"


def test_a_note_that_is_too_short_must_go_on() -> None:
    """A half note over eighths, though no note may last a quarter."""
    constraint = pt.Durations(["1/2", 2])
    composed = compose_within("notes", [constraint, pt.Density(2, 12)], bars=8, seed=3)
    assert not any(violations(piece, constraint) for piece in composed.pieces)


def test_ties_are_counted() -> None:
    piece = pt.Piece([pt.Note(0, 6, 48), pt.Note(0, 4, 60), pt.Note(4, 4, 62)])
    scene = Scene(grid=1, total=8, bar=4)
    assert pt.InMeter().check(piece, scene).achieved == "1 bar lines, 1 of them with a tie"
    assert not pt.InMeter(ties=False).check(piece, scene).holds


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pt.Durations([]), "above 0"),
        (lambda: pt.Durations(["x"]), "must be quarters"),
        (lambda: pt.Rhythm([-1]), "at least one note"),
        (lambda: pt.Rhythm([0]), "other than 0"),
        (lambda: pt.Density(4, 2), "the smaller number first"),
        (lambda: pt.InMeter("4/5"), "no such meter"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        make()


def test_what_the_model_cannot_write_is_refused() -> None:
    with pytest.raises(PartimentoError, match="no duration of this kind"):
        compose_within("notes", [pt.Durations(["1/7"])])
    with pytest.raises(PartimentoError, match="not on its grid"):
        compose_within("notes", [pt.Rhythm(["1/7"])])
    with pytest.raises(PartimentoError, match="another meter"):
        compose_within("notes", [pt.InMeter("3/4")])
