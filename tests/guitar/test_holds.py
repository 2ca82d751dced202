"""States of the hand when notes are struck."""

from __future__ import annotations

import numpy as np

from partimento.guitar.holds import LET_GO, UNHOLDABLE, WITHOUT_PLACE, holds
from partimento.guitar.tunings import STANDARD


def test_a_struck_note_has_a_string_in_all_states() -> None:
    state = holds((64,), (48,), STANDARD)
    assert (state.strings[:, 0] != LET_GO).all()
    assert LET_GO in state.strings[:, 1].tolist()
    assert (np.diff(state.cost) >= 0).all()
    opens = np.array(STANDARD.open_pitches)
    assert (state.is_stopped[:, 0] == (opens[state.strings[:, 0]] < 64)).all()


def test_an_open_string_leaves_the_hand_anywhere() -> None:
    state = holds((40,), (), STANDARD)
    assert sorted(state.position.tolist()) == list(range(16))


def test_what_no_hand_can_hold_has_strings_at_a_high_cost() -> None:
    state = holds((40, 41, 83), (), STANDARD)  # open E string, then fret 1 of it: no place
    assert state.cost.min() >= WITHOUT_PLACE
    far = holds((41, 83), (), STANDARD)  # frets 1 and 19
    assert UNHOLDABLE <= far.cost.min() < WITHOUT_PLACE
    assert (far.strings != LET_GO).all()


def test_a_stated_string_is_kept() -> None:
    assert set(holds((64,), (), STANDARD, (2,)).strings[:, 0].tolist()) == {2}


def test_notes_that_ring_on_cost_less_than_struck_ones() -> None:
    chord, held = holds((48, 64), (), STANDARD), holds((64,), (48,), STANDARD)
    rings = (held.strings[:, 1] == 4) & (held.strings[:, 0] == 0)
    both = (chord.strings == (4, 0)).all(axis=1)
    assert held.cost[rings].min() < chord.cost[both].min()
