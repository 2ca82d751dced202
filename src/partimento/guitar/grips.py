"""Find the ways to hold a chord: a string and a fret for each of its notes.

Shapes: A assignments of notes to strings, P positions, S strings, N notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from partimento.guitar.hand import (
    FREE_TREBLE,
    REACH,
    SMALL_BARRE,
    digits,
    position_count,
    stop_costs,
)
from partimento.guitar.tunings import Tuning
from partimento.short_repr import short_repr

SILENT = -1  # the fret of a string that does not sound


@short_repr
class Grips(NamedTuple):
    """Hold the grips of one chord.

    Attributes
    ----------
    frets : (A, S) int
        The fret of each string; 0 if it is open, SILENT if it does not sound.
    strings : (A, N) int
        The string of each note, from 0, in the order of `pitches`.
    costs : (A, P) float32
        The cost at each position, from position 1 on; inf if no hand can hold it there.
    """

    frets: np.ndarray
    strings: np.ndarray
    costs: np.ndarray


@lru_cache(1 << 16)
def grips(
    pitches: tuple[int, ...], tuning: Tuning, fixed: tuple[int | None, ...] | None = None
) -> Grips:
    """Return all grips of a chord that some hand can hold.

    Parameters
    ----------
    pitches : tuple of int
        MIDI pitches; one that occurs twice sounds on two strings.
    tuning : Tuning
    fixed : tuple of (int or None), optional
        The string of each note, from 0, where it is stated.

    Returns
    -------
    Grips
        No rows if there is none.
    """
    strings = assignments(pitches, tuning, fixed)
    frets = np.full((len(strings), len(tuning.strings)), SILENT)
    opens = np.array(tuning.open_pitches)
    if len(pitches):
        np.put_along_axis(frets, strings, np.array(pitches) - opens[strings], axis=1)
    costs = grip_costs(frets, tuning)
    possible = np.isfinite(costs).any(axis=1)
    return Grips(frets[possible], strings[possible], costs[possible])


def assignments(
    pitches: Sequence[int], tuning: Tuning, fixed: Sequence[int | None] | None = None
) -> np.ndarray:
    """Return all ways ``(A, N)`` to give each note a string of its own."""
    places = []
    for number, pitch in enumerate(pitches):
        only = fixed[number] if fixed else None
        places.append(
            [
                string
                for string, lowest in enumerate(tuning.open_pitches)
                if lowest <= pitch <= lowest + tuning.highest_fret and only in (None, string)
            ]
        )
    if len(pitches) > len(tuning.strings) or not all(places):
        return np.zeros((0, len(pitches)), np.intp)
    rows = [row for row in product(*places) if len(set(row)) == len(row)]
    return np.array(rows, np.intp).reshape(len(rows), len(pitches))


def grip_costs(frets: np.ndarray, tuning: Tuning) -> np.ndarray:
    """Return the costs ``(A, P)`` of grips ``(A, S)`` at each position."""
    table = stop_costs(tuning)
    positions = np.arange(1, position_count(tuning) + 1)[:, None]
    stopped = frets[:, None, :] > 0
    above = frets[:, None, :] - positions
    in_reach = np.all(~stopped | ((above >= 0) & (above <= REACH)), axis=2)
    digit = np.where(stopped & in_reach[..., None], above + 1, 0)
    # The code of a barré has the outermost strings under it alone.
    strings = np.arange(frets.shape[1])
    lies = digit == 1
    first = lies.argmax(axis=2, keepdims=True)
    last = frets.shape[1] - 1 - lies[..., ::-1].argmax(axis=2, keepdims=True)
    under = lies & (strings > first) & (strings < last)
    at, weights = np.arange(len(positions)), digits(frets.shape[1])
    costs = []
    for codes, column in ((digit, table.free), (np.where(under, 0, digit), table.barre)):
        row = table.row[(codes * weights).sum(axis=2)]
        costs.append(np.where(in_reach & (row >= 0), column[row, at], np.inf))
    # Open strings may be in the way of a barré.
    is_open = frets[:, None, :] == 0
    is_blocked = (is_open & (strings > first) & (strings < last)).any(axis=2)
    is_free = (is_open & (strings < first)).any(axis=2)
    is_small = (last - first).squeeze(2) < SMALL_BARRE
    more = np.where(is_free, np.where(is_small, FREE_TREBLE, np.inf), 0)
    barre = np.where(is_blocked, np.inf, costs[1] + more)
    return np.asarray(np.minimum(costs[0], barre), np.float32)
