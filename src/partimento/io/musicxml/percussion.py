"""Write the drums of a part as unpitched notes of MusicXML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from partimento.music.timelines import Part
from partimento.notation.drums import drum_of

DRUM_CHANNEL = "10"


def add_instruments(element: ET.Element, number: int, part: Part, pitches: Iterable[int]) -> None:
    """Add the instruments of a drum kit to a ``score-part``.

    Each has the MIDI pitch that it sounds, so that readers find the same pitches.

    Parameters
    ----------
    element : Element
    number : int
        The number of the part, from 1.
    part : Part
    pitches : iterable of int
        MIDI pitches of the part's notes.
    """
    used = sorted(set(pitches))
    for pitch in used:
        instrument = ET.SubElement(element, "score-instrument", id=instrument_id(number, pitch))
        ET.SubElement(instrument, "instrument-name").text = drum_of(pitch).name
    for pitch in used:
        midi = ET.SubElement(element, "midi-instrument", id=instrument_id(number, pitch))
        ET.SubElement(midi, "midi-channel").text = DRUM_CHANNEL
        if part.program is not None:
            ET.SubElement(midi, "midi-program").text = str(part.program + 1)
        ET.SubElement(midi, "midi-unpitched").text = str(pitch + 1)


def instrument_id(number: int, pitch: int) -> str:
    """Return the id of one instrument of a kit; it counts as MusicXML does, from 1."""
    return f"P{number}-I{pitch + 1}"


def add_place(note: ET.Element, pitch: int) -> None:
    """Add the place of a drum on the staff to a note."""
    drum = drum_of(pitch)
    unpitched = ET.SubElement(note, "unpitched")
    ET.SubElement(unpitched, "display-step").text = drum.step
    ET.SubElement(unpitched, "display-octave").text = str(drum.octave)


def add_head(note: ET.Element, pitch: int) -> None:
    """Add the note head of a drum to a note, if it is not the plain one."""
    if (head := drum_of(pitch).head) != "normal":
        ET.SubElement(note, "notehead").text = head
