"""Find marks with two ends, such as slurs, and close those that were cut."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lxml import etree

from partimento.io.musicxml.elements import remove
from partimento.io.musicxml.marks import exact

Element = Any
# Marks at notes: without one of their ends they are removed.
AT_NOTES = (
    "slur", "glissando", "slide", "wavy-line", "hammer-on", "pull-off", "tuplet",
)  # fmt: skip
# Marks in directions: without one of their ends they begin or end with the excerpt.
IN_DIRECTIONS = ("wedge", "octave-shift", "pedal", "dashes", "bracket")
STARTS = ("start", "crescendo", "diminuendo", "up", "down", "sostenuto")
STOPS = ("stop", "discontinue")
TIES = ("tie", "notations/tied")


@dataclass(frozen=True, slots=True)
class End:
    """One end of a mark.

    Attributes
    ----------
    element : Element
    bar : int
        Index of the bar.
    time : Fraction
        From the beginning of the bar, in divisions.
    name : tuple
        The tag and the number; a start belongs to the next stop of the same name.
    is_start : bool
    """

    element: Element
    bar: int
    time: Fraction
    name: tuple[str, ...]
    is_start: bool


def times_in_bar(measure: Element) -> Iterator[tuple[Element, Fraction]]:
    """Yield the elements of a bar with their times in divisions."""
    now = onset = Fraction(0)
    for element in measure:
        tag = element.tag
        if tag == "note":
            duration = element.findtext("duration")
            ticks = exact(duration, "a duration") if duration else Fraction(0)
            if element.find("chord") is None:
                onset, now = now, now + ticks
            yield element, onset
            continue
        if tag in ("backup", "forward"):
            ticks = exact(element.findtext("duration"), "a duration")
            now = max(now - ticks, Fraction(0)) if tag == "backup" else now + ticks
        offset = element.findtext("offset") if tag == "direction" else None
        yield element, now + (exact(offset, "an offset") if offset else 0)


def ends_of(part: Element) -> list[End]:
    """Return the ends of all marks of a part, sorted by time."""
    ends: list[End] = []
    for bar, measure in enumerate(part.iterchildren("measure")):
        found: list[End] = []
        for element, time in times_in_bar(measure):
            if element.tag == "note":
                marks = [mark for tag in AT_NOTES for mark in element.iter(tag)]
                # On one note, a mark ends before the next one begins.
                marks.sort(key=lambda mark: mark.get("type") not in STOPS)
            elif element.tag == "direction":
                marks = [mark for tag in IN_DIRECTIONS for mark in element.iter(tag)]
            else:
                continue
            for mark in marks:
                kind = mark.get("type", "")
                if kind in STARTS or kind in STOPS:
                    name = (mark.tag, mark.get("number", "1"))
                    found.append(End(mark, bar, time, name, kind in STARTS))
        ends += sorted(found, key=lambda end: end.time)
    return ends


def pairs_of(ends: list[End]) -> list[tuple[End, End]]:
    """Return the starts and stops that belong together."""
    pairs: list[tuple[End, End]] = []
    open_ends: dict[tuple[str, ...], list[End]] = {}
    for end in ends:
        waiting = open_ends.setdefault(end.name, [])
        if end.is_start:
            waiting.append(end)
        elif waiting:
            pairs.append((waiting.pop(), end))
    return pairs


def close(part: Element, first: int, last: int) -> None:
    """Close the marks of which one end lies outside the bars `first` to `last`.

    Ties and slurs are removed. Hairpins, octave lines, pedals and dashes begin with the first bar
    or end with the last one.
    """
    measures = list(part.iterchildren("measure"))
    _close_ties(measures[first], measures[last])
    for start, stop in pairs_of(ends_of(part)):
        has_start, has_stop = (first <= end.bar <= last for end in (start, stop))
        spans = start.bar < first and stop.bar > last
        if has_start == has_stop and not spans:
            continue
        if start.name[0] in IN_DIRECTIONS:
            if not has_start:
                _place(measures[first], start.element, 0)
            if not has_stop:
                _place(measures[last], stop.element, len(measures[last]))
        elif has_start:
            remove(start.element)
        elif has_stop:
            remove(stop.element)


def _close_ties(first: Element, last: Element) -> None:
    """Remove the ties that cross the start or the end of an excerpt."""
    for note, time in times_in_bar(first):
        if note.tag == "note" and time == 0:
            _remove_ties(note, "stop")
    timed = list(times_in_bar(last))
    ends = [
        time + exact(note.findtext("duration") or "0", "a duration") if note.tag == "note" else time
        for note, time in timed
    ]
    for (note, _), end in zip(timed, ends, strict=True):
        if note.tag == "note" and end == max(ends):
            _remove_ties(note, "start")


def _remove_ties(note: Element, kind: str) -> None:
    for tag in TIES:
        for tie in note.findall(tag):
            if tie.get("type") == kind:
                remove(tie)


def _place(measure: Element, mark: Element, index: int) -> None:
    """Copy one end of a mark to the start or the end of a bar."""
    origin = next(mark.iterancestors("direction"))
    direction = etree.Element("direction", dict(origin.attrib))
    etree.SubElement(direction, "direction-type").append(copy.deepcopy(mark))
    for tag in ("voice", "staff"):
        if (found := origin.find(tag)) is not None:
            direction.append(copy.deepcopy(found))
    if index == 0:
        leading = ("print", "attributes", "barline")
        index = next((i for i, e in enumerate(measure) if e.tag not in leading), len(measure))
    else:
        while index and measure[index - 1].tag == "barline":
            index -= 1
    measure.insert(index, direction)
