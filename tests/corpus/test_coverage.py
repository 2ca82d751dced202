"""How well a vocabulary covers music outside it, against slow and plain counting."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import comb

import numpy as np
import pytest

from partimento.corpus.coverage import (
    FOLDS,
    Curve,
    Folds,
    Tally,
    Vocabulary,
    commonest,
    growth,
    held_out,
)


def test_each_piece_is_held_out_once_and_groups_stay_together() -> None:
    folds = Folds(seed=3)
    first = [folds.of(number) for number in range(25)]
    assert sorted(first[:FOLDS]) == sorted(first[FOLDS : 2 * FOLDS]) == list(range(FOLDS))
    assert len(set(first[2 * FOLDS :])) == 5
    assert [folds.of(number) for number in range(25)] == first
    assert folds.groups == 25
    assert [Folds(seed=3).of(0), Folds(seed=3).of("x")] == [first[0]] * 2
    assert any(Folds(seed).of(0) != first[0] for seed in range(5))


def test_growth_is_the_mean_over_all_draws() -> None:
    corpus = [{"a", "b"}, {"a"}, {"a", "c", "d"}, {"d"}, {"e", "a"}]
    counts = Counter(symbol for symbols in corpus for symbol in symbols)
    curve = growth(np.array(list(counts.values())), len(corpus))
    for n, expected in zip(curve.x, curve.y, strict=True):
        drawn = sum(len(set().union(*chosen)) for chosen in combinations(corpus, n)) / comb(
            len(corpus), n
        )
        assert expected == pytest.approx(drawn)
    assert growth(np.zeros(0, np.int64), 3).y == [0, 0, 0]


def test_curves_of_large_vocabularies_have_few_points() -> None:
    curve = commonest(np.arange(1, 10_001))
    assert len(curve.x) < 150
    assert (curve.x[0], curve.x[-1], curve.y[-1]) == (1, 10_000, 1)
    assert curve.y[0] == pytest.approx(10_000 / 50_005_000)
    assert len(growth(np.ones(50, np.int64), 100_000).x) < 150


def test_folds_without_events_are_skipped() -> None:
    folds = np.array([[2, 0, 1], [0, 0, 3]])
    assert held_out(folds, 1).splits == [0.0, 0.75]
    assert held_out(folds, 2).splits == [1.0, 0.75]
    assert held_out(np.zeros((0, 3), int), 1).splits == []


def test_a_tally_lists_the_commonest_symbols_first() -> None:
    tally = Tally()
    tally.add({"a": 1, "b": 2}, 0)
    tally.add({"b": 1, "c": 1}, FOLDS - 1)
    assert list(tally.totals().items()) == [("b", 3), ("a", 1), ("c", 1)]
    assert tally.table[1].tolist() == [2, *[0] * (FOLDS - 2), 1, 2]


def test_growth_per_doubling_is_measured_at_the_end_of_the_curve() -> None:
    curve = Curve([1, 2, 4], [10, 15, 30])
    some = Vocabulary(30, 3, {}, curve, curve)
    assert some.growth_per_doubling == 2
    for growth_curve in (Curve([], []), Curve([1], [5]), Curve([1, 2], [0, 0])):
        assert Vocabulary(0, 0, {}, curve, growth_curve).growth_per_doubling == 1


def test_one_piece_alone_has_nothing_held_out() -> None:
    tally = Tally()
    tally.add({"a": 6, "b": 1, "c": 1}, 0)
    found = tally.vocabulary(1, 1)
    assert (found.size, found.seen_once, found.out_of_vocabulary) == (3, 2, {})
    assert found.commonest.y == [0.75, 0.875, 1.0]
    tally.add({"a": 1}, 1)
    assert tally.vocabulary(2, 2).out_of_vocabulary[1].splits == [1 / 4, 0.0]
