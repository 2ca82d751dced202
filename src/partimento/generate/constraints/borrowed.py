"""Limit how much a piece may have in common with a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from partimento.analysis.similarity.sequences import PieceSequence, sequences_of
from partimento.errors import PartimentoError
from partimento.generate.constraints.base import PITCHES, Constraint, Finding, Scene
from partimento.generate.constraints.rules import ChordTables, Rule, View, wide
from partimento.generate.constraints.timetable import Timetable
from partimento.music.piece import Piece
from partimento.short_repr import short_repr
from partimento.tokens.note_grammar import NONE

MOST = 64
OWN = "what the model learned from"
Element = tuple[bytes, int]  # intervals above the lowest note, and semitones from the one before
# Fixed numbers from which runs are hashed. A collision only forbids one run more.
INTERVALS, STEPS, POWERS = (
    np.random.default_rng(14).integers(-(2**31), 2**31, size=(3, 2 * PITCHES)).astype(np.int32) | 1
)


@short_repr
@dataclass(frozen=True)
class MaxBorrowed(Constraint):
    """Let no run of more than a number of events stand in a corpus.

    Runs are compared in any key: by the intervals of each chord and the steps of the bass. Rhythm
    is left out, as in `originality`. If the corpus has a split, its training pieces count.

    Parameters
    ----------
    most : int
        The longest run, in events.
    corpus : str
        A folder, file, store, or bundled collection such as ``bundled:chorales``. Without it, the
        pieces that the composing model learned from.

    Examples
    --------
    >>> MaxBorrowed(8, "bundled:chorales").demand
    'at most 8 events in a row from bundled:chorales'
    """

    most: Annotated[int, Field(ge=1, le=MOST, description="Longest run, in events.")]
    corpus: Annotated[str, Field(description="Where the pieces are that must not be copied.")] = ""
    runs: frozenset[tuple[Element, ...]] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MOST:
            raise PartimentoError(f"MaxBorrowed needs a number of events from 1 to {MOST}")

    @classmethod
    def of(cls, most: int, pieces: Sequence[Piece], name: str = "the corpus") -> MaxBorrowed:
        """Return the constraint for given pieces."""
        return cls(most, name, _runs(pieces, most + 1))

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return f"at most {self.most} events in a row from {self.corpus or OWN}"

    @property
    def _runs(self) -> frozenset[tuple[Element, ...]]:
        return self.runs if self.runs is not None else _runs_of(self.corpus, self.most + 1)

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule that recognizes runs."""
        return [BorrowRule(self._runs, self.most, table.kind)]

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the longer runs that stand in the corpus."""
        sequence = sequences_of(piece).chords
        size, first = self.most + 1, scene.start * sequence.divisions
        own = _elements(sequence)
        found = [
            at
            for at in range(len(own) - size + 1)
            # A run counts if it ends in the part that is composed.
            if sequence.onset[at + size - 1] * scene.grid >= first
            and (
                scene.stop < 0 or sequence.onset[at] * scene.grid < scene.stop * sequence.divisions
            )
            and _run(own[at : at + size]) in self._runs
        ]
        return self._finding(f"{len(found)} longer runs", not found)


def _elements(sequence: PieceSequence) -> list[Element]:
    return list(zip(sequence.shapes, sequence.steps.tolist(), strict=True))


def _run(elements: Sequence[Element]) -> tuple[Element, ...]:
    """Return a run in any key: no interval leads to its first element."""
    return ((elements[0][0], 0), *elements[1:])


def _runs(pieces: Sequence[Piece], size: int) -> frozenset[tuple[Element, ...]]:
    rows = (_elements(sequences_of(piece).chords) for piece in pieces)
    return frozenset(_run(row[at : at + size]) for row in rows for at in range(len(row) - size + 1))


@lru_cache(4)
def _runs_of(corpus: str, size: int) -> frozenset[tuple[Element, ...]]:
    from partimento.corpus.load import load_corpus

    loaded = load_corpus(corpus)
    train = [entry.piece for entry in loaded if entry.split == "train"]
    return _runs(train or loaded.pieces, size)


class BorrowRule(Rule):
    """Remove the events that complete a run of the corpus.

    The state holds the hashes of the shapes and steps of the latest events, the latest first. It
    also has the lowest pitch of the last chord, and the number of events.

    Parameters
    ----------
    runs : set of runs
        Each of ``most + 1`` elements.
    most : int
    kind : str
        How the tokenizer writes an event.
    """

    def __init__(self, runs: frozenset[tuple[Element, ...]], most: int, kind: str) -> None:
        self.most, self.voices = most, kind == "voices"
        self.by_chord = kind == "chords"
        table = _table_of(runs)
        self.kind = ("borrowed", most, kind, len(table))
        self._shapes: np.ndarray | None = None
        self.parameters = (table,)

    def start(self, batch: int, slots: int, xp: Any = np) -> tuple[Any, ...]:
        """Return no events."""
        empty = xp.zeros((batch, self.most), dtype="int32")
        zero = xp.zeros((batch,), dtype="int32")
        return empty, empty, zero - 1, zero

    def advance(self, state: Any, p: Sequence[Any], view: View, steps: Any, xp: Any = np) -> Any:
        """Remember an event."""
        shapes, moves, last, count = state
        shape, bass = self._event(view, xp)
        move = _step(bass, last, xp)
        return (
            xp.concatenate([wide(shape, xp), shapes[:, :-1]], axis=-1),
            xp.concatenate([wide(move, xp), moves[:, :-1]], axis=-1),
            xp.where(bass < NONE, bass, last),
            count + 1,
        )

    def closes(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Remove the end of an event that completes a run."""
        if self.by_chord:
            return None
        shape, bass = self._event(view, xp)
        known = self._is_known(state, p, wide(shape, xp), wide(bass, xp), xp)
        return ~known

    def chords(
        self, state: Any, p: Sequence[Any], view: View, tables: ChordTables, xp: Any = np
    ) -> Any:
        """Remove the chords that complete a run."""
        if self._shapes is None:
            pitches = [np.flatnonzero(row) for row in tables.notes > 0]
            shapes = [_shape_hash(chord - chord[:1]) for chord in pitches]
            self._shapes = np.array(shapes, np.int32)
        return ~self._is_known(state, p, self._shapes[None], tables.bass[None], xp)

    def _event(self, view: View, xp: Any) -> tuple[Any, Any]:
        """Return the hash of the current chord, and its lowest pitch."""
        pitch = np.arange(PITCHES, dtype=np.int32)
        sounds = view.sounds
        if self.voices:
            at = xp.expand_dims(view.pitch, -1) == pitch
            sounds = xp.any(at & xp.expand_dims(sounds, -1), axis=1)
        bass = xp.min(xp.where(sounds, pitch, NONE), axis=-1)
        above = xp.clip(pitch - wide(bass, xp), 0, PITCHES - 1)
        values = xp.take(INTERVALS, above, axis=0)
        shape = (
            xp.sum(xp.where(sounds, values, 0), axis=-1, dtype="int32")
            if xp is np
            else xp.sum(xp.where(sounds, values, 0), axis=-1)
        )
        return shape, bass

    def _is_known(self, state: Any, p: Sequence[Any], shape: Any, bass: Any, xp: Any) -> Any:
        shapes, moves, last, count = state
        move = _step(bass, wide(last, xp), xp)
        total = (shape + move) * POWERS[0]
        for back in range(self.most):
            is_first = back == self.most - 1
            element = shapes[:, back] + (0 if is_first else moves[:, back])
            total = total + wide(element * POWERS[back + 1], xp)
        table = p[0]
        flat = xp.reshape(total, (-1,))
        at = xp.minimum(xp.searchsorted(table, flat), table.shape[0] - 1)
        known = xp.reshape(xp.take(table, at, axis=0) == flat, total.shape)
        return known & wide(count >= self.most, xp)


