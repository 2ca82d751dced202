"""Build a network without drawing initial weights that a file replaces at once.

On JAX every shape of every initializer is compiled, and an orthogonal one decomposes a matrix. That
takes seconds, for numbers that are never used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any

import numpy as np

from partimento.models.deferred import layers

# It holds for this thread alone: another one may be training a new model.
_skips: ContextVar[bool] = ContextVar("skips", default=False)


@contextmanager
def uninitialized() -> Iterator[None]:
    """Create all weights inside this context as zeros, whatever their initializers."""
    _wrap_add_weight()
    token = _skips.set(True)
    try:
        yield
    finally:
        _skips.reset(token)


@cache
def _wrap_add_weight() -> None:
    """Wrap `add_weight`, which all layers call: Keras has no switch for it."""
    original = layers.Layer.add_weight

    @wraps(original)
    def add_weight(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if _skips.get():
            named = dict(
                zip(("shape", "initializer", "dtype"), args, strict=False)
            )  # those that may be positional
            args, kwargs = (), {**named, **kwargs, "initializer": _zeros}
        return original(layer, *args, **kwargs)

    layers.Layer.add_weight = add_weight


def _zeros(shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
    return np.zeros(shape, dtype)
