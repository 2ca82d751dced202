"""Split a Humdrum file into its pieces and lines."""

from __future__ import annotations

import re

from partimento.io.formats import Tune

LINE_ENDS = re.compile("\r\n|\r|\n")
SEGMENT = "!!!!SEGMENT"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def numbered_lines(text: str) -> list[tuple[int, str]]:
    """Return the lines of a text with their numbers, from 1 on."""
    return list(enumerate(LINE_ENDS.split(text), 1))


def split_tunes(data: bytes) -> list[Tune]:
    """Split a file into its pieces, named by their numbers from 1 on.

    A new piece begins with ``!!!!SEGMENT``, or after all spines have ended. The comments before its
    spines belong to it. Segments without kern are left out.
    """
    if data.startswith(UTF_16):
        data = data.decode("utf-16", "replace").encode()
    if data.count(b"**kern") < 2:
        return [Tune("1", data)]
    # Latin-1 keeps every byte, whatever the encoding is.
    pieces: list[list[str]] = [[]]
    has_ended = has_begun = False
    for line in LINE_ENDS.split(data.decode("latin-1")):
        if has_begun and (line.startswith(SEGMENT) or (has_ended and line.startswith("**"))):
            # Records directly before the spines belong to the piece that begins.
            comments = _trailing_comments(pieces[-1]) if has_ended else []
            pieces.append(comments)
            has_begun = has_ended = False
        pieces[-1].append(line)
        has_begun = has_begun or line.startswith("**")
        has_ended = has_ended or set(line.split("\t")) == {"*-"}
    kern = [lines for lines in pieces if any("**kern" in line for line in lines)]
    if len(kern) < 2:
        return [Tune("1", data)]
    return [
        Tune(str(number), "\n".join(lines).encode("latin-1"))
        for number, lines in enumerate(kern, 1)
    ]


def _trailing_comments(lines: list[str]) -> list[str]:
    """Remove and return the comments that begin with a new title or composer."""
    start = len(lines)
    while start and (not lines[start - 1] or lines[start - 1].startswith("!")):
        start -= 1
    names = ("!!!OTL", "!!!COM", SEGMENT)
    new = next((i for i in range(start, len(lines)) if lines[i].startswith(names)), len(lines))
    comments = lines[new:]
    del lines[new:]
    return comments
