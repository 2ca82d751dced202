"""Add parts to one part of a MusicXML document, of which all else is kept."""

from __future__ import annotations

import copy
import json
from typing import Any

from lxml import etree

from partimento.io.musicxml.write import to_musicxml
from partimento.music.piece import Piece

Element = Any
# What a document says of the whole score is said in its own part alone.
SAID_ONCE = ("direction", "harmony", "barline")


def add_parts(root: Element, kept: int, place: int, text: str) -> None:
    """Keep one part of a document, and add others above and below it.

    Parameters
    ----------
    root : Element
        A partwise document.
    kept : int
        The index of the part to keep; the others of the document are removed.
    place : int
        Its index among all parts of the result.
    text : str
        The parts to add, as a piece in JSON.

    Raises
    ------
    ValueError
        If there is no such part, or its bars are not those of the added parts.
    """
    piece = Piece.from_dict(json.loads(text))
    parts, listing = root.findall("part"), root.find("part-list")
    if listing is None or kept >= len(parts):
        raise ValueError(f"the score has no part {kept + 1}")
    own = parts[kept]
    name = own.get("id") or "P1"
    for part in parts:
        root.remove(part)
    for listed in list(listing):
        if listed.tag != "score-part" or listed.get("id") != name:
            listing.remove(listed)
    added = [
        _added(piece, number, own, f"{name}-{number + 1}") for number in range(len(piece.parts))
    ]
    rows = [(listed, part) for listed, part in added]
    rows.insert(place, (listing[0] if len(listing) else _listed(name), own))
    for listed, part in rows:
        listing.append(listed)
        root.append(part)


def _listed(name: str) -> Element:
    listed = etree.Element("score-part", id=name)
    etree.SubElement(listed, "part-name").text = ""
    return listed


def _added(piece: Piece, number: int, own: Element, name: str) -> tuple[Element, Element]:
    """Return the entry of a part in the list of parts, and the part."""
    document = etree.fromstring(to_musicxml(piece.part(number)).encode())
    part, listed = document.find("part"), document.find("part-list/score-part")
    bars, own_bars = part.findall("measure"), own.findall("measure")
    if len(bars) != len(own_bars):
        raise ValueError(f"the score has {len(own_bars)} bars, and the added parts {len(bars)}")
    for element in listed.iter():
        for attribute in ("id", "print-object"):
            value = element.attrib.pop(attribute, None)
            if attribute == "id" and value is not None:
                element.set("id", name + value.removeprefix("P1"))
    part.set("id", name)
    for bar, model in zip(bars, own_bars, strict=True):
        for attribute in ("number", "implicit", "width"):
            bar.attrib.pop(attribute, None)
            if attribute != "width" and model.get(attribute) is not None:
                bar.set(attribute, model.get(attribute))
        for element in [each for each in bar if each.tag in SAID_ONCE]:
            bar.remove(element)
        for barline in model.findall("barline"):
            line = copy.deepcopy(barline)
            if line.get("location") == "left":
                bar.insert(0, line)
            else:
                bar.append(line)
    return listed, part
