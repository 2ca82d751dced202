"""Limit the length of a composition."""

from __future__ import annotations

from typing import NamedTuple

from partimento.errors import PartimentoError

MAX_BARS, MAX_EVENTS = 10_000, 500_000


class Limits(NamedTuple):
    """The length at which a candidate stops.

    It stops after `events` events (prompt and start row included), or once it has lasted `steps`
    (of the tokenizer's grid). With `may_end` the model may also end it by itself.
    """

    events: int
    steps: int
    may_end: bool


def check_length(bars: int | None, events: int | None, opening: int = 1) -> None:
    """Raise unless the lengths make sense, before anything is loaded.

    Raises
    ------
    PartimentoError
    """
    if bars is not None and events is not None:
        raise PartimentoError("give the length in bars or in events, not both")
    for name, value, most in (
        ("bars", bars, MAX_BARS),
        ("events", events, MAX_EVENTS),
        ("the opening's events", opening, MAX_EVENTS),
    ):
        if value is not None and not 1 <= value <= most:
            raise PartimentoError(f"{name}: at least 1 and at most {most:,}, not {value}")
