"""Compose and evaluate as methods of a trained model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from partimento import Corpus, Piece
from partimento.errors import PartimentoError
from partimento.generate.compose import compose as compose_with
from partimento.training.trained_model import TrainedModel
from partimento.training.verbs import compose, evaluate


def test_composing_is_that_of_the_generator(markov_run: TrainedModel) -> None:
    piece = compose(markov_run, events=8, seed=3)
    assert (
        piece == compose_with(markov_run, events=8, seed=3) == markov_run.compose(events=8, seed=3)
    )
    assert len(piece.events) == 8
    with pytest.raises(TypeError, match="bar_count"):
        compose(markov_run, bar_count=8)


def test_evaluating_reads_or_measures_the_same(
    markov_run: TrainedModel, pieces: list[Piece]
) -> None:
    stored = evaluate(markov_run, None)
    measured = evaluate(markov_run, Corpus.of(pieces))
    assert set(stored) == set(measured) == {"unigram", "markov"}
    for name, row in stored.items():
        assert measured[name].total == pytest.approx(row.total)


def test_a_model_without_a_folder_has_nothing_stored(markov_run: TrainedModel) -> None:
    with pytest.raises(PartimentoError, match="no results are stored"):
        evaluate(replace(markov_run, folder=None), None)
