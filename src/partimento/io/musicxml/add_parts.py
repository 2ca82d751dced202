"""Add parts to one part of a MusicXML document, of which all else is kept."""

from __future__ import annotations

import copy
import json
from typing import Any

from lxml import etree

from partimento.io.musicxml.elements import SCORE_PART, insert
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
    group = listing.find("part-group[@type='start'][group-symbol]")
    for listed in list(listing):
        if listed.tag != "score-part" or listed.get("id") != name:
            listing.remove(listed)
    added = [
        _added(piece, number, own, f"{name}-{number + 1}") for number in range(len(piece.parts))
    ]
    rows = [(listed, part) for listed, part in added]
    listed = listing[0] if len(listing) else _listed(name)
    if listed.find("part-abbreviation") is not None:
        for other, _ in rows:
            _abbreviate(other)
    rows.insert(place, (listed, own))
    for listed, part in rows:
        listing.append(listed)
        root.append(part)
    if group is not None:  # the bracket of the score is around all parts now
        listing.insert(0, group)
        number = group.get("number", "1")
        listing.append(etree.Element("part-group", {"number": number, "type": "stop"}))


def _abbreviate(listed: Element) -> None:
    """Name a part by its first letter from the second system on, as the kept part is."""
    name = (listed.findtext("part-name") or "").strip()
    if name and listed.find("part-abbreviation") is None:
        short = etree.Element("part-abbreviation")
        short.text = f"{name[0]}."
        insert(listed, short, SCORE_PART)


def _signature(time: Element) -> tuple[str | None, str | None]:
    return time.findtext("beats"), time.findtext("beat-type")


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
        for time in bar.iterfind("attributes/time"):
            shown = model.find("attributes/time[@symbol]")
            if shown is not None and _signature(shown) == _signature(time):
                time.set("symbol", shown.get("symbol"))
        for barline in model.findall("barline"):
            line = copy.deepcopy(barline)
            if line.get("location") == "left":
                bar.insert(0, line)
            else:
                bar.append(line)
    return listed, part
