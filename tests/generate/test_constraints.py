"""Constraints multiply with the grammar; moving one compiles nothing; a dead end is counted."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from tests.generate.chromatic import build, chromatic, compose, pitches

from partimento import Event, Piece
from partimento.errors import PartimentoError
from partimento.generate.constraints import InKey, Range, check_constraints
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.notes import NoteTokenizer


def test_without_constraints_the_whole_range_comes(model: Any) -> None:
    sounding = pitches(model, compose(model))
    assert min(sounding) < 55
    assert len({pitch % 12 for pitch in sounding}) > 8


def test_a_product_of_constraints_holds_at_every_step(model: Any) -> None:
    generated = compose(model, Range(55, 66), InKey("D major"))
    assert not generated.dead_ends.any()
    assert pitches(model, generated) <= {55, 57, 59, 61, 62, 64, 66}
    assert pitches(model, generated)


def test_constraints_given_twice_change_nothing(model: Any) -> None:
    once, twice = compose(model, Range(55, 66)), compose(model, Range(55, 66), Range(0, 127))
    np.testing.assert_array_equal(once.ids, twice.ids)


def test_a_constraint_that_allows_everything_changes_nothing(model: Any) -> None:
    np.testing.assert_array_equal(compose(model).ids, compose(model, Range()).ids)


def test_a_dead_end_falls_back_to_the_grammar_and_is_counted() -> None:
    model = build(ChordTokenizer.fit([chromatic()]))
    generated = compose(model, Range(20, 30))  # no chord of the vocabulary lies there
    assert (generated.dead_ends > 0).all()
    events = [model.tokenizer.decode_events(row) for row in generated.ids]
    for row in events:
        assert len(row) == 11
        assert list(Piece.from_events(row).events) == row  # the grammar still holds
    unconstrained = compose(model)
    assert (compose(model, Range()).dead_ends == 0).all()
    np.testing.assert_array_equal(generated.ids, unconstrained.ids)  # as without the constraint


def test_constraints_move_with_the_music() -> None:
    assert Range(40, 83).transposed(-5) == Range(35, 78)
    assert Range(2, 120).transposed(20) == Range(22, 127)
    assert InKey("G major").transposed(5) == InKey("C major")
    assert InKey("e minor").transposed(-4) == InKey("c minor")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Range(60, 50), "the lower bound of a range"),
        (lambda: Range("H2"), "is not a pitch"),
        (lambda: Range(0, 200), "between 0 and 127"),
        (lambda: InKey("X major"), "no such key"),
        (lambda: check_constraints(["low"]), "is not a constraint"),
    ],
)
def test_nonsense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        make()


def test_the_notes_of_a_minor_key() -> None:
    rule = InKey("a minor").bind(
        NoteTokenizer.fit([Piece.from_events([Event((60,), Fraction(1))])])
    )
    (forbidden,) = rule.parameters
    allowed = [pitch for pitch in range(57, 69) if not forbidden[pitch]]
    assert allowed == [57, 59, 60, 62, 64, 65, 66, 67, 68]  # F and F sharp, G and G sharp
