"""The probability of the music after a gap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from partimento import Piece
from partimento.evaluation.surprise import nats_on_numpy
from partimento.generate.compose import compose_ids
from partimento.generate.following import following_nats
from partimento.training.trained_model import TrainedModel, load_model


@pytest.fixture(scope="module")
def chorales() -> TrainedModel:
    return load_model("chorales")


def ids_of(trained: TrainedModel, piece: Piece) -> np.ndarray:
    return trained.tokenizer.encode(piece).ids


def test_it_is_the_sum_over_the_rows_after_the_gap(chorales: TrainedModel) -> None:
    ids = ids_of(chorales, chorales.compose(bars=3, seed=1, candidates=2))
    other = ids_of(chorales, chorales.compose(bars=2, seed=2, candidates=2))[len(ids) // 3 :]
    first = len(ids) // 3
    rows = [ids[first:-1], other[:-1]]
    found = following_nats(chorales, ids[:first], rows, [20, 10], total=-1)
    step = chorales.numpy_step
    assert step is not None
    for row, skipped, value in zip(rows, [20, 10], found, strict=True):
        whole = np.concatenate([ids[:first], row])
        alone = nats_on_numpy(step, chorales.tokenizer, np.concatenate([whole, ids[-1:]]))
        assert value == pytest.approx(alone[first + skipped - 1 : -1].sum(), rel=1e-4)


def test_a_model_without_numpy_gives_the_same(chorales: TrainedModel) -> None:
    ids = ids_of(chorales, chorales.compose(bars=2, seed=1, candidates=2))
    arguments: Any = (ids[:20], [ids[20:-1]], [10])
    slow = replace(chorales, get_numpy_step=lambda: None)
    fast = following_nats(chorales, *arguments, total=-1)
    # Keras allows a few more ids, such as rhythms that are hard to read.
    assert following_nats(slow, *arguments, total=-1)[0] == pytest.approx(fast[0], rel=0.05)


def test_chords_are_scored_too(run: TrainedModel) -> None:
    ids = compose_ids(run, candidates=2, events=8, seed=1)
    rows = [row[4:8] for row in ids]
    values = following_nats(run, ids[0][:4], rows, [1, 1], total=-1)
    assert np.isfinite(values).all()
    assert values[0] != values[1]
