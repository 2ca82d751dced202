"""Convert SVG pages to PNG pictures with resvg."""

from __future__ import annotations

from partimento.export.fonts import drawable, extra_fonts, font_files, warn_of_boxes, with_families
from partimento.export.marker import mark_png, number_in_svg

WIDTH = 2480  # pixels of A4 at 300 dots per inch, where staff lines are two pixels thick


def to_png(svg: str, *, width: int = WIDTH, background: str | None = "white") -> bytes:
    """Convert a page to a PNG picture, `width` pixels wide.

    The fonts are those bundled with matplotlib (STIX) instead of the system's, so that pictures are
    the same on every machine. Characters that they lack are drawn with fonts of the system. Those
    that no font has become boxes; a warning names a package that has one.
    """
    import resvg_py

    extra = extra_fonts(svg)
    warn_of_boxes(svg, extra)
    picture = resvg_py.svg_to_bytes(
        svg_string=with_families(drawable(svg, extra), extra),
        width=width,
        dpi=96,  # otherwise resvg ignores sizes in millimeters
        background=background,
        skip_system_fonts=True,
        font_files=[str(path) for path in (*font_files(), *extra)],
        font_family="STIXGeneral",
        serif_family="STIXGeneral",
    )
    number = number_in_svg(svg)
    return bytes(picture) if number is None else mark_png(bytes(picture), number)
