"""Small models of every kind, and the data that they read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from partimento import Piece
from partimento.models import model_class
from partimento.tokens.settings import TokenSettings
from partimento.training.dataset import Dataset, fit_tokenizer, prepare

SMALL: dict[str, dict[str, object]] = {
    "autoencoder": {"latent": 2},
    "vae": {"latent": 3, "embed_size": 8, "units": 16, "anneal": 0},
    "gan": {},
    "lstm": {"units": 24, "dense": 16, "embed_size": 8, "layers": 2},
    "notewise": {"units": 16, "layers": 1, "heads": 2, "context": 32},
    "markov": {},
    "embeddings": {"embed_size": 8},
    "coconet": {"units": 16, "layers": 2},
    "deepbach": {"units": 8, "embed_size": 4, "dense": 12},
}


ENCODE = TokenSettings(min_count=1, window=16, stride=4)


def small_data(pieces: list[Piece]) -> Dataset:
    """Return pieces by chords, in three splits."""
    return prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)


def view(data: Dataset, name: str) -> Dataset:
    """The data in the tokenizer that a model wants."""
    return replace(
        data, tokenizer=fit_tokenizer(model_class(name).tokenizer_kind, data.train, data.config)
    )


def build(name: str, more: dict[str, object], data: Dataset) -> Any:
    import keras

    keras.utils.set_random_seed(3)
    kind, data = model_class(name), view(data, name)
    return kind.from_settings(kind.config_type(**{**SMALL[name], **more}), data.tokenizer, ENCODE)
