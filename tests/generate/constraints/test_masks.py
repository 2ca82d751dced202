"""What is fixed when a loop is compiled: kinds of constraints, not their values."""

from __future__ import annotations

import pytest
from tests.generate.constrained import BAR, KINDS, header, tally, tokenizer_of

import partimento as pt
from partimento.generate.constraints import Constraint
from partimento.generate.constraints.masks import ConstraintGrammar, constraint_grammar
from partimento.generate.constraints.timetable import scene_of
from partimento.generate.limits import Limits


def grammar(*constraints: Constraint, kind: str = "notes") -> ConstraintGrammar:
    tokenizer = tokenizer_of(kind)
    limits = Limits(100, 2**30, may_end=False, total=int(4 * BAR * tokenizer.grid))
    scene = scene_of(tokenizer, header(tokenizer), limits, bar=BAR)
    made = constraint_grammar(constraints, tokenizer, scene)
    assert made is not None
    return made


def test_values_are_inputs() -> None:
    one, other = (
        grammar(pt.Range(40, high), pt.StepLeap(leap), pt.Density(1, leap))
        for high, leap in ((70, 5), (80, 9))
    )
    assert one.key == other.key
    assert [p.shape for p in one.parameters] == [p.shape for p in other.parameters]
    assert grammar(pt.Range(40, 70)).key == grammar(pt.InKey("C major")).key
    assert grammar(pt.Range(40, 70)).key != grammar(pt.PartWriting()).key


def test_no_constraints_are_no_grammar() -> None:
    tokenizer = tokenizer_of("notes")
    scene = scene_of(tokenizer, header(tokenizer), Limits(9, 2**30, may_end=False))
    assert constraint_grammar([], tokenizer, scene) is None


@pytest.mark.parametrize("kind", KINDS)
def test_no_random_combination_is_broken(kind: str) -> None:
    """A fast sample of the 500 combinations of the slow test."""
    result = tally(kind, range(6))
    assert result.broken == []
    assert result.composed >= 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_none_of_500_random_combinations_is_broken(kind: str) -> None:
    """125 combinations for each kind of tokenizer."""
    result = tally(kind, range(100, 225))
    assert result.broken == []
    assert result.composed >= 75
