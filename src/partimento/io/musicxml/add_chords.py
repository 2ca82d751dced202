"""Write chord symbols into a MusicXML document, of which all else is kept."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction
from typing import Any

from lxml import etree

from partimento.io.musicxml.chords import harmony_of
from partimento.io.musicxml.note_ids import bar_starts
from partimento.io.musicxml.read import read_notes
from partimento.io.musicxml.spanners import times_in_bar
from partimento.music.chord_spelling import transposed_chord

Element = Any


def add_chords(root: Element, text: str) -> None:
    """Replace the chord symbols of a document, in place.

    They are written above the first part.

    Parameters
    ----------
    root : Element
        A partwise document.
    text : str
        Times in quarters and symbols, such as ``0 Dm;4 G7/B``.

    Raises
    ------
    ValueError
        If a time is none.
    """
    readers, grid = read_notes(root)
    starts = [Fraction(tick, grid) for tick in bar_starts(readers, grid)]
    for harmony in list(root.iter("harmony")):
        harmony.getparent().remove(harmony)
    rows = [row.split(" ", 1) for row in text.split(";") if row]
    symbols = [(Fraction(time), symbol) for time, symbol in rows]
    part = root.find("part")
    divisions, fifths = Fraction(1), 0
    for index, measure in enumerate(part.iterchildren("measure")):
        for attributes in measure.iterchildren("attributes"):
            divisions = Fraction(attributes.findtext("divisions") or divisions)
            fifths = _fifths(attributes, fifths)
        inside = [
            (time - starts[index], symbol)
            for time, symbol in symbols
            if index + 1 < len(starts) and starts[index] <= time < starts[index + 1]
        ]
        for time, symbol in reversed(inside):
            _insert(measure, time * divisions, transposed_chord(symbol, -fifths))


def _fifths(attributes: Element, before: int) -> int:
    """Return the transposition of a part on the line of fifths."""
    transpose = attributes.find("transpose")
    if transpose is None:
        return before
    chromatic = round(float(transpose.findtext("chromatic") or 0))
    diatonic = round(float(transpose.findtext("diatonic") or round(chromatic * 7 / 12)))
    return 7 * chromatic - 12 * diatonic


def _insert(measure: Element, time: Fraction, symbol: str) -> None:
    """Insert a chord symbol before the first note at a time, in divisions."""
    element = etree.fromstring(ET.tostring(harmony_of(symbol)))
    rows = list(times_in_bar(measure))
    notes = [(note, onset) for note, onset in rows if note.tag == "note"]
    at = next((note for note, onset in notes if onset == time), None)
    if at is None:  # no note begins there: count from the beginning of the bar
        first = next((note for note, _ in notes), None)
        at = first
        if time:
            # The offset is the last child but one: staff, which may follow, is not written.
            # Within a division, it is a decimal number, which the format permits.
            is_whole = time.denominator == 1
            etree.SubElement(element, "offset").text = str(time if is_whole else float(time))
    place = len(measure) if at is None else measure.index(at)
    measure.insert(place, element)
