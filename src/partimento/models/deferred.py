"""Load Keras on first use, so that a model's file can be read without it.

A trained model's settings and capabilities are known before its network is built. Composing on
NumPy never builds it, and importing Keras with JAX takes longer than composing a page. Model files
therefore import these names from here. A file that defines layers loads Keras all the same.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    from keras import layers, ops
else:

    class _Deferred(ModuleType):
        """Stand for a module that is imported when something in it is first asked for."""

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):  # asked for by tools that inspect modules
                raise AttributeError(name)
            value = getattr(import_module(self.__name__), name)
            setattr(self, name, value)  # the next time, this method is not called
            return value

    keras, layers, ops = _Deferred("keras"), _Deferred("keras.layers"), _Deferred("keras.ops")

__all__ = ["keras", "layers", "ops"]
