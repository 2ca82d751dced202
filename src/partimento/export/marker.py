"""Mark pictures that Partimento wrote, so that stale pages can be removed safely."""

from __future__ import annotations

import html
import re
import zlib
from pathlib import Path

PNG_HEAD = 33  # bytes of the signature and of the IHDR chunk, which must be first
SVG_MARK = "made by Partimento, page {}"
_SVG = re.compile(rb"<svg[^>]*>\s*<metadata>made by Partimento, page (\d+)</metadata>")
_PNG = re.compile(rb"tEXtSoftware\0Partimento.{8}tEXtDescription\0page (\d+)", re.DOTALL)


def number_in_svg(svg: str) -> int | None:
    """Return the page number in the mark of an SVG page; None without a mark."""
    match = _SVG.search(svg[:4096].encode("utf-8", "replace"))
    return int(match[1]) if match else None


def mark_png(picture: bytes, number: int) -> bytes:
    """Add text chunks with the program and the page number to a PNG picture."""
    chunks = _chunk(b"Software\0Partimento") + _chunk(b"Description\0page %d" % number)
    return picture[:PNG_HEAD] + chunks + picture[PNG_HEAD:]


def stamp_svg(svg: str, remark: str) -> str:
    """Add a remark to the metadata of an SVG page; an empty one changes nothing."""
    if not remark:
        return svg
    head, end, rest = svg.partition("</metadata>")
    return f"{head}{end}<metadata>{html.escape(remark)}</metadata>{rest}" if end else svg


def stamp_png(picture: bytes, remark: str) -> bytes:
    """Add a remark to a PNG picture as a text chunk; an empty one changes nothing."""
    if not remark:
        return picture
    end = picture.rindex(b"IEND") - 4  # chunks of text may stand anywhere; ours stay first
    return picture[:end] + _chunk(b"Comment\0" + remark.encode()) + picture[end:]


def is_our_page(path: Path, number: int) -> bool:
    """Return True if Partimento wrote the file as the page with this number.

    The result is False for links, missing files and files that cannot be read.
    """
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    match = _PNG.match(head, PNG_HEAD + 4) if head.startswith(b"\x89PNG") else _SVG.match(head)
    return match is not None and int(match[1]) == number


def _chunk(text: bytes) -> bytes:
    body = b"tEXt" + text
    return len(text).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
