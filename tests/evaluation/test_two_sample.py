import numpy as np
import pytest

from partimento.analysis.features.table import SCALARS, feature_table, scalar_table
from partimento.corpus.load import load_corpus
from partimento.errors import PartimentoError
from partimento.evaluation.part_writing import measure_all
from partimento.evaluation.two_sample import (
    logistic_regression,
    piece_features,
    real_halves,
    two_sample_test,
)

NAMES = ("a", "b", "c")


def sets(shift: float = 0.0, scale: float = 1.0, size: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(shift, scale, (size, 3)), rng.normal(0, 1, (size, 3))


def test_equal_distributions_cannot_be_told_apart():
    tests = [two_sample_test(*sets(), NAMES, seed=seed) for seed in range(4)]
    assert np.mean([test.accuracy for test in tests]) == pytest.approx(0.5, abs=0.06)
    assert all(test.low <= 0.5 <= test.high for test in tests)


def test_different_means_and_variances_are_recognized():
    shifted = two_sample_test(*sets(shift=2), NAMES)
    assert shifted.accuracy > 0.9
    assert shifted.low < shifted.accuracy < shifted.high <= 1
    assert min(shifted.differences.values()) > 1.5
    assert two_sample_test(*sets(scale=4), NAMES).low > 0.7


def test_both_kinds_count_equally_and_the_seed_decides():
    generated, real = sets(shift=1)
    test = two_sample_test(generated[:40], real, NAMES, seed=5)
    assert test.size == 40
    assert test == two_sample_test(generated[:40], real, NAMES, seed=5)
    assert "seed 5" in str(test)


def test_undefined_and_constant_features_do_no_harm():
    generated, real = sets()
    generated[:, 0] = real[:, 0] = np.nan
    generated[:, 1] = real[:, 1] = 7
    assert 0.35 < two_sample_test(generated, real, NAMES).accuracy < 0.65


def test_too_few_pieces():
    with pytest.raises(PartimentoError, match="at least 10 pieces"):
        two_sample_test(np.zeros((9, 3)), np.zeros((20, 3)), NAMES)


def test_a_logistic_regression_reaches_the_minimum():
    rng = np.random.default_rng(0)
    table = np.concatenate([rng.normal(size=(200, 2)), np.ones((200, 1))], axis=1)
    label = (table @ [2.0, -1.0, 0.5] + rng.logistic(size=200) > 0).astype(float)
    weights = logistic_regression(table, label, penalty=0.01)
    gradient = table.T @ (1 / (1 + np.exp(-table @ weights)) - label)
    assert np.abs(gradient).max() < 0.05
    assert weights == pytest.approx([2.0, -1.0, 0.5], abs=0.6)
    assert np.abs(logistic_regression(table, label, penalty=1e6)[:2]).max() < 0.01


def test_halves_are_disjoint():
    first, second = real_halves(21, 100, 0)
    assert len(first) == len(second) == 10
    assert not set(first.tolist()) & set(second.tolist())
    assert len(real_halves(21, 4, 0)[0]) == 4


def test_chorales_of_another_program_are_recognized_and_real_ones_are_not(data_folder):
    real = load_corpus("bundled:chorales").pieces[::3]
    fakes = load_corpus(data_folder / "js-fakes" / "midi").pieces[:60]
    (other, names), (mine, _) = (
        piece_features(scalar_table(feature_table(pieces)), measure_all(pieces))
        for pieces in (real, fakes)
    )
    assert len(names) == len(set(names)) > len(SCALARS)
    assert two_sample_test(mine, other, names).low > 0.7
    first, second = real_halves(len(other), 60, 0)
    among_real = two_sample_test(other[first], other[second], names)
    assert among_real.low < 0.5 < among_real.high
