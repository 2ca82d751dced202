"""Tell whether a hand can play a chord, and move from one chord to the next."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from partimento.guitar.grips import grips
from partimento.guitar.hand import fret_mm, position_count
from partimento.guitar.tunings import STANDARD, Tuning

# The highest cost of a chord that is judged playable. It was chosen by `benchmarks/guitar.py`.
LIMIT = 3.0
# A hand that lands on a chord moves by at most REST_MM + SPEED times the seconds that it has.
REST_MM = 40.0
SPEED_MM = 1200.0  # millimeters per second


def chord_cost(pitches: Iterable[int], tuning: Tuning = STANDARD) -> float:
    """Return how hard a chord is: the cost of its easiest grip.

    Parameters
    ----------
    pitches : iterable of int
        The MIDI pitches that sound together. One that occurs twice is played once.
    tuning : Tuning

    Returns
    -------
    float
        0 for open strings, about 1 for a small barré; inf if no hand can hold it.

    Examples
    --------
    >>> chord_cost([40, 45, 50])
    0.0
    >>> chord_cost([41, 44])  # both only on the lowest string
    inf
    """
    return float(position_costs(tuple(sorted(set(pitches))), tuning).min(initial=np.inf))


def is_playable(pitches: Iterable[int], tuning: Tuning = STANDARD, *, limit: float = LIMIT) -> bool:
    """Return whether a hand can play these pitches together.

    Parameters
    ----------
    pitches : iterable of int
        The MIDI pitches that sound together, struck or held. No pitches are playable.
    tuning : Tuning
    limit : float
        The highest cost that counts as playable; see `chord_cost`.

    Examples
    --------
    >>> is_playable([48, 52, 55, 60, 64])  # C major in the first position
    True
    >>> is_playable([41, 43])
    False
    """
    return chord_cost(pitches, tuning) <= limit


def can_move(
    before: Iterable[int],
    after: Iterable[int],
    seconds: float,
    tuning: Tuning = STANDARD,
    *,
    limit: float = LIMIT,
) -> bool:
    """Return whether a hand can play one chord, and the next one some seconds later.

    Parameters
    ----------
    before, after : iterable of int
        The MIDI pitches that sound together.
    seconds : float
        The time from the beginning of the first chord to that of the second one.
    tuning : Tuning
    limit : float
        The highest cost of either chord.

    Examples
    --------
    >>> can_move([41, 48, 53], [72, 76], 0.1), can_move([41, 48, 53], [72, 76], 0.5)
    (False, True)
    """
    first, second = (
        position_costs(tuple(sorted(set(chord))), tuning) <= limit for chord in (before, after)
    )
    near = shift_mm(tuning) <= REST_MM + SPEED_MM * seconds
    return bool((first[:, None] & second & near).any())


@lru_cache(1 << 16)
def position_costs(pitches: tuple[int, ...], tuning: Tuning) -> np.ndarray:
    """Return the lowest cost ``(P,)`` of a chord at each position, from 1 on."""
    return np.asarray(grips(pitches, tuning).costs.min(axis=0, initial=np.inf))


@lru_cache(8)
def shift_mm(tuning: Tuning) -> np.ndarray:
    """Return the distance ``(P, P)`` between any two positions, in millimeters."""
    place = fret_mm(np.arange(1, position_count(tuning) + 1), tuning)
    return np.asarray(np.abs(place[:, None] - place))
