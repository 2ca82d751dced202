"""Arrays become a trained model: one file a model, and what they share.

To add a model: write its file (a docstring naming the paper, a frozen `Config`, the network, its
loss) and its line here.
"""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from partimento.errors import PartimentoError, choose

BACKENDS = {
    "jax": "jax",
    "tensorflow": "tensorflow",
    "torch": "torch",
}  # the backend's name → the package it needs


def _check_backend() -> None:
    """Before Keras is loaded: JAX, or the user's own choice if it is there."""
    name = os.environ.setdefault("KERAS_BACKEND", "jax")
    if find_spec(choose(name, BACKENDS, what="Keras backend")) is None:
        raise PartimentoError(
            f"KERAS_BACKEND is {name}, which is not installed (unset it to use jax)"
        )


_check_backend()

MODELS = {
    "autoencoder": "partimento.models.autoencoder:Autoencoder",
    "vae": "partimento.models.vae:Vae",
    "gan": "partimento.models.gan:Gan",
    "lstm": "partimento.models.lstm:Lstm",
    "notewise": "partimento.models.notewise:Notewise",
    "markov": "partimento.models.markov:Markov",
    "embeddings": "partimento.models.embeddings:Embeddings",
}


def model_class(name: str) -> Any:
    """The class of a model in `MODELS`; its file, and Keras with it, is loaded now."""
    module, _, attribute = choose(name, MODELS, what="model").partition(":")
    return getattr(import_module(module), attribute)
