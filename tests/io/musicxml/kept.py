"""MusicXML files whose documents are compared, and ways to compare them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CASES = Path(__file__).parents[2] / "cases"
RICH = CASES / "w-rich.musicxml"


def content(root: Any) -> list[Any]:
    """Return tags, attributes and text of all elements, in order."""
    return [(e.tag, sorted(e.attrib.items()), (e.text or "").strip()) for e in root.iter()]


def scores_of_asap(folder: Path) -> list[Path]:
    """Return the 39 scores of the data set; none if it is missing."""
    return sorted((folder / "asap" / "scores").rglob("*.musicxml"))
