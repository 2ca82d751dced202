"""Split an ABC file into its tunes, and decode its text."""

from __future__ import annotations

import html
import re
from collections import Counter

from partimento.errors import InvalidScoreError
from partimento.io.formats import Tune
from partimento.io.text_encoding import Decoded, decode_document

NEW_TUNE = re.compile(rb"[ \t]*X:[ \t]*(\d*)")
CHARSET = re.compile(rb"^(?:I:|%%)abc-charset[ \t]+([A-Za-z0-9_-]+)", re.MULTILINE)
FIELD = re.compile(rb"[ \t]*(?:[A-Za-z]:|%%|\+:)")
# Letters with an accent: backslash, accent and letter → Unicode's combining mark.
ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    "~": "\u0303",
    '"': "\u0308",
    ",": "\u0327",
    "c": "\u0327",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    ";": "\u0328",
    "o": "\u030a",
    "=": "\u0304",
    "/": "\u0338",
    ".": "\u0307",
}
LIGATURES = {
    pair[:-1]: pair[-1]
    for pair in [
        "ssß",
        "aeæ",
        "AEÆ",
        "oeœ",
        "OEŒ",
        "aaå",
        "AAÅ",
        "dhð",
        "DHÐ",
        "thþ",
        "THÞ",
        "/oø",
        "/OØ",
        "&&",
        "%%",
        "\\\\",
    ]
}
ESCAPE = re.compile(
    r"\\(?:u([0-9A-Fa-f]{4})|(ss|ae|AE|oe|OE|aa|AA|dh|DH|th|TH|/o|/O|[&%\\])"
    r"|([\"'`^~,cuvH;o=/.])([A-Za-z]))"
)


def split_tunes(data: bytes) -> list[Tune]:
    """Split a file into its tunes.

    A tune begins with its number (``X:``) and ends before an empty line, or the next number. The
    fields before the first tune are valid for all tunes. Text between tunes is ignored. A file
    without numbers is one tune.

    Returns
    -------
    list of Tune
        Named by their numbers: ``12``, or ``12-2`` for the second tune with number 12.
    """
    lines = data.splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if NEW_TUNE.match(line)]
    if not starts:
        return [Tune("1", data)]
    header = b"".join(line for line in _file_header(lines[: starts[0]]) if FIELD.match(line))
    tunes: list[Tune] = []
    numbers: Counter[str] = Counter()
    for start, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        end = next((i for i in range(start, following) if not lines[i].strip()), following)
        body = b"".join(lines[start:end])
        match = NEW_TUNE.match(body)
        number = (match[1].decode() if match else "").lstrip("0") or str(len(tunes) + 1)
        numbers[number] += 1
        name = number if numbers[number] == 1 else f"{number}-{numbers[number]}"
        tunes.append(Tune(name, header + body))
    return tunes


def _file_header(lines: list[bytes]) -> list[bytes]:
    """Return the lines of the file header: those before the first empty line."""
    while lines and not lines[0].strip():
        lines = lines[1:]
    end = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    return lines[:end]


def decode_tune(data: bytes, encoding: str = "") -> Decoded:
    """Decode a tune: in the stated encoding, the file's own, or a detected one."""
    stated = CHARSET.search(data)
    if not encoding and stated:
        try:
            return decode_document(data, stated[1].decode("ascii"))
        except InvalidScoreError:
            pass  # the file is wrong about itself
    return decode_document(data, encoding)


def plain_text(text: str) -> str:
    r"""Replace the escape sequences of ABC's text by the letters that they stand for.

    >>> plain_text(r"Caf\'e \"Uber \~n \oe &eacute; \u00e9")
    'Café Über ñ œ é é'
    """
    import unicodedata

    def letter(match: re.Match[str]) -> str:
        code, ligature, accent, base = match.groups()
        if code:
            return chr(int(code, 16))
        if ligature:
            return LIGATURES[ligature]
        return unicodedata.normalize("NFC", base + ACCENTS[accent])

    plain = html.unescape(ESCAPE.sub(letter, text)) if "\\" in text or "&" in text else text
    return plain.encode("utf-8", "replace").decode().strip()
