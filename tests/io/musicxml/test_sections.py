"""Repeats, endings and jumps that lost an end are removed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.io.musicxml.documents import (
    BACKWARD,
    END_ONE,
    END_TWO,
    FORWARD,
    ONE,
    START,
    TWO,
    barline,
    note,
    score,
    sound,
)

from partimento.io.musicxml.document import ScoreDocument
from partimento.io.musicxml.sections import Section, sections_of

BAR = note("C4", 16)
BARS = [
    START + BAR,
    barline(FORWARD) + BAR,
    ONE + BAR + END_ONE,
    TWO + BAR + END_TWO,
    BAR,
    BAR + barline(BACKWARD),
]


def cut(first: int, last: int, bars: list[str] = BARS):
    document = ScoreDocument.from_bytes(score(bars).encode())
    return document.cut(Fraction(4 * first), Fraction(4 * last + 4)).root


def test_sections_contain_their_endings() -> None:
    parts = list(ScoreDocument.from_bytes(score(BARS).encode()).root.iterchildren("part"))
    assert sections_of(parts) == [Section(1, 3), Section(4, 5)]


@pytest.mark.parametrize(
    ("first", "last", "repeats", "endings"),
    [(1, 3, 2, 4), (0, 4, 2, 4), (1, 2, 0, 0), (2, 3, 0, 0), (3, 5, 1, 0), (0, 0, 0, 0)],
)
def test_whole_sections_stay(first: int, last: int, repeats: int, endings: int) -> None:
    root = cut(first, last)
    assert len(list(root.iter("repeat"))) == repeats
    assert len(list(root.iter("ending"))) == endings


def test_jumps_without_target_are_removed() -> None:
    sign = f"<direction><direction-type><segno/></direction-type>{sound(segno='1')}</direction>"
    jump = (
        "<direction><direction-type><words>D.S.</words></direction-type>"
        f"{sound(dalsegno='1')}</direction>"
    )
    bars = [START + sign + BAR, BAR, BAR + jump]
    assert cut(1, 2, bars).find(".//words") is None
    assert cut(0, 2, bars).find(".//words") is not None
