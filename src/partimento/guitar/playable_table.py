"""Tell a compiled sampling loop which notes a hand can add to a chord.

All chords that are playable at one position of the hand, written as descending pitches, are the
words of a finite automaton. `PlayableTable` holds these automata for all positions, with equal
states merged. The state of a candidate is one automaton state per position, ``(B, P)``; 0 means
that the hand cannot hold the notes there.

A loop uses it as follows::

    state = table.start(batch)
    mask = table.allowed(state)                  # (B, 128) pitches that may be added
    state = table.add(state, pitch)              # after each note; pitches descend
    state = table.move(state, millimeters)       # before the next chord

The methods run on NumPy and inside the compiled loop (`xp` is `numpy` or `keras.ops`).

Shapes: B candidates, P positions of the hand, Q automaton states, K pitches of the instrument.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from partimento.guitar.hand import CODES, FREE_TREBLE, SMALL_BARRE, position_count, stop_costs
from partimento.guitar.playable import LIMIT, REST_MM, SPEED_MM, shift_mm
from partimento.guitar.tunings import STANDARD, Tuning
from partimento.short_repr import short_repr

BITS = 7  # of a pitch in the number that stands for a chord
PITCHES = 128
NO_SEED = np.uint64(0x9E3779B97F4A7C15)


@short_repr
@dataclass(frozen=True, eq=False)
class PlayableTable:
    """Hold the automata of playable chords, one per position of the hand.

    Attributes
    ----------
    next : (Q, PITCHES) int32
        The state after a pitch is added to the chord. 0 if the hand cannot hold it; state 0 has no
        other next state.
    first : (P,) int32
        The state of silence at each position.
    shift_mm : (P, P) float32
        The distance between two positions in millimeters.
    """

    next: np.ndarray
    first: np.ndarray
    shift_mm: np.ndarray

    @cached_property
    def _can_add(self) -> np.ndarray:
        """Return ``(Q, PITCHES)`` bool; bytes are gathered faster than numbers."""
        return np.asarray(self.next > 0)

    def start(self, batch: int, xp: Any = np) -> Any:
        """Return the state ``(B, P)`` before a piece: the hand may be anywhere."""
        return xp.tile(xp.expand_dims(self.first, 0), (batch, 1))

    def add(self, state: Any, pitch: Any, xp: Any = np) -> Any:
        """Return the state ``(B, P)`` after the pitches ``(B,)`` were added to the chords.

        Within a chord, pitches must descend.
        """
        width = self.next.shape[1]
        return xp.take(xp.reshape(self.next, (-1,)), state * width + xp.expand_dims(pitch, -1))

    def allowed(self, state: Any, xp: Any = np) -> Any:
        """Return a mask ``(B, PITCHES)`` of the pitches that a hand can add."""
        return xp.any(xp.take(self._can_add, state, axis=0), axis=1)

    def move(self, state: Any, millimeters: Any, xp: Any = np) -> Any:
        """Return the state ``(B, P)`` of silence before the next chord.

        The hand is at any position at most `millimeters` ``(B,)`` from one that held the chord.
        `reach` converts seconds to millimeters. Held notes are added anew to the next chord.
        """
        held = xp.expand_dims(state > 0, -1)
        limit = xp.reshape(millimeters, (-1, 1, 1))
        is_near = xp.any(xp.logical_and(held, self.shift_mm <= limit), axis=1)
        return xp.where(is_near, self.first, 0)

    def positions(self, pitches: Any) -> np.ndarray:
        """Return ``(P,)`` bool: the positions at which a chord is playable.

        Parameters
        ----------
        pitches : iterable of int
            MIDI pitches in any order.
        """
        state = self.start(1)
        for pitch in sorted(set(pitches), reverse=True):
            state = self.add(state, np.array([pitch]))
        return np.asarray(state[0] > 0)


def reach(seconds: Any) -> Any:
    """Return the millimeters by which a hand can move in so many seconds."""
    return REST_MM + SPEED_MM * seconds


@lru_cache(4)
def playable_table(tuning: Tuning = STANDARD, limit: float = LIMIT) -> PlayableTable:
    """Return the automata for an instrument.

    They accept the chords for which `playable.is_playable` is true with the same limit.

    Parameters
    ----------
    tuning : Tuning
    limit : float
        The highest cost of a chord.
    """
    return build_table(tuning, limit)


def build_table(tuning: Tuning, limit: float) -> PlayableTable:
    """Compute the automata from the costs of all grips; takes some seconds."""
    strings = len(tuning.strings)
    chords = [
        _chords_at(position, tuning, limit) for position in range(1, position_count(tuning) + 1)
    ]
    keys = np.concatenate(
        [codes | (number << BITS * strings) for number, codes in enumerate(chords)]
    )
    next_state, states = _minimal(keys, strings)
    starts = states[np.searchsorted(keys, np.arange(len(chords)) << BITS * strings)]
    return PlayableTable(next_state, starts.astype(np.int32), shift_mm(tuning).astype(np.float32))


def _chords_at(position: int, tuning: Tuning, limit: float) -> np.ndarray:
    """Return the codes of all chords that are playable at a position.

    They are ascending. A code has the pitches in descending order, BITS each from the left, then
    zeros.
    """
    strings, table = len(tuning.strings), stop_costs(tuning)
    opens, number = np.array(tuning.open_pitches), np.arange(strings)
    found = []
    for costs, is_barre in ((table.free, False), (table.barre, True)):
        cost = costs[:, position - 1]
        kept = cost <= limit
        stops = table.code[kept, None] // CODES**number % CODES
        lies = stops == 1
        first, last = lies.argmax(1)[:, None], strings - 1 - lies[:, ::-1].argmax(1)[:, None]
        inside = is_barre & (number > first) & (number < last)
        treble = is_barre & (number < first) & (stops == 0)
        # Each string that no finger stops is silent, or sounds: at the barré, or open.
        fret = np.where(stops > 0, position + stops - 1, np.where(inside, position, 0))
        pitch = opens + fret
        may_free = ((last - first)[:, 0] < SMALL_BARRE) & (cost[kept] + FREE_TREBLE <= limit)
        stopped, free = ((mask << number).sum(axis=1) for mask in (stops > 0, treble))
        for subset in range(1 << strings):
            right = (stopped & ~subset == 0) & (may_free | (free & subset == 0))
            found.append(_codes(pitch[right] * (subset >> number & 1)))
    return np.unique(np.concatenate(found))


def _codes(pitches: np.ndarray) -> np.ndarray:
    """Return codes ``(N,)`` of chords ``(N, S)``, but of none with a pitch twice."""
    ordered = np.sort(pitches, axis=1)[:, ::-1]
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] > 0)).any(axis=1)
    weights = np.asarray(1 << BITS * np.arange(pitches.shape[1])[::-1], np.int64)
    return np.asarray((ordered[~twice] * weights).sum(axis=1))


def _minimal(keys: np.ndarray, strings: int) -> tuple[np.ndarray, np.ndarray]:
    """Merge the nodes of a trie from which the same chords can be completed.

    Parameters
    ----------
    keys : (N,) int64
        The nodes, ascending: codes with the position to the left of the pitches. All beginnings of
        a chord are in it, too.
    strings : int

    Returns
    -------
    next_state : (Q, PITCHES) int32
    states : (N,) int64
        The state of each node, from 1.
    """
    digit = keys[:, None] >> BITS * np.arange(strings)[::-1] & PITCHES - 1
    sizes = (digit > 0).sum(axis=1)
    # The hash of a node stands for all that can follow it: for each pitch, the hash of its child.
    hashes = np.zeros(len(keys), np.uint64)
    parent, pitch = np.zeros((2, len(keys)), np.int64)
    for size in range(strings, 0, -1):
        nodes = np.flatnonzero(sizes == size)
        pitch[nodes] = digit[nodes, size - 1]
        last_pitch = pitch[nodes] << BITS * (strings - size)
        parent[nodes] = np.searchsorted(keys, keys[nodes] - last_pitch)
        values = _mixed(_mixed(hashes[nodes]) + pitch[nodes].astype(np.uint64))
        np.add.at(hashes, parent[nodes], values)
    _, representative, states = np.unique(hashes, return_index=True, return_inverse=True)
    next_state = np.zeros((len(representative) + 1, PITCHES), np.int32)
    is_kept = np.zeros(len(keys), bool)
    is_kept[representative] = True
    children = np.flatnonzero((sizes > 0) & is_kept[parent])
    next_state[states[parent[children]] + 1, pitch[children]] = states[children] + 1
    return next_state, states + 1


def _mixed(values: np.ndarray) -> np.ndarray:
    """Spread the bits of numbers ``(N,)`` uint64, so that sums tell sets apart."""
    values = (values + NO_SEED) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
