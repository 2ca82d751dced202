"""Lay out titles, composers and names of parts in lines that fit on the page.

Verovio draws a title on one line, however long, and no composer. A heading that needs more is drawn
here. Verovio only keeps the place for it: each line of placeholders is some of that place.
"""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from xml.sax.saxutils import escape, unescape

from partimento.export.fonts import WIDE, text_width
from partimento.short_repr import short_repr

SVG = "{http://www.w3.org/2000/svg}"
ENTITIES = {"&quot;": '"', "&apos;": "'"}
# Sizes in verovio's units, if half the distance between staff lines is `UNIT`.
UNIT = 9.0
TITLE_SIZE, SMALL_TITLE_SIZE, COMPOSER_SIZE, NUMBER_SIZE = 607.0, 480.0, 405.0, 324.0
LEADING = 1.15  # distance between lines, in their size
GAP = 215.0  # between title and composer
PLACE, PLACE_OF_A_LINE = 77.0, 365.0  # the height of n placeholders is PLACE + n * PLACE_OF_A_LINE
FREE = 560.0  # height that the composer may take of the margin below the title
MOST_LINES = 12  # of a title; a longer one ends with an ellipsis
NAME_WIDTH, MOST_NAME_LINES = 12.0, 3  # of a part's name, in units of the font size
# From this character on, the main font has few; the width of its letters, compared with others.
LAST_OF_STIX, NARROWER = 0x52F, 0.84
SAFETY = 0.94  # of the width: the fonts of a browser may be wider than ours


@short_repr
@dataclass(frozen=True)
class Line:
    """A line of text: its baseline from the top, and its size."""

    text: str
    y: float
    size: float


@short_repr
@dataclass(frozen=True)
class Heading:
    """The lines of a heading.

    Attributes
    ----------
    title, composer : tuple of Line
        In the middle, and at the right margin.
    placeholders : int
        How many lines verovio must leave free.
    """

    title: tuple[Line, ...]
    composer: tuple[Line, ...]
    placeholders: int


def texts_of(musicxml: str) -> tuple[str, str]:
    """Return the title and the composers of a MusicXML document."""
    title = _first(musicxml, r"<work-title>(.*?)</work-title>") or _first(
        musicxml, r"<movement-title>(.*?)</movement-title>"
    )
    return title, _first(musicxml, r'<creator type="composer">(.*?)</creator>')


def _first(musicxml: str, pattern: str) -> str:
    match = re.search(pattern, musicxml, re.DOTALL)
    return " ".join(unescape(match[1], ENTITIES).split()) if match else ""


def needs_lines(title: str, composer: str, width: float, unit: float) -> bool:
    """Return whether a heading does not fit in verovio's own header of one line.

    Parameters
    ----------
    title, composer : str
    width : float
        The width between the margins, in verovio's units.
    unit : float
        Half the distance between staff lines.
    """
    scale = unit / UNIT
    return (
        _is_wide(title, TITLE_SIZE * scale, width)
        or _is_wide(composer, COMPOSER_SIZE * scale, width)
        or (bool(composer) and not title)
    )


def lay_out_heading(title: str, composer: str, width: float, unit: float) -> Heading:
    """Divide title and composer into lines; parameters as for `needs_lines`.

    A long title is written smaller. Lines are about equally long.
    """
    scale = unit / UNIT
    size = TITLE_SIZE * scale
    if _is_wide(title, size, width):
        size = SMALL_TITLE_SIZE * scale
    texts = wrapped(title, _room(title, size, width))
    if len(texts) > MOST_LINES:
        texts = [*texts[: MOST_LINES - 1], f"{texts[MOST_LINES - 1]} …"]
    title_lines = [
        Line(text, (0.66 + LEADING * i) * size, size) for i, text in enumerate(texts) if text
    ]
    below = title_lines[-1].y + GAP * scale if title_lines else 0.0
    small = COMPOSER_SIZE * scale
    composer_lines = [
        Line(text, below + LEADING * small * (i + 1), small)
        for i, text in enumerate(wrapped(composer, _room(composer, small, width)))
        if text
    ]
    bottom = max(
        title_lines[-1].y if title_lines else 0.0,
        composer_lines[-1].y - FREE * scale if composer_lines else 0.0,
    )
    placeholders = max(1, ceil((bottom / scale - PLACE) / PLACE_OF_A_LINE))
    return Heading(tuple(title_lines), tuple(composer_lines), placeholders)


