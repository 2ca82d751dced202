"""Loops and activity."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import given

from partimento import Event
from partimento.analysis.loops import PERIOD, TIMES, longest_loop, stays_active

QUARTER = Fraction(1)


def line(letters: str) -> list[Event]:
    """A quarter a letter; a dot is a rest."""
    return [
        Event((60 + ord(letter) - ord("a"),) if letter != "." else (), QUARTER)
        for letter in letters
    ]


def by_trying(music: Sequence[Event]) -> Fraction:
    """The same by its definition: every stretch, held against itself moved on by every period."""
    longest = Fraction(0)
    told = [(event.chord, event.duration) for event in music]
    for begin in range(len(music)):
        for end in range(begin + TIMES, len(music) + 1):
            stretch = told[begin:end]
            for period in range(1, min(PERIOD, len(stretch) // TIMES) + 1):
                if stretch[period:] == stretch[:-period]:
                    longest = max(
                        longest, sum((event.duration for event in music[begin:end]), Fraction(0))
                    )
    return longest


@given(
    st.lists(
        st.tuples(st.sampled_from([(), (60,), (60, 64)]), st.sampled_from([QUARTER, QUARTER / 2])),
        max_size=24,
    )
)
def test_circles_are_found_wherever_they_stand(
    told: list[tuple[tuple[int, ...], Fraction]],
) -> None:
    music = [Event(chord, duration) for chord, duration in told]
    assert longest_loop(music) == by_trying(music)


@pytest.mark.parametrize(
    ("letters", "quarters"),
    [
        ("abcdabcd", 0),
        ("abcabcabc", 9),
        ("xabcabcabcay", 10),
        ("aaab", 3),
        ("....", 4),
        ("", 0),
        ("abababcdcdcdcd", 8),
    ],
)
def test_a_figure_is_in_circles_from_the_third_time_on(letters: str, quarters: int) -> None:
    assert longest_loop(line(letters)) == quarters


def test_what_dies_away_is_not_lively() -> None:
    assert stays_active(line("abcdefgh"))
    assert not stays_active(line("abcd...e"))
    assert not stays_active([*line("abcd"), Event((60,), 4 * QUARTER)])
