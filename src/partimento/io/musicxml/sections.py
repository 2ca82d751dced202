"""Remove the signs of repeats and jumps that lost their other end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from partimento.io.musicxml.elements import remove

Element = Any
JUMPS = {"dalsegno": "segno", "tocoda": "coda"}  # attribute → the one that it leads to


class Section(NamedTuple):
    """A repeated section, from its first bar to the last bar of its endings."""

    first: int
    last: int


def sections_of(parts: Sequence[Element]) -> list[Section]:
    """Return the repeated sections of a score; endings are part of them."""
    bars = max(len(part.findall("measure")) for part in parts)
    forward, backward, ending = (_bars_with(parts, tag) for tag in ("forward", "backward", ""))
    sections: list[Section] = []
    start, last = 0, None
    for bar in range(bars):
        if bar in forward or (last is not None and bar > last and bar not in ending):
            if last is not None:
                sections.append(Section(start, last))
            start, last = bar, None
        if bar in backward or (last is not None and bar in ending):
            last = bar
    if last is not None:
        sections.append(Section(start, last))
    return sections


def _bars_with(parts: Sequence[Element], direction: str) -> set[int]:
    """Return the bars with a repeat sign; under endings if `direction` is empty."""
    found: set[int] = set()
    for part in parts:
        is_open = False
        for index, measure in enumerate(part.iterchildren("measure")):
            if direction:
                if measure.find(f"barline/repeat[@direction='{direction}']") is not None:
                    found.add(index)
                continue
            kinds = [ending.get("type") for ending in measure.iterfind("barline/ending")]
            if is_open or "start" in kinds:
                found.add(index)
            for kind in kinds:
                is_open = kind == "start"
    return found


def close_repeats(parts: Sequence[Element], first: int, last: int) -> None:
    """Remove signs of sections and jumps that do not lie in `first` to `last`."""
    cut = [s for s in sections_of(parts) if not (first <= s.first and s.last <= last)]
    in_sections = {bar for s in sections_of(parts) for bar in range(s.first, s.last + 1)}
    in_cut = {bar for s in cut for bar in range(s.first, s.last + 1)}
    targets = set()
    for part in parts:
        for measure in list(part.iterchildren("measure"))[first : last + 1]:
            targets |= {name for name in JUMPS.values() if _has(measure, name)}
    for part in parts:
        for index, measure in enumerate(part.iterchildren("measure")):
            if not first <= index <= last:
                continue
            if index in in_cut or index not in in_sections:
                for barline in list(measure.iterchildren("barline")):
                    _clear(barline)
            _remove_jumps(measure, targets, from_start=first == 0)


def _clear(barline: Element) -> None:
    """Remove repeat and ending of a barline, and the style that goes with a repeat."""
    repeat = barline.find("repeat")
    if repeat is not None and barline.find("bar-style") is not None:
        remove(barline.find("bar-style"))
    for tag in ("repeat", "ending"):
        for element in barline.findall(tag):
            remove(element)


def _has(measure: Element, name: str) -> bool:
    return next(measure.iter(name), None) is not None or any(
        sound.get(name) for sound in measure.iter("sound")
    )


def _remove_jumps(measure: Element, targets: set[str], *, from_start: bool) -> None:
    """Remove the jumps whose target is outside; their words go with them."""
    for sound in list(measure.iter("sound")):
        lost = [name for name, target in JUMPS.items() if sound.get(name) and target not in targets]
        if sound.get("dacapo") and not from_start:
            lost.append("dacapo")
        if not lost:
            continue
        if sound.getparent().tag == "direction" and not sound.get("tempo"):
            sound.getparent().getparent().remove(sound.getparent())
            continue
        for name in lost:
            del sound.attrib[name]
