"""Name places in a written score, and visit its voices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from partimento.notation.written import WrittenBar, WrittenPart, WrittenScore, WrittenSymbol


class Place(NamedTuple):
    """A place in a score.

    Attributes
    ----------
    part : int
        Index of the part.
    bar : int
        Index of the bar; -1 for the whole part.
    number : str
        Its printed number.
    voice : str
    """

    part: int
    bar: int = -1
    number: str = ""
    voice: str = ""


class Voice(NamedTuple):
    """One voice in one bar."""

    place: Place
    part: WrittenPart
    bar: WrittenBar
    staff: int
    symbols: list[WrittenSymbol]

    @property
    def full(self) -> list[WrittenSymbol]:
        """The symbols without grace notes."""
        return [symbol for symbol in self.symbols if not symbol.is_grace]


def bars_of(score: WrittenScore) -> Iterator[tuple[Place, WrittenPart, WrittenBar]]:
    """Yield all bars of all parts."""
    for number, part in enumerate(score.parts):
        for index, bar in enumerate(part.bars):
            yield Place(number, index, bar.number), part, bar


def voices_of(score: WrittenScore) -> Iterator[Voice]:
    """Yield all voices of all bars."""
    for place, part, bar in bars_of(score):
        for (staff, voice), symbols in bar.voices.items():
            yield Voice(place._replace(voice=voice), part, bar, staff, symbols)
