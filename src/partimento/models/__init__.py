"""Define the models, one file each, and what they share.

To add a model, write its file and its line in `MODELS`. The file has a docstring (paper, settings,
network, loss), its settings, and a class derived from one of the families in `base`.
docs/examples/add_a_model.py is a complete one. A package of its own registers models by entry
points of the group ``partimento.models``: name → ``module:class``.
"""

import os
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any

from partimento.errors import PartimentoError, choose

BACKENDS = {"jax": "jax", "tensorflow": "tensorflow", "torch": "torch"}  # name → package
GROUP = "partimento.models"


def _check_backend() -> None:
    """Choose JAX before Keras is loaded, or check the user's own choice."""
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
    """Return the class of a model; its file is imported now.

    Raises
    ------
    PartimentoError
        If neither `MODELS` nor an installed package has a model of that name.
    """
    known = MODELS if name in MODELS else {**installed_models(), **MODELS}
    module, _, attribute = choose(name, known, what="model").partition(":")
    return getattr(import_module(module), attribute)


def installed_models() -> dict[str, str]:
    """Return the models that other installed packages register: name → ``module:class``."""
    return {each.name: each.value for each in entry_points(group=GROUP)}
