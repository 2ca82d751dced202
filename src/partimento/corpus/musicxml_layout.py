"""The bars of all parts, laid out in time, become a Piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from partimento.corpus.errors import UnfitError, check_size
from partimento.corpus.musicxml_part import TIES, PartReader, Place
from partimento.piece import Meter, Notes, Part, Piece, Tempo

MOST_HELD = 16  # ties of one pitch that are open at a time
SLIP = 32  # ends that differ by less than 1/32 quarter differ by a program's rounding
BAR, ONSET, DURATION, PITCH, VELOCITY, STRING, FRET, GRACE, TIE, PART = range(10)


@dataclass(frozen=True)
class _Layout:
    """Which bar is played when.

    Attributes
    ----------
    order : list of int
        Bars by number from 0.
    starts : list of int
        When each begins, in ticks, and when the last one ends.
    """

    order: list[int]
    starts: list[int]


def piece_of(
    readers: Sequence[PartReader], grid: int, order: list[int] | None, *, parts: tuple[Part, ...], title: str, composer: str
) -> Piece:
    """Put what was read together.

    Parameters
    ----------
    readers : sequence of PartReader
        Of all parts, with all bars read.
    grid : int
        Ticks a quarter.
    order : list of int or None
        The bars as they are played; None: as they are written.
    parts, title, composer
        As in `Piece`.

    Raises
    ------
    UnfitError, ValueError
        If it is no score.
    """
    said = next((reader.meters for reader in readers if reader.meters), {})
    lengths = bar_lengths(readers, said, grid)
    order = list(range(len(lengths))) if order is None else order
    starts = [0]
    for bar in order:
        starts.append(starts[-1] + lengths[bar])
    check_size(1, starts[-1] / grid)
    layout = _Layout(order, starts)
    table = _sounding(readers, layout, grid)
    check_size(table.shape[1], int((table[ONSET] + table[DURATION]).max()) / grid if table.size else 0)
    meters, pickup = _meters(
        _timeline(said, layout, grid), layout, grid, uncounted=any(r.lengths and r.lengths[0].number_less for r in readers)
    )
    common = int(np.gcd.reduce(table[[ONSET, DURATION]], axis=None, initial=grid))
    return Piece(
        Notes.from_columns(
            grid // common,
            table[ONSET] // common,
            table[DURATION] // common,
            table[PITCH],
            velocity=table[VELOCITY],
            part=table[PART],
            string=table[STRING],
            fret=table[FRET],
            grace=(table[GRACE] > 0).astype(np.int64),
        ),
        meters=meters,
        keys=_marks(_timeline(_first_word([reader.keys for reader in readers]), layout, grid)),
        tempos=_marks(_timeline(_first_word([reader.tempos for reader in readers]), layout, grid)) or (Tempo(),),
        pickup=pickup,
        length=Fraction(starts[-1], grid),
        parts=parts,
        title=title,
        composer=composer,
    )


def bar_lengths(readers: Sequence[PartReader], said: Mapping[Place, Meter], grid: int) -> list[int]:
    """How long each bar lasts, in ticks, in all parts alike."""
    changes: dict[int, list[tuple[int, Meter]]] = {}
    for (bar, tick), meter in said.items():
        changes.setdefault(bar, []).append((tick, meter))
    lengths: list[int] = []
    meter = Meter()
    for bar in range(max(len(reader.lengths) for reader in readers)):
        here = sorted(changes.get(bar, ()), key=lambda change: change[0])
        meter = here[0][1] if here and here[0][0] == 0 else meter
        whole = 4 * meter.numerator * grid // meter.denominator
        found = [reader.lengths[bar] for reader in readers if bar < len(reader.lengths)]
        telling = [length for length in found if not length.rests and length.furthest]
        ends = {end for length in telling or found for end in length.ends}
        longest = max(ends)
        if not telling and longest == 4 * grid and all(length.as_whole for length in found if length.furthest):
            longest = whole  # a whole rest, counted as a whole note
        elif longest > whole and whole in ends and (longest - whole) * SLIP < grid:
            longest = whole
        lengths.append(longest or whole)
        meter = here[-1][1] if here else meter
    return lengths


def _sounding(readers: Sequence[PartReader], layout: _Layout, grid: int) -> np.ndarray:
    """The notes as they sound: (10, N) int64, in time, tied ones joined, grace notes before their beat."""
    tables = [np.array([(*row, part) for row in reader.rows], np.int64).reshape(-1, 10) for part, reader in enumerate(readers)]
    table = np.concatenate(tables).T
    if not table.size:
        raise UnfitError("it has no notes")
    table = table[:, np.argsort(table[BAR], kind="stable")]
    edges = np.searchsorted(table[BAR], np.arange(max(layout.order) + 2))
    counts = [int(edges[bar + 1] - edges[bar]) for bar in layout.order]
    take = np.concatenate([np.arange(edges[bar], edges[bar + 1]) for bar in layout.order])
    check_size(len(take), 0)
    table = table[:, take]
    table[ONSET] += np.repeat(np.array(layout.starts[:-1], np.int64), counts)
    _place_graces(table, readers, grid // 16)
    return _join_ties(table)


def _place_graces(table: np.ndarray, readers: Sequence[PartReader], step: int) -> None:
    """Grace notes of a voice one after another up to the beat of their main note; at the very beginning, together on it."""
    columns = np.flatnonzero(table[GRACE])
    groups: dict[tuple[int, str, int], list[list[int]]] = {}
    last = (-1, -1, -1)
    for i, part, onset, grace in zip(columns.tolist(), *table[[PART, ONSET, GRACE]][:, columns].tolist(), strict=True):
        chords = groups.setdefault((part, readers[part].voices[grace], onset), [])
        if last == (part, onset, grace):
            chords[-1].append(i)
        else:
            chords.append([i])
        last = (part, onset, grace)
    for (_, _, beat), chords in groups.items():
        for back, chord in zip(range(len(chords), 0, -1), chords, strict=True):
            table[ONSET, chord] = max(beat - back * step, 0)


def _join_ties(table: np.ndarray) -> np.ndarray:
    """One note of those that are tied, where the second begins as the first ends; of several that could go on, the last struck does."""
    tied = np.flatnonzero(table[TIE])
    if not len(tied):
        return table
    tied = tied[np.argsort(table[ONSET, tied], kind="stable")]
    sounding: dict[tuple[int, int], list[int]] = {}
    begin, end = table[ONSET].tolist(), (table[ONSET] + table[DURATION]).tolist()
    gone = np.zeros(table.shape[1], bool)
    for i, part, pitch, tie in zip(tied.tolist(), *table[[PART, PITCH, TIE]][:, tied].tolist(), strict=True):
        held = sounding.get((part, pitch), [])
        host = i
        if tie & TIES["stop"]:
            held = [note for note in held if end[note] >= begin[i]]
            before = [note for note in held if end[note] == begin[i]]
            if before:
                host = max(before, key=begin.__getitem__)
                held.remove(host)
                end[host] = end[i]
                gone[i] = True
        if tie & TIES["start"]:
            held.append(host)
        sounding[part, pitch] = held[-MOST_HELD:]
    table[DURATION] = np.array(end, np.int64) - table[ONSET]
    return table[:, ~gone]


def _first_word(said: Sequence[Mapping[Place, Any]]) -> dict[Place, Any]:
    """Where parts differ, the first one's word counts."""
    return {place: mark for marks in reversed(said) for place, mark in marks.items()}


