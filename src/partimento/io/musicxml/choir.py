"""Write a choir on two staves, and read its four parts back.

Two voices share a staff, which is one part of the document with an instrument for each voice, in
their order. The notes do not refer to them: MuseScore would announce a change of instruments at
every note. Other programs read two parts, and this one the four of the piece.
"""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

from partimento.music.timelines import Part

Element = Any
Bars = list[tuple[Element, Element | None]]


def _singer_id(number: int, singer: int) -> str:
    """Return the id of an instrument: the number of its part and its own, from 0."""
    return f"P{number + 1}-I{singer + 1}"


def add_choir(listed: ET.Element, parts: Sequence[Part], together: Sequence[Sequence[int]]) -> None:
    """Add the staves of a choir to a ``part-list``, under a bracket.

    Parameters
    ----------
    listed : Element
    parts : sequence of Part
    together : sequence of sequence of int
        The parts on each staff.
    """
    add_group(listed, "bracket")
    for number, on_staff in enumerate(together):
        singers = [parts[i] for i in on_staff]
        element = ET.SubElement(listed, "score-part", id=f"P{number + 1}")
        ET.SubElement(element, "part-name").text = "\n".join(part.name for part in singers)
        for i, part in enumerate(singers):
            instrument = ET.SubElement(element, "score-instrument", id=_singer_id(number, i))
            ET.SubElement(instrument, "instrument-name").text = part.name
        for i, part in enumerate(singers):
            midi = ET.SubElement(element, "midi-instrument", id=_singer_id(number, i))
            ET.SubElement(midi, "midi-channel").text = str(on_staff[i] + 1)
            if part.program is not None:
                ET.SubElement(midi, "midi-program").text = str(part.program + 1)
    end_group(listed)


def add_group(listed: ET.Element, symbol: str) -> None:
    """Begin a group of parts under a ``bracket`` or ``brace``, with common bar lines."""
    group = ET.SubElement(listed, "part-group", type="start", number="1")
    ET.SubElement(group, "group-symbol").text = symbol
    ET.SubElement(group, "group-barline").text = "yes"


def end_group(listed: ET.Element) -> None:
    """End a group of parts."""
    ET.SubElement(listed, "part-group", type="stop", number="1")


def with_singers(
    parts: Sequence[tuple[str, Bars]], listed: Mapping[str, Element]
) -> tuple[list[tuple[str, Bars]], dict[str, Element]]:
    """Divide the staves of a choir, in our own documents, into parts.

    Parameters
    ----------
    parts : sequence of (str, list of (Element, Element))
        The id of each part, and its bars.
    listed : mapping of str to Element
        The ``score-part`` of each part by id.

    Returns
    -------
    parts, listed
        The same, with staves of several singers divided.
    """
    divided: list[tuple[str, Bars]] = []
    entries = dict(listed)
    for name, bars in parts:
        singers = _singers(listed.get(name))
        if not singers:
            divided.append((name, bars))
            continue
        for voice, (instrument, entry) in enumerate(singers.items(), 1):
            entries[instrument] = entry
            own: Bars = [(bar, _of_voice(music, str(voice))) for bar, music in bars]
            divided.append((instrument, own))
    return divided, entries


def singers_on(listed: Element) -> int:
    """Return how many parts of the piece a part of our own documents has."""
    return max(len(_singers(listed)), 1)


def _singers(listed: Element) -> dict[str, Element]:
    """Return the entries of singers by the id of their instrument, or nothing."""
    instruments = [] if listed is None else listed.findall("score-instrument")
    if len(instruments) < 2 or listed.find("midi-instrument/midi-unpitched") is not None:
        return {}
    singers = {}
    for instrument in instruments:
        identifier = instrument.get("id", "")
        entry = copy.deepcopy(listed)
        name = entry.find("part-name")
        if name is not None:
            name.text = instrument.findtext("instrument-name")
        for child in (*entry.findall("score-instrument"), *entry.findall("midi-instrument")):
            if child.get("id") != identifier:
                entry.remove(child)
        singers[identifier] = entry
    return singers


def _of_voice(music: Element | None, voice: str) -> list[Element]:
    """Return the elements of a bar without the notes and rests of other voices."""
    return [
        element
        for element in (music if music is not None else ())
        if element.tag != "note" or element.findtext("voice") == voice
    ]
