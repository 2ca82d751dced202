"""Engraving: MusicXML to SVG pages, by verovio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from partimento.config import UserError

OPTIONS: dict[str, Any] = {
    "breaks": "auto",
    "footer": "none",
    "header": "auto",
    "pageWidth": 2100,
    "pageHeight": 2970,
    "pageMarginTop": 120,
    "pageMarginBottom": 120,
    "pageMarginLeft": 140,
    "pageMarginRight": 140,
    "justifyVertically": False,
    "svgViewBox": True,
    "xmlIdSeed": 1,
}


def to_svg(musicxml: str, *, scale: int = 100) -> list[str]:
    import verovio

    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = verovio.toolkit(False)
    toolkit.setResourcePath(str(Path(verovio.__file__).parent / "data"))
    toolkit.setOptions(OPTIONS)
    if not toolkit.loadData(musicxml):
        raise UserError("the engraver cannot read this score")
    return [toolkit.renderToSVG(page) for page in range(1, toolkit.getPageCount() + 1)]
