"""Losses of batches, and their sums."""

from __future__ import annotations

import numpy as np
import pytest

from partimento.models.loss import Loss, Totals, mean_loss


def test_the_objective_is_the_sum_of_the_terms_per_event() -> None:
    loss = mean_loss({"chord": np.float32(6), "held": np.float32(2)}, np.float32(4))
    assert float(loss.objective) == 2
    assert dict(loss.metrics) == {}


def test_a_batch_without_events_has_no_loss() -> None:
    loss = mean_loss({"chord": np.float32(0)}, np.float32(0))
    assert float(loss.objective) == 0
    assert Totals.of([loss]).means() == ({"chord": 0.0}, {})


def test_batches_count_by_their_events() -> None:
    first = Loss(0.0, {"chord": 6.0}, 2.0, {"accuracy": 2.0})
    second = Loss(0.0, {"chord": 2.0}, 6.0, {"accuracy": 0.0})
    totals = Totals.of([first, second])
    assert totals == Totals({"chord": 8.0}, {"accuracy": 2.0}, 8.0)
    assert totals.means() == ({"chord": 1.0}, {"accuracy": 0.25})
    assert Totals.of([first]).plus(Totals.of([second])) == totals


def test_batches_have_the_same_terms() -> None:
    with pytest.raises(KeyError, match="held"):
        Totals.of([Loss(0.0, {"held": 1.0}, 1.0), Loss(0.0, {"chord": 1.0}, 1.0)])
