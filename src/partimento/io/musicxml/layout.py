"""Lay out the bars of all parts in time, and build a Piece from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from partimento.errors import InvalidScoreError
from partimento.io.musicxml.lengths import bar_lengths, fit_to_bars, kept_meters, ticks_of
from partimento.io.musicxml.part import TIES, PartReader, Place
from partimento.io.musicxml.voices import numbered_voices
from partimento.music.fermatas import FERMATA
from partimento.music.grace_placement import grace_onset
from partimento.music.limits import check_bars, check_density, check_marks, check_size
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol, Meter, Part, Tempo

MOST_HELD = 16  # ties of one pitch that are open at the same time
BAR, ONSET, DURATION, PITCH, VELOCITY, STRING, FRET, GRACE, VOICE, MARK, TIE, PART = range(12)


@dataclass(frozen=True)
class _Layout:
    """The order of the bars and their times.

    Attributes
    ----------
    order : list of int
        Indices of the written bars in playing order; a repeated bar occurs several times.
    starts : list of int
        The beginning of each of them, and the end of the last one, in ticks.
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
    """Build a piece from the parts that were read.

    Parameters
    ----------
    readers : sequence of PartReader
        One per part, after all bars were read.
    grid : int
        Ticks per quarter.
    order : list of int or None
        Indices of the bars in playing order. None keeps the written order.
    parts, title, composer
        As in `Piece`.

    Raises
    ------
    InvalidScoreError, ValueError
        If there are no notes, a value is invalid, or the piece is larger than any score.
    """
    meters_by_place = kept_meters(readers, grid)
    lengths = bar_lengths(readers, meters_by_place, grid)
    for reader in readers:
        fit_to_bars(reader, lengths)
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
    meters_by_tick, pickup = _meters(
        _timeline(meters_by_place, layout, Meter()), starts, grid, uncounted=uncounted
    )
    keys = _timeline(_merged([reader.keys for reader in readers]), layout, None)
    tempos = _timeline(_merged([reader.tempos for reader in readers]), layout, Tempo())
    length = Fraction(max(starts[-1], int((table[ONSET] + table[DURATION]).max())), grid)
    meters = _marks(meters_by_tick, grid, length)
    check_bars(meters, length)
    check_density(table[ONSET], table[ONSET] + table[DURATION], len(starts))
    common = int(np.gcd.reduce(table[[ONSET, DURATION]], axis=None, initial=grid))
    return Piece(
        Notes.from_score_columns(
            grid // common,
            table[ONSET] // common,
            table[DURATION] // common,
            table[PITCH],
            velocity=table[VELOCITY],
            part=table[PART],
            string=table[STRING],
            fret=table[FRET],
            grace=(table[GRACE] > 0).astype(np.int64),
            voice=table[VOICE],
        ),
        meters=meters,
        keys=_marks(keys, grid, length),
        tempos=_marks(tempos, grid, length) or (Tempo(),),
        pickup=Fraction(pickup, grid),
        length=length,
        parts=parts,
        title=title,
        composer=composer,
        chord_symbols=_chord_symbols(_merged([reader.chords for reader in readers]), layout, grid),
        fermatas=_fermatas(table, grid),
        phrase_ends=_phrase_ends(table, readers, layout, grid, length),
        warnings=_warnings(readers),
    )


def _fermatas(table: np.ndarray, grid: int) -> tuple[Fraction, ...]:
    """Return the onsets of the notes under fermatas."""
    has_fermata = (table[MARK] & FERMATA > 0) & (table[GRACE] == 0)
    return tuple(Fraction(time, grid) for time in sorted(set(table[ONSET, has_fermata].tolist())))


