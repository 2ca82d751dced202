"""Tell a model where phrases end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from partimento.errors import PartimentoError
from partimento.generate.constraints.base import (
    Constraint,
    Finding,
    Scene,
    parse_time,
    set_values,
)
from partimento.generate.constraints.timetable import Timetable
from partimento.music.piece import Piece
from partimento.short_repr import short_repr
from partimento.tokens.base import Tokenizer
from partimento.tokens.event_tokens import EventTokenizer


@short_repr
@dataclass(frozen=True)
class PhraseEnds(Constraint):
    """End phrases at given times, and nowhere else.

    The model must have learned from pieces with fermatas or other phrase ends, such as the bundled
    model of chorales. It then writes a cadence at most of these places.

    Parameters
    ----------
    times : sequence of Fraction
        The ends in quarters.

    Examples
    --------
    >>> PhraseEnds([8, 16]).demand
    '2 phrase ends'
    """

    needs_bars = True
    times: Annotated[
        Sequence[Fraction | int | str], Field(description="The ends of phrases, in quarters.")
    ]

    def __post_init__(self) -> None:
        times = sorted({parse_time(time, "a phrase end") for time in self.times})
        if times and times[0] <= 0:
            raise PartimentoError("a phrase must end after the piece begins")
        set_values(self, times=tuple(times))

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return f"{len(self.times)} phrase end{'s' * (len(self.times) != 1)}"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Let a phrase end with the event before each time."""
        if not knows_phrases(table.tokenizer):
            raise PartimentoError(f"{self!r} needs a model that writes phrase ends")
        here = table.window(scene)
        table.phrase[here.start + 1 : here.stop + 1] = 0
        for time in self.times:
            step = scene.steps(Fraction(time), "a phrase end")
            if here.start < step <= min(here.stop, table.last):
                table.phrase[step] = 1
                if step < table.last:
                    table.edge[step] = True

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Compare the phrase ends of the piece."""
        first = Fraction(scene.start, scene.grid)
        last = Fraction(scene.stop, scene.grid) if scene.stop >= 0 else piece.length
        ends = {time for time in (Fraction(time) for time in self.times) if first < time <= last}
        found = {time for time in piece.phrase_ends if first < time <= last}
        more = len(found - ends)
        text = f"{len(ends & found)} of {len(ends)}" + (f", {more} others" if more else "")
        return self._finding(text, found == ends)


def knows_phrases(tokenizer: Tokenizer) -> bool:
    """Return whether a tokenizer writes where phrases end."""
    return isinstance(tokenizer, EventTokenizer) and tokenizer.plan.phrases
