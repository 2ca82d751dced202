"""Several parts side by side: their events on the common boundaries of all, and multi-one-hot rows,
a symbol a part.

Each part has its own held notes, so that a tie is not struck again because another part moves.
Nothing but velocity, tablature and the mark of a grace note is lost. Shapes: T events of a piece, V
width of a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.events import Event, events_from_sweep, sweep
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.tokens.vectors.onehot import from_one_hot
from partimento.tokens.vocabulary import SPECIAL, Vocabulary

Symbol = tuple[
    tuple[int, ...], tuple[int, ...]
]  # what one part does: its chord, and the pitches of it that are held
PartEvents = tuple[tuple[Event, ...], ...]  # the events of each part; all have the same durations
REST: Symbol = ((), ())


def part_events(piece: Piece, *, drums: bool = True, count: int | None = None) -> PartEvents:
    """The events of each part of a piece on the common boundaries of all, which are those of
    `Piece.events`.

    Parameters
    ----------
    piece : Piece
    drums : bool
        Keep drum parts, as parts like all others (their pitches are drums). Without, they leave no
        trace: neither columns nor boundaries.
    count : int, optional
        So many parts, the ones that are missing silent: for a corpus whose pieces differ.

    Returns
    -------
    tuple of tuples of Event
        A part each, all of the same durations; `held` are pitches that the same part sounds on.

    Raises
    ------
    PartimentoError
        If there is no part, or there are more than `count`.
    """
    wanted = [number for number, part in enumerate(piece.parts) if drums or not part.is_drum]
    count = len(wanted) if count is None else count
    if not wanted:
        raise PartimentoError("no part to encode")
    if count < len(wanted):
        raise PartimentoError(f"{len(wanted)} parts to encode, where there is room for {count}")
    heard = piece if drums else piece.without_drums()
    cut, grid = heard.sweep()
    notes, times = heard.notes, cut.times.tolist()
    scale = grid // notes.divisions
    onset, end = notes.onset * scale, notes.end * scale
    of_part = [notes.part == number for number in wanted] + [np.zeros(len(notes), bool)] * (
        count - len(wanted)
    )
    return tuple(
        events_from_sweep(sweep(onset[own], end[own], notes.pitch[own], times), grid)
        for own in of_part
    )


def from_part_events(
    events: Sequence[Sequence[Event]], *, velocity: int = 80, **rest: Any
) -> Piece:
    """The inverse of `part_events`, the notes of every part: `rest` are the other fields of a
    Piece, among them its `parts`.

    PartimentoError if the parts do not go together, ValueError if one holds a pitch that it did not
    sound (see `Piece.from_events`).
    """
    durations = common_durations(events)
    notes = [
        replace(note, part=number)
        for number, own in enumerate(events)
        for note in Piece.from_events(own, velocity=velocity).notes
    ]
    return Piece(
        Notes(notes),
        **{"length": sum(durations, Fraction(0)), "parts": (Part(),) * len(events), **rest},
    )


def part_vocabularies(
    pieces: Iterable[Sequence[Sequence[Event]]], *, min_count: int = 1
) -> tuple[Vocabulary[Symbol], ...]:
    """A vocabulary a part, of chords with what is held of them; the rest is always known. `pieces`
    are `part_events` of one `count`.

    PartimentoError if the pieces have not the same number of parts.
    """
    pieces = list(pieces)
    if len(counts := {len(parts) for parts in pieces}) > 1:
        raise PartimentoError(
            f"pieces of {min(counts)} to {max(counts)} parts have no vocabularies together: see part_events' count"
        )
    by_part = list(zip(*pieces, strict=True))
    return tuple(
        Vocabulary.from_symbols(
            (_symbol(event) for events in part for event in events),
            min_count=min_count,
            always=[REST],
        )
        for part in by_part
    )


def multi_one_hot(
    parts: Sequence[Sequence[Event]], vocabularies: Sequence[Vocabulary[Symbol]]
) -> np.ndarray:
    """A block a part, with a single one: ``(T, V)`` float32, V the sum of all vocabularies'
    lengths.

    What is in no vocabulary becomes unknown. PartimentoError if the parts do not go together or
    with the vocabularies.
    """
    height = len(common_durations(parts))
    if len(parts) != len(vocabularies):
        raise PartimentoError(f"{len(parts)} parts, but {len(vocabularies)} vocabularies")
    *firsts, width = _edges(vocabularies)
    rows = np.zeros((height, width), np.float32)
    for events, first, vocabulary in zip(parts, firsts, vocabularies, strict=True):
        numbers = [first + vocabulary[_symbol(event)] for event in events]
        rows[np.arange(height), numbers] = 1
    return rows


def from_multi_one_hot(
    rows: np.ndarray, durations: Sequence[Fraction], vocabularies: Sequence[Vocabulary[Symbol]]
) -> PartEvents:
    """The inverse of `multi_one_hot`: of each block the largest value.

    PartimentoError for padding and unknown, which stand for no music, or if the shape is another.
    """
    edges = _edges(vocabularies)
    check_shape(rows, len(durations), edges[-1])
    parts: list[tuple[Event, ...]] = []
    for vocabulary, (first, last) in zip(vocabularies, pairwise(edges), strict=True):
        numbers = from_one_hot(rows[:, first:last])
        if (numbers < SPECIAL).any():
            row = int(np.argmax(numbers < SPECIAL))
            raise PartimentoError(
                f"row {row} of part {len(parts)} stands for no music: number {numbers[row]}"
            )
        symbols = [vocabulary.symbol(number) for number in numbers.tolist()]
        parts.append(
            tuple(
                Event(chord, duration, on)
                for (chord, on), duration in zip(symbols, durations, strict=True)
            )
        )
    return tuple(parts)


def _symbol(event: Event) -> Symbol:
    return event.chord, event.held


def common_durations(parts: Sequence[Sequence[Event]]) -> list[Fraction]:
    """The durations that the events of all parts have; PartimentoError if they differ, or there is
    no part.
    """
    if not parts:
        raise PartimentoError("no part to encode")
    first, *others = ([event.duration for event in events] for events in parts)
    if any(other != first for other in others):
        raise PartimentoError(
            "the events of the parts have not the same durations: see part_events"
        )
    return first


def check_shape(rows: np.ndarray, height: int, width: int) -> None:
    """Raise PartimentoError unless an array has a row per duration and the columns of its parts."""
    if rows.shape != (height, width):
        needed = f"{height} durations and these parts need {(height, width)}"
        raise PartimentoError(f"an array of shape {rows.shape}, where {needed}")


def _edges(vocabularies: Sequence[Vocabulary[Symbol]]) -> list[int]:
    return list(accumulate(map(len, vocabularies), initial=0))
