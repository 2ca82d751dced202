"""Lengths of a composition: what is refused before anything is loaded."""

from __future__ import annotations

import pytest
from tests.commands import loaded_by

from partimento.errors import PartimentoError
from partimento.generate.limits import MAX_BARS, MAX_EVENTS, check_length


@pytest.mark.parametrize(
    ("bars", "events", "opening"),
    [(None, None, 1), (1, None, 1), (MAX_BARS, None, 1), (None, MAX_EVENTS, MAX_EVENTS)],
)
def test_lengths_within_the_bounds_are_accepted(
    bars: int | None, events: int | None, opening: int
) -> None:
    check_length(bars, events, opening)


@pytest.mark.parametrize(
    ("bars", "events", "opening", "message"),
    [
        (4, 5, 1, "in bars or in events, not both"),
        (0, None, 1, "^bars.*0$"),
        (MAX_BARS + 1, None, 1, "^bars.*10,000"),
        (None, -1, 1, "^events.*-1$"),
        (None, MAX_EVENTS + 1, 1, "^events.*500,000"),
        (None, None, 0, "prompt events.*0$"),
    ],
)
def test_other_lengths_are_refused(
    bars: int | None, events: int | None, opening: int, message: str
) -> None:
    with pytest.raises(PartimentoError, match=message):
        check_length(bars, events, opening)


def test_checking_loads_no_framework() -> None:
    code = "from partimento.generate.limits import check_length\ncheck_length(4, None)"
    assert loaded_by(code, ("keras", "jax", "numpy")) == ("", [])
