"""Single parts keep their rhythm and their range."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.generate.constrained import compose_within

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import PartRanges, PartRhythm, constraint_from_json

ROWS = [(0, 1, 1), (1, "1/2", 1), ("3/2", "1/2", 1), (2, 2, 1), (4, 4, 2)]


def test_the_rhythm_of_a_part_is_kept_at_any_pitch() -> None:
    rule = PartRhythm(ROWS)
    result = compose_within("voices", [rule], candidates=6)
    assert result.pieces
    alto = set()
    for piece in result.pieces:
        found = {(n.onset, n.duration, n.part) for n in piece.notes}
        assert {(Fraction(a), Fraction(b), part) for a, b, part in ROWS} <= found
        assert rule.check(piece, result.scene).holds
        alto.add(tuple(n.pitch for n in piece.notes if n.part == 1 and n.onset < 4))
    assert len(alto) > 1


def test_each_part_stays_in_its_range() -> None:
    ranges = [("C4", "E4"), ("A3", "C4"), ("E3", "G3"), ("C3", "D3")]
    rule = PartRanges(ranges)
    result = compose_within("voices", [rule], candidates=4)
    for piece in result.pieces:
        for part, (low, high) in enumerate(rule.ranges):
            pitches = piece.part(part).notes.pitch
            assert ((pitches >= int(low)) & (pitches <= int(high))).all()
        assert rule.check(piece, result.scene).holds
    other = PartRanges([("C6", "C7")] * 4).check(result.pieces[0], result.scene)
    assert not other.holds


def test_ranges_move_with_the_key() -> None:
    rule = PartRanges([("C4", "G4"), ("C3", "G3")])
    assert rule.transposed(2).ranges == ((62, 69), (50, 57))
    assert constraint_from_json(rule.to_json()) == rule
    assert constraint_from_json(PartRhythm(ROWS).to_json()) == PartRhythm(ROWS)


def test_what_no_model_can_mean_is_refused() -> None:
    with pytest.raises(PartimentoError, match="lowest pitch of a range is above"):
        PartRanges([("C5", "C4")])
    with pytest.raises(PartimentoError, match="a time, a duration and a part"):
        PartRhythm([(0, 0, 1)])
    with pytest.raises(PartimentoError, match="the model writes 4 voices"):
        compose_within("voices", [PartRanges([("C4", "C5")])])
    with pytest.raises(PartimentoError, match="needs a model that writes voices"):
        compose_within("notes", [PartRhythm(ROWS)])
    assert PartRhythm(ROWS).demand == "the rhythm of 5 notes"
    assert pt.Constraint in PartRanges.__mro__
