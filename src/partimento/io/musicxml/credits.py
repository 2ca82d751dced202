"""Read title and composer of a MusicXML document, as stated or as printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Element = Any
SUFFIXES = (".mxl", ".xml", ".musicxml")
# Words that are neither title nor composer.
OTHER = re.compile(
    r"\W*(page )?\d+\W*"
    r"|.*(\u00a9|\u24d2|\u2117|\(c\)|copyright|all rights|www\.|https?:|engraved by|typeset).*",
    re.IGNORECASE | re.DOTALL,
)
NO_COMPOSER = re.compile(
    r"(arr|lyrics|words|text|poem|paroles|transcri|edited|ed\.|orch|trans|for|f\u00fcr|tempo)\b"
    r"|(bwv|op|kv?|hob|woo|rv|no|nr)\.? ?\d",
    re.IGNORECASE,
)
LEFT, RIGHT = 0.4, 0.6  # parts of the page's width: words between them are in the middle
TOP = 0.5  # words about the piece stand in this upper part of the page


@dataclass(frozen=True)
class _Credit:
    """Words on the first page.

    Attributes
    ----------
    text : str
        Lines, each from an element of its own.
    largest : str
        Those of them in the largest font.
    kind : str
        The type that the document states, or nothing.
    size : float
        The size of the font.
    x, y : float or None
        The position; y grows upwards.
    align : str
        ``left``, ``center`` or ``right``, as far as stated.
    """

    text: str
    largest: str
    kind: str
    size: float
    x: float | None
    y: float | None
    align: str


def title_and_composer(root: Element) -> tuple[str, str]:
    """Return the title and the composer of a document; empty if it has none.

    Stated ones count. The credits of the first page are used in their place: by their type, or else
    by size and position. The title is the largest text in the upper half, and the composer stands
    on the right below it.
    """
    title = title_of(root.find("work/work-title")) or title_of(root.find("movement-title"))
    creators = list(root.iterfind("identification/creator"))
    stated = [c for c in creators if c.get("type") == "composer"]
    composers = [words_of(c) for c in stated or [c for c in creators if not c.get("type")]]
    composer = ", ".join(filter(None, composers))
    if title and composer:
        return title, composer
    shown = list(_credits(root))
    return title or _title(shown, root, composer), composer or _composer(shown, root, title)


def words_of(element: Element | None) -> str:
    """Return the text of an element in one line."""
    return "" if element is None else re.sub(r"\s*[\r\n]\s*", " ", element.text or "").strip()


def title_of(element: Element | None) -> str:
    """Return the text of a title, without the suffix of a file's name."""
    title = words_of(element)
    for suffix in SUFFIXES:  # some programs use the file's name as the title
        title = title.removesuffix(suffix)
    return title


def _credits(root: Element) -> Iterator[_Credit]:
    for credit in root.iterchildren("credit"):
        if credit.get("page", "1").strip() != "1":
            continue
        kinds = [words_of(kind).lower() for kind in credit.iterchildren("credit-type")]
        words = list(credit.iterchildren("credit-words"))
        text = "\n".join(filter(None, ((w.text or "").strip() for w in words)))
        if not text or OTHER.fullmatch(text):
            continue
        first = words[0]
        sizes = [_number(w.get("font-size")) or 0.0 for w in words]
        largest = [w for w, size in zip(words, sizes, strict=True) if size in (0, max(sizes))]
        yield _Credit(
            text,
            " ".join(filter(None, (words_of(w) for w in largest))),
            kinds[0] if kinds else "",
            max(sizes),
            _number(first.get("default-x")),
            _number(first.get("default-y")),
            first.get("halign") or first.get("justify") or "",
        )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text and len(text) < 20 else None
    except ValueError:
        return None


def _of_kind(shown: list[_Credit], kind: str) -> str:
    return " ".join(_line(credit.text) for credit in shown if credit.kind == kind)


def _line(text: str) -> str:
    return " ".join(text.split())


def _is_at_top(credit: _Credit, shown: list[_Credit], root: Element) -> bool:
    """Return whether a credit may stand in the upper part of the page."""
    highest = max(other.y or 0.0 for other in shown)
    tall = _number(root.findtext("defaults/page-layout/page-height")) or highest
    return credit.y is None or credit.y >= TOP * tall


def _title(shown: list[_Credit], root: Element, composer: str) -> str:
    if typed := _of_kind(shown, "title"):
        return typed
    among = [
        credit
        for credit in shown
        if not credit.kind
        and _side(credit, root) in ("center", "")
        and _line(credit.text) != composer
        and _is_at_top(credit, shown, root)
    ]
    among = [credit for credit in among if _side(credit, root)] or among
    best = max(among, key=_prominence, default=None)
    if best is None:
        return ""
    # A title of several lines may be several credits.
    lines = [c for c in among if c.size == best.size and c.align == best.align and c.size]
    return " ".join(_line(c.largest) for c in sorted(lines or [best], key=lambda c: -(c.y or 0.0)))


def _prominence(credit: _Credit) -> tuple[float, float]:
    """Return how much a credit stands out: first by size, then by height on the page."""
    return credit.size, credit.y or 0.0


def _side(credit: _Credit, root: Element) -> str:
    """Return where a credit stands: left, center or right, or nothing if unknown."""
    wide = _number(root.findtext("defaults/page-layout/page-width"))
    if credit.align or not wide or credit.x is None:
        return credit.align
    return "right" if credit.x > RIGHT * wide else "left" if credit.x < LEFT * wide else "center"


def _composer(shown: list[_Credit], root: Element, title: str) -> str:
    if typed := _of_kind(shown, "composer"):
        return typed
    for credit in sorted(shown, key=lambda credit: -(credit.y or 0.0)):
        if credit.kind or _side(credit, root) != "right" or _line(credit.text) == title:
            continue
        lines = [_line(line) for line in credit.text.splitlines()]
        kept = [line for line in lines if line and not NO_COMPOSER.match(line)]
        if kept and _is_at_top(credit, shown, root):
            return " ".join(kept)
    return ""
