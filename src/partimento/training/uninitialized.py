"""Build a network without random initial weights, before loading its weights.

On JAX, every initializer is compiled for every shape, and orthogonal ones decompose a matrix. This
takes seconds for values that the loaded weights overwrite at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any

import numpy as np

from partimento.models.deferred import layers

# A context variable, because another thread may be building a new model at the same time.
_skip_initializers: ContextVar[bool] = ContextVar("skip_initializers", default=False)


@contextmanager
def uninitialized() -> Iterator[None]:
    """Create all weights inside this context as zeros, whatever their initializers."""
    _wrap_add_weight()
    token = _skip_initializers.set(True)
    try:
        yield
    finally:
        _skip_initializers.reset(token)


@cache
def _wrap_add_weight() -> None:
    """Wrap `add_weight`, which all layers call, as Keras cannot skip initializers."""
    original = layers.Layer.add_weight

    @wraps(original)
    def add_weight(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if _skip_initializers.get():
            # The arguments that may be positional.
            named = dict(zip(("shape", "initializer", "dtype"), args, strict=False))
            args, kwargs = (), {**named, **kwargs, "initializer": _zeros}
        return original(layer, *args, **kwargs)

    layers.Layer.add_weight = add_weight


def _zeros(shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
    return np.zeros(shape, dtype)
