"""Test mixing the weights of a fine-tuned model with those from which it started."""

from __future__ import annotations

import numpy as np
import pytest

from partimento.training.mixture import SHARES, best_mixture, mix


def test_shares_are_exact_at_both_ends() -> None:
    first, last = [np.array([0.1, 0.2], "float32")], [np.array([0.3, 0.7], "float32")]
    assert mix(first, last, 0.0)[0] is first[0]
    assert mix(first, last, 1.0)[0] is last[0]


def test_mixture_is_a_weighted_mean_of_the_same_type() -> None:
    (mixed,) = mix([np.array([0.0, 1.0], "float32")], [np.array([1.0, 1.0], "float32")], 0.2)
    assert mixed.dtype == np.float32
    assert mixed.tolist() == pytest.approx([0.2, 1.0])


@pytest.mark.parametrize("best", SHARES)
def test_lowest_loss_is_kept(best: float) -> None:
    first, last = [np.zeros(3, "float32")], [np.ones(3, "float32")]
    mixture, weights = best_mixture(first, last, lambda weights: float((weights[0][0] - best) ** 2))
    assert mixture.share == best
    assert weights[0][0] == pytest.approx(best)
    assert set(mixture.losses) == set(SHARES)
    assert f"{best:.0%} of the change" in str(mixture)


def test_nothing_changes_if_fine_tuning_only_harms() -> None:
    first, last = [np.zeros(2, "float32")], [np.ones(2, "float32")]
    mixture, weights = best_mixture(first, last, lambda weights: float(weights[0].sum()))
    assert mixture.share == 0
    assert weights[0] is first[0]
