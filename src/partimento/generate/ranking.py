"""What speaks for and against a take: whether it stays alive, and whether it goes round in circles."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from partimento.music.events import Event

PERIOD = 64  # events of the longest figure that is looked for
TIMES = 3  # in a row


def stays_active(music: Sequence[Event]) -> bool:
    """Whether the second half of the time holds at least half as many chords as the first, rests
    not counted.
    """
    length = sum((event.duration for event in music), Fraction(0))
    now, halves = Fraction(0), [0, 0]
    for event in music:
        halves[2 * now >= length] += bool(event.chord)
        now += event.duration
    return 2 * halves[1] >= halves[0]


def longest_loop(music: Sequence[Event]) -> Fraction:
    """The longest time in quarters that is one figure of chords and durations, over and over: three
    times or more in a row.

    Of real guitar pieces, the first 16 bars of each, 95 % have no more than a bar of it.

    >>> quarter = Fraction(1)
    >>> up = [Event((60 + n,), quarter, ()) for n in range(4)]
    >>> longest_loop(up), longest_loop(up + up), longest_loop(up + up[:2] * 3)
    (Fraction(0, 1), Fraction(0, 1), Fraction(6, 1))
    """
    numbers: dict[tuple[tuple[int, ...], Fraction], int] = {}
    what = np.array(
        [numbers.setdefault((event.chord, event.duration), len(numbers)) for event in music], int
    )
    at = [Fraction(0)]
    for event in music:
        at.append(at[-1] + event.duration)
    longest = Fraction(0)
    for period in range(1, min(PERIOD, len(music) // TIMES) + 1):
        same = np.concatenate([[False], what[period:] == what[:-period], [False]])
        edges = np.flatnonzero(
            same[1:] != same[:-1]
        )  # where stretches that are as they were a period ago begin and end
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if end - begin >= (TIMES - 1) * period:
                longest = max(longest, at[end + period] - at[begin])
    return longest