def _timeline(said: Mapping[Place, Any], layout: _Layout, grid: int) -> dict[Fraction, Any]:
    """Marks by time; where a jump leads to other ones than those in force, they are said again."""
    by_bar: dict[int, list[tuple[int, Any]]] = {}
    for (bar, tick), mark in sorted(said.items(), key=lambda item: item[0]):
        by_bar.setdefault(bar, []).append((tick, mark))
    before: dict[int, Any] = {}  # bar → what is in force as it begins
    now = None
    for bar in range(max(layout.order, default=-1) + 1):
        before[bar] = now
        now = by_bar[bar][-1][1] if bar in by_bar else now
    found: dict[Fraction, Any] = {}
    now = None
    for bar, start in zip(layout.order, layout.starts, strict=False):
        here = by_bar.get(bar, ())
        if before[bar] is not None and before[bar] != now and not (here and here[0][0] == 0):
            found.setdefault(Fraction(start, grid), before[bar])
        for tick, mark in here:
            found.setdefault(Fraction(start + tick, grid), mark)
        now = here[-1][1] if here else before[bar]
    return found


def _marks(timeline: Mapping[Fraction, Any]) -> tuple[Any, ...]:
    return tuple(replace(mark, onset=onset) for onset, mark in timeline.items())


def _meters(said: Mapping[Fraction, Meter], layout: _Layout, grid: int, *, uncounted: bool) -> tuple[tuple[Meter, ...], Fraction]:
    """The metres, stated anew where the bars leave them, and the pickup."""
    said = dict(said) if Fraction(0) in said else {Fraction(0): Meter(), **said}
    onsets = [Fraction(start, grid) for start in layout.starts[:-1]]
    meters, now = dict(said), said[Fraction(0)]
    first = onsets[1] if len(onsets) > 1 else Fraction(0)
    pickup = first if first < now.bar_ql or (uncounted and first != now.bar_ql) else Fraction(0)
    for begin, after in pairwise(onsets):
        now = said.get(begin, now)
        if after - begin not in (now.bar_ql, 0) and (begin or not pickup):
            meters.setdefault(after, now)
    return _marks(meters), pickup
