"""Convert musical time to seconds and back, exactly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from partimento.music.timelines import Tempo, from_start
from partimento.short_repr import short_repr

MILLION = 1_000_000


@short_repr
class TempoMap:
    """Convert between quarter notes and seconds, according to a piece's tempos."""

    def __init__(self, tempos: Sequence[Tempo]) -> None:
        marks = from_start(tempos, Tempo())
        self._onsets = [mark.onset for mark in marks]
        self._rates = [Fraction(mark.us_per_quarter, MILLION) for mark in marks]
        self._elapsed = [Fraction(0)]  # seconds at each onset
        for rate, (start, stop) in zip(self._rates, pairwise(self._onsets), strict=False):
            self._elapsed.append(self._elapsed[-1] + (stop - start) * rate)

    def seconds(self, quarters: Fraction) -> Fraction:
        """Convert a time in quarter notes to seconds."""
        mark = bisect_right(self._onsets, quarters) - 1
        return self._elapsed[mark] + (quarters - self._onsets[mark]) * self._rates[mark]

    def quarters(self, seconds: Fraction) -> Fraction:
        """Convert a time in seconds to quarter notes."""
        mark = bisect_right(self._elapsed, seconds) - 1
        return self._onsets[mark] + (seconds - self._elapsed[mark]) / self._rates[mark]
