"""Reduce a piece to its chords and its melody, for comparison in any key.

Every element of a sequence has a *shape*, which is independent of the key, and a *reference pitch*.
Two passages are equal up to transposition if their shapes agree, and the intervals between
successive reference pitches. Only the shape of the first element counts, because no interval leads
to it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from partimento.music.events import Sweep
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

NOTE = b"\0"  # the shape of every note of a melody
REST = b""
SILENT = -1  # the reference pitch of a rest


@short_repr
class PieceSequence(NamedTuple):
    """A sequence of T elements: the chords of a piece, or the notes of its melody.

    Attributes
    ----------
    shapes : list of bytes
        For a chord the intervals above its lowest note, for a note of a melody `NOTE`, for a rest
        `REST`.
    reference : (T,) int64
        MIDI pitch of a chord's lowest note, or of the note; `SILENT` for a rest.
    onset : (T,) int64
        In steps.
    bar : (T,) int64
        Number of the bar in which the element begins; a pickup is 0.
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
        """Which elements are not rests: (T,) bool."""
        mask: np.ndarray = self.reference != SILENT
        return mask

    @property
    def steps(self) -> np.ndarray:
        """The interval from the last reference pitch before each element: (T,) int64.

        In semitones; 0 for rests and for the first element that is not a rest.
        """
        steps = np.zeros(len(self.reference), np.int64)
        sounding = self.sounding
        steps[sounding] = np.diff(self.reference[sounding], prepend=self.reference[sounding][:1])
        return steps


@short_repr
class PieceSequences(NamedTuple):
    """The chords and the melody of a piece."""

    chords: PieceSequence
    melody: PieceSequence


def sequences_of(piece: Piece) -> PieceSequences:
    """Return the chords and the melody of a piece, without drums.

    The chords are its events, including rests. An event without a new note is joined to the one
    before (`events.merge_held`). The melody is the top line: it has a note wherever the highest
    sounding pitch begins. It contains neither rests nor notes below a held top note.

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
    """Return the number of the bar in which each onset (in steps) lies: (T,) int64."""
    bars = piece.bars()
    begin = np.array([math.ceil(bar.onset * divisions) for bar in bars], np.int64)
    number = np.array([bar.number for bar in bars], np.int64)
    bar: np.ndarray = number[np.searchsorted(begin, onset, side="right") - 1]
    return bar


def _chords(cut: Sweep, bars: np.ndarray, divisions: int) -> PieceSequence:
    sizes = np.diff(cut.first)
    held = np.concatenate([[0], np.cumsum(cut.held)])
    all_held = held[cut.first[1:]] - held[cut.first[:-1]] == sizes
    # An event whose notes are all held, and as many as before, is the same chord.
    kept = ~(all_held & (np.concatenate([[-1], sizes[:-1]]) == sizes))
    first, sizes = cut.first[:-1][kept], sizes[kept]
    reference = np.full(len(first), SILENT, np.int64)
    reference[sizes > 0] = cut.pitch[first[sizes > 0]]
    sounding = np.diff(cut.first) > 0
    lowest = np.repeat(cut.pitch[cut.first[:-1][sounding]], np.diff(cut.first)[sounding])
    above = (cut.pitch - lowest).astype(np.uint8).tobytes()
    shapes = [above[a : a + size] for a, size in zip(first.tolist(), sizes.tolist(), strict=True)]
    return PieceSequence(shapes, reference, cut.times[:-1][kept], bars[kept], divisions)


def _melody(cut: Sweep, bars: np.ndarray, divisions: int) -> PieceSequence:
    sounding = np.flatnonzero(np.diff(cut.first))
    top = cut.first[sounding + 1] - 1
    begins = ~cut.held[top]
    at = sounding[begins]
    return PieceSequence(
        [NOTE] * len(at), cut.pitch[top[begins]], cut.times[at], bars[at], divisions
    )
