"""Find fonts for text in pictures, and replace characters that they do not have."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path

SUBSTITUTE = "□"
NAMES = ("STIXGeneral", "DejaVuSerif", "DejaVuSans")


def font_folders() -> list[Path]:
    """Return the folders of matplotlib's fonts, without importing matplotlib."""
    spec = find_spec("matplotlib")
    return [
        Path(folder, "mpl-data", "fonts", "ttf")
        for folder in (spec.submodule_search_locations if spec else None) or ()
    ]


def font_files() -> list[Path]:
    """Return the files of the text fonts bundled with matplotlib."""
    return sorted(
        path for folder in font_folders() for name in NAMES for path in folder.glob(f"{name}*.ttf")
    )


def drawable(svg: str) -> str:
    """Replace characters that no font has by boxes.

    Otherwise they would be missing in pictures without any sign.

    Examples
    --------
    >>> drawable("Ünï 日本")
    'Ünï □□'
    """
    missing = {c for c in set(svg) if not c.isascii() and ord(c) not in _covered()}
    return (
        svg.translate({ord(c): "" if _is_invisible(c) else SUBSTITUTE for c in missing})
        if missing
        else svg
    )


def _is_invisible(character: str) -> bool:
    """Return True for characters without a glyph: joiners and variation selectors."""
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
