"""Cut bars out of a MusicXML document, with what is valid when they begin."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from lxml import etree

from partimento.errors import InvalidScoreError
from partimento.io.musicxml.appearance import attributes_at_start
from partimento.io.musicxml.elements import ATTRIBUTES, insert
from partimento.io.musicxml.marks import tempo_of
from partimento.io.musicxml.note_ids import bar_starts
from partimento.io.musicxml.read import read_notes
from partimento.io.musicxml.sections import close_repeats
from partimento.io.musicxml.spanners import close, times_in_bar

Element = Any
Tempo = tuple[int, Fraction, Element]  # bar, time in divisions, element
ONCE = ("footnote", "level", "directive", "measure-style")  # they are not valid later
BY_STAFF = ("key", "time", "clef", "staff-details", "transpose")


def cut(root: Element, start: Fraction, end: Fraction) -> None:
    """Keep the bars from `start` to `end`; `root` is changed.

    Attributes and tempo that are valid at the start are stated there. Marks and repeats of which
    one end is outside are closed.

    Parameters
    ----------
    root : Element
        A partwise document.
    start, end : Fraction
        Times in quarters at which bars begin.

    Raises
    ------
    InvalidScoreError
        If no bar begins there.
    """
    readers, grid = read_notes(root)
    starts = [Fraction(tick, grid) for tick in bar_starts(readers, grid)]
    end = min(end, starts[-1])
    if start not in starts or end not in starts or start >= end:
        raise InvalidScoreError("its bars do not begin where it is cut")
    first = max(i for i, time in enumerate(starts[:-1]) if time == start)
    last = max(i for i, time in enumerate(starts) if time == end) - 1
    parts = list(root.iterchildren("part"))
    tempo = _tempo_before(parts, first)
    close_repeats(parts, first, last)
    for part in parts:
        measures = list(part.iterchildren("measure"))
        if first >= len(measures):
            continue
        close(part, first, min(last, len(measures) - 1))
        _state(measures, first)
        for index, measure in enumerate(measures):
            if not first <= index <= last:
                part.remove(measure)
        _renumber(measures[first : last + 1])
    if tempo is not None:
        _add_tempo(parts, tempo)


def _state(measures: Sequence[Element], first: int) -> None:
    """State the attributes that are valid before bar `first` at its beginning."""
    valid: dict[tuple[str, str], Element] = {}
    for measure in measures[:first]:
        for attributes in measure.iterchildren("attributes"):
            _collect(attributes, valid)
    leading = []
    for element in measures[first]:
        if element.tag in ("note", "backup", "forward"):
            break
        if element.tag == "attributes":
            leading.append(element)
    for attributes in leading:
        _collect(attributes, valid)
    if not valid:
        return
    target = attributes_at_start(measures[first])
    once = [e for attributes in leading for e in attributes if e.tag in ONCE]
    for attributes in leading:
        if attributes is not target:
            measures[first].remove(attributes)
    for element in list(target):
        target.remove(element)
    for element in (*valid.values(), *once):
        insert(target, copy.deepcopy(element), ATTRIBUTES)


def _collect(attributes: Element, valid: dict[tuple[str, str], Element]) -> None:
    """Add the attributes that stay valid, by tag and staff."""
    for element in attributes:
        if element.tag in ONCE or not isinstance(element.tag, str):
            continue
        number = element.get("number", "") if element.tag in BY_STAFF else ""
        if element.tag == "clef":
            number = number or "1"
        elif not number:  # for all staves
            for name in [name for name in valid if name[0] == element.tag]:
                del valid[name]
        if element.tag == "staff-details" and (element.tag, number) in valid:
            element = _merged_details(valid[element.tag, number], element)
        valid[element.tag, number] = element


def _merged_details(old: Element, new: Element) -> Element:
    """Return the newer details of a staff, with the tunings of the older ones."""
    merged = copy.deepcopy(new)
    for tag in ("staff-lines", "staff-tuning", "capo"):
        if new.find(tag) is None:
            for element in old.iterchildren(tag):
                insert(merged, copy.deepcopy(element), DETAILS)
    return merged


DETAILS = ("staff-type", "staff-lines", "line-detail", "staff-tuning", "capo", "staff-size")


def _tempo_before(parts: Sequence[Element], first: int) -> Tempo | None:
    """Return the last tempo before bar `first`, or None."""
    latest: Tempo | None = None
    for part in parts:
        for bar, measure in enumerate(part.iterchildren("measure")):
            if bar >= first:
                break
            for element, time in times_in_bar(measure):
                if element.tag not in ("direction", "sound") or tempo_of(element) is None:
                    continue
                if latest is None or (bar, time) > latest[:2]:
                    latest = (bar, time, element)
    return latest


def _add_tempo(parts: Sequence[Element], tempo: Tempo) -> None:
    """State a tempo at the beginning, unless there is one."""
    for part in parts:
        measure = next(part.iterchildren("measure"), None)
        for element, time in times_in_bar(measure) if measure is not None else ():
            is_tempo = element.tag in ("direction", "sound") and tempo_of(element) is not None
            if is_tempo and time <= 0:
                return
    measure = next(parts[0].iterchildren("measure"))
    element = tempo[2]
    if element.find("direction-type/metronome") is not None:
        added = copy.deepcopy(element)
        if (offset := added.find("offset")) is not None:
            added.remove(offset)
        if (staff := added.find("staff")) is not None:
            staff.text = "1"
    else:
        sound = element if element.tag == "sound" else element.find("sound[@tempo]")
        added = etree.Element("sound", tempo=sound.get("tempo"))
    attributes = attributes_at_start(measure)
    attributes.addnext(added)
    if not len(attributes):
        measure.remove(attributes)


def _renumber(measures: Sequence[Element]) -> None:
    """Number the bars from 1; an upbeat and other uncounted bars keep their marks."""
    number = 1
    for index, measure in enumerate(measures):
        if measure.get("implicit") == "yes":
            measure.set("number", "0" if index == 0 else f"X{index}")
            continue
        measure.set("number", str(number))
        number += 1
    for measure in measures[:1]:
        for print_ in measure.iterchildren("print"):
            print_.attrib.pop("new-page", None)
            print_.attrib.pop("new-system", None)
