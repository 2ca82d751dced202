"""Find and place elements of a MusicXML document in the order of the standard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

Element = Any
ATTRIBUTES = (
    "footnote", "level", "divisions", "key", "time", "staves", "part-symbol", "instruments",
    "clef", "staff-details", "transpose", "for-part", "directive", "measure-style",
)  # fmt: skip
SCORE = (
    "work", "movement-number", "movement-title", "identification", "defaults", "credit",
    "part-list", "part",
)  # fmt: skip
SCORE_PART = (
    "identification", "part-link", "part-name", "part-name-display", "part-abbreviation",
    "part-abbreviation-display", "group", "score-instrument", "player", "midi-device",
    "midi-instrument",
)  # fmt: skip
MIDI_INSTRUMENT = ("midi-channel", "midi-name", "midi-bank", "midi-program")
BEFORE_ATTRIBUTES = ("print", "barline")  # what may stand before the attributes of a bar


def insert(parent: Element, child: Element, order: Sequence[str]) -> Element:
    """Insert a child after all siblings that `order` puts before it or beside it."""
    place = order.index(child.tag)
    earlier = set(order[: place + 1])
    at = 0
    for index, sibling in enumerate(parent):
        if sibling.tag in earlier:
            at = index + 1
    parent.insert(at, child)
    return child


def child_of(parent: Element, tag: str, order: Sequence[str]) -> Element:
    """Return the first child of a name; it is created in its place if there is none."""
    found = parent.find(tag)
    return insert(parent, etree.Element(tag), order) if found is None else found


def remove(element: Element) -> None:
    """Remove an element, and its parent if that is then an empty container."""
    parent = element.getparent()
    if parent is None:
        return
    parent.remove(element)
    if parent.tag in CONTAINERS and not len(parent):
        remove(parent)


# Elements that mean nothing without children. A barline without children is a plain one.
CONTAINERS = frozenset(
    ("notations", "ornaments", "technical", "direction-type", "direction", "barline", "lyric")
)


def parts_of(root: Element) -> Iterator[tuple[Element | None, Element]]:
    """Yield the ``score-part`` and the ``part`` of each part."""
    listed = {element.get("id"): element for element in root.iterfind("part-list/score-part")}
    for part in root.iterchildren("part"):
        yield listed.get(part.get("id")), part
