"""SVG pages to PNG pictures, by resvg."""

from __future__ import annotations

from partimento.export.fonts import drawable, font_files
from partimento.export.marker import mark_png, number_in_svg

WIDTH = 2480  # A4 at 300 dots an inch: staff lines of two dots


def to_png(svg: str, *, width: int = WIDTH, background: str | None = "white") -> bytes:
    """Convert a page to a PNG picture, `width` pixels wide.

    The fonts are those of matplotlib (STIX), not those of the machine, which gives the same picture
    everywhere. A box replaces each character that they lack.
    """
    import resvg_py

    picture = resvg_py.svg_to_bytes(
        svg_string=drawable(svg),
        width=width,
        dpi=96,  # without it resvg ignores a size in millimeters
        background=background,
        skip_system_fonts=True,
        font_files=[str(path) for path in font_files()],
        font_family="STIXGeneral",
        serif_family="STIXGeneral",
    )
    number = number_in_svg(svg)
    return bytes(picture) if number is None else mark_png(bytes(picture), number)
