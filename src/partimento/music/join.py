"""Join pieces, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, lcm
from typing import TypeVar

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Tempo

T = TypeVar("T", Key, Meter, Tempo)


def join(pieces: Sequence[Piece], *, rest_bars: int = 1, title: str = "") -> Piece:
    """Return pieces one after another, each from the beginning of a bar on.

    A pickup stands at the end of a bar. The parts are those of the first piece: all pieces must
    have as many.

    Parameters
    ----------
    pieces : sequence of Piece
        At least one.
    rest_bars : int
        Empty bars between two pieces.
    title : str

    Raises
    ------
    PartimentoError
        If there is no piece, or they have different numbers of parts.

    Examples
    --------
    >>> from partimento import Note
    >>> piece = Piece([Note(Fraction(0), Fraction(4), 60)])
    >>> [int(note.onset) for note in join([piece, piece]).notes]
    [0, 8]
    """
    if len({len(piece.parts) for piece in pieces}) != 1:
        raise PartimentoError("only pieces with the same number of parts can be joined")
    starts, end = _starts(pieces, rest_bars)
    divisions = lcm(
        *(piece.notes.divisions for piece in pieces), *(first.denominator for _, first in starts)
    )
    table = [
        _columns(piece, first, divisions) for piece, (_, first) in zip(pieces, starts, strict=True)
    ]
    columns = {name: np.concatenate([row[name] for row in table]) for name in Notes.COLUMNS}
    begins = [begin for begin, _ in starts]
    return Piece(
        Notes.from_columns(divisions, **columns),
        meters=_at(begins, [piece.meters[:1] or (Meter(),) for piece in pieces]),
        keys=_at(begins, [piece.keys[:1] for piece in pieces]),
        tempos=_at(begins, [piece.tempos[:1] for piece in pieces]),
        parts=pieces[0].parts,
        title=title,
        composer=pieces[0].composer,
        source=pieces[0].source,
        length=end,
    )


def _starts(
    pieces: Sequence[Piece], rest_bars: int
) -> tuple[list[tuple[Fraction, Fraction]], Fraction]:
    """Return the first bar line and the first note of each piece, and the end."""
    starts, end = [], Fraction(0)
    for number, piece in enumerate(pieces):
        bar = piece.first_meter.bar_ql
        begin = end + (rest_bars * bar if number else 0)
        first = begin + (bar - piece.pickup if piece.pickup else 0)
        starts.append((begin, first))
        end = begin + ceil((first - begin + piece.length) / bar) * bar
    return starts, end


def _columns(piece: Piece, first: Fraction, divisions: int) -> dict[str, np.ndarray]:
    """Return the columns of the notes on a finer grid, moved to begin at `first`."""
    notes, scale = piece.notes, divisions // piece.notes.divisions
    columns = {name: getattr(notes, name) for name in Notes.COLUMNS}
    columns["onset"] = notes.onset * scale + int(first * divisions)
    columns["duration"] = notes.duration * scale
    return columns


def _at(begins: Sequence[Fraction], values: Sequence[Sequence[T]]) -> tuple[T, ...]:
    """Return the first value of each piece, valid from where the piece begins."""
    return tuple(
        replace(value, onset=begin)
        for begin, own in zip(begins, values, strict=True)
        for value in own
    )
