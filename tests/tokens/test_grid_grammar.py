"""The grammar of rows of a grid."""

from __future__ import annotations

import numpy as np
import pytest

from partimento.tokens.grid_grammar import FERMATA, HEADER, HOLD, REST, GridGrammar
from partimento.tokens.vocabulary import END, SPECIAL


def after_header(grammar: GridGrammar):
    state = grammar.start(1)
    for _ in range(HEADER):
        for field in range(grammar.voices + 1):
            state = grammar.advance(state, np.array([1]), field)
    return state


@pytest.mark.parametrize("holds", [True, False])
def test_nothing_holds_at_the_beginning_and_an_end_fills_its_row(holds: bool) -> None:
    grammar = GridGrammar(2, 12, holds)
    state = after_header(grammar)
    first = grammar.allowed(state, 0)[0]
    assert not first[HOLD]
    assert not first[END]
    assert first[REST]
    for field, number in enumerate((8, 9, SPECIAL)):
        state = grammar.advance(state, np.array([number]), field)
    assert grammar.allowed(state, 0)[0, HOLD] == holds
    assert grammar.allowed(state, 0)[0, END]
    assert grammar.allowed(state, 2)[0].nonzero()[0].tolist() == [SPECIAL, FERMATA]
    state = grammar.advance(state, np.array([END]), 0)
    assert grammar.allowed(state, 1)[0].nonzero()[0].tolist() == [END]
    assert grammar.allowed(state, 2)[0].nonzero()[0].tolist() == [END]


def test_events_are_rows_in_which_a_voice_changes() -> None:
    for holds, same in ((True, HOLD), (False, 8)):
        grammar = GridGrammar(1, 12, holds, length=2)
        state = after_header(grammar)
        for number in (8, same, 9):
            state = grammar.advance(state, np.array([number]), 0)
            assert not grammar.at_event_end(state)[0]
            state = grammar.advance(state, np.array([SPECIAL]), 1)
        assert int(state.events[0]) == 2
        assert int(state.elapsed[0]) == 6
        assert grammar.at_event_end(state)[0]
        assert grammar.features(state).shape == (1, 6)
