"""DeepBach: no prediction sees its own cell, and every other one counts."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.small_models import ENCODE, build, view

from partimento.models.deepbach import Backwards, Earlier, OtherVoices
from partimento.models.gibbs import steps_of
from partimento.tokens.vocabulary import SPECIAL
from partimento.training.dataset import Dataset


def test_steps_move_and_reverse() -> None:
    x = np.arange(1.0, 7.0, dtype=np.float32).reshape(1, 3, 2)
    assert np.asarray(Earlier()(x))[0].tolist() == [[0, 0], [1, 2], [3, 4]]
    assert np.asarray(Backwards()(x))[0].tolist() == [[5, 6], [3, 4], [1, 2]]


def test_a_voice_reads_the_others_alone() -> None:
    x = np.arange(1.0, 7.0, dtype=np.float32).reshape(1, 1, 3, 2)
    rows = np.asarray(OtherVoices()(x))[0, 0]
    assert rows[0].tolist() == [0, 0, 3, 4, 5, 6]
    assert rows[2].tolist() == [1, 2, 3, 4, 0, 0]


def test_a_cell_does_not_see_itself_but_its_neighbors(data: Dataset) -> None:
    model = build("deepbach", {}, data)
    tokens = view(data, "deepbach").tokens("train")[0]
    rows, facts = steps_of(tokens, model.voices)
    rows, facts = rows[:12].copy(), facts[:12]
    known = np.ones(rows.shape, bool)
    before = model.logits(rows[None], known[None], facts[None])[0]
    rows[5, 0] = SPECIAL if rows[5, 0] != SPECIAL else SPECIAL + 1
    after = model.logits(rows[None], known[None], facts[None])[0]
    np.testing.assert_allclose(before[5, 0], after[5, 0], atol=1e-6)
    assert np.abs(before[4, 0] - after[4, 0]).max() > 1e-6
    assert np.abs(before[6, 0] - after[6, 0]).max() > 1e-6


def test_the_loss_is_the_mean_pseudo_likelihood(data: Dataset) -> None:
    model = build("deepbach", {}, data)
    data = view(data, "deepbach")
    batch = data.windows("valid", model.window_spec(ENCODE, training=False))[:2]
    loss = model.loss(batch, training=False)
    assert float(loss.metrics["struck"]) > 0
    tokens = data.tokens("valid")[0]
    nats = model.pseudo_nats(tokens)
    rows, _ = steps_of(tokens, model.voices)
    assert nats.shape == rows.shape
    mean = float(loss.terms["cells"]) / float(loss.count)
    assert nats.mean() == pytest.approx(mean, rel=0.1)
    assert model.nats([tokens]) is None
