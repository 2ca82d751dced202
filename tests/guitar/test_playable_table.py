"""The table for sampling loops agrees with the predicates, on NumPy and on Keras."""

from __future__ import annotations

import numpy as np
import pytest

from partimento.guitar.playable import LIMIT, can_move, position_costs
from partimento.guitar.playable_table import PITCHES, build_table, playable_table, reach
from partimento.guitar.tunings import STANDARD, tuning_named


def random_chords(count: int) -> list[tuple[int, ...]]:
    rng = np.random.default_rng(0)
    chords = [rng.choice(np.arange(38, 85), n, replace=False) for n in rng.integers(0, 7, count)]
    return [tuple(sorted(chord.tolist())) for chord in chords]


@pytest.mark.parametrize("name", ["standard", "dadgad", "ukulele"])
def test_the_table_accepts_what_the_predicate_accepts(name: str) -> None:
    tuning = tuning_named(name)
    table = playable_table(tuning)
    accepted = 0
    for chord in random_chords(600):
        expected = position_costs(chord, tuning) <= LIMIT
        assert (table.positions(chord) == expected).all(), chord
        accepted += expected.any()
    assert 50 < accepted < 550


def test_the_limit_counts() -> None:
    strict, lax = (build_table(STANDARD, limit) for limit in (0.5, 4.0))
    chords = random_chords(200)
    assert sum(strict.positions(c).any() for c in chords) < sum(
        lax.positions(c).any() for c in chords
    )


def test_the_mask_has_each_pitch_that_can_be_added() -> None:
    table = playable_table()
    state = table.add(table.add(table.start(1), np.array([64])), np.array([60]))
    mask = table.allowed(state)[0]
    assert mask.shape == (PITCHES,)
    expected = [
        pitch < 60 and bool((position_costs((pitch, 60, 64), STANDARD) <= LIMIT).any())
        for pitch in range(PITCHES)
    ]
    assert mask[:60].tolist() == expected[:60]
    assert not mask[84:].any()


def test_a_dead_state_stays_dead() -> None:
    table = playable_table()
    state = table.add(table.add(table.start(1), np.array([43])), np.array([41]))
    assert not state.any()
    assert not table.allowed(state).any()


def test_a_move_needs_time() -> None:
    table = playable_table()
    state = table.start(2)
    for pitch in (53, 48, 41):
        state = table.add(state, np.array([pitch, pitch]))
    state = table.move(state, reach(np.array([0.1, 1.0])))
    for pitch in (76, 72):
        state = table.add(state, np.array([pitch, pitch]))
    assert state.any(axis=1).tolist() == [False, True]
    assert [can_move([41, 48, 53], [72, 76], seconds) for seconds in (0.1, 1.0)] == [False, True]


def test_the_table_runs_on_keras() -> None:
    from keras import ops

    table = playable_table()
    pitches = [np.array([67, 76]), np.array([60, 72]), np.array([48, 41])]
    on_numpy, on_keras = table.start(2), table.start(2, ops)
    for pitch in pitches:
        allowed = table.allowed(on_keras, ops)
        assert (np.asarray(allowed) == table.allowed(on_numpy)).all()
        on_numpy = table.add(on_numpy, pitch)
        on_keras = table.add(on_keras, ops.convert_to_tensor(pitch), ops)
        assert (np.asarray(on_keras) == on_numpy).all()
    millimeters = np.array([30.0, 200.0], np.float32)
    moved = table.move(on_keras, ops.convert_to_tensor(millimeters), ops)
    assert (np.asarray(moved) == table.move(on_numpy, millimeters)).all()
