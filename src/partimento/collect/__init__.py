"""Files, each with its source, licence and hash."""

from partimento.collect.bundled import chorales, resolve

__all__ = ["chorales", "resolve"]
