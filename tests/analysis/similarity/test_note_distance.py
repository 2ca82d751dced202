"""The share of notes that differ from an earlier version."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento import Note, Part, Piece
from partimento.analysis.similarity.note_distance import share_of_changed_notes

ONE = Fraction(1)


def piece(*pitches: int, bass: int = 40) -> Piece:
    notes = [Note(ONE * i, ONE, pitch) for i, pitch in enumerate(pitches)]
    notes += [Note(ONE * i, ONE, bass, part=1) for i in range(len(pitches))]
    return Piece(notes, parts=(Part("Melody"), Part("Bass")))


def test_the_same_notes_have_no_distance() -> None:
    assert share_of_changed_notes(piece(60, 62), piece(60, 62)) == 0
    assert share_of_changed_notes(Piece([]), Piece([])) == 0


def test_a_longer_note_is_the_same_note() -> None:
    longer = Piece([Note(Fraction(0), 2 * ONE, 60)])
    assert share_of_changed_notes(longer, Piece([Note(Fraction(0), ONE, 60)])) == 0


@pytest.mark.parametrize(
    ("options", "share"),
    [
        ({}, 0.25),
        ({"parts": [0]}, 0.5),
        ({"parts": [1]}, 0.0),
        ({"spans": [(ONE, 2 * ONE)]}, 0.5),
        ({"spans": [(Fraction(0), ONE)]}, 0.0),
    ],
)
def test_parts_and_times_are_chosen(options: dict[str, object], share: float) -> None:
    assert share_of_changed_notes(piece(60, 63), piece(60, 62), **options) == share  # type: ignore[arg-type]


def test_the_larger_number_counts() -> None:
    one, many = (
        Piece([Note(Fraction(0), ONE, 60)]),
        Piece([Note(ONE * i, ONE, 60) for i in range(4)]),
    )
    assert share_of_changed_notes(one, many) == share_of_changed_notes(many, one) == 0.75