def with_placeholders(musicxml: str, count: int) -> str:
    """Return a MusicXML document whose credits are `count` empty lines."""
    without = re.sub(r"<credit\b.*?</credit>\s*", "", musicxml, flags=re.DOTALL)
    credit = '<credit page="1"><credit-words valign="top">.</credit-words></credit>'
    return without.replace("<part-list>", credit * count + "<part-list>", 1)


def with_narrow_names(musicxml: str) -> str:
    """Return a MusicXML document in which long names of parts take several lines.

    Otherwise they would push the first system off the page.
    """
    return re.sub(r"(<part-name\b[^>]*>)([^<]+)(?=</part-name>)", _narrow, musicxml)


def _narrow(match: re.Match[str]) -> str:
    name = " ".join(unescape(match[2], ENTITIES).split())
    if len(name) <= NAME_WIDTH or text_width(name) <= NAME_WIDTH:
        return match[0]
    lines = wrapped(name, NAME_WIDTH)
    if len(lines) > MOST_NAME_LINES:
        lines = [*lines[: MOST_NAME_LINES - 1], f"{lines[MOST_NAME_LINES - 1]} …"]
    return match[1] + escape("\n".join(lines))


def draw_heading(heading: Heading, width: float) -> list[ET.Element]:
    """Return the lines of a heading as text of an SVG page."""
    return [
        *(_text(line, width / 2, "middle") for line in heading.title),
        *(_text(line, width, "end", italic=True) for line in heading.composer),
    ]


def page_number(number: int, width: float, unit: float) -> ET.Element:
    """Return the number of a page, in its top margin."""
    size = NUMBER_SIZE * unit / UNIT
    return _text(Line(f"– {number} –", -0.66 * size, size), width / 2, "middle")


def _text(line: Line, x: float, anchor: str, *, italic: bool = False) -> ET.Element:
    attributes = {
        "x": f"{x:g}",
        "y": f"{line.y:g}",
        "text-anchor": anchor,
        "font-size": f"{line.size:g}px",
        **({"font-style": "italic"} if italic else {}),
        "fill": "currentColor",
    }
    element = ET.Element(f"{SVG}text", attributes)
    element.text = line.text
    return element


def _is_wide(text: str, size: float, width: float) -> bool:
    room = _room(text, size, width)
    # No character is wider than its size: short texts need no measuring.
    return len(text) > room and text_width(text) > room


def _room(text: str, size: float, width: float) -> float:
    """Return the width of a line in units of the font size.

    A text of several scripts may be drawn in a wider font as a whole.
    """
    is_mixed = any(ord(character) > LAST_OF_STIX for character in text)
    return width * SAFETY * (NARROWER if is_mixed else 1.0) / size


def wrapped(text: str, room: float) -> list[str]:
    """Divide a text into as few lines as possible, of about equal width.

    Parameters
    ----------
    text : str
    room : float
        The greatest width of a line, in units of the font size.

    Examples
    --------
    >>> wrapped("Aria with thirty variations", 8)
    ['Aria with thirty', 'variations']
    """
    units = [piece for word in _words(text) for piece in _broken(word, room)]
    lines = _filled(units, room)
    # Narrow the lines as long as there are not more of them.
    low, high = text_width(text) / max(len(lines), 1), room
    for _ in range(12):
        middle = (low + high) / 2
        narrow = _filled(units, middle)
        if len(narrow) <= len(lines) and max(map(text_width, narrow)) <= middle:
            high = middle
        else:
            low = middle
    return _filled(units, high)


def _words(text: str) -> list[str]:
    """Divide a text into words with the spaces after them, and East Asian characters."""
    words: list[str] = []
    for character in text:
        before = words[-1][-1] if words else " "
        opens = words and unicodedata.category(words[-1][-1]) in ("Ps", "Pi")
        follows = unicodedata.category(character)[0] in "PM" or character == " "
        wide = unicodedata.east_asian_width(character) in WIDE
        was_wide = unicodedata.east_asian_width(before) in WIDE
        if (
            words
            and not (before == " " and character != " ")
            and (follows or opens or not (wide or was_wide))
        ):
            words[-1] += character
        else:
            words.append(character)
    return words


def _broken(word: str, room: float) -> list[str]:
    """Return a word in pieces that fit on a line."""
    pieces = [""]
    for character in word:
        if pieces[-1] and text_width((pieces[-1] + character).strip()) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _filled(units: Sequence[str], room: float) -> list[str]:
    """Return lines that take as many units as fit."""
    lines = [""]
    for unit in units:
        if lines[-1] and text_width((lines[-1] + unit).strip()) > room:
            lines.append("")
        lines[-1] += unit
    return [line.strip() for line in lines]
