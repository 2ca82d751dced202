"""Results of pieces add up, and runs that differ only in their seed have a mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from partimento.evaluation.benchmark_results import result_of, seed_means, split_results
from partimento.training.settings import Settings


def test_a_score_is_nats_a_unit() -> None:
    made = result_of("x", np.array([2.0, 6.0]), np.array([1.0, 2.0]))
    assert (made.name, made.units, made.pieces) == ("x", 3, 2)
    assert made.nats == pytest.approx(8 / 3)
    assert made.by_pieces == pytest.approx(2.5)
    assert (made.low, made.high) == (2, 3)  # of two pieces, one of them twice


def test_the_interval_is_of_pieces_drawn_anew() -> None:
    rng = np.random.default_rng(0)
    units = rng.integers(10, 100, 80).astype(float)
    nats = units * rng.normal(5, 1, 80)
    made = result_of("x", nats, units)
    assert made.low < made.nats < made.high
    assert made == result_of("x", nats, units)
    assert made != result_of("x", nats, units, seed=1)
    weight = units / units.sum()
    deviation = float(
        np.sqrt((weight**2 * (nats / units - made.nats) ** 2).sum())
    )  # of a ratio, by linearisation
    assert made.high - made.low == pytest.approx(2 * 1.96 * deviation, rel=0.1)
    same = result_of("x", units * 5, units)
    assert (same.low, same.nats, same.high) == pytest.approx((5, 5, 5))


def test_some_pieces_are_evaluated_by_themselves_too() -> None:
    nats = {"a": np.array([2.0, 6.0, 9.0]), "b": np.array([1.0, 1.0, 1.0])}
    units = np.array([1.0, 2.0, 3.0])
    results = split_results(nats, units, "valid", np.array([True, False, True]))
    assert [(each.name, each.split, each.tunes, each.pieces) for each in results] == [
        ("a", "valid", "all", 3),
        ("a", "valid", "new", 2),
        ("b", "valid", "all", 3),
        ("b", "valid", "new", 2),
    ]
    assert [each.nats for each in results] == pytest.approx([17 / 6, 11 / 4, 1 / 2, 1 / 2])
    assert [each.tunes for each in split_results(nats, units, "test", None)] == ["all", "all"]


def settings(**changes: Any) -> Settings:
    plain: dict[str, Any] = {"model": {"name": "lstm"}, **changes}
    return Settings.from_plain(plain)


def test_runs_of_the_same_settings_have_a_mean() -> None:
    seeds = [settings(train={"seed": seed}) for seed in range(3)]
    other = settings(model={"name": "lstm", "units": 8})
    units = np.array([1.0, 1.0])
    results = [
        split_results({name: np.array([value, value + 1])}, units, "test", np.array([True, False]))
        for name, value in (("a", 1.0), ("b", 2.0), ("other", 9.0), ("c", 6.0))
    ]
    every, new = seed_means(
        ["a", "b", "other", "c"], [seeds[0], seeds[1], other, seeds[2]], results
    )
    assert (every.name, every.runs, every.split) == ("mean of a, b, c", ("a", "b", "c"), "test")
    assert (every.tunes, new.tunes) == ("all", "new")
    assert (every.nats, every.deviation) == pytest.approx((3.5, np.sqrt(7)))
    assert new.nats == pytest.approx(3)
    assert seed_means(["a", "other"], [seeds[0], other], [results[0], results[2]]) == []
    assert seed_means([], [], []) == []


def test_a_bound_and_an_estimate_have_means_of_their_own() -> None:
    units = np.array([1.0])
    results = [
        split_results(
            {f"{name} (bound)": np.array([value]), f"{name} (estimate)": np.array([value / 2])},
            units,
            "test",
            None,
        )
        for name, value in (("v1", 4.0), ("v2", 6.0))
    ]
    means = seed_means(["v1", "v2"], [settings(train={"seed": seed}) for seed in (1, 2)], results)
    assert [(each.name, each.nats) for each in means] == [
        ("mean of v1, v2 (bound)", 5),
        ("mean of v1, v2 (estimate)", 2.5),
    ]
