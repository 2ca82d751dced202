"""Rank candidates by key, range, activity, loops and the probability of their end."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.generate.finish import Transposer
from partimento.music.events import Event
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

PERIOD = 64  # maximum length in events of a repeated figure
TIMES = 3  # occurrences in a row that count as a loop


@short_repr
class Choice(NamedTuple):
    """Hold the best candidate.

    Attributes
    ----------
    piece : Piece
    fits : bool
        Whether it is in the requested key; True if no key is requested.
    number : int
        Its index among the candidates.
    """

    piece: Piece
    fits: bool
    number: int


def choose_candidate(
    candidates: Sequence[Piece],
    closings: Sequence[float],
    dead_ends: Sequence[int],
    transposer: Transposer,
) -> Choice:
    """Choose the best candidate.

    The criteria are, in this order:

    1. the requested mode, or that of a continued piece,
    2. the requested tonic,
    3. fewest dead ends,
    4. all notes within range,
    5. activity to the end and no loops,
    6. the highest probability of the end.

    The end is most probable after a chord that has lasted for bars, so activity comes before it.

    Parameters
    ----------
    candidates : sequence of Piece
    closings : sequence of float
        Log-probability of the end of each candidate (`Generated.closing`).
    dead_ends : sequence of int
        The dead ends of each candidate (`Generated.dead_ends`).
    transposer : Transposer
    """
    bar = transposer.prompt.reference.meter.bar_ql
    ranks = []
    for piece, closing, dead in zip(candidates, closings, dead_ends, strict=True):
        mode, home, inside = _fits(piece, transposer)
        moving = stays_active(piece.events) and longest_loop(piece.events) <= bar
        ranks.append((mode, home, -int(dead), inside, moving, closing))
    best = max(range(len(ranks)), key=ranks.__getitem__)
    fits = transposer.key is None or (ranks[best][0] and ranks[best][1])
    return Choice(candidates[best], fits, best)


def _fits(piece: Piece, transposer: Transposer) -> tuple[bool, bool, bool]:
    """Return whether mode and tonic are as requested, and all notes are within range."""
    tokens, key = transposer.tokens, transposer.key
    analyzed, _ = analyze_key(piece)
    wanted = key or transposer.prompt.declared_key
    mode = wanted is None or analyzed.mode == wanted.mode
    if tokens.to_common_key:
        home = analyzed.tonic == (9 if analyzed.mode == "minor" else 0)
    else:  # otherwise the piece is moved to the requested tonic, unless the interval is fixed
        home = transposer.fixed is None or key is None or analyzed.tonic == key.tonic
    shift = transposer.interval(piece.notes, analyzed)
    return mode, home, not any(transposer.notes_out_of_range(piece.notes, shift))


def stays_active(music: Sequence[Event]) -> bool:
    """Return True if the second half has at least half as many chords as the first."""
    length = sum((event.duration for event in music), Fraction(0))
    now, halves = Fraction(0), [0, 0]
    for event in music:
        halves[2 * now >= length] += bool(event.chord)
        now += event.duration
    return 2 * halves[1] >= halves[0]


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
