"""Pieces end as they should."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.generate.constrained import KINDS, compose_within, tokenizer_of, violations

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import Constraint, Scene, constraint_from_json
from partimento.generate.constraints.ends import HeldEnd, ThirdRule
from partimento.generate.constraints.timetable import Timetable, check_possible

D_MINOR = Scene(grid=1, total=8, bar=4, key=pt.Key.from_name("d minor"))


def last_chord(*pitches: int) -> pt.Piece:
    return pt.Piece([pt.Note(0, 4, 57), *(pt.Note(4, 4, pitch) for pitch in pitches)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "constraint",
    [
        pt.End("cadence"),
        pt.End("half"),
        pt.End("tonic", "d minor", picardy=True),
    ],
    ids=repr,
)
def test_endings_hold(kind: str, constraint: Constraint) -> None:
    pieces = compose_within(kind, [constraint]).pieces
    assert pieces
    assert not any(violations(piece, constraint) for piece in pieces)


def test_an_ending_is_in_the_key_of_the_piece() -> None:
    piece, scene = last_chord(50, 65), D_MINOR
    assert pt.End("tonic").check(piece, scene).holds
    assert not pt.End("tonic", "F major").check(piece, scene).holds
    assert pt.End("cadence").check(piece, scene).achieved == "reached"


def test_a_minor_piece_may_end_with_a_major_third() -> None:
    plain, picardy = pt.End("tonic"), pt.End("tonic", picardy=True)
    assert not plain.check(last_chord(50, 66), D_MINOR).holds
    assert picardy.check(last_chord(50, 66), D_MINOR).holds
    assert picardy.check(last_chord(50, 65), D_MINOR).holds
    assert not picardy.check(last_chord(50, 65, 66), D_MINOR).holds
    assert constraint_from_json(picardy.to_json()) == picardy


def test_both_thirds_occur_in_composed_pieces() -> None:
    rule = pt.End("tonic", "d minor", picardy=True)
    thirds = set()
    for piece in compose_within("voices", [rule], candidates=16).pieces:
        notes = piece.notes
        thirds |= set(((notes.pitch[notes.end == notes.end.max()] - 2) % 12).tolist()) & {3, 4}
    assert thirds == {3, 4}


def test_a_given_third_excludes_the_other() -> None:
    table = Timetable(tokenizer_of("voices"), D_MINOR)
    table.voices[4, 0] = 66
    pt.End("tonic", picardy=True).narrow(table, D_MINOR)
    assert table.strike[4, 66]
    assert not table.strike[4:, 65].any()
    assert not table.hold[4:, 77].any()


def test_a_third_that_has_sounded_excludes_the_other() -> None:
    from tests.generate.constraints.test_rules import view

    rule = ThirdRule(4, 2, "notes")
    sounds = np.zeros((1, 128), bool)
    sounds[0, 65] = True
    early = view(sounds=sounds)
    (state,) = rule.advance(rule.start(1, 128), rule.parameters, early, 1)
    assert not state.any()
    late = view(sounds=sounds, t=np.array([4]))
    seen = rule.advance(rule.start(1, 128), rule.parameters, late, 1)
    fits = rule.strike(seen, rule.parameters, view(t=np.array([5])))
    assert np.flatnonzero(~fits[0]).tolist() == list(range(6, 128, 12))
    assert not rule.hold(seen, rule.parameters, view())[0, 78]


def test_a_last_chord_can_be_held() -> None:
    rule = HeldEnd(12)
    result = compose_within("voices", [rule])
    assert result.pieces
    for piece in result.pieces:
        assert piece.notes.onset.max() == 12 * piece.notes.divisions
        assert rule.check(piece, result.scene).holds
    assert HeldEnd(10).check(result.pieces[0], result.scene).achieved == "not held"


def test_another_ending_is_refused() -> None:
    with pytest.raises(PartimentoError, match="did you mean cadence"):
        pt.End("cadenza")  # type: ignore[arg-type]
    assert pt.End("tonic", begin="7/2").begin == Fraction(7, 2)


def test_a_length_in_events_has_no_ending() -> None:
    with pytest.raises(PartimentoError, match="needs a length in bars"):
        check_possible([pt.End()], tokenizer_of("notes"), Scene(grid=24, total=-20))
