"""The criteria of the pieces of a corpus."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from partimento import Event, Piece
from partimento.analysis.bar_returns import bar_returns
from partimento.evaluation.real_pieces import BARS, EXAMPLES, IN_KEY, NATS, PARALLELS, real_pieces
from partimento.generate.criteria import measure
from partimento.training.dataset import Dataset
from partimento.training.real_pieces import RealPieces
from partimento.training.train import prepared
from partimento.training.trained_model import TrainedModel


@pytest.fixture(scope="module")
def data(markov_run: TrainedModel, pieces: list[Piece]) -> Dataset:
    return prepared(pieces, markov_run.settings)


def test_criteria_are_those_of_training_and_validation_pieces(data: Dataset) -> None:
    real = real_pieces(data)
    items = [*data.valid, *data.train]
    rows = [measure(item.piece, item.key) for item in items]
    assert real.pieces == len(items)
    assert real.in_key.mean == pytest.approx(np.mean([row.in_key for row in rows]))
    assert real.in_key.deviation >= IN_KEY
    assert real.parallels.deviation >= PARALLELS
    assert real.loop == pytest.approx(np.quantile([row.loop for row in rows], 0.95))
    assert real.nats == RealPieces().nats  # no model


def test_examples_are_the_styles_of_single_pieces(data: Dataset) -> None:
    real = real_pieces(data)
    rows = [measure(item.piece, item.key) for item in (*data.valid, *data.train)]
    assert 1 <= len(real.examples) <= EXAMPLES
    assert "pitch_range" in real.style
    assert real.distance(rows[0].style, real.examples[0]) == pytest.approx(0, abs=0.01)
    values = [row.style["interval"] for row in rows]
    assert real.style["interval"].mean == pytest.approx(np.mean(values))
    assert all(np.isfinite([*example.values()]).all() for example in real.examples)


def test_forms_are_those_of_single_pieces(data: Dataset) -> None:
    real = real_pieces(data)
    pieces = [item.piece for item in (*data.valid, *data.train)]
    assert real.forms == tuple(bar_returns(piece) for piece in pieces)


def test_the_likelihood_is_that_of_the_validation_pieces(
    markov_run: TrainedModel, data: Dataset
) -> None:
    few = real_pieces(data, markov_run.model)
    assert few.nats == RealPieces().nats  # fewer than four validation pieces say little
    more = replace(data, valid=data.train[:4], train=[*data.valid, *data.train[4:]])
    real = real_pieces(more, markov_run.model)
    likelihood = markov_run.model.nats(more.tokens("valid"))
    assert real.nats.mean == pytest.approx(likelihood.total, rel=0.05)
    assert real.nats.deviation >= NATS


def test_the_first_bars_are_measured(data: Dataset) -> None:
    """Pieces of other lengths would have other loops."""
    rng, quarter = np.random.default_rng(1), Fraction(1)
    loop = [Event((48, 60), quarter), Event((50, 62), quarter)] * 40
    longer = []
    for item in (*data.train, *data.valid):
        free = [Event((int(pitch),), quarter) for pitch in rng.integers(50, 80, 4 * BARS)]
        longer.append(replace(item, piece=Piece.from_events([*free, *loop])))
    assert min(measure(item.piece, item.key).loop for item in longer) == 20
    assert real_pieces(replace(data, train=longer[1:], valid=longer[:1])).loop < 1


@pytest.mark.parametrize("empty", [0, 1, 5])
def test_of_too_few_pieces_with_notes_the_defaults_say_more(data: Dataset, empty: int) -> None:
    silent = replace(data.train[0], piece=Piece([]))
    few = replace(data, train=[*data.train[:1], *[silent] * empty], valid=data.valid[:1])
    assert real_pieces(few) == RealPieces()
