"""Make the standard streams write any text, whatever their encoding."""

from __future__ import annotations

import codecs
import sys
from contextlib import suppress

PLAIN = {
    "♭": "b",
    "♯": "#",
    "♮": "",
    "…": "...",
    "×": "x",
    "·": "-",
    "–": "-",
    "±": "+-",
    "→": "->",
}


def plain_signs(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace a character that an encoding does not have (a codec error handler).

    A flat sign becomes ``b``, a sharp sign ``#``; other characters become escape sequences.

    >>> "E♭ minor, é".encode("ascii", errors="partimento")
    b'Eb minor, \\\\xe9'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    sign = error.object[error.start]
    if sign in PLAIN:
        return PLAIN[sign], error.start + 1
    one = UnicodeEncodeError(
        error.encoding, error.object, error.start, error.start + 1, error.reason
    )
    return codecs.backslashreplace_errors(one)


codecs.register_error("partimento", plain_signs)


def make_streams_safe() -> None:
    """Make stdout and stderr accept every character.

    File names may have any bytes, and keys have flat and sharp signs.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="partimento")  # type: ignore[union-attr]
