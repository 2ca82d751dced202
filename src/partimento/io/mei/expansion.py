"""Find the playing order of an MEI document from expansions or repeat signs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from partimento.errors import InvalidScoreError
from partimento.io.mei.score import ScoreReader
from partimento.io.musicxml.repeats import playing_order
from partimento.io.written import Span, order_of_bars

Element = Any
MOST_PASSAGES = 10_000
MOST_DEPTH = 100


def playing_spans(reader: ScoreReader) -> list[Span] | None:
    """Return the passages in playing order; None if nothing is repeated.

    Parameters
    ----------
    reader : ScoreReader
        After `ScoreReader.read`.

    Raises
    ------
    InvalidScoreError
        If the result is longer than any score.
    """
    grid, score = reader.score.grid, reader.score
    tops = [element for element in reader.spans if element.tag in ("score", "part")]
    starts = {reader.spans[top][0] for top in tops}
    if len(tops) == len(starts) and any(_expansion(element) for element in reader.spans):
        expander = _Expander(reader)
        for top in sorted(tops, key=lambda top: reader.spans[top][0]):
            expander.expand(top)
        return [(round(start * grid), round(end * grid)) for start, end in expander.passages]
    if not any(turn.times or turn.endings for turn in reader.turns.values()):
        return None
    bars = [round(bar * grid) for bar in reader.bars]
    return order_of_bars(bars, score.length, playing_order(reader.turns, len(bars)))


def _expansion(element: Element) -> list[str]:
    """Return the ids in the first expansion list of an element."""
    for expansion in element.iterchildren("expansion"):
        if plist := expansion.get("plist"):
            return [name.removeprefix("#") for name in plist.split()]
    return []


class _Expander:
    """Collect passages in playing order.

    Attributes
    ----------
    passages : list of (Fraction, Fraction)
        Beginning and end of each.
    """

    def __init__(self, reader: ScoreReader) -> None:
        self.spans, self.ids = reader.spans, reader.ids()
        self.passages: list[tuple[Fraction, Fraction]] = []
        self.count = 0
        # The elements in which an expansion list decides the order.
        self.ordered = {
            element
            for one in reader.spans
            if _expansion(one)
            for element in (one, *one.iterancestors())
        }

    def expand(self, element: Element, depth: int = 0) -> None:
        """Add the passages of an element; its expansion lists may refer to others."""
        self.count += 1
        if self.count > MOST_PASSAGES or depth > MOST_DEPTH:
            raise InvalidScoreError(f"with its repeats it is longer than {MOST_PASSAGES} bars")
        names = _expansion(element)
        children = [self.ids[name] for name in names if name in self.ids]
        if not names and element in self.ordered:
            children = [child for child in element if child in self.spans]
        for child in children:
            self.expand(child, depth + 1)
        start, end = self.spans[element]
        if children or start == end:
            return
        if self.passages and self.passages[-1][1] == start:
            self.passages[-1] = self.passages[-1][0], end
        else:
            self.passages.append((start, end))
