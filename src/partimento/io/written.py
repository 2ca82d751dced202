"""Build a piece from a written score, in the same way for several formats.

A reader collects the written notes, bar lines and marks in a `WrittenScore`. This module writes out
repeats, joins tied notes, places grace notes, and repeats the meter after irregular bars.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from partimento.music.fermatas import FERMATA
from partimento.music.grace_placement import GRACE_QL, grace_onset
from partimento.music.limits import (
    MAX_NOTES,
    MAX_QUARTERS,
    check_bars,
    check_density,
    check_marks,
    check_size,
)
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import ChordSymbol, Key, Meter, Part, Tempo

TIE_STOP, TIE_START = 1, 2  # flags
# Steps per quarter, at most: room for all tuplets up to 13 together, and for the longest piece.
FINEST_GRID = 2**20
MOST_WARNINGS = 50  # of one piece
ONSET, DURATION, PITCH, PART, VOICE, VELOCITY, GRACE, MARK = range(8)  # columns
MOST_HELD = 16  # ties of one pitch that are open at the same time
Span = tuple[int, int]  # beginning and end of a passage, in steps


class WrittenNote(NamedTuple):
    """A note as it is written; its times are in steps.

    Attributes
    ----------
    onset, duration : int
        The duration of a grace note is 0. Its onset is that of its main note.
    pitch, part, velocity : int
    voice : int
        Ties and grace notes stay within a voice if they can.
    ties : int
        `TIE_STOP` if a tie ends at the note, plus `TIE_START` if one begins there.
    mark : int
        `FERMATA` if the note is under one, plus `BREATH` if a phrase ends after it for another
        reason.
    """

    onset: int
    duration: int
    pitch: int
    part: int = 0
    voice: int = 0
    ties: int = 0
    velocity: int = 80
    mark: int = 0


@dataclass
class WrittenScore:
    """The content of a score file; all times are in steps.

    Attributes
    ----------
    grid : int
        Steps per quarter, see `common_grid`.
    notes : list of WrittenNote
        Notes with the same onset are in the order of the file.
    bars : list of int
        The beginning of each bar, sorted.
    length : int
        The end of the last bar.
    meters, keys, tempos, chord_symbols : dict
        The marks by their time.
    breaks : set of int
        The times at which phrases end without a note: at rests and bar lines with a fermata.
    parts : list of Part
    title, composer : str
    warnings : list of str
    """

    grid: int = 16
    notes: list[WrittenNote] = field(default_factory=list)
    bars: list[int] = field(default_factory=list)
    length: int = 0
    meters: dict[int, Meter] = field(default_factory=dict)
    keys: dict[int, Key] = field(default_factory=dict)
    tempos: dict[int, Tempo] = field(default_factory=dict)
    chord_symbols: dict[int, ChordSymbol] = field(default_factory=dict)
    breaks: set[int] = field(default_factory=set)
    parts: list[Part] = field(default_factory=list)
    title: str = ""
    composer: str = ""
    warnings: list[str] = field(default_factory=list)

    def warn(self, message: str) -> None:
        """Report something that was not read, each message once."""
        if message not in self.warnings and len(self.warnings) <= MOST_WARNINGS:
            full = len(self.warnings) == MOST_WARNINGS
            self.warnings.append("there are more such faults" if full else message)


def common_grid(durations: Mapping[Fraction, int]) -> int:
    """Return steps per quarter that represent durations, and grace notes.

    A grid that represents all durations of a damaged file can be absurdly fine. The more frequent
    durations then decide; the others are to be rounded.

    Parameters
    ----------
    durations : mapping of Fraction to int
        How often each duration occurs.

    Examples
    --------
    >>> common_grid({Fraction(1, 3): 9, Fraction(1, 997): 1, Fraction(1, 991): 1})
    47856
    """
    grid = GRACE_QL.denominator
    for duration in sorted(durations, key=lambda value: (-durations[value], value)):
        finer = math.lcm(grid, duration.denominator)
        grid = finer if finer <= FINEST_GRID else grid
    return grid


def piece_of_written(score: WrittenScore, order: Sequence[Span] | None = None) -> Piece:
    """Build a piece from a written score.

    Parameters
    ----------
    score : WrittenScore
    order : sequence of (int, int), optional
        The passages in playing order. Without it, the score is read once from beginning to end.

    Raises
    ------
    InvalidScoreError, ValueError
        If there are no notes, or the piece is larger than any score.
    """
    if order is not None:
        score = unfolded(score, order)
    ends = [note.onset + note.duration for note in score.notes]
    length = Fraction(max([score.length, *ends]), score.grid)
    check_size(len(score.notes), int(length))
    meters, pickup = _meters(score)
    check_bars(meters, length)
    table = _sounding(score)
    notes = _notes(table, score.grid)
    check_density(notes.onset, notes.end, len(meters) + int(length))
    mark = _Marks(score.grid, length)
    return Piece(
        notes,
        meters=tuple(meter for meter in meters if meter.onset <= length),
        keys=mark.timeline(score.keys),
        tempos=mark.timeline(score.tempos) or (Tempo(),),
        pickup=pickup,
        length=length,
        parts=tuple(score.parts),
        title=score.title,
        composer=score.composer,
        chord_symbols=mark.timeline(score.chord_symbols),
        fermatas=mark.times(table[ONSET, (table[MARK] & FERMATA > 0) & (table[GRACE] == 0)]),
        phrase_ends=mark.times(_phrase_ends(table, score.breaks)),
        warnings=tuple(score.warnings),
    )


class _Marks(NamedTuple):
    grid: int
    length: Fraction

    def timeline(self, marks: Mapping[int, Any]) -> tuple[Any, ...]:
        """Return the marks up to the end of the piece, without those that change nothing."""
        check_marks(len(marks))
        line: list[Any] = []
        for time in sorted(marks):
            mark = replace(marks[time], onset=Fraction(time, self.grid))
            if mark.onset > self.length:
                break
            if not line or replace(mark, onset=line[-1].onset) != line[-1]:
                line.append(mark)
        return tuple(line)

    def times(self, steps: np.ndarray) -> tuple[Fraction, ...]:
        """Return times in quarters, sorted and without duplicates."""
        times = (Fraction(step, self.grid) for step in sorted(set(steps.tolist())))
        return tuple(time for time in times if time <= self.length)


def _phrase_ends(table: np.ndarray, breaks: set[int]) -> np.ndarray:
    """Return the ends of notes with marks, and the other phrase ends, in steps."""
    is_last = (table[MARK] > 0) & (table[GRACE] == 0)
    ends = (table[ONSET] + table[DURATION])[is_last]
    return np.concatenate([ends, np.array(sorted(breaks - {0}), np.int64)])


def _meters(score: WrittenScore) -> tuple[tuple[Meter, ...], Fraction]:
    """Return the meters and the pickup.

    After a bar whose length differs from its meter, the meter is repeated. This keeps the bar lines
    where the score has them.
    """
    grid = score.grid
    check_marks(len(score.meters))
    marks = {0: Meter(), **score.meters}
    meter = marks[0]
    bars = sorted({0, *score.bars})
    whole = meter.bar_ql * grid
    pickup = bars[1] if len(bars) > 1 and bars[1] < whole and bars[1] < score.length else 0
    if pickup in marks and 0 < pickup < marks[pickup].bar_ql * grid:
        # A meter that begins with the first whole bar is that of the pickup, too.
        meter = marks[0] = marks.pop(pickup)
    meters: dict[int, Meter] = {}
    current: Meter | None = None
    for time in sorted(marks):
        if marks[time] != current:
            current = meters[time] = marks[time]
    changes, at = sorted(meters), 0
    timeline = dict(meters)
    for begin, after in pairwise(bars):
        since = begin  # the time from which the bars of this meter are counted
        while at < len(changes) and changes[at] < after:
            meter, since = meters[changes[at]], max(begin, changes[at])
            at += 1
        if after - since != meter.bar_ql * grid and (begin or not pickup):
            timeline.setdefault(after, meter)
    return tuple(
        Meter(meter.numerator, meter.denominator, Fraction(time, grid))
        for time, meter in sorted(timeline.items())
    ), Fraction(pickup, grid)


def _sounding(score: WrittenScore) -> np.ndarray:
    """Return the sounding notes: ties joined, grace notes placed; (8, N) int64."""
    written = sorted(score.notes, key=lambda note: note.onset)
    rows = [[*note[:5], note.velocity, 0, note.mark] for note in written]
    drop: set[int] = set()
    open_ties: dict[tuple[int, int], list[int]] = {}
    graces: dict[tuple[int, int, int], list[int]] = {}
    for i, note in enumerate(written):
        if not note.duration:
            graces.setdefault((note.part, note.voice, note.onset), []).append(i)
        elif note.ties:
            _join_tie(rows, drop, open_ties.setdefault((note.part, note.pitch), []), i, note)
    step = int(score.grid * GRACE_QL)
    for (_, _, beat), group in graces.items():
        chords = _grace_chords(group, written)
        for back, chord in zip(range(len(chords), 0, -1), chords, strict=True):
            for i in chord:
                rows[i][ONSET] = grace_onset(beat, back, len(chords), step)
                rows[i][DURATION], rows[i][GRACE] = step, 1
    kept = [row for i, row in enumerate(rows) if i not in drop]
    return np.array(kept, np.int64).reshape(-1, MARK + 1).T


def _notes(table: np.ndarray, grid: int) -> Notes:
    """Return the notes of `_sounding`, with the voices of each part numbered from 0."""
    voice = table[VOICE].copy()
    for part in np.unique(table[PART]).tolist():
        own = table[PART] == part
        voice[own] = np.unique(voice[own], return_inverse=True)[1]
    return Notes.from_score_columns(
        grid,
        *table[[ONSET, DURATION, PITCH]],
        part=table[PART],
        velocity=table[VELOCITY],
        grace=table[GRACE],
        voice=voice,
    )


def _join_tie(
    rows: list[list[int]], drop: set[int], held: list[int], i: int, note: WrittenNote
) -> None:
    """Join note `i` to the tied note of its pitch that ends where it begins.

    `held` are the notes of its pitch with an open tie. The one in the same voice is preferred.
    """
    target = i
    if note.ties & TIE_STOP:
        before = [other for other in held if rows[other][0] + rows[other][1] == note.onset]
        if before:
            target = max(before, key=lambda other: (rows[other][4] == note.voice, rows[other][0]))
            rows[target][DURATION] += note.duration
            rows[target][MARK] |= note.mark
            held.remove(target)
            drop.add(i)
    if note.ties & TIE_START:
        held.append(target)
        del held[:-MOST_HELD]


def _grace_chords(group: list[int], written: list[WrittenNote]) -> list[list[int]]:
    """Split the grace notes before one note into chords.

    The notes of a grace chord have a negative `ties` from the second one on.
    """
    chords: list[list[int]] = []
    for i in group:
        if written[i].ties < 0 and chords:
            chords[-1].append(i)
        else:
            chords.append([i])
    return chords


def unfolded(score: WrittenScore, order: Sequence[Span]) -> WrittenScore:
    """Return the score with its passages in playing order.

    After a jump, the marks that are valid at its goal are repeated.

    Parameters
    ----------
    score : WrittenScore
    order : sequence of (int, int)
        Beginning and end of each passage, in steps.

    Raises
    ------
    InvalidScoreError
        If the result is larger than any score.
    """
    new = WrittenScore(grid=score.grid, parts=score.parts, title=score.title)
    new.composer, new.warnings = score.composer, score.warnings
    notes = sorted(score.notes, key=lambda note: note.onset)
    onsets = [note.onset for note in notes]
    names = ("meters", "keys", "tempos", "chord_symbols")
    timelines = {name: sorted(getattr(score, name).items(), key=_time) for name in names}
    for start, end in order:
        shift = new.length - start
        is_last = end >= score.length  # a grace note may follow the last note
        last = bisect_right(onsets, end) if is_last else bisect_left(onsets, end)
        passage = notes[bisect_left(onsets, start) : last]
        new.notes += [note._replace(onset=note.onset + shift) for note in passage]
        new.bars += [
            bar + shift
            for bar in score.bars[bisect_left(score.bars, start) : bisect_left(score.bars, end)]
        ]
        new.breaks |= {time + shift for time in score.breaks if start < time <= end}
        for name, marks in timelines.items():
            copies = getattr(new, name)
            _copy_marks(marks, copies, (start, end), shift)
            check_marks(len(copies))
        new.length += end - start
        if len(new.notes) > MAX_NOTES or new.length > MAX_QUARTERS * new.grid:
            check_size(len(new.notes) or 1, new.length // new.grid)
    return new


def _copy_marks(
    marks: Sequence[tuple[int, Any]], copies: dict[int, Any], passage: Span, shift: int
) -> None:
    """Copy the sorted marks of a passage, and the one that is valid at its beginning."""
    start, end = passage
    first = bisect_right(marks, start, key=_time)
    if first:
        copies[start + shift] = marks[first - 1][1]
    for time, mark in marks[first : bisect_left(marks, end, key=_time)]:
        copies[time + shift] = mark


def _time(mark: tuple[int, Any]) -> int:
    return mark[0]


def order_of_bars(bars: Sequence[int], length: int, order: Sequence[int]) -> list[Span]:
    """Return the passages of bars in playing order; bars in a row are one passage."""
    ends = [*bars[1:], length]
    spans: list[Span] = []
    for bar in order:
        if spans and spans[-1][1] == bars[bar]:
            spans[-1] = (spans[-1][0], ends[bar])
        else:
            spans.append((bars[bar], ends[bar]))
    return spans


def checked_mark(score: WrittenScore, make: Callable[[], Any], place: str) -> Any:
    """Return a mark, or None with a warning if its values are impossible."""
    try:
        return make()
    except (ValueError, ArithmeticError) as error:
        score.warn(f"{place}: {error}")
        return None
