"""Whole groups, the wanted shares, and nothing that hangs on chance or order."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partimento.corpus.splits import split
from partimento.errors import PartimentoError

SHARES = st.sampled_from([(0.1, 0.1), (0.2, 0.0), (0.05, 0.3), (0.3, 0.3), (0.01, 0.01)])


@st.composite
def corpora(draw: st.DrawFn, least_groups: int = 2) -> tuple[list[int], list[str], list[str]]:
    """Groups, composers and identities of some pieces."""
    groups = draw(
        st.lists(st.integers(0, 40), min_size=2, max_size=90).filter(
            lambda numbers: len(set(numbers)) >= least_groups
        )
    )
    composers = draw(
        st.lists(
            st.sampled_from(["", "Bach", "Sor", "Giuliani", "Горецкий"]),
            min_size=len(groups),
            max_size=len(groups),
        )
    )
    return groups, composers, [f"piece {place}" for place in range(len(groups))]


Corpus = tuple[list[int], list[str], list[str]]


@settings(deadline=None)
@given(corpora(), SHARES, st.integers(0, 2**32 - 1))
def test_no_group_is_divided_and_no_split_is_empty(
    corpus: Corpus, shares: tuple[float, float], seed: int
) -> None:
    sides = split(*corpus, validation=shares[0], test=shares[1], seed=seed)
    assert len(sides) == len(corpus[0])
    assert len(set(zip(corpus[0], sides, strict=True))) == len(set(corpus[0]))
    needed = {"train", "valid"} | ({"test"} if shares[1] and len(set(corpus[0])) > 2 else set())
    assert set(sides) == needed


@settings(deadline=None)
@given(corpora(), SHARES, st.integers(0, 99))
def test_the_shares_are_kept_as_far_as_groups_allow(
    corpus: Corpus, shares: tuple[float, float], seed: int
) -> None:
    sides = Counter(split(*corpus, validation=shares[0], test=shares[1], seed=seed))
    largest = max(Counter(corpus[0]).values())
    for side, share in zip(("train", "valid", "test"), (1 - sum(shares), *shares), strict=True):
        assert abs(sides[side] - share * len(corpus[0])) <= 2 * largest


@settings(deadline=None)
@given(corpora(), SHARES, st.integers(0, 99), st.randoms(use_true_random=False))
def test_neither_the_order_nor_the_numbers_of_groups_matter(
    corpus: Corpus, shares: tuple[float, float], seed: int, random: np.random.Generator
) -> None:
    groups, composers, identities = corpus
    sides = dict(
        zip(
            identities, split(*corpus, validation=shares[0], test=shares[1], seed=seed), strict=True
        )
    )
    order = list(range(len(groups)))
    random.shuffle(order)
    shuffled = (
        [1000 - 7 * groups[place] for place in order],
        [composers[place] for place in order],
        [identities[place] for place in order],
    )
    again = split(*shuffled, validation=shares[0], test=shares[1], seed=seed)
    assert dict(zip(shuffled[2], again, strict=True)) == sides


def corpus_of(sizes: dict[str, int]) -> Corpus:
    """Pieces each of its own group."""
    composers = [name for name, size in sizes.items() for _ in range(size)]
    return (
        list(range(len(composers))),
        composers,
        [f"{name} {place}" for place, name in enumerate(composers)],
    )


@pytest.mark.parametrize("seed", range(20))
def test_each_composer_is_spread_by_the_shares(seed: int) -> None:
    corpus = corpus_of(
        {"Giuliani": 93, "Sor": 81, "Horetzky": 60, "Bach": 55, "Carcassi": 40, "Aguado": 31}
    )
    sides = split(*corpus, validation=0.1, test=0.1, seed=seed)
    for composer, size in Counter(corpus[1]).items():
        found = Counter(
            side for side, name in zip(sides, corpus[1], strict=True) if name == composer
        )
        assert abs(found["valid"] - 0.1 * size) < 1.5
        assert abs(found["test"] - 0.1 * size) < 1.5


@pytest.mark.parametrize("seed", range(20))
def test_composers_of_one_piece_have_the_shares_together(seed: int) -> None:
    corpus = corpus_of({"Sor": 50} | {f"composer {number}": 1 for number in range(100)})
    sides = split(*corpus, validation=0.1, test=0.2, seed=seed)
    alone = Counter(sides[50:])
    assert abs(alone["valid"] - 10) <= 2
    assert abs(alone["test"] - 20) <= 2


def test_every_piece_may_be_held_out() -> None:
    corpus = corpus_of({"Sor": 30, "Bach": 7, "Joly": 1, "Brown": 1, "Milan": 1})
    held_out = Counter[str]()
    for seed in range(400):
        sides = split(*corpus, validation=0.1, test=0.1, seed=seed)
        held_out.update(
            name for name, side in zip(corpus[2], sides, strict=True) if side != "train"
        )
    assert set(held_out) == set(corpus[2])
    assert min(held_out.values()) > 30  # 80 would be even
    assert max(held_out.values()) < 160


def test_a_piece_that_comes_later_moves_few_others() -> None:
    corpus = corpus_of({"Sor": 100, "Bach": 100})
    more = [*corpus[0], 500], [*corpus[1], "Sor"], [*corpus[2], "a new one"]
    before, after = (split(*given, validation=0.1, test=0.1, seed=3) for given in (corpus, more))
    assert sum(one != other for one, other in zip(before, after, strict=False)) <= 60


def test_another_seed_draws_other_pieces() -> None:
    corpus = corpus_of({"Sor": 40})
    assert (
        len({tuple(split(*corpus, validation=0.1, test=0.1, seed=seed)) for seed in range(10)})
        == 10
    )


def test_the_split_stays_equal_to_a_stored_one() -> None:
    """Sides stored with a corpus can be told again from its seed."""
    corpus = [0, 1, 1, 2, 3, 4], ["Sor", "Sor", "Bach", "Sor", "Bach", ""], list("abcdef")
    assert split(*corpus, validation=0.2, test=0.2, seed=1) == STORED


STORED = ["train", "test", "test", "valid", "train", "train"]


def test_a_very_large_group_goes_to_training() -> None:
    groups = [0] * 60 + list(range(1, 41))
    for seed in range(20):
        sides = split(
            groups,
            ["Anonymous"] * 100,
            [str(place) for place in range(100)],
            validation=0.1,
            test=0.1,
            seed=seed,
        )
        assert sides[0] == "train"
        assert abs(sides.count("valid") - 10) <= 1
        assert abs(sides.count("test") - 10) <= 1


def test_two_groups_are_enough() -> None:
    for seed in range(10):
        assert sorted(
            split([4, 4, 9], ["Sor"] * 3, list("abc"), validation=0.1, test=0.1, seed=seed)
        ) == ["train", "train", "valid"]


@pytest.mark.parametrize("groups", [[], [7, 7, 7]])
def test_one_group_is_refused(groups: list[int]) -> None:
    with pytest.raises(PartimentoError, match="two different pieces"):
        split(
            groups,
            ["Sor"] * len(groups),
            list("abc")[: len(groups)],
            validation=0.1,
            test=0.1,
            seed=0,
        )


@pytest.mark.parametrize("shares", [(0, 0.1), (0.5, 0.5), (-0.1, 0.1), (0.1, -0.1), (1, 0)])
def test_shares_must_leave_something(shares: tuple[float, float]) -> None:
    with pytest.raises(PartimentoError, match="less than 1 together"):
        split([0, 1], ["", ""], ["a", "b"], validation=shares[0], test=shares[1], seed=0)
