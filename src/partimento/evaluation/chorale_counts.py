"""Predict voices of chorales from counts, as baselines for models of a grid.

`HarmonyHmm` is the hidden Markov model of Allan & Williams (2005, "Harmonising chorales by
probabilistic inference"). Its states are chords, as intervals below the melody; they emit the
melody. Functional labels, which are part of their states, are left out.

`CellCounts` predicts a cell from the cells before, after and beside it, as DeepBach does. It backs
off from many neighbors to few (Witten & Bell 1991).

Shapes: T steps, N voices, K chords.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from partimento.short_repr import short_repr
from partimento.tokens.grid_grammar import FIRST_PITCH

NOVEL = 0  # the state of all chords that training does not have
RANGE = 60  # intervals of a voice below the melody, for the cost of a novel chord
PITCHES = 128


@short_repr
class HarmonyHmm:
    """Predict alto, tenor and bass from the soprano, one chord per step.

    Parameters
    ----------
    pieces : sequence of (T, N) int arrays
        The MIDI pitches of the training pieces at each step, in one key; negative for a rest.
    memory, emission : float
        Weights of the distribution without context, in counts: of chords, and of melody notes.
    """

    def __init__(
        self, pieces: Sequence[np.ndarray], *, memory: float = 4.0, emission: float = 1.0
    ) -> None:
        chords = [self.chords(piece) for piece in pieces]
        counts = Counter(chord for own in chords for chord in own)
        self.numbers = {chord: number for number, chord in enumerate(counts, NOVEL + 1)}
        self.memory, self.emission, size = memory, emission, len(counts) + 1
        single = sum(count == 1 for count in counts.values())
        total = sum(counts.values())
        self.prior = np.array([max(single, 1), *counts.values()], float)
        self.prior /= self.prior.sum()  # novel chords are as frequent as those that occur once
        pairs = Counter(
            (self.numbers[a], self.numbers[b]) for own in chords for a, b in pairwise(own)
        )
        self.first, self.second = np.array([*pairs], int).reshape(-1, 2).T
        self.pairs = np.array([*pairs.values()], float)
        self.after = np.bincount(self.first, self.pairs, minlength=size)
        melody = Counter(int(row[0]) for piece in pieces for row in piece)
        self.melody = {pitch: count / total for pitch, count in melody.items()}
        self.emitted: dict[int, np.ndarray] = {}
        self.visits = np.zeros(size)
        for piece, own in zip(pieces, chords, strict=True):
            for row, chord in zip(piece, own, strict=True):
                number, pitch = self.numbers[chord], int(row[0])
                self.visits[number] += 1
                self.emitted.setdefault(pitch, np.zeros(size))[number] += 1

    @staticmethod
    def chords(piece: np.ndarray) -> list[tuple[int, ...]]:
        """Return the intervals of each step below the melody; -1 for a rest."""
        return [
            tuple(int(row[0] - pitch) if pitch >= 0 and row[0] >= 0 else -1 for pitch in row[1:])
            for row in piece
        ]

    def nats(self, piece: np.ndarray) -> float:
        """Return −ln p(lower voices | melody) of a piece ``(T, N)``, in nats."""
        numbers = [self.numbers.get(chord, NOVEL) for chord in self.chords(piece)]
        forward = self.prior
        joint = evidence = 0.0
        previous: int | None = None
        for row, number in zip(piece, numbers, strict=True):
            emission = self._emission(int(row[0]))
            forward = (forward if previous is None else self._ahead(forward)) * emission
            scale = forward.sum()
            evidence += math.log(scale)
            forward = forward / scale
            step = self.prior[number] if previous is None else self._step(previous, number)
            joint += math.log(step * emission[number])
            if number == NOVEL:  # which chord it is
                joint -= (len(row) - 1) * math.log(RANGE)
            previous = number
        return evidence - joint

    def _emission(self, pitch: int) -> np.ndarray:
        base = self.melody.get(pitch, 0.0) * 0.99 + 0.01 / PITCHES
        counts = self.emitted.get(pitch, np.zeros(len(self.visits)))
        return (counts + self.emission * base) / (self.visits + self.emission)

    def _step(self, before: int, number: int) -> float:
        found = self.pairs[(self.first == before) & (self.second == number)].sum()
        share = (found + self.memory * self.prior[number]) / (self.after[before] + self.memory)
        return float(share)

    def _ahead(self, forward: np.ndarray) -> np.ndarray:
        """Return the distribution of the next chord."""
        weight = forward / (self.after + self.memory)
        counted = np.bincount(self.second, weight[self.first] * self.pairs, minlength=len(forward))
        return np.asarray(counted + self.memory * weight.sum() * self.prior)


Context = tuple[int, ...]


@short_repr
class CellCounts:
    """Predict each cell from the cells around it.

    Parameters
    ----------
    pieces : sequence of ((T, N) int, (T, N) int)
        The ids of the cells of each training piece, and the pitches that sound.
    symbols : int
        The number of possible ids.
    """

    def __init__(self, pieces: Sequence[tuple[np.ndarray, np.ndarray]], symbols: int) -> None:
        self.symbols = symbols
        self.counts: dict[Context, Counter[int]] = {}
        for cells, sounding in pieces:
            for step, voice in np.ndindex(cells.shape):
                for context in contexts(cells, sounding, step, voice):
                    self.counts.setdefault(context, Counter())[int(cells[step, voice])] += 1

    def nats(self, cells: np.ndarray, sounding: np.ndarray) -> np.ndarray:
        """Return the nats of each cell given all others, ``(T, N)``."""
        nats = np.zeros(cells.shape)
        for step, voice in np.ndindex(cells.shape):
            symbol, share = int(cells[step, voice]), 1 / self.symbols
            for context in reversed(contexts(cells, sounding, step, voice)):
                seen = self.counts.get(context)
                if seen:
                    total, kinds = sum(seen.values()), len(seen)
                    share = (seen[symbol] + kinds * share) / (total + kinds)
            nats[step, voice] = -math.log(share)
        return nats


def contexts(cells: np.ndarray, sounding: np.ndarray, step: int, voice: int) -> list[Context]:
    """Return the contexts of a cell, from the most to the least detailed.

    The neighbors are the pitch that sounds before, the next two cells of the voice, and what the
    other voices do at the step.
    """
    length = len(cells)
    before = int(sounding[step - 1, voice]) if step else -2
    after = int(cells[step + 1, voice]) if step + 1 < length else -2
    later = int(cells[step + 2, voice]) if step + 2 < length else -2
    others = [v for v in range(cells.shape[1]) if v != voice]
    beside = tuple(int(sounding[step, v]) for v in others)
    moves = tuple(int(cells[step, v] >= FIRST_PITCH) for v in others)  # whether they begin a note
    return [
        (0, voice, before, after, *moves, *beside),
        (1, voice, before, after, later, *moves),
        (2, voice, before, after, *moves),
        (3, voice, before, after),
        (4, voice, before),
        (5, voice),
    ]