def _phrase_ends(
    table: np.ndarray,
    readers: Sequence[PartReader],
    layout: _Layout,
    grid: int,
    length: Fraction,
) -> tuple[Fraction, ...]:
    """Return the ends of notes with marks, and the other places with a fermata."""
    is_last = (table[MARK] > 0) & (table[GRACE] == 0)
    times = set((table[ONSET] + table[DURATION])[is_last].tolist())
    breaks: dict[int, set[int | None]] = {}
    for reader in readers:
        for bar, place in reader.breaks:
            breaks.setdefault(bar, set()).add(place)
    if breaks:
        for bar, (start, end) in zip(layout.order, pairwise(layout.starts), strict=True):
            times |= {end if place is None else start + place for place in breaks.get(bar, ())}
    return tuple(Fraction(time, grid) for time in sorted(times) if 0 < time <= length * grid)


def _warnings(readers: Sequence[PartReader]) -> tuple[str, ...]:
    bars = [bar for reader in readers for bar in reader.dropped]
    if not bars:
        return ()
    notes = (
        "a note without duration is"
        if len(bars) == 1
        else f"{len(bars)} notes without duration are"
    )
    return (f"{notes} left out, in bar {min(bars) + 1}",)


def _sounding(readers: Sequence[PartReader], layout: _Layout, grid: int) -> np.ndarray:
    """Return the sounding notes bar by bar, in playing order: (12, N) int64.

    Tied notes are joined, and grace notes placed before their main note. Onsets are in ticks from
    the beginning of the piece.
    """
    tables = []
    for part, reader in enumerate(readers):
        rows = np.array([(*row, part) for row in reader.rows], np.int64).reshape(-1, PART + 1).T
        rows[VOICE] = numbered_voices(reader.written_voices, rows[[BAR, ONSET, DURATION, VOICE]])
        tables.append(rows)
    table = np.concatenate(tables, axis=1)
    if not table.size:
        dropped = any(reader.dropped for reader in readers)
        raise InvalidScoreError("it has no notes" + (" with a duration" if dropped else ""))
    table = table[:, np.argsort(table[BAR], kind="stable")]
    edges = np.searchsorted(table[BAR], np.arange(max(layout.order) + 2))
    counts = [int(edges[bar + 1] - edges[bar]) for bar in layout.order]
    columns = np.concatenate([np.arange(edges[bar], edges[bar + 1]) for bar in layout.order])
    check_size(len(columns), 0)
    table = table[:, columns]
    table[ONSET] += np.repeat(np.array(layout.starts[:-1], np.int64), counts)
    _place_graces(table, readers, grid // 16)
    return _join_ties(table)


def _place_graces(table: np.ndarray, readers: Sequence[PartReader], step: int) -> None:
    """Place the grace notes of a voice one after another before their main note.

    `table` is changed in place; `step` is the duration of a grace note in ticks.
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
            table[ONSET, chord] = grace_onset(beat, back, len(chords), step)


def _join_ties(table: np.ndarray) -> np.ndarray:
    """Join tied notes if the second one begins when the first one ends.

    If a tie could continue several notes, it continues the one that began last.
    """
    tied = np.flatnonzero(table[TIE])
    if not len(tied):
        return table
    tied = tied[np.argsort(table[ONSET, tied], kind="stable")]
    sounding: dict[tuple[int, int], list[int]] = {}
    begin, end = table[ONSET].tolist(), (table[ONSET] + table[DURATION]).tolist()
    is_joined = np.zeros(table.shape[1], bool)
    for i, part, pitch, tie in zip(
        tied.tolist(), *table[[PART, PITCH, TIE]][:, tied].tolist(), strict=True
    ):
        held = sounding.get((part, pitch), [])
        target = i  # the note that a further tie will continue
        if tie & TIES["stop"]:
            held = [note for note in held if end[note] >= begin[i]]
            before = [note for note in held if end[note] == begin[i]]
            if before:
                target = max(before, key=begin.__getitem__)
                held.remove(target)
                end[target] = end[i]
                table[MARK, target] |= table[MARK, i]
                is_joined[i] = True
        if tie & TIES["start"]:
            held.append(target)
        sounding[part, pitch] = held[-MOST_HELD:]
    table[DURATION] = np.array(end, np.int64) - table[ONSET]
    return table[:, ~is_joined]


def _merged(marks_by_part: Sequence[Mapping[Place, Any]]) -> dict[Place, Any]:
    """Merge the marks of all parts; where parts differ, the first part wins."""
    return {place: mark for marks in reversed(marks_by_part) for place, mark in marks.items()}


def _timeline(marks: Mapping[Place, Any], layout: _Layout, default: Any) -> dict[int, Any]:
    """Return the marks by their time in ticks, in playing order.

    After a jump (a repeat or an ending) to a bar in which another mark is valid, that mark is
    repeated. `default` is valid before the first mark.
    """
    by_bar: dict[int, list[tuple[int, Any]]] = {}
    for (bar, tick), mark in sorted(marks.items(), key=lambda item: item[0]):
        by_bar.setdefault(bar, []).append((tick, mark))
    at_start: list[Any] = []  # the mark that is valid when a written bar begins
    current = default
    for bar in range(max(layout.order) + 1):
        at_start.append(current)
        current = by_bar[bar][-1][1] if bar in by_bar else current
    timeline: dict[int, Any] = {}
    current = default
    for bar, start in zip(layout.order, layout.starts, strict=False):
        in_bar = by_bar.get(bar, ())
        if (
            at_start[bar] is not current
            and at_start[bar] not in (current, None)
            and not (in_bar and in_bar[0][0] == 0)
        ):
            timeline.setdefault(start, at_start[bar])
        for tick, mark in in_bar:
            timeline.setdefault(start + tick, mark)
        current = in_bar[-1][1] if in_bar else at_start[bar]
    return timeline


def _chord_symbols(
    chords: Mapping[Place, str], layout: _Layout, grid: int
) -> tuple[ChordSymbol, ...]:
    """Return the chord symbols in playing order, one for each time."""
    by_bar: dict[int, list[tuple[int, str]]] = {}
    for (bar, tick), text in sorted(chords.items()):
        by_bar.setdefault(bar, []).append((tick, text))
    by_time: dict[int, str] = {}
    for bar, start in zip(layout.order, layout.starts, strict=False):
        for tick, text in by_bar.get(bar, ()):
            by_time.setdefault(start + tick, text)
    check_marks(len(by_time))
    return tuple(
        ChordSymbol(text, Fraction(time, grid))
        for time, text in sorted(by_time.items())
        if time < layout.starts[-1]
    )


def _marks(timeline: Mapping[int, Any], grid: int, length: Fraction) -> tuple[Any, ...]:
    """Return the marks at or before the end of the piece, sorted by onset."""
    check_marks(len(timeline))
    return tuple(
        replace(mark, onset=Fraction(tick, grid))
        for tick, mark in sorted(timeline.items(), key=lambda item: item[0])
        if tick <= length * grid
    )


def _meters(
    marks: Mapping[int, Meter], starts: Sequence[int], grid: int, *, uncounted: bool
) -> tuple[dict[int, Meter], int]:
    """Return the meters by time, and the length of the pickup, in ticks.

    After a bar whose length differs from its meter, the meter is repeated. `uncounted` is whether
    the first bar has no number, as a pickup has none.
    """
    meters = dict(marks) if 0 in marks else {0: Meter(), **marks}
    whole = ticks_of(meters[0], grid)
    first = starts[1] if len(starts) > 2 else 0
    pickup = first if first < whole or (uncounted and first != whole) else 0
    meter = meters[0]
    changes = sorted(marks)
    at = 0
    for begin, after in pairwise(starts[:-1]):
        since = begin  # the time from which the bars of this meter are counted
        while at < len(changes) and changes[at] < after:
            meter, since = marks[changes[at]], max(begin, changes[at])
            at += 1
        if after - since not in (ticks_of(meter, grid), 0) and (begin or not pickup):
            meters.setdefault(after, meter)
    return meters, pickup
