"""A trained model that the tests of several files share."""

from __future__ import annotations

import pytest

from partimento import Piece
from partimento.training.train import learn, over_recipe
from partimento.training.trained_model import TrainedModel

SMALL = {
    "model": {"units": 8, "dense": 8, "embed_size": 4, "layers": 1},
    "train": {"epochs": 2, "batch_size": 8},
}
SETTINGS = over_recipe(SMALL, "lstm-notes")


@pytest.fixture(scope="session")
def run(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """Return the run of a small LSTM, trained for two epochs."""
    return learn(pieces, settings=SETTINGS, out=tmp_path_factory.mktemp("runs") / "one")[0]
