"""Define and check the length of a composition."""

from __future__ import annotations

from typing import NamedTuple

from partimento.errors import PartimentoError

MAX_BARS, MAX_EVENTS = 10_000, 500_000


class Limits(NamedTuple):
    """The length at which a candidate stops, whichever limit it reaches first.

    Attributes
    ----------
    events : int
        Maximum number of events, with prompt and header (which counts as one).
    steps : int
        Maximum duration in steps of the tokenizer's grid.
    may_end : bool
        Whether the model may end the piece earlier.
    total : int
        The length in steps for which the model prepares the ending; negative if it is not set.
    """

    events: int
    steps: int
    may_end: bool
    total: int = -1


def check_length(bars: int | None, events: int | None, prompt_events: int = 1) -> None:
    """Raise PartimentoError if lengths are out of range or contradict each other.

    This imports no framework, so that the command line can report errors at once.
    """
    if bars is not None and events is not None:
        raise PartimentoError("set the length in bars or in events, not both")
    for name, value, most in (
        ("bars", bars, MAX_BARS),
        ("events", events, MAX_EVENTS),
        ("the number of prompt events", prompt_events, MAX_EVENTS),
    ):
        if value is not None and not 1 <= value <= most:
            raise PartimentoError(f"{name} must be between 1 and {most:,}, not {value}")
