"""Reduce a piece to sequences to compare: its chords and its top line, in any key.

Each element has a *shape*, which is independent of the key, and a *reference pitch*. Two passages
are equal up to one transposition if two things agree: their shapes, and the intervals from each
reference pitch to the next. The first element counts by its shape alone.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from partimento.music.events import Sweep
from partimento.music.piece import Piece

NOTE = b"\0"  # the shape of every note of a melody
REST = b""
SILENT = -1  # the reference pitch of a rest


class PieceSequence(NamedTuple):
    """A sequence of elements of a piece.

    Attributes
    ----------
    shapes : list of T bytes
        For a chord its pitches above the lowest one, for a note `NOTE`, for a rest `REST`.
    reference : (T,) int64
        MIDI pitch of a chord's lowest note, or of the note; `SILENT` for a rest.
    onset : (T,) int64
        In steps.
    bar : (T,) int64
        Number of the bar in which each begins; a pickup is 0.
    divisions : int
        Steps per quarter.
    """

    shapes: list[bytes]
    reference: np.ndarray
    onset: np.ndarray
    bar: np.ndarray
    divisions: int

    @property
    def sounding(self) -> np.ndarray:
        """(T,) bool: no rest."""
        found: np.ndarray = self.reference != SILENT
        return found

    @property
    def steps(self) -> np.ndarray:
        """Semitones from the reference pitch of the last sounding element: (T,) int64.

        It is 0 for rests, and where no element before sounds.
        """
        steps = np.zeros(len(self.reference), np.int64)
        sounding = self.sounding
        steps[sounding] = np.diff(self.reference[sounding], prepend=self.reference[sounding][:1])
        return steps


class PieceSequences(NamedTuple):
    """Both sequences of a piece."""

    chords: PieceSequence
    melody: PieceSequence


def sequences_of(piece: Piece) -> PieceSequences:
    """Return the chords and the top line of a piece, without drums.

    Chords are its events, rests among them. An event that strikes nothing is joined to the one
    before (`events.merge_held`). The top line has a note wherever the highest sounding pitch is
    struck. Rests and what moves under a held note are not in it.

    >>> from fractions import Fraction
    >>> from partimento import Event, Piece
    >>> one = Fraction(1)
    >>> piece = Piece.from_events(
    ...     [Event((48, 64), one), Event((50, 64), one, held=(64,)), Event((50, 65), one)]
    ... )
    >>> sequences = sequences_of(piece)
    >>> sequences.chords.reference.tolist(), sequences.chords.steps.tolist()
    ([48, 50, 50], [0, 2, 0])
    >>> sequences.melody.reference.tolist()
    [64, 65]
    """
    piece = piece.without_drums()
    cut, grid = piece.replace(cuts=()).sweep()
    bars = _bars(piece, cut.times[:-1], grid)
    return PieceSequences(_chords(cut, bars, grid), _melody(cut, bars, grid))


def _bars(piece: Piece, onset: np.ndarray, divisions: int) -> np.ndarray:
    """Return the number of the bar in which each onset lies: (T,)."""
    bars = piece.bars()
    begin = np.array([math.ceil(bar.onset * divisions) for bar in bars], np.int64)
    number = np.array([bar.number for bar in bars], np.int64)
    found: np.ndarray = number[np.searchsorted(begin, onset, side="right") - 1]
    return found


def _chords(cut: Sweep, bars: np.ndarray, divisions: int) -> PieceSequence:
    sizes = np.diff(cut.first)
    held = np.concatenate([[0], np.cumsum(cut.held)])
    wholly = held[cut.first[1:]] - held[cut.first[:-1]] == sizes
    kept = ~(
        wholly & (np.concatenate([[-1], sizes[:-1]]) == sizes)
    )  # wholly held and as large: the same chord
    first, sizes = cut.first[:-1][kept], sizes[kept]
    reference = np.full(len(first), SILENT, np.int64)
    reference[sizes > 0] = cut.pitch[first[sizes > 0]]
    some = np.diff(cut.first) > 0
    lowest = np.repeat(cut.pitch[cut.first[:-1][some]], np.diff(cut.first)[some])
    above = (cut.pitch - lowest).astype(np.uint8).tobytes()
    shapes = [above[a : a + size] for a, size in zip(first.tolist(), sizes.tolist(), strict=True)]
    return PieceSequence(shapes, reference, cut.times[:-1][kept], bars[kept], divisions)


def _melody(cut: Sweep, bars: np.ndarray, divisions: int) -> PieceSequence:
    some = np.flatnonzero(np.diff(cut.first))
    top = cut.first[some + 1] - 1
    struck = ~cut.held[top]
    at = some[struck]
    return PieceSequence(
        [NOTE] * len(at), cut.pitch[top[struck]], cut.times[at], bars[at], divisions
    )
