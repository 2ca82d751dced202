"""The LSTM of the tutorial: its weights and its only target."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tests.models.small_models import build

from partimento.errors import PartimentoError
from partimento.models import model_class
from partimento.models.lstm import Config
from partimento.tokens.chords import CHORD
from partimento.tokens.settings import TokenSettings
from partimento.training.dataset import Dataset
from partimento.training.uninitialized import uninitialized


def test_the_tutorials_sizes(data: Dataset) -> None:
    """Embeddings of 64, two LSTM layers of 512, a dense layer of 256, a softmax each: counted by
    hand.
    """
    kind = model_class("lstm")
    with uninitialized():
        model = kind(kind.config_type(), data.tokenizer)
    chords, patterns, durations = data.tokenizer.sizes
    lstm = 4 * 512 * (128 + 512 + 1) + 4 * 512 * (512 + 512 + 1)
    embeddings = 64 * (chords + durations + patterns)
    outputs = 257 * chords + (256 + 64 + 1) * patterns + (256 + 128 + 1) * durations
    assert model.network.count_params() == embeddings + lstm + 513 * 256 + outputs


def test_the_tutorials_lstm_tells_of_chords_and_durations_alone(data: Dataset) -> None:
    """Its last step is its only target, and it has the same weights as one that trains on all steps
    without held notes.
    """
    model = build("lstm", {"joint": False, "held": False, "targets": "last"}, data)
    some = data.windows(
        "train", model.window_spec(TokenSettings(window=16, stride=1), training=True)
    )
    assert (
        some.targets[:, -1, 0] > 0
    ).all()  # whole windows, one after each event but the first fifteen
    loss = model.loss(some[:], training=False)
    assert float(loss.count) == len(some)
    assert float(loss.terms["held"]) == 0
    assert float(model.exact_loss(some[:]).count) == np.count_nonzero(some.targets[..., CHORD])
    names = {weight.path.split("/")[0] for weight in model.network.weights}
    assert names == {
        "chord_embedding",
        "duration_embedding",
        "lstm_1",
        "lstm_2",
        "dense",
        "chord_output",
        "duration_output",
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"joint": True, "held": False}, "needs model.held"),
        ({"pretrained": "run", "embed": "notes"}, "model.pretrained needs model.embed"),
        ({"freeze": True}, "needs model.pretrained"),
        ({"dropout": 1.0}, "model.dropout"),
        ({"layers": 0}, "model.layers"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    settings: dict[str, object], message: str
) -> None:
    with pytest.raises(PartimentoError, match=re.escape(message)):
        Config(**settings)
