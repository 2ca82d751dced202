"""Where two pieces sound the same chord at the same time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from fractions import Fraction

from partimento.music.piece import Piece


def chords_right(original: Piece, snapshot: Piece) -> tuple[int, int]:
    """At how many of the original's events the snapshot sounds the same chord at the same time, and
    of how many.
    """
    there, now, right = sounding(snapshot), Fraction(0), 0
    for event in original.events:
        right += there(now) == event.chord
        now += event.duration
    return right, len(original.events)


def sounding(piece: Piece) -> Callable[[Fraction], tuple[int, ...]]:
    """Which chord a piece sounds at a time."""
    starts, chords, now = [], [], Fraction(0)
    for event in piece.events:
        starts.append(now)
        chords.append(event.chord)
        now += event.duration
    return lambda time: chords[bisect_right(starts, time) - 1] if starts and time < now else ()
