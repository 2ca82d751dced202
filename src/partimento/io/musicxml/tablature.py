"""Write the tablature of a part as a second staff under its notation.

It is one part with two staves, and the lower one is an alternate notation of the upper one. The
notes on it have the same times and voices; rests are hidden, and there are no stems.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.notation.layout import StaffBar
from partimento.notation.symbol import Symbol

# The usual names of the 12 pitch classes: step and alteration.
NAMES = tuple(zip("CCDEEFFGAABB", (0, 1, 0, -1, 0, 0, 1, 0, -1, 0, -1, 0), strict=True))
USUAL_STRINGS = (64, 59, 55, 50, 45, 40)
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
IN_TABLATURE = 100  # the id ``n5.101`` belongs to note 5 on the tablature, ``n5.102`` to its tie


def has_tablature(piece: Piece, number: int) -> bool:
    """Return whether a part has strings and frets to write a tablature."""
    if not piece.parts[number].strings:
        return False
    notes = piece.notes
    return bool(np.any(notes.fret[notes.part == number] >= 0))


def add_tablature_clef(attributes: Any, number: str) -> None:
    """Add the clef of the tablature staff, to an element of lxml or ElementTree."""
    clef = _added(attributes, "clef", number=number)
    _added(clef, "sign").text = "TAB"
    _added(clef, "line").text = "5"


def _added(parent: Any, tag: str, **attributes: str) -> Any:
    child = parent.makeelement(tag, attributes)
    parent.append(child)
    return child


def add_strings(attributes: Any, part: Part, number: str) -> None:
    """Add the strings and the capo of the tablature staff."""
    details = _added(attributes, "staff-details", number=number)
    _added(details, "staff-type").text = "alternate"
    _added(details, "staff-lines").text = str(len(part.strings))
    for line, pitch in enumerate(reversed(part.strings), 1):  # line 1 is the lowest one
        tuning = _added(details, "staff-tuning", line=str(line))
        step, alter = NAMES[pitch % 12]
        _added(tuning, "tuning-step").text = step
        if alter:
            _added(tuning, "tuning-alter").text = str(alter)
        _added(tuning, "tuning-octave").text = str(pitch // 12 - 1)
    if part.capo:
        _added(details, "capo").text = str(part.capo)


def add_words(measure: ET.Element, part: Part) -> None:
    """Add a line with an unusual tuning and the capo above the first bar.

    The document of a picture needs it; other programs read both from the staff.
    """
    words = []
    if part.strings != USUAL_STRINGS:
        names = " ".join(
            step + {-1: "♭", 0: "", 1: "♯"}[alter]
            for step, alter in (NAMES[pitch % 12] for pitch in reversed(part.strings))
        )
        words.append(f"Tuning {names}")
    if part.capo:
        words.append(f"Capo {part.capo}")
    if words:
        direction = ET.SubElement(measure, "direction", placement="above")
        kind = ET.SubElement(direction, "direction-type")
        ET.SubElement(kind, "words").text = ", ".join(words)


def strings_of(details: Any) -> tuple[tuple[int, ...], int]:
    """Return the strings of a ``staff-details`` and the fret of its capo.

    There are no strings if it is no tablature, or states a string that cannot be.
    """
    pitches: dict[int, int] = {}
    for tuning in details.findall("staff-tuning"):
        try:
            octave = int(tuning.findtext("tuning-octave", ""))
            step = STEPS[tuning.findtext("tuning-step", "").strip()]
            alter = int(tuning.findtext("tuning-alter", "0"))
            pitches[int(tuning.get("line", ""))] = 12 * (octave + 1) + step + alter
        except (KeyError, ValueError):
            return (), 0
    capo = details.findtext("capo", "0").strip()
    strings = tuple(pitches[line] for line in sorted(pitches, reverse=True))
    is_possible = all(0 <= pitch <= 127 for pitch in strings)
    return (strings if is_possible else (), int(capo) if re.fullmatch("[0-9]{1,2}", capo) else 0)


def _longest_on_string(piece: Piece) -> set[int]:
    """Return the notes with frets; of a unison on one string, only the longest."""
    notes = piece.notes
    chosen: dict[tuple[int, ...], int] = {}
    columns = (notes.part, notes.onset, notes.string, notes.grace)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for index, place in enumerate(rows):
        if notes.fret[index] >= 0:
            other = chosen.setdefault(place, index)
            if notes.duration[index] > notes.duration[other]:
                chosen[place] = index
    return set(chosen.values())


class TablatureWriter:
    """Write the tablature of one part, bar by bar.

    Parameters
    ----------
    piece : Piece
    staff : int
        The number of the tablature staff, from 1.
    add_pitch : callable
        Adds the pitch of a note index to its element.
    step : int
        Ticks per division.
    is_exact : bool
        Whether the document is for programs that read it. Pictures show no tied frets.
    """

    def __init__(
        self,
        piece: Piece,
        staff: int,
        add_pitch: Callable[[ET.Element, int], None],
        step: int,
        *,
        is_exact: bool,
    ) -> None:
        self.staff, self.add_pitch, self.step, self.is_exact = staff, add_pitch, step, is_exact
        self.string, self.fret = piece.notes.string.tolist(), piece.notes.fret.tolist()
        self.written: dict[int, int] = {}  # how often each note was written
        self.shown = _longest_on_string(piece)

    def write_bar(self, measure: ET.Element, staves: Iterable[StaffBar], length: int) -> None:
        """Write one bar, of `length` divisions, after its notation."""
        voices = [symbols for staff in staves for symbols in staff.voices]
        for rank, symbols in enumerate(voices):
            ET.SubElement(ET.SubElement(measure, "backup"), "duration").text = str(length)
            voice = str(4 * (self.staff - 1) + 1 + rank)
            for symbol in symbols:
                self._symbol(measure, symbol, voice)

    def _symbol(self, measure: ET.Element, symbol: Symbol, voice: str) -> None:
        for index in symbol.graces:
            self._grace(measure, index, voice)
        shown = [
            tied
            for tied in symbol.notes
            if tied[0] in self.shown and (self.is_exact or not tied[1])
        ]
        if not shown:
            note = ET.SubElement(measure, "note", {"print-object": "no"})
            ET.SubElement(note, "rest", {"measure": "yes"} if symbol.whole_bar else {})
            self._value(note, symbol, voice)
        for place, (index, from_before, to_next) in enumerate(shown):
            note = ET.SubElement(measure, "note", id=self._id(index))
            if place:
                ET.SubElement(note, "chord")
            self.add_pitch(note, index)
            ties = [("stop", from_before), ("start", to_next)] if self.is_exact else []
            self._value(note, symbol, voice, ties)
            notations = ET.SubElement(note, "notations")
            for kind, is_tied in ties:
                if is_tied:
                    ET.SubElement(notations, "tied", type=kind)
            self._position(notations, index)
        for index in symbol.graces_after:
            self._grace(measure, index, voice)

    def _value(
        self,
        note: ET.Element,
        symbol: Symbol,
        voice: str,
        ties: Iterable[tuple[str, bool]] = (),
    ) -> None:
        ET.SubElement(note, "duration").text = str(symbol.duration // self.step)
        for kind, is_tied in ties:
            if is_tied:
                ET.SubElement(note, "tie", type=kind)
        ET.SubElement(note, "voice").text = voice
        value: Any = symbol.value
        if not symbol.whole_bar:
            ET.SubElement(note, "type").text = value.type
            for _ in range(value.dots):
                ET.SubElement(note, "dot")
        if value.tuplet:
            change = ET.SubElement(note, "time-modification")
            ET.SubElement(change, "actual-notes").text = str(value.tuplet.actual)
            ET.SubElement(change, "normal-notes").text = str(value.tuplet.normal)
        if note.find("rest") is None:
            ET.SubElement(note, "stem").text = "none"
        ET.SubElement(note, "staff").text = str(self.staff)

    def _grace(self, measure: ET.Element, index: int, voice: str) -> None:
        if index not in self.shown:
            return
        note = ET.SubElement(measure, "note", id=self._id(index))
        ET.SubElement(note, "grace")
        self.add_pitch(note, index)
        ET.SubElement(note, "voice").text = voice
        ET.SubElement(note, "type").text = "16th"
        ET.SubElement(note, "stem").text = "none"
        ET.SubElement(note, "staff").text = str(self.staff)
        self._position(ET.SubElement(note, "notations"), index)

    def _position(self, notations: ET.Element, index: int) -> None:
        technical = ET.SubElement(notations, "technical")
        ET.SubElement(technical, "string").text = str(self.string[index])
        ET.SubElement(technical, "fret").text = str(self.fret[index])

    def _id(self, index: int) -> str:
        nth = self.written[index] = self.written.get(index, 0) + 1
        return f"n{index}.{IN_TABLATURE + nth}"
