"""Choosing: against the distributions that the definitions give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partimento.errors import PartimentoError
from partimento.generate.sampler import Sampling, sample_token

LOGITS = np.log(np.array([0.5, 0.25, 0.15, 0.07, 0.03]))
ALL = np.ones((1, 5), bool)
DRAWS = 20_000


def frequencies(sampling: Sampling, legal: np.ndarray = ALL) -> np.ndarray:
    uniform = (
        np.arange(DRAWS) + 0.5
    ) / DRAWS  # evenly spaced draws: frequencies are exact, not random
    picked = sample_token(
        np.repeat(LOGITS[None], DRAWS, 0), np.repeat(legal, DRAWS, 0), uniform, sampling.to_array()
    )
    return np.bincount(picked, minlength=5) / DRAWS


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [0.5, 0.25, 0.15, 0.07, 0.03]),
        (Sampling(temperature=0), [1, 0, 0, 0, 0]),
        (Sampling(top_k=2), [2 / 3, 1 / 3, 0, 0, 0]),
        (Sampling(top_k=1, temperature=5), [1, 0, 0, 0, 0]),
        (Sampling(top_p=0.6), [2 / 3, 1 / 3, 0, 0, 0]),  # 0.5 alone does not reach 0.6
        (Sampling(top_p=0.4), [1, 0, 0, 0, 0]),
        (
            Sampling(min_p=0.29),
            [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0, 0],
        ),  # 0.15 is 0.3 of 0.5, 0.07 less
        (Sampling(min_p=0.9), [1, 0, 0, 0, 0]),
        (Sampling(min_p=0.3, temperature=0.5), [1, 0, 0, 0, 0]),  # 0.25 is less than 0.3 of 1
        (Sampling(min_p=0.1, top_k=2), [2 / 3, 1 / 3, 0, 0, 0]),
        (
            Sampling(top_k=3, top_p=0.8),
            [2 / 3, 1 / 3, 0, 0, 0],
        ),  # p counts among the k: 0.5 and 0.25 of 0.9
        (
            Sampling(temperature=0.5),
            np.square([0.5, 0.25, 0.15, 0.07, 0.03])
            / np.square([0.5, 0.25, 0.15, 0.07, 0.03]).sum(),
        ),
    ],
)
def test_frequencies(sampling: Sampling, expected: list[float]) -> None:
    np.testing.assert_allclose(frequencies(sampling), expected, atol=2e-4)


def test_a_mask_is_kept_and_what_is_left_is_renormalized() -> None:
    legal = np.array([[False, True, False, True, False]])
    np.testing.assert_allclose(
        frequencies(Sampling(), legal), [0, 25 / 32, 0, 7 / 32, 0], atol=2e-4
    )
    np.testing.assert_allclose(frequencies(Sampling(temperature=0), legal), [0, 1, 0, 0, 0])


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=12),
    st.data(),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 3),
    st.integers(0, 14),
    st.floats(0.01, 1),
)
@settings(deadline=None, max_examples=300)
def test_only_what_is_legal_is_ever_chosen(logits, data, uniform, temperature, k, p) -> None:
    legal = np.array(
        [data.draw(st.lists(st.booleans(), min_size=len(logits), max_size=len(logits)).filter(any))]
    )
    sampling = Sampling(temperature=temperature, top_k=k, top_p=p)
    chosen = sample_token(
        np.array([logits], np.float32), legal, np.array([uniform], np.float32), sampling.to_array()
    )
    assert legal[0, chosen[0]]


def kept(logits: np.ndarray, allowed: np.ndarray, sampling: Sampling) -> np.ndarray:
    """Return the probabilities after temperature and min-p, as Nguyen et al. define them."""
    scaled = np.where(allowed, logits / sampling.temperature, -np.inf)
    p = np.exp(scaled - scaled.max()) / np.exp(scaled - scaled.max()).sum()
    p = np.where(p >= sampling.min_p * p.max(), p, 0)
    return p / p.sum()


@pytest.mark.parametrize("min_p", [0.0, 0.05, 0.4, 0.99])
@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.7])
def test_min_p_is_a_share_of_the_most_probable_token(min_p: float, temperature: float) -> None:
    rng = np.random.default_rng(3)
    logits, allowed = rng.normal(0, 2, 8), rng.random(8) < 0.8
    sampling = Sampling(temperature=temperature, min_p=min_p)
    uniform = (np.arange(DRAWS) + 0.5) / DRAWS
    rows = [np.repeat(array[None], DRAWS, 0) for array in (logits, allowed)]
    picked = sample_token(*rows, uniform, sampling.to_array(), truncates=sampling.truncates)
    expected = kept(logits, allowed, sampling)
    np.testing.assert_allclose(np.bincount(picked, minlength=8) / DRAWS, expected, atol=2e-4)


def test_the_same_in_numpy_and_in_keras() -> None:
    from keras import ops

    rng = np.random.default_rng(0)
    logits, legal, uniform = (
        rng.normal(size=(64, 30)).astype("f"),
        rng.random((64, 30)) < 0.7,
        rng.random(64).astype("f"),
    )
    for sampling in (
        Sampling(),
        Sampling(temperature=0.7, top_k=5, top_p=0.9),
        Sampling(temperature=0),
        Sampling(top_p=0.5),
        Sampling(min_p=0.2),
        Sampling(temperature=1.3, min_p=0.1, top_p=0.8, top_k=9),
    ):
        values = sampling.to_array()
        np.testing.assert_array_equal(
            sample_token(logits, legal, uniform, sampling.to_array()),
            np.asarray(sample_token(logits, legal, uniform, values, ops)),
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1},
        {"temperature": float("nan")},
        {"top_k": -1},
        {"top_p": 0},
        {"top_p": 1.5},
        {"min_p": 1},
        {"min_p": -0.1},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(PartimentoError):
        Sampling(**wrong)