def _step(bass: Any, last: Any, xp: Any) -> Any:
    """Return the hash of the interval from the last lowest pitch; of 0 for rests."""
    interval = xp.where((bass < NONE) & (last >= 0), bass - last, 0)
    return xp.take(STEPS, interval + PITCHES, axis=0)


def _shape_hash(intervals: np.ndarray) -> int:
    return int(INTERVALS[intervals].sum(dtype=np.int32)) if len(intervals) else 0


@lru_cache(8)
def _table_of(runs: frozenset[tuple[Element, ...]]) -> np.ndarray:
    """Return the sorted hashes of runs, padded to a power of two."""
    hashes = np.unique(np.array([_hash_of(run) for run in runs], np.int32))
    size = 1 << max(len(hashes), 1).bit_length()
    table = np.full(size, np.iinfo(np.int32).max, np.int32)
    table[: len(hashes)] = hashes
    return table


def _hash_of(run: Sequence[Element]) -> int:
    """Return the hash of a run, as `BorrowRule` computes it in 32 bits."""
    total = np.zeros(1, np.int32)
    latest_first = list(reversed(run))
    for back, (shape, step) in enumerate(latest_first):
        own = np.array([_shape_hash(np.frombuffer(shape, np.uint8).astype(np.int64))], np.int32)
        if back < len(run) - 1:
            own = own + STEPS[[step + PITCHES]]
        total = total + own * POWERS[back]
    return int(total[0])
