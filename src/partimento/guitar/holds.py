"""List what the left hand may hold when notes are struck.

These are the states of the fingering. Each has a position of the hand, and a string for each struck
note. A note that still rings has a string, too, unless the hand lets go of it.

Shapes: C states, N struck notes and then those that ring, S strings.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from partimento.guitar.grips import SILENT, grip_costs
from partimento.guitar.tunings import Tuning
from partimento.short_repr import short_repr

LET_GO = -1  # the string of a note that no longer rings, or that has no place
MOST_STATES = 160
# Costs of a place on the neck. They make the hand stay low, where there is no reason to go up.
PER_POSITION = 0.04  # per fret of the position, for each chord or note
# An open treble string beside stopped ones sounds out of place, the more the higher they are.
TREBLE_STRINGS, OPEN_FROM, PER_FRET_ABOVE_OPEN = 3, 2, 0.25
UNHOLDABLE = 20.0  # a chord that no hand can hold: its notes have strings, and a warning
PER_FRET_APART = 1.0  # of such a chord
# The share of a grip's cost that notes which ring on have: the hand placed its fingers before.
RINGING_SHARE = 0.3
WITHOUT_PLACE = 100.0  # a note for which there is no string


@short_repr
class Holds(NamedTuple):
    """Hold the states of one chord.

    Attributes
    ----------
    strings : (C, N) int
        The string of each note, from 0; LET_GO if it does not ring.
    position : (C,) int
        The position of the hand, from 0 for the first fret.
    cost : (C,) float
        The cost of the grip and the place.
    is_stopped : (C, N) bool
        Whether a finger holds the note.
    """

    strings: np.ndarray
    position: np.ndarray
    cost: np.ndarray
    is_stopped: np.ndarray


@lru_cache(1 << 15)
def holds(
    struck: tuple[int, ...],
    ringing: tuple[int, ...],
    tuning: Tuning,
    stated: tuple[int | None, ...] = (),
) -> Holds:
    """Return the states of a chord, at most MOST_STATES of the lowest costs.

    Parameters
    ----------
    struck, ringing : tuple of int
        The MIDI pitches that are struck, and those that were struck before and still ring.
    tuning : Tuning
    stated : tuple of (int or None), optional
        The string of each struck note, from 0, where it is given.
    """
    strings = _assignments(struck, ringing, tuning, stated)
    pitches = np.array((*struck, *ringing))
    opens = np.array(tuning.open_pitches)
    fret_of_note = np.where(strings == LET_GO, SILENT, pitches - opens[strings])
    frets = np.full((len(strings), len(opens)), SILENT)
    rows, columns = np.nonzero(strings != LET_GO)
    frets[rows, strings[rows, columns]] = fret_of_note[rows, columns]
    costs = grip_costs(frets, tuning).astype(float)
    is_missing = (strings[:, : len(struck)] == LET_GO).sum(axis=1)
    rings = (strings[:, len(struck) :] != LET_GO).sum(axis=1)
    share = (len(struck) + RINGING_SHARE * rings) / (len(struck) + rings)
    costs *= share[:, None]
    if not np.isfinite(costs[is_missing == 0]).any():
        costs = np.minimum(costs, _forced(frets))
    costs += WITHOUT_PLACE * is_missing[:, None]
    costs += PER_POSITION * np.arange(costs.shape[1])
    has_open = (frets[:, :TREBLE_STRINGS] == 0).any(axis=1) & (frets > 0).any(axis=1)
    above = np.maximum(np.arange(1, costs.shape[1] + 1) - OPEN_FROM, 0)
    costs += PER_FRET_ABOVE_OPEN * has_open[:, None] * above
    number, position = np.nonzero(np.isfinite(costs))
    cost = costs[number, position]
    best = np.argsort(cost, kind="stable")[:MOST_STATES]
    number, position = number[best], position[best]
    return Holds(strings[number], position, cost[best], fret_of_note[number] > 0)


def _assignments(
    struck: tuple[int, ...],
    ringing: tuple[int, ...],
    tuning: Tuning,
    stated: tuple[int | None, ...],
) -> np.ndarray:
    """Return all ways ``(A, N)`` to give each note a string, or to let go of it.

    A struck note is without a string only if all notes together have no strings.
    """
    places = []
    for number, pitch in enumerate((*struck, *ringing)):
        only = stated[number] if number < len(stated) else None
        places.append(
            [
                string
                for string, lowest in enumerate(tuning.open_pitches)
                if lowest <= pitch <= lowest + tuning.highest_fret and only in (None, string)
            ]
        )
    rung = [[*options, LET_GO] for options in places[len(struck) :]]
    for missing in range(len(struck) + 1):
        played = [[*options, LET_GO] if missing else options for options in places[: len(struck)]]
        rows = [
            row
            for row in product(*played, *rung)
            if row[: len(struck)].count(LET_GO) == missing and _all_differ(row)
        ]
        if rows:
            break
    return np.array(rows, np.intp).reshape(len(rows), len(places))


def _all_differ(row: tuple[int, ...]) -> bool:
    used = [string for string in row if string != LET_GO]
    return len(set(used)) == len(used)


def _forced(frets: np.ndarray) -> np.ndarray:
    """Return costs ``(A, 1)`` of chords that no hand can hold: nearer frets cost less."""
    stopped = frets > 0
    highest = np.where(stopped, frets, 0).max(axis=1)
    lowest = np.where(stopped, frets, 99).min(axis=1)
    return np.asarray(UNHOLDABLE + PER_FRET_APART * np.maximum(highest - lowest, 0))[:, None]
