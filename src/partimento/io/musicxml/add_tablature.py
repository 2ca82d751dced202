"""Add a tablature to a part of a MusicXML document, of which all else is kept.

The tablature is one more staff of the part, an alternate notation of its notes. Slurs, text and all
other marks stay on the staves that the document has.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lxml import etree

from partimento.io.musicxml.elements import ATTRIBUTES, child_of, insert
from partimento.io.musicxml.note_ids import add_note_ids
from partimento.io.musicxml.read import piece_of_document
from partimento.io.musicxml.tablature import add_strings, add_tablature_clef
from partimento.music.timelines import Part

Element = Any
Position = tuple[int, int]  # string and fret
FIRST_VOICE = 21  # voices of a tablature; notation programs use lower numbers
# What a note of the tablature has in common with its note, in the order of the standard.
BEFORE_VOICE = ("grace", "chord", "pitch", "duration")
AFTER_VOICE = ("type", "dot", "time-modification")


class _Placed(NamedTuple):
    """A note of the notation: its times in divisions, voice and position."""

    onset: int
    duration: int
    voice: str
    note: Element
    position: Position


def add_tablature(root: Element, number: int, strings: str, capo: int, positions: str) -> None:
    """Add a tablature to a document, in place.

    Parameters
    ----------
    root : Element
    number : int
        The index of the part.
    strings : str
        The MIDI pitches of the open strings, from string 1 on, separated by spaces.
    capo : int
    positions : str
        From `positions_text`.

    Raises
    ------
    ValueError
        If the document has other notes, or the part has a tablature already.
    """
    places = _positions(positions)
    by_note = _positions_of_elements(root, places)
    part = root.findall("part")[number]
    if any(sign.text == "TAB" for sign in part.iter("sign")):
        raise ValueError("the part has a tablature already")
    described = Part(strings=tuple(int(pitch) for pitch in strings.split()), capo=capo)
    staff = max((int(e.text or 1) for e in part.iter("staves")), default=1) + 1
    for index, measure in enumerate(part.iterchildren("measure")):
        if index == 0:
            _add_attributes(measure, described, staff)
        for staves in measure.iter("staves"):
            staves.text = str(staff)
        _add_bar(measure, by_note, staff)


def positions_text(strings: Sequence[int], frets: Sequence[int]) -> str:
    """Return the strings and frets of all notes of a piece as text.

    >>> positions_text([1, -1, 6], [0, -1, 12])
    '1.0 - 6.12'
    """
    pairs = zip(strings, frets, strict=True)
    return " ".join(f"{s}.{f}" if s > 0 and f >= 0 else "-" for s, f in pairs)


def _positions(text: str) -> list[Position | None]:
    places: list[Position | None] = []
    for word in text.split():
        string, _, fret = word.partition(".")
        places.append((int(string), int(fret)) if fret else None)
    return places


def _positions_of_elements(
    root: Element, places: Sequence[Position | None]
) -> dict[Element, Position]:
    """Return the position of each note element that begins a note."""
    marked = copy.deepcopy(root)
    for element in marked.iter("note"):
        element.attrib.pop("id", None)
    piece = piece_of_document(marked)
    if len(piece.notes) != len(places):
        raise ValueError("the document has other notes than the tablature")
    add_note_ids(marked, piece)
    by_note = {}
    for note, twin in zip(root.iter("note"), marked.iter("note"), strict=True):
        name = twin.get("id") or ""
        index = int(name[1:]) if name[1:].isdigit() else -1
        position = places[index] if index >= 0 else None
        if position is not None:
            by_note[note] = position
    return by_note


def _add_attributes(measure: Element, part: Part, staff: int) -> None:
    """Add staff, clef and strings to the attributes of the first bar."""
    attributes = measure.find("attributes")
    if attributes is None:
        attributes = etree.Element("attributes")
        measure.insert(0, attributes)
    child_of(attributes, "staves", ATTRIBUTES).text = str(staff)
    holder = etree.Element("attributes")
    add_tablature_clef(holder, str(staff))
    add_strings(holder, part, str(staff))
    for element in list(holder):
        insert(attributes, element, ATTRIBUTES)


def _add_bar(measure: Element, by_note: Mapping[Element, Position], staff: int) -> None:
    """Add the notes of a bar to its tablature."""
    placed, end, furthest = _placed(measure, by_note)
    if not placed:
        return
    elements = []
    now = end
    for rank, voice in enumerate(dict.fromkeys(one.voice for one in placed)):
        elements.append(_move("backup", now))
        now = 0
        before = -1
        for one in sorted((one for one in placed if one.voice == voice), key=lambda one: one.onset):
            is_grace = one.note.find("grace") is not None
            is_chord = one.onset == before and not is_grace
            if one.onset > now and not is_chord:
                elements.append(_move("forward", one.onset - now))
                now = one.onset
            if one.onset < now and not is_chord and not is_grace:
                continue  # notes of one voice that overlap
            elements.append(_tablature_note(one, FIRST_VOICE + rank, staff, is_chord=is_chord))
            if not is_chord and not is_grace:
                before, now = one.onset, one.onset + one.duration
    if furthest > now:
        elements.append(_move("forward", furthest - now))
    bar_line = measure.find("barline[@location='right']")
    at = len(measure) if bar_line is None else measure.index(bar_line)
    for offset, element in enumerate(elements):
        measure.insert(at + offset, element)


def _placed(
    measure: Element, by_note: Mapping[Element, Position]
) -> tuple[list[_Placed], int, int]:
    """Return the notes with positions, the last time of the bar, and the furthest."""
    placed = []
    now = onset = furthest = 0
    used: set[tuple[int, int]] = set()
    for element in measure:
        duration = int(float(element.findtext("duration") or 0))
        if element.tag == "backup":
            now -= duration
        elif element.tag == "forward":
            now += duration
        elif element.tag == "note" and element.find("cue") is None:
            if element.find("chord") is None:
                onset = now
                now += duration
            if element in by_note:
                place = (onset, by_note[element][0])
                is_grace = element.find("grace") is not None
                if is_grace or place not in used:  # a unison is one number
                    voice = element.findtext("voice") or "1"
                    placed.append(_Placed(onset, duration, voice, element, by_note[element]))
                if not is_grace:
                    used.add(place)
        furthest = max(furthest, now)
    return placed, now, furthest


def _move(tag: str, duration: int) -> Element:
    element = etree.Element(tag)
    etree.SubElement(element, "duration").text = str(duration)
    return element


def _tablature_note(one: _Placed, voice: int, staff: int, *, is_chord: bool) -> Element:
    note = etree.Element("note")
    for tag in BEFORE_VOICE:
        if tag == "chord" and is_chord:
            etree.SubElement(note, "chord")
        elif tag != "chord":
            note.extend(copy.deepcopy(child) for child in one.note.findall(tag))
    etree.SubElement(note, "voice").text = str(voice)
    for tag in AFTER_VOICE:
        note.extend(copy.deepcopy(child) for child in one.note.findall(tag))
    etree.SubElement(note, "stem").text = "none"
    etree.SubElement(note, "staff").text = str(staff)
    technical = etree.SubElement(etree.SubElement(note, "notations"), "technical")
    etree.SubElement(technical, "string").text = str(one.position[0])
    etree.SubElement(technical, "fret").text = str(one.position[1])
    return note
