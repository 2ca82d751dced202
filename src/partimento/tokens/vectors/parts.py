"""Encode several parts side by side, as events or as multi-one-hot rows.

The events of all parts share their boundaries. Each part has its own held notes, so that a tied
note is not struck again when another part moves. Only velocity, tablature and grace-note marks are
lost. Shapes: T events of a piece, V width of a row.
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
]  # the chord of one part, and the pitches of it that are held
PartEvents = tuple[tuple[Event, ...], ...]  # the events of each part; all have the same durations
REST: Symbol = ((), ())


def part_events(piece: Piece, *, drums: bool = True, count: int | None = None) -> PartEvents:
    """Return the events of each part on the common boundaries of all parts.

    The boundaries are those of `Piece.events`.

    Parameters
    ----------
    piece : Piece
    drums : bool
        Whether to keep drum parts (their pitches stand for drums). False also removes the event
        boundaries that only they have.
    count : int, optional
        The number of parts to return; missing parts are silent. Use it for a corpus whose pieces
        have different numbers of parts.

    Returns
    -------
    tuple of tuples of Event
        One tuple per part, all with the same durations. `Event.held` has the pitches that the
        same part continues.

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
        raise PartimentoError(f"{len(wanted)} parts to encode, but count allows only {count}")
    pitched = piece if drums else piece.without_drums()
    cut, grid = pitched.sweep()
    notes, times = pitched.notes, cut.times.tolist()
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
    """Build a piece from the events of every part; the inverse of `part_events`.

    Parameters
    ----------
    events : sequence of sequences of Event
        The events of each part.
    velocity : int
        MIDI velocity of all notes.
    **rest
        Other fields of the `Piece`, such as its `parts`.

    Raises
    ------
    PartimentoError
        If the parts differ in their durations.
    ValueError
        If a part holds a pitch that did not sound before (see `Piece.from_events`).
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
    """Build one vocabulary per part, of chords with their held notes.

    `pieces` are results of `part_events` with the same `count`. Every vocabulary has a rest.

    Raises
    ------
    PartimentoError
        If the pieces differ in their number of parts.
    """
    pieces = list(pieces)
    if len(counts := {len(parts) for parts in pieces}) > 1:
        raise PartimentoError(
            f"pieces of {min(counts)} to {max(counts)} parts cannot share vocabularies: pass count"
            " to part_events"
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
    """Encode several parts, with one one-hot block per part.

    Rows are ``(T, V)`` float32, where V is the sum of all vocabulary sizes. A symbol outside the
    vocabulary of its part becomes UNKNOWN.

    Raises
    ------
    PartimentoError
        If the parts differ in their durations, or their number is not that of the vocabularies.
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
    """Decode the rows of `multi_one_hot`, by the largest value of each block.

    Raises
    ------
    PartimentoError
        For padding and UNKNOWN, which stand for no music, or if the shape does not match.
    """
    edges = _edges(vocabularies)
    check_shape(rows, len(durations), edges[-1])
    parts: list[tuple[Event, ...]] = []
    for vocabulary, (first, last) in zip(vocabularies, pairwise(edges), strict=True):
        numbers = from_one_hot(rows[:, first:last])
        if (numbers < SPECIAL).any():
            row = int(np.argmax(numbers < SPECIAL))
            raise PartimentoError(
                f"row {row} of part {len(parts)} has the special id {numbers[row]}, which stands"
                " for no music"
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
    """Return the durations of the events, which all parts must share.

    Raises PartimentoError if they differ, or if there is no part.
    """
    if not parts:
        raise PartimentoError("no part to encode")
    first, *others = ([event.duration for event in events] for events in parts)
    if any(other != first for other in others):
        raise PartimentoError(
            "the events of the parts differ in their durations: build them with part_events"
        )
    return first


def check_shape(rows: np.ndarray, height: int, width: int) -> None:
    """Raise PartimentoError unless the shape is ``(height, width)``."""
    if rows.shape != (height, width):
        needed = f"{height} durations and these parts need {(height, width)}"
        raise PartimentoError(f"an array of shape {rows.shape}, where {needed}")


def _edges(vocabularies: Sequence[Vocabulary[Symbol]]) -> list[int]:
    return list(accumulate(map(len, vocabularies), initial=0))
