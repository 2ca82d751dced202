"""Encode events as many-hot and multi-many-hot rows.

A row has 128 columns for the sounding pitches, then 128 for those of them that are held. Many-hot
rows are for one part, multi-many-hot rows for several. Without held notes, a row has 128 columns
per part. Shapes: T events of a piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.events import Event
from partimento.tokens.chords import PITCHES
from partimento.tokens.vectors.parts import PartEvents, check_shape, common_durations


def many_hot(events: Iterable[Event], *, held: bool = True) -> np.ndarray:
    """Encode the notes of each event as a many-hot row.

    Rows are ``(T, 256)`` float32: sounding pitches, then held ones. With ``held=False`` they are
    ``(T, 128)``, sounding pitches only; decoded notes are then struck in every event. A rest is a
    row of zeros, like padding, so only its duration shows that there is an event.

    Raises
    ------
    PartimentoError
        If a pitch lies outside 0 to 127, or a held pitch does not sound.

    Examples
    --------
    >>> rows = many_hot([Event((48, 64), Fraction(1)), Event((48, 65), Fraction(1), held=(48,))])
    >>> [np.flatnonzero(row).tolist() for row in rows]
    [[48, 64], [48, 65, 176]]
    """
    return multi_many_hot([tuple(events)], held=held)


def from_many_hot(
    rows: np.ndarray, durations: Sequence[Fraction], *, held: bool = True
) -> list[Event]:
    """Decode the rows of `many_hot`, given the T durations.

    Values above 0.5 count as ones.

    Raises
    ------
    PartimentoError
        If a held pitch does not sound, or the shape does not match.
    """
    (events,) = from_multi_many_hot(rows, durations, parts=1, held=held)
    return list(events)


def multi_many_hot(parts: Sequence[Sequence[Event]], *, held: bool = True) -> np.ndarray:
    """Encode several parts, with one block of `many_hot` per part.

    Rows are ``(T, parts · 256)`` float32, or ``(T, parts · 128)`` without `held`.
    """
    kinds = 2 if held else 1
    height, width = len(common_durations(parts)), len(parts) * kinds * PITCHES
    blocks: list[int] = []  # for each one: the index of its block of 128 columns, over all rows
    pitches: list[int] = []
    for number, events in enumerate(parts):
        for t, event in enumerate(events):
            for kind, chord in enumerate((event.chord, event.held)[:kinds]):
                blocks += [(t * len(parts) + number) * kinds + kind] * len(chord)
                pitches += chord
    if pitches and (min(pitches) < 0 or max(pitches) >= PITCHES):
        raise PartimentoError(f"a pitch lies outside 0 to 127: {min(pitches)} to {max(pitches)}")
    cells = np.array(blocks, np.int64) * PITCHES + np.array(pitches, np.int64)
    _check_held(cells, held)
    rows = np.zeros((height, width), np.float32)
    rows.reshape(-1)[cells] = 1
    return rows


def from_multi_many_hot(
    rows: np.ndarray, durations: Sequence[Fraction], *, parts: int, held: bool = True
) -> PartEvents:
    """Decode the rows of `multi_many_hot` for this number of `parts`.

    See `from_many_hot`.
    """
    kinds = 2 if held else 1
    check_shape(rows, len(durations), parts * kinds * PITCHES)
    cells = np.flatnonzero(np.asarray(rows) > 0.5)
    _check_held(cells, held)
    # One list per event, part and kind (sounding or held).
    pitches: list[list[int]] = [[] for _ in range(len(durations) * parts * kinds)]
    for block, pitch in zip((cells // PITCHES).tolist(), (cells % PITCHES).tolist(), strict=True):
        pitches[block].append(pitch)
    chords = [tuple(chord) for chord in pitches]
    stride = parts * kinds
    return tuple(
        tuple(
            Event(
                chords[t * stride + part * kinds],
                duration,
                chords[t * stride + part * kinds + 1] if held else (),
            )
            for t, duration in enumerate(durations)
        )
        for part in range(parts)
    )


def _check_held(cells: np.ndarray, held: bool) -> None:
    of_held = (cells // PITCHES) % 2 == 1
    if held and not np.isin(cells[of_held] - PITCHES, cells[~of_held]).all():
        raise PartimentoError("a held pitch does not sound")
