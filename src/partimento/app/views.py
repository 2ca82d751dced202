"""The words of `corpus.quantise` as `corpus.read_pieces` takes them."""

from __future__ import annotations

from typing import Literal

VIEWS: dict[str, Literal["music21", "auto"] | None] = {"auto": "auto", "exact": None, "music21": "music21"}
