"""SVG pages to PNG pictures, by resvg."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from partimento.files import write_atomically

WIDTH = 2480  # A4 at 300 dots an inch: staff lines of two dots


def to_png(svg: str, *, width: int = WIDTH, background: str | None = "white") -> bytes:
    """A page as a PNG picture, `width` pixels wide.

    The fonts are those that matplotlib brings (STIX), not the machine's: the same page everywhere.
    """
    import resvg_py

    picture = resvg_py.svg_to_bytes(
        svg_string=svg,
        width=width,
        dpi=96,  # without it a size in millimetres counts as none
        background=background,
        skip_system_fonts=True,
        font_files=[str(path) for path in font_files()],
        font_family="STIXGeneral",
        serif_family="STIXGeneral",
    )
    return bytes(picture)


def font_files() -> list[Path]:
    """The text fonts inside matplotlib, found without importing it."""
    from importlib.util import find_spec

    found = find_spec("matplotlib")
    folders = [Path(folder, "mpl-data", "fonts", "ttf") for folder in (found.submodule_search_locations if found else None) or ()]
    names = ("STIXGeneral", "DejaVuSerif", "DejaVuSans")
    return sorted(path for folder in folders for name in names for path in folder.glob(f"{name}*.ttf"))


def write_png(pages: Sequence[str], paths: Sequence[Path], *, width: int = WIDTH) -> list[Path]:
    """Write each SVG page as a picture to its path."""
    return [write_atomically(path, to_png(page, width=width)) for path, page in zip(paths, pages, strict=True)]
