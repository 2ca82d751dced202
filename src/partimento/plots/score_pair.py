"""Engrave an original above its reconstruction, with wrong notes in color.

The caller chooses the line breaks.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from partimento.export import write as render
from partimento.music.piece import Piece
from partimento.plots.style import COLORS

WRONG = COLORS[1]
LABELS = ("original", "model")  # labels of the staves
PAGE_WIDTH = 2100  # in tenths of a millimeter
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
LAYOUT = {
    "unit": 9,
    "header": "none",
    "adjustPageHeight": True,
    "breaks": "encoded",
    "spacingStaff": 14,
    "spacingSystem": 12,
    "systemDivider": "none",
    "pageHeight": 50_000,
    "pageMarginLeft": 260,
    "pageMarginRight": 40,
    "pageMarginTop": 50,
    "pageMarginBottom": 50,
}


def engrave_pair(pair: Piece, breaks: frozenset[int]) -> ET.Element:
    """Engrave both parts; wrong notes of the second part have the class ``wrong``."""
    score, wrong = _marked_score(pair, breaks)
    bars = len(pair.bars())
    # A short last system is not stretched to the right margin.
    short = bars - max(breaks, default=0) < 0.75 * min(breaks, default=bars)
    page = render.engrave(
        ET.tostring(score, encoding="unicode"),
        {**LAYOUT, "minLastJustification": 1 if short else 0},
    )[0]
    for parent in list(page.iter()):
        # Remove whitespace between elements, which is half of the file.
        parent.text = parent.text if (parent.text or "").strip() else None
        parent.tail = parent.tail if (parent.tail or "").strip() else None
        for child in list(parent):
            if child.tag in (f"{SVG}desc", f"{SVG}style") or {"mNum", "placeholder"} & {
                *child.get("class", "").split()
            }:
                parent.remove(child)
    _label_staves(page, [len(part.findall(".//attributes/clef")) for part in score.findall("part")])
    for element in page.iter():
        _tidy(element, wrong)
    page.attrib = {"class": "engraved", "viewBox": page.get("viewBox", "")}
    return page


def _marked_score(pair: Piece, breaks: frozenset[int]) -> tuple[ET.Element, set[str]]:
    """Return a pair as MusicXML, and the ids of its wrong notes and rests.

    The MusicXML has line breaks, and ids for rests. Only the second part can be wrong. A note is
    wrong if the chord at its onset differs from the original. A rest is wrong if the original has a
    chord there.
    """
    original, reconstructed = (
        sounding(pair.replace(notes=[note for note in pair.notes if note.part == part]))
        for part in (0, 1)
    )
    wrong = {
        f"n{i}"
        for i, note in enumerate(pair.notes)
        if note.part == 1 and reconstructed(note.onset) != original(note.onset)
    }
    text = render.Chain(pair).musicxml
    score = ET.fromstring(text[text.index("<score-partwise") :])  # noqa: S314 - from our writer
    for number, part in enumerate(score.findall("part")):
        for index, (bar, measure) in enumerate(
            zip(pair.bars(), part.findall("measure"), strict=True)
        ):
            for rank, (rest, time) in enumerate(
                _rests(measure, bar.onset, int(part.findtext(".//divisions", "1")))
            ):
                rest.set("id", f"r{number}-{index}-{rank}")
                if number == 1 and original(time) and not reconstructed(time):
                    wrong.add(rest.get("id", ""))
            if index in breaks:
                measure.insert(0, ET.Element("print", {"new-system": "yes"}))
    return score, wrong


def _rests(
    measure: ET.Element, start: Fraction, divisions: int
) -> Iterator[tuple[ET.Element, Fraction]]:
    """Yield the rests of a measure and their onsets."""
    onset = start
    for element in measure:
        lasts = Fraction(int(element.findtext("duration", "0")), divisions)
        if element.find("rest") is not None:
            yield element, onset
        if element.find("chord") is None:
            onset += -lasts if element.tag == "backup" else lasts


def _tidy(element: ET.Element, wrong: set[str]) -> None:
    """Color wrong notes, and remove all ids except those of glyphs.

    A wrong chord is colored with its stem. This works because an SVG has a chord before its notes,
    whose ids are still there.
    """
    name, kind = element.get("id", ""), element.get("class", "")
    inside = (
        [note.get("id", "") for note in element if note.get("class") == "note"]
        if kind == "chord"
        else [name]
    )
    if (
        kind in ("note", "rest", "chord")
        and inside
        and all(one.partition(".")[0] in wrong for one in inside)
    ):
        element.attrib.update({"class": f"{kind} wrong", "color": WRONG, "fill": WRONG})
    element.attrib.pop("id", None)
    if kind == "definition-scale":
        del element.attrib["color"]  # inherit the color of the page, which may be in dark mode
    if re.match(r"[0-9A-F]{4,5}-", name):
        element.set("id", name.partition("-")[0])  # so that all pictures share the glyphs
    if link := element.get(f"{XLINK}href"):
        element.set(f"{XLINK}href", link.partition("-")[0])


def _label_staves(page: ET.Element, staves: Sequence[int]) -> None:
    """Label the staves of original and model at the left of each system."""
    for margin in page.iter(f"{SVG}g"):
        for system in [child for child in margin if child.get("class") == "system"]:
            measure = next(child for child in system if child.get("class") == "measure")
            lines = [_lines(staff) for staff in measure if staff.get("class") == "staff"]
            for label, own in zip(LABELS, (lines[: staves[0]], lines[staves[0] :]), strict=True):
                x = own[0][0] - (220 if len(own) == 1 else 520)  # several staves have a brace
                y = (own[0][1] + own[-1][2]) / 2 + 110
                attributes = {
                    "x": f"{x:g}",
                    "y": f"{y:g}",
                    "text-anchor": "end",
                    "font-size": "360px",
                    "font-style": "italic",
                }
                ET.SubElement(
                    margin, f"{SVG}text", {**attributes, "fill": "currentColor"}
                ).text = label


def _lines(staff: ET.Element) -> tuple[float, float, float]:
    """Return the left end, the top and the bottom of a staff's lines."""
    ends = [
        [float(number) for number in re.findall(r"[-\d.]+", path.get("d", ""))]
        for path in staff
        if path.tag == f"{SVG}path"
    ]
    return ends[0][0], min(end[1] for end in ends), max(end[1] for end in ends)


def chords_right(original: Piece, snapshot: Piece) -> tuple[int, int]:
    """Return how many events of the original are reconstructed, and their number.

    An event is reconstructed if the snapshot has the same chord at the event's onset.
    """
    reconstructed, onset, correct = sounding(snapshot), Fraction(0), 0
    for event in original.events:
        correct += reconstructed(onset) == event.chord
        onset += event.duration
    return correct, len(original.events)


def sounding(piece: Piece) -> Callable[[Fraction], tuple[int, ...]]:
    """Return a function that maps a time to the chord that sounds then."""
    starts, chords, onset = [], [], Fraction(0)
    for event in piece.events:
        starts.append(onset)
        chords.append(event.chord)
        onset += event.duration
    return lambda time: chords[bisect_right(starts, time) - 1] if starts and time < onset else ()
