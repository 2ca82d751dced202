"""Chord progressions and endings."""

from __future__ import annotations

from typing import Any

import pytest
from tests.generate.constrained import KINDS, compose_within, violations

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Constraint, Scene


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "constraint",
    [
        pt.ChordProgression("Dm | Gm A7 | Dm"),
        pt.ChordProgression("Dm | Gm A7 | Dm", 75),
    ],
    ids=repr,
)
def test_harmony_holds(kind: str, constraint: Constraint) -> None:
    pieces = compose_within(kind, [constraint]).pieces
    assert pieces
    assert not any(violations(piece, constraint) for piece in pieces)


def test_chords_share_a_bar_and_are_repeated() -> None:
    scene = Scene(grid=2, total=34, bar=8, pickup=2)
    spans = pt.ChordProgression("Dm | Gm A7").spans(scene, 34)
    assert [span.begin for span in spans] == [2, 10, 14, 18, 26, 30]
    assert spans[0].classes == {2, 5, 9}


def test_chords_are_transposed() -> None:
    chords = pt.ChordProgression("Dm | Gm A7/C# | % | N.C.")
    assert chords.transposed(3).chords == "Fm | Bbm C7/E | % | N.C."


def test_a_share_counts_notes_that_go_on() -> None:
    piece = pt.Piece([pt.Note(0, 4, 62), pt.Note(4, 1, 69)])
    scene = Scene(grid=1, total=8, bar=2)
    finding = pt.ChordProgression("Dm | C | A7 | A7", 60).check(piece, scene)
    assert finding.achieved == "2 of 3 notes (67 %)"
    assert finding.holds


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pt.ChordProgression(""), "write chords such as"),
        (lambda: pt.ChordProgression("%"), "cannot be %"),
        (lambda: pt.ChordProgression("Dm | H9"), "no such chord: 'H9'"),
        (lambda: pt.ChordProgression("Dm", 0), "percentage"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        make()
