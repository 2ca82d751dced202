"""Convert SVG pages to a PDF with typst, which keeps outlines and text."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from partimento.export.fonts import (
    drawable,
    extra_fonts,
    font_folders,
    warn_of_boxes,
    with_families,
)


def to_pdf(pages: Sequence[str], *, title: str = "", author: str = "", remark: str = "") -> bytes:
    """Convert the pages of a score to PDF; each page keeps its own size.

    Equal pages give equal bytes, because the document has no date. Fonts are those of `to_png`.
    The remark becomes the keywords of the document.
    """
    import typst

    text = "".join(pages)
    extra = extra_fonts(text)
    warn_of_boxes(text, extra)

    with tempfile.TemporaryDirectory() as folder:
        lines = [
            f"#set document(title: {_quoted(title)}, author:"
            f" ({_quoted(author) + ',' if author else ''}),"
            f" keywords: ({_quoted(remark) + ',' if remark else ''}), date: none)"
        ]
        for number, page in enumerate(pages, 1):
            Path(folder, f"{number}.svg").write_text(
                with_families(drawable(page, extra), extra), encoding="utf-8"
            )
            width, height = _size_mm(page)
            lines.append(
                f"#page(width: {width:g}mm, height: {height:g}mm, margin: 0mm,"
                f' image("{number}.svg", width: 100%, height: 100%))'
            )
        source = Path(folder, "score.typ")
        source.write_text("\n".join(lines), encoding="utf-8")
        for file in extra:  # the folder of a system's font may hold hundreds of others
            shutil.copy(file, folder)
        folders = [*font_folders(), folder]
        return bytes(
            typst.compile(
                str(source),
                root=folder,
                font_paths=[str(place) for place in folders],
                ignore_system_fonts=True,
                format="pdf",
            )
        )


def _size_mm(svg: str) -> tuple[float, float]:
    size = re.search(
        r'<svg[^>]* width="([\d.]+)mm" height="([\d.]+)mm"|<svg[^>]* height="([\d.]+)mm"'
        r' width="([\d.]+)mm"',
        svg,
    )
    if size is None:
        raise ValueError("the SVG page has no size in millimeters")
    width, height = (size[1], size[2]) if size[1] else (size[4], size[3])
    return float(width), float(height)


def _quoted(text: str) -> str:
    """Quote a text as a typst string, without characters that cannot be printed."""
    clean = "".join(c for c in text if c.isprintable())
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'
