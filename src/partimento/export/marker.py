"""Mark our pictures, so that pages of an earlier score are safe to remove."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

PNG_HEAD = 33  # signature and IHDR, which comes first
SVG_MARK = "made by Partimento, page {}"
_SVG = re.compile(rb"<svg[^>]*>\s*<metadata>made by Partimento, page (\d+)</metadata>")
_PNG = re.compile(rb"tEXtSoftware\0Partimento.{8}tEXtDescription\0page (\d+)", re.DOTALL)


def number_in_svg(svg: str) -> int | None:
    """Return the number of a page written by Partimento."""
    match = _SVG.search(svg[:4096].encode("utf-8", "replace"))
    return int(match[1]) if match else None


def mark_png(picture: bytes, number: int) -> bytes:
    """Add text chunks to a picture that name the program and the page number."""
    chunks = _chunk(b"Software\0Partimento") + _chunk(b"Description\0page %d" % number)
    return picture[:PNG_HEAD] + chunks + picture[PNG_HEAD:]


def is_our_page(path: Path, number: int) -> bool:
    """Return whether Partimento wrote the file as the page of that number.

    Returns False in case of doubt.
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
