"""The text fonts of pictures, and what to do about characters that none of them has."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path

SUBSTITUTE = "□"
NAMES = ("STIXGeneral", "DejaVuSerif", "DejaVuSans")


def font_folders() -> list[Path]:
    """Where matplotlib keeps its fonts, found without importing it."""
    found = find_spec("matplotlib")
    return [
        Path(folder, "mpl-data", "fonts", "ttf")
        for folder in (found.submodule_search_locations if found else None) or ()
    ]


def font_files() -> list[Path]:
    """The text fonts inside matplotlib."""
    return sorted(
        path for folder in font_folders() for name in NAMES for path in folder.glob(f"{name}*.ttf")
    )


def drawable(svg: str) -> str:
    """The page with a box for each character that no font has: without it the character would
    vanish unseen.

    Examples
    --------
    >>> drawable("Ünï 日本")
    'Ünï □□'
    """
    strange = {c for c in set(svg) if not c.isascii() and ord(c) not in _covered()}
    return (
        svg.translate({ord(c): "" if _is_unseen(c) else SUBSTITUTE for c in strange})
        if strange
        else svg
    )


def _is_unseen(character: str) -> bool:
    """Joiners and selectors of variants, which have no picture of their own."""
    return unicodedata.category(character) == "Cf" or unicodedata.name(character, "").startswith(
        "VARIATION SELECTOR"
    )


@cache
def _covered() -> frozenset[int]:
    from fontTools.ttLib import TTFont  # matplotlib depends on it

    covered: set[int] = set()
    for file in font_files():
        with TTFont(file, lazy=True) as font:
            covered.update(font.getBestCmap() or ())
    return frozenset(covered)
