"""Divide the bars of a score among its systems so that none is nearly empty.

Verovio fills system after system, and one or two bars may remain for the last one. Engravers move
bars there from the systems before (Gould, *Behind Bars*, 2011, chapter 19).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

SVG = "{http://www.w3.org/2000/svg}"
NEARLY_EMPTY = 0.4  # the share of its width that a last system must fill
FULLEST = 0.97  # of a system that begins with another bar, which gets clef and signature
MOVED = 5  # systems at the end that share their bars anew
MOST_SYSTEMS = 40  # of a score; in longer ones, a last bar matters less than the time
PART = re.compile(r"<part\b.*?</part>", re.DOTALL)
MEASURE = re.compile(r"<measure\b[^>]*[^/>]>")
BREAK = re.compile(r"""\s(?:new-system|new-page)\s*=\s*(?:"[^"]*"|'[^']*')""")
PRINT = re.compile(r"<print\b[^>]*>")


def widths_by_system(pages: Sequence[ET.Element]) -> list[list[float]]:
    """Return the widths of the bars of each system, in units of the drawing.

    Parameters
    ----------
    pages : sequence of Element
        As verovio draws them.
    """
    return [
        [_width(measure) for measure in system.iter(f"{SVG}g") if _is(measure, "measure")]
        for page in pages
        for system in page.iter(f"{SVG}g")
        if _is(system, "system")
    ]


def _is(group: ET.Element, name: str) -> bool:
    return group.get("class", "").split()[:1] == [name]


def _width(measure: ET.Element) -> float:
    """Return the length of the first staff line of a measure; 0 if it has none."""
    staff = next((group for group in measure.iter(f"{SVG}g") if _is(group, "staff")), None)
    line = None if staff is None else staff.find(f"{SVG}path")
    found = re.findall(r"-?[\d.]+", "" if line is None else line.get("d", ""))
    return abs(float(found[2]) - float(found[0])) if len(found) >= 4 else 0.0


def balanced(systems: Sequence[Sequence[float]]) -> list[int] | None:
    """Return how many bars each system should have, as many systems as there are.

    Parameters
    ----------
    systems : sequence of sequence of float
        From `widths_by_system`. The last system is not stretched; all others are as wide as the
        paper.

    Returns
    -------
    list of int or None
        None if the last system is full enough, or nothing better fits.

    Examples
    --------
    >>> balanced([[25.0] * 4, [25.0] * 4, [25.0]]), balanced([[25.0] * 4, [25.0] * 2])
    ([3, 3, 3], None)
    """
    counts = [len(system) for system in systems]
    widest = max((sum(system) for system in systems), default=0.0)
    if not 1 < len(systems) <= MOST_SYSTEMS or not all(map(sum, systems)):
        return None
    if sum(systems[-1]) >= NEARLY_EMPTY * widest:
        return None
    first = max(0, len(systems) - MOVED)
    places = [*(sum(system) for system in systems[first:-1]), widest]
    shares = _shared(systems[first:], places)
    return None if shares in (None, counts[first:]) else [*counts[:first], *shares]


def _shared(systems: Sequence[Sequence[float]], places: Sequence[float]) -> list[int] | None:
    """Divide bars among systems with the smallest sum of squared free places."""
    widths = [width for system in systems for width in system]
    starts = {sum(map(len, systems[:i])) for i in range(len(systems))}
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}  # by the number of bars used
    for place in places:
        following: dict[int, tuple[float, list[int]]] = {}
        for used, (cost, shares) in best.items():
            filled, most = 0.0, place if used in starts else place * FULLEST
            for stop in range(used + 1, len(widths) + 1):
                filled += widths[stop - 1]
                if filled > most:
                    break
                total = cost + (1 - filled / place) ** 2
                if stop not in following or total < following[stop][0]:
                    following[stop] = (total, [*shares, stop - used])
        best = following
    found = best.get(len(widths))
    return None if found is None else found[1]


def with_systems(musicxml: str, counts: Sequence[int]) -> str | None:
    """Return a document with system breaks after so many bars each, and no others.

    It is None if the document has another number of bars.
    """
    musicxml = PRINT.sub(lambda found: BREAK.sub("", found[0]), musicxml)
    part = PART.search(musicxml)
    starts = [] if part is None else [m.end() for m in MEASURE.finditer(musicxml, *part.span())]
    if len(starts) != sum(counts):
        return None
    pieces, at, bar = [], 0, 0
    for count in counts[:-1]:
        bar += count
        pieces += [musicxml[at : starts[bar]], '<print new-system="yes"/>']
        at = starts[bar]
    return "".join([*pieces, musicxml[at:]])
