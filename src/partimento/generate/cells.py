"""Choose which notes of a piece are varied.

A piece is divided into cells: half a bar of one part. A seed puts all cells in an order, and as
many of them are varied as the amount demands. A larger amount thus varies the same notes and more.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

Span = tuple[Fraction, Fraction]


@short_repr
class Choice(NamedTuple):
    """Hold what is varied.

    Attributes
    ----------
    spans : tuple of tuple of (Fraction, Fraction)
        For each line, the times in quarters that are composed anew.
    notes : int
        How many notes are.
    total : int
        How many notes could be.
    """

    spans: tuple[tuple[Span, ...], ...]
    notes: int
    total: int

    @property
    def share(self) -> float:
        """The share of the notes that are composed anew."""
        return self.notes / self.total if self.total else 0.0


def half_bars(piece: Piece, grid: int) -> list[Fraction]:
    """Return where cells begin: at bar lines and, on the grid, in the middle of bars."""
    times = []
    for bar in piece.bars():
        if bar.onset < piece.length:
            middle = bar.onset + bar.meter.bar_ql / 2 if bar.number else bar.onset
            times += [bar.onset, middle] if (middle * grid).denominator == 1 else [bar.onset]
    return sorted(time for time in set(times) if time < piece.length)


def choose_cells(
    lines: Sequence[Sequence[Note]],
    times: Sequence[Fraction],
    amount: float,
    seed: int,
    *,
    end: Fraction | None = None,
) -> Choice:
    """Choose the cells to vary.

    Parameters
    ----------
    lines : sequence of sequences of Note
        The notes of each part that may be varied; no notes for one that is kept.
    times : sequence of Fraction
        The beginnings of the cells.
    amount : float
        The share of the notes, more than 0 and at most 1.
    seed : int
    end : Fraction, optional
        The end of the piece, for lines with several notes at once. Then whole cells are composed
        anew, and notes stay that sound beyond theirs.

    Raises
    ------
    PartimentoError
        If the amount is no such share, or there are no notes.
    """
    if not 0 < amount <= 1:
        raise PartimentoError(f"the amount is a share of the notes, from 0 to 1, not {amount}")
    cells: dict[tuple[int, int], list[Note]] = {}
    for number, line in enumerate(lines):
        onsets = np.searchsorted([float(t) for t in times], [float(n.onset) for n in line], "right")
        for note, cell in zip(line, onsets.tolist(), strict=True):
            stop = end if cell >= len(times) else times[cell]
            if end is None or stop is None or note.end <= stop:
                cells.setdefault((number, max(cell - 1, 0)), []).append(note)
    total = sum(map(len, cells.values()))
    if not total:
        raise PartimentoError("there are no notes to vary")
    keys = sorted(cells)
    order = [keys[i] for i in np.random.default_rng([seed, 4]).permutation(len(keys)).tolist()]
    sizes = np.cumsum([len(cells[key]) for key in order])
    count = int(np.abs(sizes - amount * total).argmin()) + 1
    chosen: list[list[Span]] = [[] for _ in lines]
    for number, cell in order[:count]:
        if end is None:
            chosen[number] += [(note.onset, note.end) for note in cells[number, cell]]
        else:
            chosen[number].append((times[cell], times[cell + 1] if cell + 1 < len(times) else end))
    return Choice(tuple(merged(spans) for spans in chosen), int(sizes[count - 1]), total)


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans sorted, with those joined that touch or overlap."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)


def outside(spans: Sequence[Span], end: Fraction) -> tuple[Span, ...]:
    """Return the times up to `end` that are in none of the spans."""
    edges = [Fraction(0), *(time for span in merged(spans) for time in span), end]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((begin, stop) for begin, stop in pairs if begin < stop)


def is_inside(time: Fraction, spans: Sequence[Span]) -> bool:
    """Return whether a time is in one of the spans."""
    return any(begin <= time < end for begin, end in spans)
