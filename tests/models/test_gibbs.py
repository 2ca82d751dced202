"""Hiding cells, and the likelihood of a piece with its cells in random orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models.small_models import ENCODE, build, view

from partimento.models.gibbs import FactsEmbedding, HideCells, steps_of
from partimento.tokens.grid_facts import KINDS
from partimento.tokens.grid_grammar import HEADER
from partimento.tokens.vocabulary import SPECIAL
from partimento.training.dataset import Dataset

CELLS = np.full((6, 8, 3), SPECIAL + 3, np.int32)
CELLS[:, 6:] = 0  # padding


@pytest.fixture(scope="module")
def model(data: Dataset) -> Any:
    return build("coconet", {}, data)


def test_hidden_cells_are_cells_and_their_number_varies() -> None:
    hidden = np.asarray(HideCells(0.0, 0.0)(CELLS, training=True))
    assert not hidden[:, 6:].any()
    counts = hidden.sum(axis=(1, 2))
    assert counts.min() >= 1
    assert counts.max() - counts.min() > 6  # of 18: evenly spread over the windows
    layer = HideCells(0.5, 0.5)
    same = [np.asarray(layer(CELLS, training=False)) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    other = [np.asarray(layer(CELLS, training=True)) for _ in range(2)]
    assert (other[0] != other[1]).any()


def test_windows_may_know_whole_voices_or_all_but_a_span() -> None:
    cells = np.full((64, 16, 3), SPECIAL + 3, np.int32)
    voices = np.asarray(HideCells(1.0, 0.0)(cells, training=True))
    known = ~voices.any(axis=1)
    assert 32 < known.sum() < 160  # of 192 voices, about half
    spans = np.asarray(HideCells(0.0, 1.0)(cells, training=True)).any(axis=2)
    assert (spans[:, 0] | spans[:, -1]).mean() < 0.9
    melody = np.asarray(HideCells(0.0, 0.0, 1)(cells))
    assert not melody[..., 0].any()
    assert melody[..., 1:].all()


def test_a_step_of_no_facts_has_a_vector_of_its_own() -> None:
    layer = FactsEmbedding(4)
    facts = np.zeros((1, 3, len(KINDS)), np.int32)
    facts[0, 1] = 1
    vectors = np.asarray(layer(facts))
    assert vectors.shape == (1, 3, 4)
    np.testing.assert_array_equal(vectors[0, 0], vectors[0, 2])
    assert (vectors[0, 0] != vectors[0, 1]).any()


def test_the_estimate_is_that_of_cells_predicted_one_by_one(model: Any, data: Dataset) -> None:
    """With every number of known cells, the estimate comes near the sum over one order."""
    tokens = view(data, "coconet").tokens("valid")[0]
    tokens = tokens._replace(
        ids=np.concatenate([tokens.ids[: HEADER + 10], tokens.ids[-1:]]),
        context={"features": np.concatenate(
            [tokens.context["features"][: HEADER + 10], tokens.context["features"][-1:]]
        )},
    )  # fmt: skip
    rows, _ = steps_of(tokens, model.voices)
    cells = rows.size
    exact = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(cells)
        hidden = np.zeros((cells, cells), bool)
        for done in range(cells):
            hidden[done, order[done:]] = True
        nats = model.masked_nats(tokens, hidden.reshape(cells, *rows.shape)).reshape(cells, cells)
        exact.append(sum(nats[done, order[done]] for done in range(cells)))
    estimate = model.ordering_nats(tokens, orderings=8, positions=cells)
    assert estimate.shape == (8,)
    assert estimate.mean() == pytest.approx(np.mean(exact), rel=0.1)
    same = model.ordering_nats(tokens, orderings=8, positions=cells)
    np.testing.assert_array_equal(estimate, same)


def test_given_cells_cost_nothing(model: Any, data: Dataset) -> None:
    tokens = view(data, "coconet").tokens("valid")[0]
    rows, _ = steps_of(tokens, model.voices)
    known = np.zeros(rows.shape, bool)
    whole = model.ordering_nats(tokens, orderings=2).mean()
    known[: len(rows) // 2] = True
    half = model.ordering_nats(tokens, known=known, orderings=2).mean()
    assert 0.3 * whole < half < 0.7 * whole
    known[:] = True
    assert model.ordering_nats(tokens, known=known, orderings=2).tolist() == [0, 0]


def test_the_loss_is_the_mean_of_the_hidden_cells(model: Any, data: Dataset) -> None:
    data = view(data, "coconet")
    batch = data.windows("valid", model.window_spec(ENCODE, training=False))[:3]
    cells = batch["targets"][..., : model.voices]
    _, hidden = model.network([cells, batch["features"]], training=False)
    hidden = np.asarray(hidden)
    loss = model.loss(batch, training=False)
    total = 0.0
    for row, facts, mask in zip(cells, batch["features"], hidden, strict=True):
        scores = model.logits(row[None], ~mask[None], facts[None])[0]
        logp = scores - np.log(
            np.exp(scores - scores.max(-1, keepdims=True)).sum(-1, keepdims=True)
        )
        logp = logp - scores.max(-1, keepdims=True)
        nats = -np.take_along_axis(logp, row[..., None].astype(int), axis=-1)[..., 0]
        total += nats[mask].mean() * (row >= SPECIAL).sum()
    assert float(loss.terms["cells"]) == pytest.approx(
        total, rel=0.01
    )  # windows are padded differently
    assert float(loss.count) == (cells >= SPECIAL).sum()
