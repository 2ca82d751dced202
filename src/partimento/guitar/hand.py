"""Model what a left hand can hold on a fingerboard, and how hard it is.

A *shape* says where the four fingers stand relative to the hand's position, which is the fret of
the index finger. A *cost* says how hard a shape is at a position; it is infinite if no hand can
hold it. The guide ``docs/guides/guitar.md`` has the whole cost model.

Distances are in millimeters, because frets get closer up the neck. On a string of length L, fret f
is at ``L · (1 − 2 ** (−f / 12))`` from the nut.

Shapes of arrays: R stop patterns, P positions, S strings.

Position, finger span and change of position as measures of difficulty follow

    Heijink & Meulenbroek, "On the complexity of classical guitar playing: functional adaptations
    to task constraints", Journal of Motor Behavior 34 (2002).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from partimento.guitar.tunings import Tuning
from partimento.short_repr import short_repr

# Fingers: 1 is the index finger, 4 the little one. Which frets each may stop, counted from the
# position: finger 2 may be pulled back next to the index finger, finger 4 may stretch.
FRETS_OF_FINGER = {2: (0, 1, 2), 3: (0, 1, 2, 3), 4: (1, 2, 3, 4, 5)}
REACH = 5  # the farthest fret above the position
CODES = REACH + 2  # stop codes per string: 0 if no finger stops it, else 1 + frets above position
# The largest distance in millimeters between the tips of two fingers.
LARGEST_SPAN = {(1, 2): 62, (2, 3): 50, (3, 4): 50, (1, 3): 88, (2, 4): 80, (1, 4): 128}
STRING_SPACING = 8.5  # millimeters
BODY = 9  # the position from which the body of a classical guitar is in the way
SMALL_BARRE = 3  # strings; the index finger may lie on so many and leave higher ones free

# Costs. A cost of 1 is about that of a small barré.
PER_FINGER = 0.1
PER_STRETCH = 0.05  # per millimeter that a finger is above its own fret
PER_SQUEEZE = 0.03  # per millimeter that a finger is below its own fret
PER_SPAN = 0.02  # per millimeter of a finger pair above EASY_SPAN of its largest span
EASY_SPAN = 0.6
BARRE, PER_BARRE_STRING = 0.6, 0.12
FREE_TREBLE = 0.5  # for a small barré with an open string on its treble side
PER_FRET_UP = 0.2  # per fret of the position, for chords; a single finger moves up freely
PER_FRET_ON_BODY = 0.2  # per fret above BODY, in addition


@short_repr
class StopCosts(NamedTuple):
    """Hold the cost of every pattern of stopped strings at every position.

    The code of a pattern is a number in base CODES. Its digit s is 0 if string s is open or silent,
    else 1 plus its frets above the position.

    Attributes
    ----------
    row : (CODES ** S,) int32
        The row of a code in the other arrays; -1 if no hand can hold it.
    code : (R,) int64
    free, barre : (R, P) float32
        The lowest cost with each finger on one string, and with a barré; inf if impossible.
    """

    row: np.ndarray
    code: np.ndarray
    free: np.ndarray
    barre: np.ndarray


def position_count(tuning: Tuning) -> int:
    """Return P: positions 1 to P reach all frets."""
    return tuning.highest_fret - 3


def digits(strings: int) -> np.ndarray:
    """Return the weight ``(S,)`` of each string in the code of a pattern."""
    return np.asarray(CODES ** np.arange(strings), np.int64)


@lru_cache(8)
def stop_costs(tuning: Tuning) -> StopCosts:
    """Return the costs of all patterns on an instrument.

    Only the number of strings, the frets, the scale and the capo matter.
    """
    strings, positions = len(tuning.strings), position_count(tuning)
    all_shapes = _as_arrays(strings)
    codes, row_of_shape = np.unique(all_shapes.code, return_inverse=True)
    has_barre = all_shapes.barre[:, 0] >= 0
    free, barre = (np.full((len(codes), positions), np.inf, np.float32) for _ in range(2))
    for position in range(1, positions + 1):
        costs = _shape_costs(all_shapes, position, tuning)
        for table, chosen in ((free, ~has_barre), (barre, has_barre)):
            column = np.full(len(codes), np.inf, np.float32)
            np.minimum.at(column, row_of_shape[chosen], costs[chosen])
            table[:, position - 1] = column
    row = np.full(CODES**strings, -1, np.int32)
    row[codes] = np.arange(len(codes))
    return StopCosts(row, codes, free, barre)


@short_repr
class _Shapes(NamedTuple):
    """Hold N shapes as arrays: fret and string ``(N, 5)`` of each finger, -1 if idle."""

    fret: np.ndarray
    string: np.ndarray
    barre: np.ndarray
    code: np.ndarray


@lru_cache(4)
def _as_arrays(strings: int) -> _Shapes:
    free = _with_fingers(*_index_finger(strings), strings)
    nobody = np.full((1, 5), -1)
    fret, string = _with_fingers(nobody, nobody, strings)
    is_above = (fret != 0).all(axis=1)  # no other finger is at the fret of the barré
    above = fret[is_above], string[is_above]
    pairs = np.array([(a, b) for a in range(strings) for b in range(a + 1, strings)])
    fret, string = (
        np.concatenate([one, np.tile(other, (len(pairs), 1))])
        for one, other in zip(free, above, strict=True)
    )
    barre = np.concatenate([np.full((len(free[0]), 2), -1), np.repeat(pairs, len(above[0]), 0)])
    # A barré is a pattern whose outermost strings are stopped at the position. Those between sound
    # there, too, unless a higher finger stops them.
    stopped = np.zeros((len(fret), strings), np.int64)
    for places, frets in ((barre, np.zeros_like(barre)), (string, fret)):
        rows, columns = np.nonzero(places >= 0)
        stopped[rows, places[rows, columns]] = frets[rows, columns] + 1
    return _Shapes(fret, string, barre, stopped @ digits(strings))


def _index_finger(strings: int) -> tuple[np.ndarray, np.ndarray]:
    """Return frets and strings ``(1 + S, 5)`` with the index finger alone."""
    fret, string = np.full((2, 1 + strings, 5), -1)
    fret[1:, 1], string[1:, 1] = 0, np.arange(strings)
    return fret, string


def _with_fingers(
    fret: np.ndarray, string: np.ndarray, strings: int
) -> tuple[np.ndarray, np.ndarray]:
    """Add all placements of fingers 2 to 4 to rows ``(N, 5)`` of the index finger.

    Higher fingers never stop lower frets. On one fret, a higher finger is on a higher string.
    """
    last_fret, last_string = fret[:, 1], np.where(fret[:, 1] < 0, strings, string[:, 1])
    for finger, reached in FRETS_OF_FINGER.items():
        frets, places = (part.ravel() for part in np.meshgrid(reached, np.arange(strings)))
        later = frets > last_fret[:, None]
        same = (frets == last_fret[:, None]) & (places < last_string[:, None])
        used = (string[:, :, None] == places).any(axis=1)
        rows, chosen = np.nonzero((later | same) & ~used)
        fret, string = (np.concatenate([part, part[rows]]) for part in (fret, string))
        added = slice(len(fret) - len(rows), None)
        fret[added, finger], string[added, finger] = frets[chosen], places[chosen]
        last_fret = np.concatenate([last_fret, frets[chosen]])
        last_string = np.concatenate([last_string, places[chosen]])
    return fret, string


def fret_mm(fret: np.ndarray | float, tuning: Tuning) -> np.ndarray:
    """Return the millimeters from the nut to a fret that is counted from the capo."""
    return np.asarray(tuning.scale_mm * (1 - 2 ** (-(np.asarray(fret) + tuning.capo) / 12)))


def _shape_costs(all_shapes: _Shapes, position: int, tuning: Tuning) -> np.ndarray:
    """Return the cost ``(N,)`` of each shape at a position."""
    fret, string, barre, _ = all_shapes
    stops = fret >= 0
    is_barre = barre[:, 0] >= 0
    place = fret_mm(position + np.maximum(fret, 0), tuning)
    cost = PER_FINGER * stops.sum(axis=1)
    for finger in (2, 3, 4):
        off = place[:, finger] - fret_mm(position + finger - 1, tuning)
        stretch = np.where(off > 0, PER_STRETCH * off, -PER_SQUEEZE * off)
        cost += np.where(stops[:, finger], stretch, 0)
    for (lower, higher), largest in LARGEST_SPAN.items():
        both = stops[:, lower] & stops[:, higher]
        across = STRING_SPACING * np.abs(string[:, lower] - string[:, higher])
        if lower == 1:  # a barré has a part of the index finger on the string of the other one
            across = np.where(is_barre, 0, across)
            both = both | (is_barre & stops[:, higher])
        span = np.hypot(place[:, higher] - place[:, lower], across)
        cost += np.where(both, PER_SPAN * np.maximum(span - EASY_SPAN * largest, 0), 0)
        cost[both & (span > largest)] = np.inf
    cost += np.where(is_barre, BARRE + PER_BARRE_STRING * (np.ptp(barre, axis=1) + 1), 0)
    height = PER_FRET_UP * (position - 1) + PER_FRET_ON_BODY * max(0, position - BODY)
    # One finger moves up the neck freely.
    fingers = stops.sum(axis=1) + 2 * is_barre
    cost += height * (fingers > 1)
    cost[(position + fret).max(axis=1) > tuning.highest_fret] = np.inf
    return np.asarray(cost)
