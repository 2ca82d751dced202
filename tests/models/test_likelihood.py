"""Nats of held-out pieces: sums, and their shares per event."""

from __future__ import annotations

import json

import pytest

from partimento.models.likelihood import Likelihood, part_names

ROW = Likelihood({"chord": 6.0, "unknown": 2.0}, events=4, is_bound=True, estimated=7.0)


def test_parts_are_per_event_and_sum_up_to_the_total() -> None:
    assert ROW.parts == {"chord": 1.5, "unknown": 0.5}
    assert ROW.total == 2
    assert ROW.nats == 8
    assert ROW.estimate == 1.75


def test_only_a_bound_has_an_estimate() -> None:
    assert Likelihood({"chord": 6.0}, events=4).estimate is None


def test_plain_values_survive_json() -> None:
    assert json.loads(json.dumps(ROW.to_plain())) == {
        "total": 2.0,
        "parts": {"chord": 1.5, "unknown": 0.5},
        "events": 4,
        "is_bound": True,
        "estimate": 1.75,
    }


def test_no_events_have_no_rate() -> None:
    with pytest.raises(ZeroDivisionError):
        _ = Likelihood({"chord": 0.0}, events=0).total


def test_parts_keep_the_order_in_which_they_appear() -> None:
    rows = [{"chord": 1.0, "unknown": 0.5}, {"kl": 0.1, "chord": 2.0}]
    assert part_names(rows) == ["chord", "unknown", "kl"]
    assert part_names([]) == []
