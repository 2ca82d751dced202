"""Models that the tests of several files share."""

from __future__ import annotations

from typing import Any

import pytest
from tests.generate.chromatic import build, chromatic

from partimento import Piece
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.voices import VoiceTokenizer
from partimento.training.train import learn, over_recipe
from partimento.training.trained_model import TrainedModel


@pytest.fixture(scope="session")
def run(pieces: list[Piece]) -> TrainedModel:
    """Return a small LSTM, trained until it writes music."""
    settings = {
        "model": {"units": 32, "dense": 16, "embed_size": 8, "layers": 1},
        "train": {"epochs": 12, "batch_size": 8, "learning_rate": 0.01},
        "tokens": {"min_count": 1},
    }
    return learn(pieces, settings=over_recipe(settings, "lstm-notes"))[0]


@pytest.fixture(scope="session", params=["chords", "notes", "voices"])
def model(request: pytest.FixtureRequest) -> Any:
    """Return an untrained model of each tokenizer."""
    kinds = {"chords": ChordTokenizer, "notes": NoteTokenizer, "voices": VoiceTokenizer}
    return build(kinds[request.param].fit([chromatic()]))


@pytest.fixture(scope="session")
def latent(pieces: list[Piece]) -> TrainedModel:
    """Return a small model with a latent space, trained for a moment."""
    settings = {
        "model": {"units": 16, "embed_size": 8, "latent": 4},
        "train": {"epochs": 2, "batch_size": 8},
        "tokens": {"min_count": 1, "window": 8, "stride": 4},
    }
    return learn(pieces, settings=over_recipe(settings, "vae"))[0]
