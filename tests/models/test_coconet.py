"""The layers of Coconet, and its reach."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.small_models import build, view

from partimento.models.coconet import (
    FARTHEST,
    TAPS,
    CopyCells,
    NearestKnown,
    TimeMix,
    VoiceEmbedding,
)
from partimento.models.gibbs import HIDDEN, steps_of
from partimento.training.dataset import Dataset


def test_time_is_mixed_per_channel_at_the_distance_of_the_dilation() -> None:
    layer = TimeMix(3)
    x = np.zeros((1, 20, 2), np.float32)
    x[0, 10, 0] = 1
    mixed = np.asarray(layer(x))
    assert mixed.shape == x.shape
    assert np.flatnonzero(mixed[0, :, 0]).tolist() == [4, 7, 10, 13, 16]
    assert not mixed[..., 1].any()
    np.testing.assert_allclose(mixed[0, [16, 13, 10, 7, 4], 0], np.asarray(layer.kernel)[:, 0])
    assert TAPS == 5


def test_the_nearest_known_cells_are_found_at_any_distance() -> None:
    cells = np.full((1, 40, 2), HIDDEN, np.int32)
    cells[0, 3, 0], cells[0, 30, 0] = 7, 9
    before, after, far_before, far_after = (np.asarray(x)[0] for x in NearestKnown()(cells))
    assert set(before[:4, 0].tolist()) == {HIDDEN}
    assert set(before[4:31, 0].tolist()) == {7}
    assert before[31, 0] == 9
    assert after[2, 0] == 7
    assert set(after[3:30, 0].tolist()) == {9}
    assert far_before[5, 0] == 2
    assert far_after[29, 0] == 1
    assert far_before[29, 0] == far_after[0, 1] == FARTHEST
    assert (before[:, 1] == HIDDEN).all()


def test_voices_have_vectors_of_their_own() -> None:
    layer = VoiceEmbedding(2, 5, 3)
    vectors = np.asarray(layer(np.array([[[1, 2], [2, 1]]], np.int32)))
    assert vectors.shape == (1, 2, 3)
    assert (vectors[0, 0] != vectors[0, 1]).any()


def test_a_copy_raises_the_logit_of_the_nearest_cell() -> None:
    before, after = np.array([[[4], [5]]], np.int32), np.array([[[6], [5]]], np.int32)
    logits, weights = np.zeros((1, 2, 1, 8), np.float32), np.array([[[1.0, 10.0]] * 2])
    copied = np.asarray(CopyCells()([logits, weights.astype("float32"), before, after]))[0, :, 0]
    assert copied[0].tolist() == [0, 0, 0, 0, 1, 0, 10, 0]
    assert copied[1].tolist() == [0, 0, 0, 0, 0, 11, 0, 0]


@pytest.mark.parametrize("more", [{"dropout": 0.0}, {"melody_only": True, "whole_voices": 0.0}])
def test_other_settings_work(more: dict[str, object], data: Dataset) -> None:
    model = build("coconet", more, data)
    tokens = view(data, "coconet").tokens("valid")[0]
    rows, facts = steps_of(tokens, model.voices)
    known = np.zeros(rows.shape, bool)
    scores = model.logits(rows[None], known[None], facts[None])
    assert np.isfinite(scores).all()
