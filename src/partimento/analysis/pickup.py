"""Infer the length of the pickup, which MIDI files do not state.

Every sixteenth of a bar is a candidate for the first bar line. For each candidate,
`bar_line_features` measures how well the music would fit its bars. Many notes, long notes and long
times to the next note should fall on the downbeat, the middle of the bar and the beats. Few notes
should sound across a bar line. The last bar should be complete, or shorter by the length of the
pickup. Some pickups are more usual than others. A conditional logit model with these features gives
the probability of each candidate. Its weights are fitted to music with known pickups, and its
accuracy measured, by benchmarks/evidence.py.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np

from partimento.analysis.grace_notes import on_plain_grid
from partimento.music.piece import Piece

GRID = 4  # places per quarter: a place is a sixteenth note
FEWEST_BARS, MOST_PLACES = 4, 64  # of a piece; in a bar
MOST_OFF = 0.1  # share of onsets off the grid of notation; more mean that the piece was performed
CONFIDENCE = 0.95  # a less probable pickup is not reported

FEATURES = (
    *(
        f"{what} {where}"
        for what in ("notes", "length", "wait", "across")
        for where in ("downbeat", "middle", "beats")
    ),
    "no upbeat",
    "whole beats",
    "one beat",
    "a quarter",
    "an eighth",
    "an eighth of a compound beat",
    "less than a beat",
    "a sixteenth",
    "odd sixteenths",
    "half a bar",
    "more than half a bar",
    "nothing begins there",
    "begins with a rest",
    "last bar lacks the upbeat",
    "last bar is cut",
    "last note on downbeat",
    "last note in middle",
)
WEIGHTS = np.array(
    [
        4.4,
        8.39,
        -4.4,
        20.78,
        -5.8,
        5.22,
        3.28,
        15.56,
        2.47,
        -2.78,
        -6.71,
        2.68,
        2.48,
        1.79,
        -0.89,
        3.68,
        4.93,
        0.76,
        -0.21,
        1.01,
        2.11,
        -2.92,
        -2.87,
        -5.12,
        -6.38,
        -1.57,
        -2.19,
        0.94,
        0.82,
    ]
)


def infer_pickup(piece: Piece) -> Fraction | None:
    """Infer the length of a piece's pickup, if the evidence is strong.

    Parameters
    ----------
    piece : Piece
        Read exactly. Flagged grace notes and `Piece.pickup` are ignored.

    Returns
    -------
    Fraction or None
        In quarters, less than a bar: 0 if the piece begins with a whole bar, None if the evidence
        is weak.
    """
    odds = pickup_odds(piece)
    if odds is None or float(odds.max()) < CONFIDENCE:
        return None
    return Fraction(int(odds.argmax()), GRID)


def pickup_odds(piece: Piece) -> np.ndarray | None:
    """Return the probability of every pickup that is shorter than a bar.

    Returns
    -------
    (P,) float64 or None
        Entry p is the probability of a pickup of p sixteenth notes. None if the piece is too short
        or performed freely, or its bar is not a whole number of sixteenth notes.
    """
    features = bar_line_features(piece)
    if features is None:
        return None
    score = WEIGHTS @ features
    odds = np.exp(score - score.max())
    return np.asarray(odds / odds.sum())


def bar_line_features(piece: Piece) -> np.ndarray | None:
    """Measure how well the music would fit a first bar line at each place of a bar.

    Only the music before the first change of meter counts.

    Returns
    -------
    (F, P) float64 or None
        A row for each of `FEATURES`, a column for each sixteenth of the bar. None in the same cases
        as `pickup_odds`.
    """
    notes = piece.notes
    meter = piece.first_meter
    places = meter.bar_ql * GRID
    if places.denominator > 1 or not 1 < places <= MOST_PLACES:
        return None
    bar, grid = int(places), notes.divisions
    signature = (meter.numerator, meter.denominator)
    until = next(
        (mark.onset for mark in piece.meters if (mark.numerator, mark.denominator) != signature),
        piece.length,
    )
    before = int(np.searchsorted(notes.onset, -(-until.numerator * grid // until.denominator)))
    kept = np.flatnonzero(notes.grace[:before] == 0)
    onset, duration = notes.onset[kept], notes.duration[kept]
    if until < FEWEST_BARS * meter.bar_ql or not len(onset):
        return None
    # Index of the first note at each onset; notes are sorted by onset.
    first = np.flatnonzero(np.concatenate([[True], onset[1:] != onset[:-1]]))
    if np.count_nonzero(on_plain_grid(onset[first], grid)) < (1 - MOST_OFF) * len(first):
        return None
    beat, middle, prior = _prior(*signature)
    end = round(until * GRID)
    place = (2 * GRID * onset[first] + grid) // (2 * grid)
    near = 10 * np.abs(GRID * onset[first] - place * grid) <= grid
    longest = bar * grid // GRID
    wait = np.diff(onset[first], append=max(end * grid // GRID, int(onset[-1]) + 1))
    weights = (
        np.diff(first, append=len(onset)),
        np.minimum(np.maximum.reduceat(duration, first), longest),
        np.minimum(wait, longest),
    )
    table = np.array(
        [
            *(np.bincount(place[near] % bar, weight[near], bar) for weight in weights),
            _across(onset, duration, bar, grid),
        ],
        float,
    )
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1)
    # Shares (4 quantities, 3 positions): of the downbeat, the middle of the bar, and all beats.
    shares = np.zeros((4, 3, bar))
    shares[:, 0] = table
    if middle:
        shares[:, 1] = np.roll(table, -middle, axis=1)
    shares[:, 2] = np.tile(table.reshape(4, -1, beat).sum(axis=1), bar // beat)
    return np.concatenate([shares.reshape(12, bar), prior, _edges(place, near, bar, middle, end)])


def _across(onset: np.ndarray, duration: np.ndarray, bar: int, grid: int) -> np.ndarray:
    """Count the notes that sound across each place of the bar: (P,) int64."""
    begin = onset * GRID // grid + 1
    stop = -(-(onset + duration) * GRID // grid)
    size = (max(int(begin.max()), int(stop.max())) // bar + 1) * bar
    sounding = np.cumsum(np.bincount(begin, minlength=size) - np.bincount(stop, minlength=size))
    across: np.ndarray = sounding.reshape(-1, bar).sum(axis=0)
    return across


@lru_cache(maxsize=64)
def _prior(numerator: int, denominator: int) -> tuple[int, int, np.ndarray]:
    """Return beat, middle and the features of pickups that depend on the meter only.

    Beat and middle of the bar are in places; the middle is 0 if the beats cannot be halved.
    """
    bar = numerator * 4 * GRID // denominator
    compound = numerator % 3 == 0 and numerator > 3 and denominator >= 8
    beat = max(4 * GRID * (3 if compound else 1) // denominator, 1)
    if bar % beat:
        beat = 1
    middle = bar // 2 if (bar // beat) % 2 == 0 else 0
    place = np.arange(bar)
    prior = np.array(
        [
            place == 0,
            (place > 0) & (place % beat == 0),
            place == beat,
            place == 4,
            place == 2,
            (place == 2) & (beat == 6),
            (place > 0) & (place < beat),
            place == 1,
            place % 2 == 1,
            (place > 0) & (place == middle),
            2 * place > bar,
        ],
        np.float64,
    )
    return beat, middle, prior


def _edges(place: np.ndarray, near: np.ndarray, bar: int, middle: int, end: int) -> np.ndarray:
    """Return the features of the beginning and the end of the piece: (6, P)."""
    candidate = np.arange(bar)
    empty = np.ones(bar, bool)
    empty[place[near & (place < bar)]] = False
    last, left = int(place[-1]) % bar, end % bar
    return np.array(
        [
            empty,
            (candidate > 0) & bool(place[0] > 0),
            (candidate > 0) & (left == 0),
            (left != 0) & (candidate != left),
            candidate == last,
            (candidate + middle) % bar == last if middle else empty & False,
        ],
        np.float64,
    )
