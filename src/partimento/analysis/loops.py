"""Find figures that are repeated again and again, and music that dies away."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from partimento.music.events import Event

PERIOD = 64  # maximum length in events of a repeated figure
TIMES = 3  # occurrences in a row that count as a loop


def longest_loop(music: Sequence[Event]) -> Fraction:
    """Return the duration in quarters of the longest loop.

    A loop is a figure of chords and durations that occurs at least three times in a row. In their
    first 16 bars, 95 % of real guitar pieces have no loop of more than a bar.

    >>> quarter = Fraction(1)
    >>> up = [Event((60 + n,), quarter, ()) for n in range(4)]
    >>> longest_loop(up), longest_loop(up + up), longest_loop(up + up[:2] * 3)
    (Fraction(0, 1), Fraction(0, 1), Fraction(6, 1))
    """
    numbers: dict[tuple[tuple[int, ...], Fraction], int] = {}  # equal events get equal numbers
    kinds = [(event.chord, event.duration) for event in music]
    events = np.array([numbers.setdefault(kind, len(numbers)) for kind in kinds], int)
    onsets = [Fraction(0)]
    for event in music:
        onsets.append(onsets[-1] + event.duration)
    longest = Fraction(0)
    for period in range(1, min(PERIOD, len(music) // TIMES) + 1):
        repeats = np.concatenate([[False], events[period:] == events[:-period], [False]])
        edges = np.flatnonzero(repeats[1:] != repeats[:-1])  # where runs of repeats begin and end
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if end - begin >= (TIMES - 1) * period:
                longest = max(longest, onsets[end + period] - onsets[begin])
    return longest


def stays_active(music: Sequence[Event]) -> bool:
    """Return True if the second half has at least half as many chords as the first."""
    length = sum((event.duration for event in music), Fraction(0))
    now, halves = Fraction(0), [0, 0]
    for event in music:
        halves[2 * now >= length] += bool(event.chord)
        now += event.duration
    return 2 * halves[1] >= halves[0]
