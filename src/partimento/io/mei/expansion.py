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
    if len(tops) == len({reader.spans[top][0] for top in tops}) and any(
        _expansion(element) for element in reader.spans
    ):
        ids = reader.ids()
        passages: list[tuple[Fraction, Fraction]] = []
        for top in sorted(tops, key=lambda top: reader.spans[top][0]):
            _expand(reader, ids, top, passages, depth=0)
        return [(round(start * grid), round(end * grid)) for start, end in passages]
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


def _expand(
    reader: ScoreReader,
    ids: dict[str, Element],
    element: Element,
    passages: list[tuple[Fraction, Fraction]],
    depth: int,
) -> None:
    """Add the passages of an element, in playing order."""
    if len(passages) > MOST_PASSAGES or depth > 100:
        raise InvalidScoreError(f"with its repeats it is longer than {MOST_PASSAGES} bars")
    names = _expansion(element)
    if names:
        children = [ids[name] for name in names if name in ids and ids[name] is not element]
    else:
        inner = any(element is not one and _expansion(one) for one in element.iter("section"))
        children = [child for child in element if child in reader.spans] if inner else []
    if not children:
        start, end = reader.spans[element]
        if passages and passages[-1][1] == start:
            passages[-1] = passages[-1][0], end
        elif end > start:
            passages.append((start, end))
        return
    for child in children:
        _expand(reader, ids, child, passages, depth + 1)
