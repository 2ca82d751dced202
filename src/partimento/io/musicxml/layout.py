"""The bars of all parts, laid out in time, become a Piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from partimento.errors import UnfitError
from partimento.io.musicxml.part import TIES, BarLength, PartReader, Place
from partimento.music.limits import check_bars, check_density, check_marks, check_size
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, Part, Tempo

MOST_HELD = 16  # ties of one pitch that are open at the same time
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
    readers: Sequence[PartReader],
    grid: int,
    order: list[int] | None,
    *,
    parts: tuple[Part, ...],
    title: str,
    composer: str,
) -> Piece:
    """Assemble a piece from the parts that were read.

    Parameters
    ----------
    readers : sequence of PartReader
        One per part, after all bars were read.
    grid : int
        Ticks per quarter.
    order : list of int or None
        The bars in playing order. None keeps the written order.
    parts, title, composer
        As in `Piece`.

    Raises
    ------
    UnfitError, ValueError
        If the parts do not form a score.
    """
    meters_by_place = next((reader.meters for reader in readers if reader.meters), {})
    lengths = bar_lengths(readers, meters_by_place, grid)
    order = list(range(len(lengths))) if order is None else order
    starts = [0]
    for bar in order:
        starts.append(starts[-1] + lengths[bar])
    check_size(1, starts[-1] // grid)
    layout = _Layout(order, starts)
    table = _sounding(readers, layout, grid)
    check_size(
        table.shape[1], int((table[ONSET] + table[DURATION]).max()) / grid if table.size else 0
    )
    uncounted = any(reader.lengths and reader.lengths[0].uncounted for reader in readers)
    said_meters, pickup = _meters(
        _timeline(meters_by_place, layout, Meter()), starts, grid, uncounted=uncounted
    )
    keys = _timeline(_first_word([reader.keys for reader in readers]), layout, None)
    tempos = _timeline(_first_word([reader.tempos for reader in readers]), layout, Tempo())
    length = Fraction(max(starts[-1], int((table[ONSET] + table[DURATION]).max())), grid)
    meters = _marks(said_meters, grid, length)
    check_bars(meters, length)
    check_density(table[ONSET], table[ONSET] + table[DURATION], len(starts))
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
        keys=_marks(keys, grid, length),
        tempos=_marks(tempos, grid, length) or (Tempo(),),
        pickup=Fraction(pickup, grid),
        length=length,
        parts=parts,
        title=title,
        composer=composer,
    )


def bar_lengths(
    readers: Sequence[PartReader], meters: Mapping[Place, Meter], grid: int
) -> list[int]:
    """Return the length of each bar in ticks, the same for all parts."""
    changes: dict[int, list[tuple[int, Meter]]] = {}
    for (bar, tick), meter in meters.items():
        changes.setdefault(bar, []).append((tick, meter))
    lengths: list[int] = []
    meter = Meter()
    by_bar: list[list[BarLength]] = [
        [] for _ in range(max(len(reader.lengths) for reader in readers))
    ]
    for reader in readers:
        for bar, length in enumerate(reader.lengths):
            by_bar[bar].append(length)
    for bar, voices in enumerate(by_bar):
        here = sorted(changes.get(bar, ()), key=lambda change: change[0])
        meter = here[0][1] if here and here[0][0] == 0 else meter
        whole = _whole(meter, grid)
        lengths.append(_bar_length(voices, whole, last=bar + 1 == len(by_bar)))
        meter = here[-1][1] if here else meter
    return lengths


def _bar_length(lengths: Sequence[BarLength], whole: int, *, last: bool) -> int:
    """Choose the length of a bar for which the parts may give different lengths.

    `whole` is the length by the meter. A part that rests for the whole bar is ignored, and a rest
    longer than the bar, too. If most voices keep to the meter, those that exceed it are mistaken.
    Otherwise the longest length is right.
    """
    telling = [
        length
        for length in lengths
        if length.sounds or (not length.rests and length.furthest <= whole)
    ]
    if not any(length.furthest for length in telling):
        telling = [length for length in lengths if length.furthest]
        if any(length.furthest > whole for length in telling) and all(
            length.rests for length in telling
        ):
            return whole  # a whole rest, counted as a whole note
    ends = [end for length in telling for end in (length.ends if not last else (length.heard,))]
    if sum(end == whole for end in ends) > sum(end > whole for end in ends):
        return whole
    return max(ends, default=0) or whole


def _sounding(readers: Sequence[PartReader], layout: _Layout, grid: int) -> np.ndarray:
    """Return the sounding notes in order of time, as an array of (10, N) int64.

    Tied notes are joined, and grace notes stand before their beat.
    """
    tables = [
        np.array([(*row, part) for row in reader.rows], np.int64).reshape(-1, 10)
        for part, reader in enumerate(readers)
    ]
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
    """Place the grace notes of a voice one after another before their main note.

    At the very beginning of the piece they sound together with it.
    """
    columns = np.flatnonzero(table[GRACE])
    groups: dict[tuple[int, str, int], list[list[int]]] = {}
    last = (-1, -1, -1)
    for i, part, onset, grace in zip(
        columns.tolist(), *table[[PART, ONSET, GRACE]][:, columns].tolist(), strict=True
    ):
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
    """Join tied notes where the second begins as the first ends.

    If several notes could continue, the one struck last does.
    """
    tied = np.flatnonzero(table[TIE])
    if not len(tied):
        return table
    tied = tied[np.argsort(table[ONSET, tied], kind="stable")]
    sounding: dict[tuple[int, int], list[int]] = {}
    begin, end = table[ONSET].tolist(), (table[ONSET] + table[DURATION]).tolist()
    gone = np.zeros(table.shape[1], bool)
    for i, part, pitch, tie in zip(
        tied.tolist(), *table[[PART, PITCH, TIE]][:, tied].tolist(), strict=True
    ):
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


def _first_word(marks_by_part: Sequence[Mapping[Place, Any]]) -> dict[Place, Any]:
    """Merge the marks of all parts; where parts differ, the first part wins."""
    return {place: mark for marks in reversed(marks_by_part) for place, mark in marks.items()}


def _timeline(marks: Mapping[Place, Any], layout: _Layout, usual: Any) -> dict[int, Any]:
    """Return the marks by their time in ticks, in playing order.

    Where a jump leads to a bar with other marks than those in force, they are repeated. `usual` is
    in force before the first mark.
    """
    by_bar: dict[int, list[tuple[int, Any]]] = {}
    for (bar, tick), mark in sorted(marks.items(), key=lambda item: item[0]):
        by_bar.setdefault(bar, []).append((tick, mark))
    before: list[Any] = []  # what is in force as a bar begins
    now = usual
    for bar in range(max(layout.order) + 1):
        before.append(now)
        now = by_bar[bar][-1][1] if bar in by_bar else now
    timeline: dict[int, Any] = {}
    now = usual
    for bar, start in zip(layout.order, layout.starts, strict=False):
        here = by_bar.get(bar, ())
        if (
            before[bar] is not now
            and before[bar] not in (now, None)
            and not (here and here[0][0] == 0)
        ):
            timeline.setdefault(start, before[bar])
        for tick, mark in here:
            timeline.setdefault(start + tick, mark)
        now = here[-1][1] if here else before[bar]
    return timeline


def _marks(timeline: Mapping[int, Any], grid: int, length: Fraction) -> tuple[Any, ...]:
    """Return the marks that lie within the piece, in order of time."""
    check_marks(len(timeline))
    return tuple(
        replace(mark, onset=Fraction(tick, grid))
        for tick, mark in sorted(timeline.items(), key=lambda item: item[0])
        if tick <= length * grid
    )


def _meters(
    marks: Mapping[int, Meter], starts: Sequence[int], grid: int, *, uncounted: bool
) -> tuple[dict[int, Meter], int]:
    """Return the meters and the pickup, with all times in ticks.

    A meter is repeated where the bars do not fit it.
    """
    meters = dict(marks) if 0 in marks else {0: Meter(), **marks}
    whole = _whole(meters[0], grid)
    first = starts[1] if len(starts) > 2 else 0
    pickup = first if first < whole or (uncounted and first != whole) else 0
    now, since = meters[0], 0  # a meter, and the time from which its bars are counted
    changes = sorted(marks)
    at = 0
    for begin, after in pairwise(starts[:-1]):
        since = begin
        while at < len(changes) and changes[at] < after:
            now, since = marks[changes[at]], max(begin, changes[at])
            at += 1
        if after - since not in (_whole(now, grid), 0) and (begin or not pickup):
            meters.setdefault(after, now)
    return meters, pickup


def _whole(meter: Meter, grid: int) -> int:
    return 4 * meter.numerator * grid // meter.denominator
