"""Divide a piece into phrases.

Scores that have fermatas or breath marks state where phrases end. For other pieces, the ends are
estimated by three preferences of Temperley's grouping program:

1. A phrase ends before a gap: a long time until the next note, or a rest.
2. A phrase has a usual length: about ten notes of the melody, and about two bars.
3. A phrase begins at the same place in the bar as the one before it.

The program was made for melodies. Here the gap is also that of all voices together, because voices
that wait for each other end a phrase together. The division with the best sum is found by dynamic
programming.

References
----------
D. Temperley, *The Cognition of Basic Musical Structures*, MIT Press, 2001, chapter 3.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from partimento.music.piece import Piece
from partimento.short_repr import short_repr

# Chosen on 91 chorales of music21 and 100 tunes of the Essen collection, which
# benchmarks/phrases.py leaves out. Gaps are in units of the mean time from one note of the melody
# to the next.
MELODY_GAP = 0.25
TEXTURE_GAP = 2.0
ATTACK = 1.0  # for the share of the parts that begin a note together
LENGTH_IN_NOTES, NOTES = 3.0, 10
LENGTH_IN_BARS, BARS = 3.0, 2
PARALLEL = 0.5  # cost of a phrase that begins elsewhere in the bar than the one before
LONGEST = 40  # notes of the melody in one phrase
MOST_BARS = 16  # a longer stretch between stated ends has several phrases


@short_repr
class Phrase(NamedTuple):
    """A phrase: where its first note begins, and where it ends, in quarters."""

    onset: Fraction
    end: Fraction


class _Melody(NamedTuple):
    """The highest notes of a piece; times are in steps of `grid` per quarter."""

    grid: int
    onset: np.ndarray
    end: np.ndarray


def phrases(piece: Piece) -> list[Phrase]:
    """Return the phrases of a piece, in order.

    Parameters
    ----------
    piece : Piece
        Its `phrase_ends` count if it has any. Between two of them that are more than 16 bars
        apart, and in pieces without any, phrase ends are estimated. A piece that has one fermata
        at its end is an example.

    Returns
    -------
    list of Phrase
        The last phrase ends with the last note. Rests between phrases belong to none, and a piece
        without notes has no phrases.

    See Also
    --------
    estimate_phrase_ends : The estimate alone.

    Examples
    --------
    >>> from partimento import Note
    >>> notes = [Note(Fraction(i), Fraction(1), 60) for i in (0, 1, 2, 4, 5)]
    >>> [(int(p.onset), int(p.end)) for p in phrases(Piece(notes, phrase_ends=(Fraction(3),)))]
    [(0, 3), (4, 6)]
    """
    notes = piece.notes.select(piece.notes.grace == 0)
    if not len(notes):
        return []
    onsets = [Fraction(step, notes.divisions) for step in sorted(set(notes.onset.tolist()))]
    last = Fraction(int(notes.end.max()), notes.divisions)
    found: list[Phrase] = []
    start = Fraction(0)
    for end in _ends(piece, last):
        first = next((onset for onset in onsets if onset >= start), last)
        if first < end:
            found.append(Phrase(first, end))
        start = max(start, end)
    return found


def _ends(piece: Piece, last: Fraction) -> list[Fraction]:
    """Return the stated phrase ends, with estimated ones where these are far apart."""
    stated = sorted({*piece.phrase_ends, last})
    most = MOST_BARS * piece.first_meter.bar_ql
    gaps = [(a, b) for a, b in pairwise([Fraction(0), *stated]) if b - a > most]
    if piece.phrase_ends and not gaps:
        return stated
    estimated = estimate_phrase_ends(piece)
    if not piece.phrase_ends:
        return list(estimated)
    return sorted({*stated, *(end for end in estimated if any(a < end < b for a, b in gaps))})


def estimate_phrase_ends(piece: Piece) -> tuple[Fraction, ...]:
    """Estimate where the phrases of a piece end, from its notes and bars.

    Declared phrase ends are not used. The file's docstring has the method. Measured against
    fermatas and against printed lines of songs by ``python benchmarks/phrases.py``; it is an
    estimate, and often wrong in music without regular phrases.

    Returns
    -------
    tuple of Fraction
        In quarters, in order; the last one is the end of the last note. Empty without notes.
    """
    notes = piece.without_drums().notes
    notes = notes.select(notes.grace == 0)
    if not len(notes):
        return ()
    melody = melody_of(piece)
    first_notes = [0, *(int(i) for i in _boundaries(piece, melody))]
    starts = melody.onset[first_notes[1:]]
    scale = melody.grid // notes.divisions
    onset, end = notes.onset * scale, notes.end * scale
    order = np.argsort(onset, kind="stable")
    latest = np.maximum.accumulate(end[order])
    before = np.searchsorted(onset[order], starts) - 1
    stops = [*np.minimum(latest[before], starts).tolist(), int(end.max())]
    return tuple(Fraction(int(step), melody.grid) for step in stops)


def melody_of(piece: Piece) -> _Melody:
    """Return the highest notes of a piece.

    Nothing sounds above them when they begin. A note ends where the next one begins, at the latest.
    """
    notes = piece.without_drums().notes
    main = notes.grace == 0
    highest: dict[int, tuple[int, int]] = {}
    columns = (notes.onset[main], notes.end[main], notes.pitch[main])
    for onset, end, pitch in zip(*(column.tolist() for column in columns), strict=True):
        highest[onset] = (end, pitch)  # notes of one onset are sorted by pitch
    line: list[tuple[int, int, int]] = []
    for onset, (end, pitch) in highest.items():
        if line and line[-1][1] > onset:
            if line[-1][2] > pitch:
                continue
            line[-1] = (line[-1][0], onset, line[-1][2])
        line.append((onset, end, pitch))
    bars = piece.bars()
    grid = math.lcm(notes.divisions, *{bar.onset.denominator for bar in bars})
    table = np.array(line, np.int64).reshape(-1, 3).T * (grid // notes.divisions)
    return _Melody(grid, table[0], table[1])


def _places_in_bar(piece: Piece, melody: _Melody) -> np.ndarray:
    """Return the place of each melody note in its bar; a pickup ends its bar."""
    bars = piece.bars()
    starts = np.array([int(bar.onset * melody.grid) for bar in bars])
    missing = bars[0].meter.bar_ql - bars[0].duration if bars[0].number == 0 else Fraction(0)
    index = np.searchsorted(starts, melody.onset, side="right") - 1
    places: np.ndarray = melody.onset - starts[index]
    return np.where(index == 0, places + int(missing * melody.grid), places)


def boundary_strengths(piece: Piece, melody: _Melody) -> np.ndarray:
    """Return how strongly each melody note seems to begin a phrase: (N,) float.

    The first one has no gap before it, and gets 0.
    """
    notes = piece.without_drums().notes
    onset = notes.onset[notes.grace == 0] * (melody.grid // notes.divisions)
    part = notes.part[notes.grace == 0]
    begins = np.unique(onset)
    between = np.diff(melody.onset)
    usual = float(between.mean()) if len(between) else 1.0
    rests = np.maximum(melody.onset[1:] - melody.end[:-1], 0)
    before = begins[np.searchsorted(begins, melody.onset[1:]) - 1]
    texture = melody.onset[1:] - before
    attacks = np.unique(np.stack([onset, part]), axis=1)[0]  # once for each part
    count = np.searchsorted(attacks, melody.onset[1:], "right") - np.searchsorted(
        attacks, melody.onset[1:]
    )
    share = count / max(len(np.unique(part)), 1)
    strengths = (
        MELODY_GAP * (between + rests) / usual + TEXTURE_GAP * texture / usual + ATTACK * share
    )
    return np.concatenate([[0.0], strengths])


def _boundaries(piece: Piece, melody: _Melody) -> list[int]:
    """Return the melody notes, after the first, with which phrases begin."""
    size = len(melody.onset)
    strength = np.append(boundary_strengths(piece, melody), 0.0)
    place = np.append(_places_in_bar(piece, melody), -1)
    times = np.append(melody.onset, melody.end[-1])
    whole = float(piece.first_meter.bar_ql * melody.grid * BARS)
    best, previous = np.zeros(size + 1), np.zeros(size + 1, np.int64)
    for i in range(1, size + 1):
        start = np.arange(max(0, i - LONGEST), i)  # the first note of the phrase that ends before i
        score = best[start] + strength[i]
        score = score - LENGTH_IN_NOTES * np.abs(np.log2((i - start) / NOTES))
        score = score - LENGTH_IN_BARS * np.abs(np.log2((times[i] - times[start]) / whole))
        if i < size:
            score = score - PARALLEL * (place[start] != place[i])
        choice = int(np.argmax(score))
        best[i], previous[i] = score[choice], start[choice]
    found: list[int] = []
    i = int(previous[size])
    while i:
        found.append(i)
        i = int(previous[i])
    return found[::-1]
