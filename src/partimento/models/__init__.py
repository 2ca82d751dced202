"""Define the models, one file each, and what they share.

To add a model, write one file and add one line to `MODELS`. The file has a docstring (paper,
settings, network, loss), the settings, and a class derived from one in `base`. For a complete
example, see docs/examples/add_a_model.py. Other packages register models with entry points in the
group ``partimento.models``: name → ``module:class``.
"""

import os
from importlib.util import find_spec
from typing import Any

from partimento.errors import PartimentoError, choose
from partimento.plugins import Registry

BACKENDS = {"jax": "jax", "tensorflow": "tensorflow", "torch": "torch"}  # name → package


def _check_backend() -> None:
    """Select JAX before Keras is imported, or check the user's choice."""
    name = os.environ.setdefault("KERAS_BACKEND", "jax")
    if find_spec(choose(name, BACKENDS, what="Keras backend")) is None:
        raise PartimentoError(
            f"KERAS_BACKEND is {name}, which is not installed (unset it to use jax)"
        )


_check_backend()

MODELS = Registry(
    "partimento.models",
    "model",
    {
        "autoencoder": "partimento.models.autoencoder:Autoencoder",
        "vae": "partimento.models.vae:Vae",
        "gan": "partimento.models.gan:Gan",
        "lstm": "partimento.models.lstm:Lstm",
        "notewise": "partimento.models.notewise:Notewise",
        "markov": "partimento.models.markov:Markov",
        "embeddings": "partimento.models.embeddings:Embeddings",
        "coconet": "partimento.models.coconet:Coconet",
        "deepbach": "partimento.models.deepbach:DeepBach",
    },
    needs=("config_type", "capabilities", "from_settings", "loss"),
)


def model_class(name: str) -> Any:
    """Import and return the class of a registered model."""
    return MODELS.load(name)
