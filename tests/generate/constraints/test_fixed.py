"""Notes that are kept: a melody, a bass, voices in some bars."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from tests.generate.constrained import chorales, compose_within, violations

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Scene

MELODY = [(0, 1, "A4", 0), (1, 1, "G4", 0), (2, 2, "F4", 0), (4, 3, "E4", 0), (7, 1, "D4", 0)]


@pytest.mark.parametrize("kind", ["chords", "notes", "voices"])
@pytest.mark.parametrize("others", ["free", "below"])
def test_a_melody_is_kept(kind: str, others: Any) -> None:
    constraint = pt.FixedNotes(MELODY, others=others)
    pieces = compose_within(kind, [constraint]).pieces
    assert pieces
    assert not any(violations(piece, constraint) for piece in pieces)


def test_a_bass_is_kept_below_the_rest() -> None:
    bass = pt.FixedNotes([(0, 2, "A2", 0), (2, 2, "D3", 0)], others="above")
    for piece in compose_within("notes", [bass]).pieces:
        assert not violations(piece, bass)


def test_voices_are_kept_while_another_is_composed() -> None:
    source = _in_four(chorales())
    kept = pt.FixedNotes.of(source, parts=[0, 1, 3])
    for piece in compose_within("voices", [kept], bars=int(source.length / 4)).pieces:
        for part in (0, 1, 3):
            assert _line(piece, part) == _line(source, part)


def test_both_sides_of_a_window_are_kept() -> None:
    source = _in_four(chorales())
    sides = [(Fraction(0), Fraction(4)), (Fraction(8), source.length)]
    kept = pt.FixedNotes.of(source, spans=sides, others="none")
    composed = compose_within("voices", [kept], bars=int(source.length / 4), candidates=3)
    assert composed.pieces
    for piece in composed.pieces:
        for part in range(4):
            outside = [n for n in _line(piece, part) if n[1] <= 4 or n[0] >= 8]
            assert outside == [n for n in _line(source, part) if n[1] <= 4 or n[0] >= 8]
    assert any(
        _line(piece, part) != _line(source, part) for piece in composed.pieces for part in range(4)
    )


def _in_four(pieces: list[pt.Piece]) -> pt.Piece:
    """Return the first four bars of a chorale in 4/4 without its pickup."""
    piece = next(p for p in pieces if p.first_meter.bar_ql == 4 and len(p.parts) == 4)
    begin, end = piece.pickup, piece.pickup + 16
    notes = [
        pt.Note(
            max(n.onset, begin) - begin, min(n.end, end) - max(n.onset, begin), n.pitch, part=n.part
        )
        for n in _notes(piece)
        if n.onset < end and n.end > begin
    ]
    return pt.Piece(notes, parts=piece.parts, meters=(pt.Meter(4, 4),))


def _notes(piece: pt.Piece) -> list[Any]:
    from tests.generate.constrained import notes_of

    return list(notes_of(piece))


def _line(piece: pt.Piece, part: int) -> list[tuple[Fraction, Fraction, int]]:
    return [(n.onset, n.end, n.pitch) for n in _notes(piece) if n.part == part]


def test_a_missing_note_is_found() -> None:
    piece = pt.Piece([pt.Note(0, 1, 69), pt.Note(1, 1, 70), pt.Note(2, 2, 65)])
    finding = pt.FixedNotes(MELODY[:3], others="none").check(piece, Scene(grid=1, total=4))
    assert finding.achieved == "2 of 3 notes, 1 others"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pt.FixedNotes([(0, 0, 60, 0)]), "needs a time and a duration"),
        (
            lambda: pt.FixedNotes(MELODY, others="over"),
            "no choice of other notes|no such choice|choice of other",
        ),  # type: ignore[arg-type]
        (lambda: pt.FixedNotes(MELODY, spans=[(4, 4)]), "end after it begins"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        make()


def test_what_the_model_cannot_write_is_refused() -> None:
    with pytest.raises(PartimentoError, match="needs a model of events"):
        compose_within("frames", [pt.FixedNotes(MELODY)])
    with pytest.raises(PartimentoError, match="only 4 voices"):
        compose_within("voices", [pt.FixedNotes([(0, 1, 60, 4)])])
    with pytest.raises(PartimentoError, match="ends after the piece"):
        compose_within("notes", [pt.FixedNotes([(15, 2, 60, 0)])])
    with pytest.raises(PartimentoError, match="this model cannot meet FixedNotes"):
        compose_within("notes", [pt.FixedNotes([(0, 1, "C8", 0)])])
