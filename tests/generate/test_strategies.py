"""How models compose, by their capabilities."""

from __future__ import annotations

import numpy as np
import pytest

from partimento.errors import PartimentoError
from partimento.generate.compose import STRATEGIES, composes, strategy_of
from partimento.generate.limits import Limits
from partimento.generate.prompt import make_prompt
from partimento.generate.sampler import Sampling
from partimento.generate.strategies import AutoregressiveStrategy, Request
from partimento.training.trained_model import TrainedModel


def test_each_strategy_says_what_it_can_do() -> None:
    for strategy in STRATEGIES.values():
        assert isinstance(strategy.keeps_prompt, bool)
        assert isinstance(strategy.has_targets, bool)
        assert callable(strategy.compose)
    assert AutoregressiveStrategy.keeps_prompt
    assert not AutoregressiveStrategy.has_targets


def test_a_prompt_is_continued(markov_run: TrainedModel) -> None:
    strategy = strategy_of(markov_run)
    assert isinstance(strategy, AutoregressiveStrategy)
    prompt = make_prompt(markov_run, 0, 3, seed=0, key=None)
    limits = Limits(9, 2**20, may_end=False)
    request = Request(prompt, limits, Sampling(), candidates=2)
    generated = strategy.compose(markov_run, request, 5)
    assert len(generated.ids) == 2
    for ids in generated.ids:
        np.testing.assert_array_equal(ids[: len(prompt.ids)], prompt.ids)
        assert len(markov_run.tokenizer.decode_events(ids)) == 8  # the header counts as one
    np.testing.assert_array_equal(strategy.compose(markov_run, request, 5).ids, generated.ids)


def test_a_model_that_cannot_compose_is_refused(embeddings_run: TrainedModel) -> None:
    assert not composes(embeddings_run)
    with pytest.raises(PartimentoError, match="a run of embeddings cannot compose"):
        strategy_of(embeddings_run)
