"""Find the easiest way through a piece by dynamic programming over hand positions.

For each chord, the cost of a state is that of its grip, and that of the cheapest way to reach it.
A way costs the shift of the hand, and the notes that it lets go of too early. The path with the
lowest sum is found exactly, for the states of `holds`, as in

    Sayegh, "Fingering for string instruments with the optimum path paradigm", Computer Music
    Journal 13 (1989), no. 3.

Shapes: C states of a chord, K states of the chord before, N notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from partimento.guitar.holds import LET_GO, UNHOLDABLE, WITHOUT_PLACE, Holds, holds
from partimento.guitar.playable import shift_mm
from partimento.guitar.tunings import Tuning
from partimento.short_repr import short_repr

# Costs of a shift.
SHIFT, PER_SHIFT_MM = 0.2, 0.009
# A shift costs its time factor times as much: SLOW, and QUICK divided by the seconds that it has.
SLOW, QUICK = 0.5, 0.15
SHORTEST_S = 0.05  # shorter times count as this
HELD_SHIFT = 1.5  # a shift while a finger stays on its note
FREE_SHIFT = 0.5  # the factor of a shift under an open string, which needs no finger
CUT, PER_CUT_S = 0.8, 0.6  # letting go of a note that should ring, and per second that it lacks
LONGEST_CUT_S = 2.0
CROSSING = 0.02  # per string from one note to the next, for the right hand
# Two notes of a broken chord on one string, so that they cannot ring together.
SAME_STRING, SMALLEST_LEAP = 0.6, 3  # semitones
MOST_IN_BROKEN_CHORD = 4  # notes of two strikes together


@short_repr
@dataclass(frozen=True, slots=True)
class Strike:
    """Notes that are struck together.

    Parameters
    ----------
    notes : tuple of int
        Numbers of the notes, by which `ringing` of later strikes refers to them.
    pitches : tuple of int
    seconds : float
        The time.
    ringing : tuple of int
        The numbers of the notes that still ring.
    ringing_pitches : tuple of int
    lacking : tuple of float
        The seconds that each of them should still ring.
    stated : tuple of (int or None)
        The string of each struck note, from 0, where it is given; empty if none is.
    is_broken : bool
        Whether it continues a broken chord: it leaps, and so does the strike before or after it.
    """

    notes: tuple[int, ...]
    pitches: tuple[int, ...]
    seconds: float
    ringing: tuple[int, ...] = ()
    ringing_pitches: tuple[int, ...] = ()
    lacking: tuple[float, ...] = ()
    stated: tuple[int | None, ...] = ()
    is_broken: bool = False


@short_repr
@dataclass(frozen=True, slots=True)
class Path:
    """The easiest way through a piece.

    Attributes
    ----------
    strings : dict of int to int
        The string of each note, from 0; LET_GO if there is none.
    positions : list of int
        The position of the hand at each strike, from 1.
    unholdable : list of int
        The strikes that no hand can hold.
    cut : set of int
        The notes that do not ring to their end.
    cost : float
    """

    strings: dict[int, int]
    positions: list[int]
    unholdable: list[int]
    cut: set[int]
    cost: float


def easiest_path(strikes: Sequence[Strike], tuning: Tuning) -> Path:
    """Return the easiest way to play the strikes in their order."""
    shifts = _shift_costs(tuning)
    states: list[Holds] = []
    origins: list[np.ndarray] = []
    total = np.zeros(0)
    for number, strike in enumerate(strikes):
        state = holds(strike.pitches, strike.ringing_pitches, tuning, strike.stated)
        if not number:
            total, origin = state.cost, np.zeros(len(state.cost), np.intp)
        else:
            before, last = strikes[number - 1], states[-1]
            ways = total[:, None] + _moves(before, last, strike, state, shifts)
            origin = ways.argmin(axis=0)
            total = state.cost + ways[origin, np.arange(len(origin))]
        states.append(state)
        origins.append(origin)
    return _traced(strikes, states, origins, total)


def _shift_costs(tuning: Tuning) -> np.ndarray:
    """Return the costs ``(P, P)`` of shifts between positions, with time factor 1."""
    distance = shift_mm(tuning)
    return np.where(distance > 0, SHIFT + PER_SHIFT_MM * distance, 0)


def _moves(
    before: Strike, last: Holds, strike: Strike, state: Holds, shifts: np.ndarray
) -> np.ndarray:
    """Return the cost ``(K, C)`` of the moves from each state before to each state."""
    pause = max(strike.seconds - before.seconds, SHORTEST_S)
    costs = shifts[last.position[:, None], state.position] * (SLOW + QUICK / pause)
    if len(before.notes) == 1 and not before.ringing:
        # While an open string sounds, the hand is free to move.
        costs *= np.where(last.is_stopped[:, :1], 1, FREE_SHIFT)
    if len(before.notes) == len(strike.notes) == 1:
        costs += CROSSING * np.abs(last.strings[:, :1] - state.strings[:, 0])
    if strike.is_broken and len(before.notes) + len(strike.notes) <= MOST_IN_BROKEN_CHORD:
        for i, j in product(range(len(before.notes)), range(len(strike.notes))):
            costs += SAME_STRING * (last.strings[:, i, None] == state.strings[:, j])
    if strike.ringing:
        column = {note: i for i, note in enumerate((*before.notes, *before.ringing))}
        is_shift = last.position[:, None] != state.position
        first = len(strike.notes)
        for offset, (note, lacking) in enumerate(zip(strike.ringing, strike.lacking, strict=True)):
            now, then = state.strings[:, first + offset], last.strings[:, column[note], None]
            is_let_go = now == LET_GO
            lost = CUT + PER_CUT_S * min(lacking, LONGEST_CUT_S)
            costs += np.where(is_let_go, np.where(then != LET_GO, lost, 0), 0)
            # A note that rings on stays where it is.
            costs += np.where(~is_let_go & (now != then), np.inf, 0)
            costs += HELD_SHIFT * (state.is_stopped[:, first + offset] & is_shift)
    return np.asarray(costs)


def _traced(
    strikes: Sequence[Strike],
    states: Sequence[Holds],
    origins: Sequence[np.ndarray],
    total: np.ndarray,
) -> Path:
    """Follow the origins back from the cheapest last state."""
    path = Path({}, [], [], set(), float(total.min()) if len(total) else 0.0)
    chosen = int(total.argmin()) if len(total) else 0
    for number in range(len(strikes) - 1, -1, -1):
        strike, state = strikes[number], states[number]
        strings = state.strings[chosen].tolist()
        path.strings.update(zip(strike.notes, strings, strict=False))
        rung = zip(strike.ringing, strings[len(strike.notes) :], strict=True)
        path.cut.update(note for note, string in rung if string == LET_GO)
        path.positions.append(int(state.position[chosen]) + 1)
        if state.cost[chosen] % WITHOUT_PLACE >= UNHOLDABLE:
            path.unholdable.append(number)
        chosen = int(origins[number][chosen])
    path.positions.reverse()
    path.unholdable.reverse()
    return path
