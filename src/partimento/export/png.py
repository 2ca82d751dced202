"""SVG pages to PNG pictures, by resvg."""

from __future__ import annotations

from partimento.export.fonts import drawable, font_files
from partimento.export.marker import mark_png, number_in_svg

WIDTH = 2480  # A4 at 300 dots an inch: staff lines of two dots


def to_png(svg: str, *, width: int = WIDTH, background: str | None = "white") -> bytes:
    """A page as a PNG picture, `width` pixels wide.

    The fonts are those that matplotlib brings (STIX), not the machine's: the same page everywhere.
    What they lack is a box.
    """
    import resvg_py

    picture = resvg_py.svg_to_bytes(
        svg_string=drawable(svg),
        width=width,
        dpi=96,  # without it a size in millimetres counts as none
        background=background,
        skip_system_fonts=True,
        font_files=[str(path) for path in font_files()],
        font_family="STIXGeneral",
        serif_family="STIXGeneral",
    )
    number = number_in_svg(svg)
    return bytes(picture) if number is None else mark_png(bytes(picture), number)
