"""Load Keras on first use, so that a model's file can be read without it.

Importing Keras with JAX takes longer than composing a page of music on NumPy, which does not need
them. Model files therefore import `keras`, `layers` and `ops` from here. Their settings and
capabilities can then be read without Keras. A file that defines layers loads Keras all the same.
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
        """Import a module when one of its attributes is first used."""

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):  # tools that inspect modules must not trigger the import
                raise AttributeError(name)
            value = getattr(import_module(self.__name__), name)
            setattr(self, name, value)  # later uses find the attribute and do not come here
            return value

    keras, layers, ops = _Deferred("keras"), _Deferred("keras.layers"), _Deferred("keras.ops")

__all__ = ["keras", "layers", "ops"]
