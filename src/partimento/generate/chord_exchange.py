"""Exchange chords of a piece for near ones in the space of chord vectors.

A piece is cut into slices, at each beginning and end of a note. Only the pitches of notes change
that begin and end with their slice; all others stay, and so does the rhythm. A new chord has as
many pitches as the old one, in the ranges of their parts, and is hardly harsher. It makes no wide
leaps, and no parallel fifths or octaves with its neighbors. Among those that fit, near chords with
small steps are the most probable.

Shapes: C chords of the same size n, E size of a vector.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.transpose import interval_to_common_key
from partimento.short_repr import short_repr
from partimento.tokens.event_tokens import final_key
from partimento.training.trained_model import TrainedModel

NEARNESS = 8.0  # nats for a cosine similarity of 1
LEAP = -0.2  # nats for each semitone of a leap beyond a whole tone
STEP, WIDEST = 2, 12  # semitones
CADENCE = Fraction(2)  # quarters before the end of a phrase
MILD = 1  # the harshness of a dominant seventh chord, which may replace any chord
PERFECT = (0, 7)  # intervals that must not be in parallel, modulo the octave


@short_repr
class Slice(NamedTuple):
    """Describe one slice of a piece.

    Attributes
    ----------
    onset, end : Fraction
        In quarters.
    notes : tuple of int
        The notes that sound, as indices.
    free : frozenset of int
        Those that begin and end here, and may change.
    """

    onset: Fraction
    end: Fraction
    notes: tuple[int, ...]
    free: frozenset[int]


@short_repr
class ChordSpace(NamedTuple):
    """Hold the chords of a vocabulary that have as many pitches.

    Attributes
    ----------
    pitches : (C, n) int
        Ascending.
    directions : (C, E) array
        Vectors of length 1, without what all vectors have in common.
    """

    pitches: np.ndarray
    directions: np.ndarray


@short_repr
class Exchange(NamedTuple):
    """Say which chord replaced which.

    Attributes
    ----------
    onset : Fraction
        In quarters.
    before, after : tuple of int
        MIDI pitches.
    similarity : float
        The cosine of the angle between their vectors.
    """

    onset: Fraction
    before: tuple[int, ...]
    after: tuple[int, ...]
    similarity: float


# ---------------------------------------------------------------------- chords and slices


def chord_spaces(trained: TrainedModel) -> dict[int, ChordSpace]:
    """Return the chords of a vocabulary with their vectors, by their size."""
    tokenizer: Any = trained.tokenizer
    model: Any = trained.model
    symbols = tokenizer.chords.symbols
    special = len(tokenizer.chords) - len(symbols)
    vectors, counts = model.vectors(tokenizer)[special:], model.counts[special:]
    known = np.isfinite(vectors).all(axis=1) & (counts > 0)
    mean = np.average(vectors[known], axis=0, weights=counts[known])
    vectors = vectors - mean
    directions = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    rows: dict[int, list[int]] = {}
    for number in np.flatnonzero(known).tolist():
        rows.setdefault(len(symbols[number]), []).append(number)
    return {
        size: ChordSpace(np.array([symbols[n] for n in numbers]), directions[numbers])
        for size, numbers in rows.items()
        if size
    }


def slices_of(piece: Piece, kept: frozenset[int] = frozenset()) -> list[Slice]:
    """Cut a piece at each beginning and end of a note.

    Parameters
    ----------
    piece : Piece
    kept : frozenset of int
        The indices of parts whose notes are not free.
    """
    notes = piece.notes
    counted = ~piece.drums & (notes.grace == 0)
    is_kept = np.isin(notes.part, list(kept))
    times = np.unique(np.concatenate([notes.onset[counted], notes.end[counted]]))
    found = []
    for begin, end in pairwise(times):
        sounds = counted & (notes.onset <= begin) & (notes.end >= end)
        free = sounds & (notes.onset == begin) & (notes.end == end) & ~is_kept
        found.append(
            Slice(
                Fraction(int(begin), notes.divisions),
                Fraction(int(end), notes.divisions),
                tuple(np.flatnonzero(sounds).tolist()),
                frozenset(np.flatnonzero(free).tolist()),
            )
        )
    return found


# ---------------------------------------------------------------------- the exchange


@short_repr
class ChordWriter:
    """Exchange chords of one piece.

    Parameters
    ----------
    trained : TrainedModel
    piece : Piece
    kept : frozenset of int
        The indices of parts that stay.
    neighbours : slice
        Which of the neighbors that fit are considered.
    """

    def __init__(
        self, trained: TrainedModel, piece: Piece, kept: frozenset[int], neighbours: slice
    ) -> None:
        self.piece, self.neighbours = piece, neighbours
        self.spaces, self.notes = chord_spaces(trained), list(piece.notes)
        self.slices = slices_of(piece, kept)
        to_common = trained.settings.tokens.to_common_key
        self.shift = interval_to_common_key(final_key(piece)) if to_common else 0
        # The first chord stays and, with the beat before them, the last chords of phrases. They
        # say in which key the music is, and where it rests.
        last = self.slices[-1].onset + CADENCE / 2 if self.slices else Fraction(0)
        ends = [*piece.phrase_ends, last]
        self.open = [
            n
            for n, each in enumerate(self.slices)
            if n
            and each.free
            and not any(end - CADENCE < each.end <= end for end in ends)
            and each.onset < last - CADENCE / 2
        ]
        self.ranges = {
            part: (min(pitches), max(pitches))
            for part in {note.part for note in self.notes}
            for pitches in [[note.pitch for note in self.notes if note.part == part]]
        }
        self.beside = self._beside()

    def _beside(self) -> dict[int, tuple[int | None, int | None]]:
        """Return the note before and after each note, in its part; None in polyphony."""
        begins: dict[tuple[int, Fraction], list[int]] = {}
        ends: dict[tuple[int, Fraction], list[int]] = {}
        for number, note in enumerate(self.notes):
            begins.setdefault((note.part, note.onset), []).append(number)
            ends.setdefault((note.part, note.end), []).append(number)

        def only(numbers: list[int]) -> int | None:
            return numbers[0] if len(numbers) == 1 else None

        return {
            number: (
                only(ends.get((note.part, note.onset), [])),
                only(begins.get((note.part, note.end), [])),
            )
            for number, note in enumerate(self.notes)
        }

    def write(self, amount: float, seed: int, run: int) -> tuple[Piece, list[Exchange]]:
        """Return a version of the piece, and what was exchanged.

        Parameters
        ----------
        amount : float
            The share of the chords that can change.
        seed : int
            Puts the chords in an order.
        run : int
            Chooses their neighbors.

        Raises
        ------
        PartimentoError
            If no chord can be exchanged.
        """
        pitch = np.array([note.pitch for note in self.notes], np.int64)
        order = np.random.default_rng([seed, 5]).permutation(len(self.open))
        wanted = max(round(amount * len(self.open)), 1)
        exchanges: list[Exchange] = []
        for place in order.tolist():
            if len(exchanges) == wanted:
                break
            rng = np.random.default_rng([run, 6, place])
            exchange = self._exchanged(self.open[place], pitch, rng)
            if exchange is not None:
                exchanges.append(exchange)
        if not exchanges:
            raise PartimentoError(
                "no chord of this piece can be exchanged: the run of chord vectors knows none that"
                " fit; train it on similar music, or keep fewer parts"
            )
        changed = [
            note if note.pitch == new else replace(note, pitch=new, string=None, fret=None)
            for note, new in zip(self.notes, pitch.tolist(), strict=True)
        ]
        version = self.piece.replace(notes=Notes(changed), score=None, chord_symbols=())
        return version, sorted(exchanges)

    def _exchanged(self, at: int, pitch: np.ndarray, rng: np.random.Generator) -> Exchange | None:
        """Change the pitches of one slice in place; return None if no chord fits."""
        here = self.slices[at]
        old = sorted({int(pitch[n]) for n in here.notes})
        space = self.spaces.get(len(old))
        if space is None:
            return None
        own = np.flatnonzero((space.pitches == np.array(old) + self.shift).all(axis=1))
        if not len(own):
            return None  # a chord without a vector
        chords = space.pitches - self.shift
        rank = {n: old.index(int(pitch[n])) for n in here.notes}
        fits = self._fits(here, chords, rank, pitch)
        fits &= np.array([set(row) != {p % 12 for p in old} for row in (chords % 12).tolist()])
        fits &= harshness(chords) <= max(harshness(np.array([old]))[0], MILD)
        similarity = space.directions @ space.directions[own[0]]
        near = np.flatnonzero(fits & (similarity > 0))
        near = near[np.argsort(-similarity[near], kind="stable")]
        scores, rows = [], []
        for row in near.tolist():
            leaps = self._leaps(here, chords[row], rank, pitch)
            if leaps is not None and not self._parallels(at, chords[row], rank, pitch):
                rows.append(row)
                scores.append(NEARNESS * float(similarity[row]) + LEAP * leaps)
            if len(rows) == self.neighbours.stop:
                break
        rows, scores = rows[self.neighbours], scores[self.neighbours]
        if not rows:
            return None
        share = np.exp(np.array(scores) - max(scores))
        row = rows[int(rng.choice(len(rows), p=share / share.sum()))]
        for n in here.notes:
            pitch[n] = chords[row][rank[n]]
        chosen = tuple(chords[row].tolist())
        return Exchange(here.onset, tuple(old), chosen, float(similarity[row]))

    def _fits(
        self, here: Slice, chords: np.ndarray, rank: dict[int, int], pitch: np.ndarray
    ) -> np.ndarray:
        """Return ``(C,)``: which chords keep fixed notes, and the ranges of the others."""
        fits = np.ones(len(chords), bool)
        for n in here.notes:
            column = chords[:, rank[n]]
            if n in here.free:
                low, high = self.ranges[self.notes[n].part]
                fits &= (column >= low) & (column <= high)
            else:
                fits &= column == pitch[n]
        return fits

    def _leaps(
        self, here: Slice, chord: np.ndarray, rank: dict[int, int], pitch: np.ndarray
    ) -> float | None:
        """Return the semitones of all leaps beyond a whole tone; None if one is too wide."""
        total = 0.0
        for n in here.free:
            for other in self.beside[n]:
                if other is not None:
                    leap = abs(int(chord[rank[n]]) - int(pitch[other]))
                    if leap > max(WIDEST, abs(int(pitch[n]) - int(pitch[other]))):
                        return None
                    total += max(leap - STEP, 0)
        return total

    def _parallels(
        self, at: int, chord: np.ndarray, rank: dict[int, int], pitch: np.ndarray
    ) -> bool:
        """Return whether a chord would be in parallel fifths or octaves with a neighbor."""
        here = self.slices[at]
        new = {n: int(chord[rank[n]]) for n in here.notes}
        begin = [n for n in here.notes if self.notes[n].onset == here.onset]
        end = [n for n in here.notes if self.notes[n].end == here.end]
        for side, moving in ((0, begin), (1, end)):
            pairs = [(self.beside[n][side], new[n]) for n in moving]
            moves = [(int(pitch[other]), now) for other, now in pairs if other is not None]
            if any(is_parallel(*one, *two) for one, two in combinations(moves, 2)):
                return True
        return False


def harshness(chords: np.ndarray) -> np.ndarray:
    """Return how harsh chords ``(C, n)`` are.

    Each pair of notes a whole tone apart counts 1, a semitone 2, in any octave.

    The vocabulary also has chords with passing notes, which would be wrong in place of a triad.

    >>> harshness(np.array([[48, 52, 55, 60], [43, 53, 59, 62], [53, 57, 60, 64]])).tolist()
    [0, 1, 2]
    """
    found = np.zeros(len(chords), np.int64)
    for one, two in combinations(range(chords.shape[1]), 2):
        gap = (chords[:, two] - chords[:, one]) % 12
        gap = np.minimum(gap, 12 - gap)
        found += np.where(gap == 1, 2, gap == 2)
    return found


def is_parallel(one: int, one_new: int, two: int, two_new: int) -> bool:
    """Return whether two voices both move, and keep a fifth or an octave."""
    interval = abs(one - two) % 12
    both_move = one != one_new and two != two_new
    return both_move and interval in PERFECT and interval == abs(one_new - two_new) % 12
