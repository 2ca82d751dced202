"""Arrays become a trained model: one file a model, and what they share.

To add a model: write its file (a docstring naming the paper, a frozen `Config`, the network, its loss) and its line here.
"""

import os
from importlib import import_module
from typing import Any

from partimento.config import choose

os.environ.setdefault("KERAS_BACKEND", "jax")  # before Keras is loaded; the user's own choice wins

MODELS = {
    "lstm": "partimento.models.lstm:Lstm",
}


def model_class(name: str) -> Any:
    """The class of a model in `MODELS`; its file, and Keras with it, is loaded now."""
    module, _, attribute = choose(name, MODELS, what="model").partition(":")
    return getattr(import_module(module), attribute)
