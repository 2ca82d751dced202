"""Which ids a cell may have: ranges, keys, fixed notes, and parallels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.generate.grids import Q, flat_run, trio

from partimento.generate.cell_rules import Parallels, allowed_cells
from partimento.generate.constraints.base import Scene
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.lines import PartWriting
from partimento.generate.constraints.pitch import InKey, Range
from partimento.tokens.grid_grammar import FIRST_PITCH, HOLD, REST
from partimento.tokens.vocabulary import SPECIAL

SCENE = Scene(grid=2, total=32, bar=8)


@pytest.mark.parametrize("hold", [True, False])
def test_without_constraints_every_symbol_is_allowed(hold: bool) -> None:
    tokenizer = flat_run(hold=hold, repeated_notes=hold).tokenizer
    allowed = allowed_cells(tokenizer, 32, (), None)
    assert allowed.shape == (32, 3, tokenizer.cells)
    assert not allowed[..., :SPECIAL].any()
    assert not allowed[0, :, HOLD].any()
    assert (allowed[1:, :, HOLD] == hold).all()


def test_a_range_and_a_key_narrow_the_pitches() -> None:
    tokenizer = flat_run().tokenizer
    rules = (Range(60, 72), InKey("c major"))
    allowed = allowed_cells(tokenizer, 32, rules, SCENE)
    pitches = np.flatnonzero(allowed[3, 1, FIRST_PITCH:]) + tokenizer.low
    assert pitches.tolist() == [60, 62, 64, 65, 67, 69, 71, 72]


def test_fixed_notes_leave_one_pitch() -> None:
    tokenizer = flat_run().tokenizer
    rules = (FixedNotes.of(trio(), parts=[0]),)
    allowed = allowed_cells(tokenizer, 32, rules, SCENE)
    line = [72 + step % 5 for step in range(16)]
    for step in range(32):
        pitches = np.flatnonzero(allowed[step, 0]) - FIRST_PITCH + tokenizer.low
        assert pitches.tolist() == [line[step // 2]]
    assert allowed[3, 1, REST]


def test_parallels_are_excluded_on_both_sides() -> None:
    rule = Parallels.of((PartWriting("all"),), 2, Fraction(1, 2))
    assert rule is not None
    pitches = np.array([[67, 60], [-2, 62], [71, 64]])
    candidates = np.array([-1, 66, 67, 69, 70, 71])
    bad = rule.excluded(pitches, 1, 0, candidates)
    assert bad.tolist() == [False, False, False, True, False, False]
    # A lower voice: C under G must not go to D under A.
    pitches = np.array([[67, 60], [69, -2]])
    bad = rule.excluded(pitches, 1, 1, np.array([60, 62, 64, 50]))
    assert bad.tolist() == [False, True, False, True]


def test_fourths_are_no_fifths() -> None:
    rule = Parallels("all", 2, Q)
    assert not rule.violations(np.array([[65, 60], [67, 62]]))
    assert rule.violations(np.array([[67, 60], [69, 62]])) == [(1, 0), (1, 1), (0, 0), (0, 1)]
    assert not rule.excluded(np.array([[65, 60], [-2, 62]]), 1, 0, np.array([67]))[0]


def test_outer_voices_alone_are_compared_on_wish() -> None:
    lines = np.array([[72, 65, 60], [74, 67, 62], [76, 69, 65]])
    assert Parallels("outer", 3, Q).violations(lines)
    inner = np.array([[72, 67, 60], [74, 69, 62]]) - np.array([[0, 0, 0], [5, 0, 0]])
    assert not Parallels("outer", 3, Q).violations(inner)
    assert Parallels("all", 3, Q).violations(inner)
    assert Parallels.of((), 3, Q) is None
