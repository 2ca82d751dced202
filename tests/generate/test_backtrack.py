"""Candidates at a dead end go back, first a little, then to the prompt."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partimento.generate import backtrack
from partimento.generate.backtrack import Snapshot, Trail


class State(NamedTuple):
    elapsed: np.ndarray
    events: np.ndarray


def snapshot(step: int) -> Snapshot:
    steps = np.array([step, step])
    return Snapshot(State(steps, steps), (), (), np.zeros((2, 3)), steps, np.zeros(2))


def trail() -> Trail:
    made = backtrack.first_trail(snapshot(0))
    for step in (4, 8):
        due = np.array([True, True])
        made = backtrack.store(made, snapshot(step), due, ~due)
    return made


def test_states_are_stored_every_few_events() -> None:
    end, begins = np.array([True, False]), np.array([False, False])
    assert backtrack.is_due(trail(), snapshot(11), end, begins).tolist() == [False, False]
    assert backtrack.is_due(trail(), snapshot(12), end, begins).tolist() == [True, False]


def test_a_candidate_goes_back_farther_with_every_try() -> None:
    made, dead = trail(), np.array([True, False])
    places = []
    for _ in range(backtrack.FAR_TRIES + 1):
        made, now = backtrack.restore(made, snapshot(10), dead)
        places.append(now.at.tolist())
    near, far = backtrack.NEAR_TRIES, backtrack.FAR_TRIES - backtrack.NEAR_TRIES
    assert places == [[8, 10]] * near + [[4, 10]] * far + [[0, 10]]
    assert made.restarts.tolist() == [1, 0]
    assert made.tries.tolist() == [0, 0]


def test_progress_forgets_the_tries() -> None:
    made, _ = backtrack.restore(trail(), snapshot(10), np.array([True, True]))
    made = backtrack.progressed(made, snapshot(11))
    assert made.tries.tolist() == [0, 0]
    assert made.farthest.tolist() == [11, 11]
    assert not backtrack.has_failed(made).any()
