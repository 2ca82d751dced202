"""The encodings of the tutorial ("Note and Chord Encoding"; Briot, Hadjeres & Pachet 2019), dense and sparse, with their inverses.

| encoding | a row of T | ones in it |
|---|---|---|
| one-hot | a symbol of one vocabulary | 1 |
| many-hot | the 128 pitches: sounding, then held | the notes |
| multi-one-hot | a block a part: a symbol of the part's own vocabulary | the parts |
| multi-many-hot | a block a part: its own 128 pitches, sounding, then held | the notes of all parts |

Integers, for embeddings, are `ChordCodec`'s business. Durations travel apart: as they are, as numbers of a `Vocabulary`, or as `one_hot` of
those. Dense rows are float32, for every model wants floats; the ``sparse_…`` functions give the same rows as CSR arrays, and the inverses
take either. Several parts stand on the common boundaries of all, each with its own held notes, so that a tie is not struck again because
another part moves. Nothing but velocity, tablature and the mark of a grace note is lost. Shapes: T events of a piece, N windows, L events
a window, V vocabulary or width of a row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from partimento.config import UserError
from partimento.corpus.parts import without_drums
from partimento.encode.codecs import PITCHES, ChordCodec
from partimento.encode.vocabulary import PAD, SPECIAL, Vocabulary
from partimento.piece import Event, Notes, Part, Piece, distinct, events_from_sweep, merge_held, sweep

Symbol = tuple[tuple[int, ...], tuple[int, ...]]  # what one part does: its chord, and the pitches of it that are held
PartEvents = tuple[tuple[Event, ...], ...]  # the events of each part; all have the same durations
REST: Symbol = ((), ())

# ---------------------------------------------------------------------- numbers ↔ one-hot


def one_hot(numbers: Any, size: int, xp: Any = np) -> Any:
    """Integers as rows with a single one; padding is a row of zeros.

    Parameters
    ----------
    numbers : (…,) int
        From 0 (padding) to ``size - 1``.
    size : int
        V, the vocabulary's length with its special numbers.
    xp : module
        `numpy` or `keras.ops`, which cannot look at the numbers: there, one that is out of range is a row of zeros.

    Returns
    -------
    (…, V) float32

    Raises
    ------
    UserError
        If a number is out of range.

    Examples
    --------
    >>> one_hot([2, 1, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if xp is np:
        numbers = _in_range(numbers, size)
    columns = np.arange(size, dtype=np.int32)
    is_one = xp.logical_and(xp.equal(xp.expand_dims(numbers, -1), columns), columns != PAD)  # (…, V)
    return xp.where(is_one, np.float32(1), np.float32(0))


def sparse_one_hot(numbers: Any, size: int) -> sparse.csr_array:
    """`one_hot` of ``(…,)`` integers as a ``(T, V)`` CSR array, T being all of them one after another."""
    flat = _in_range(numbers, size).reshape(-1)
    rows = np.flatnonzero(flat != PAD)
    return _sparse(rows * size + flat[rows], (len(flat), size))


def from_one_hot(rows: Any, xp: Any = np) -> Any:
    """The inverse: ``(…, V)`` → ``(…,)`` int32, the column of each row's largest value (of equal ones the first), as the tutorial does.

    A row of zeros is padding again. A CSR array ``(T, V)`` gives ``(T,)``; UserError if one of its rows has several ones.
    """
    if not sparse.issparse(rows):
        found = xp.argmax(rows, axis=-1)
        return found.astype(np.int32) if xp is np else found
    row, column = np.divmod(_cells(rows), rows.shape[1])
    if (row[1:] == row[:-1]).any():
        raise UserError("a row of a one-hot array has several ones")
    numbers = np.full(rows.shape[0], PAD, np.int32)
    numbers[row] = column
    return numbers


def _in_range(numbers: Any, size: int) -> np.ndarray:
    array = np.asarray(numbers)
    if array.size and (array.min() < 0 or array.max() >= size):
        raise UserError(f"a number of a one-hot row lies outside 0 to {size - 1}: {array.min()} to {array.max()}")
    return array.astype(np.int64)


# ---------------------------------------------------------------------- windows ↔ flat


def flatten(window: Any, xp: Any = np) -> Any:
    """A window as one row, chord after chord: ``(…, L, V)`` → ``(…, V · L)``, where step l of chord v stands at ``v · L + l``.

    The tutorial swaps both axes before it flattens, and so do we: all steps of one chord are neighbours, not all chords of one step.

    >>> flatten(one_hot([1, 2, 1], 3)).tolist()  # chord 0 (padding) at steps 0, 1, 2, then chord 1, then chord 2
    [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    """
    *lead, length, size = window.shape
    return xp.reshape(xp.swapaxes(window, -1, -2), (*_known(lead), size * length))


def unflatten(row: Any, length: int, xp: Any = np) -> Any:
    """The inverse of `flatten`: ``(…, V · L)`` → ``(…, L, V)`` for windows of `length` L; UserError if they do not fit."""
    *lead, width = row.shape
    return xp.swapaxes(xp.reshape(row, (*_known(lead), _divided(width, length), length)), -1, -2)


def sparse_flatten(rows: sparse.csr_array, length: int) -> sparse.csr_array:
    """`flatten` of windows that stand one below another: ``(N · L, V)`` → ``(N, V · L)``."""
    height, size = rows.shape
    count = _divided(height, length)
    step, chord = np.divmod(_cells(rows), size)
    window, step = np.divmod(step, length)
    return _sparse((window * size + chord) * length + step, (count, size * length))


def sparse_unflatten(rows: sparse.csr_array, length: int) -> sparse.csr_array:
    """The inverse of `sparse_flatten`: ``(N, V · L)`` → ``(N · L, V)``."""
    count, width = rows.shape
    size = _divided(width, length)
    window_chord, step = np.divmod(_cells(rows), length)
    window, chord = np.divmod(window_chord, max(size, 1))
    return _sparse((window * length + step) * size + chord, (count * length, size))


def _known(lead: Sequence[int | None]) -> list[int]:
    return [-1 if size is None else size for size in lead]  # Keras does not know the batch's size beforehand


def _divided(width: int, length: int) -> int:
    if length < 1 or width % length:
        raise UserError(f"{width} values are no windows of {length} events")
    return width // length


# ---------------------------------------------------------------------- events ↔ many-hot


def many_hot(events: Iterable[Event], *, held: bool = True) -> np.ndarray:
    """The notes of each event: ``(T, 256)`` float32, sounding, then held; ``(T, 128)``, sounding alone, without `held`.

    Without `held` every note is struck again where it comes back. A rest is a row of zeros, as padding would be: whether there is an
    event is for its duration to say. UserError if a pitch lies outside 0 to 127 or a held one does not sound.

    >>> rows = many_hot([Event((48, 64), Fraction(1)), Event((48, 65), Fraction(1), held=(48,))])
    >>> [np.flatnonzero(row).tolist() for row in rows]
    [[48, 64], [48, 65, 176]]
    """
    return multi_many_hot([tuple(events)], held=held)


def sparse_many_hot(events: Iterable[Event], *, held: bool = True) -> sparse.csr_array:
    """`many_hot` as a CSR array."""
    return sparse_multi_many_hot([tuple(events)], held=held)


def from_many_hot(rows: Any, durations: Sequence[Fraction], *, held: bool = True) -> list[Event]:
    """The inverse of `many_hot`, dense or sparse, with the T durations; a value above one half is a one.

    UserError if a held pitch does not sound, or the shape is another.
    """
    (events,) = from_multi_many_hot(rows, durations, parts=1, held=held)
    return list(events)


# ---------------------------------------------------------------------- several parts


def part_events(piece: Piece, *, drums: bool = True, count: int | None = None) -> PartEvents:
    """The events of each part of a piece on the common boundaries of all, which are those of `Piece.events`.

    Parameters
    ----------
    piece : Piece
    drums : bool
        Keep drum parts, as parts like all others (their pitches are drums). Without, they leave no trace: neither columns nor boundaries.
    count : int, optional
        So many parts, the ones that are missing silent: for a corpus whose pieces differ.

    Returns
    -------
    tuple of tuples of Event
        A part each, all of the same durations; `held` are pitches that the same part sounds on.

    Raises
    ------
    UserError
        If there is no part, or there are more than `count`.
    """
    wanted = [number for number, part in enumerate(piece.parts) if drums or not part.is_drum]
    count = len(wanted) if count is None else count
    if not wanted:
        raise UserError("no part to encode")
    if count < len(wanted):
        raise UserError(f"{len(wanted)} parts to encode, where there is room for {count}")
    notes = (piece if drums else without_drums(piece)).notes
    edges = (Fraction(0), piece.length, *piece.cuts)
    grid = math.lcm(notes.divisions, *(edge.denominator for edge in edges))
    onset, end = notes.onset * (grid // notes.divisions), notes.end * (grid // notes.divisions)
    times = sweep(onset, end, notes.pitch, (edge.numerator * (grid // edge.denominator) for edge in edges)).times.tolist()
    of_part = [notes.part == number for number in wanted] + [np.zeros(len(notes), bool)] * (count - len(wanted))
    return tuple(events_from_sweep(sweep(onset[own], end[own], notes.pitch[own], times), grid) for own in of_part)


def from_part_events(events: Sequence[Sequence[Event]], *, velocity: int = 80, **rest: Any) -> Piece:
    """The inverse of `part_events`, the notes of every part: `rest` are the other fields of a Piece, among them its `parts`.

    UserError if the parts do not go together, ValueError if one holds a pitch that it did not sound (see `Piece.from_events`).
    """
    durations = _common_durations(events)
    notes = [replace(note, part=number) for number, own in enumerate(events) for note in Piece.from_events(own, velocity=velocity).notes]
    return Piece(Notes(notes), **{"length": sum(durations, Fraction(0)), "parts": (Part(),) * len(events), **rest})


def part_vocabularies(pieces: Iterable[Sequence[Sequence[Event]]], *, min_count: int = 1) -> tuple[Vocabulary[Symbol], ...]:
    """A vocabulary a part, of chords with what is held of them; the rest is always known. `pieces` are `part_events` of one `count`.

    UserError if the pieces have not the same number of parts.
    """
    pieces = list(pieces)
    if len(counts := {len(parts) for parts in pieces}) > 1:
        raise UserError(f"pieces of {min(counts)} to {max(counts)} parts have no vocabularies together: see part_events' count")
    by_part = list(zip(*pieces, strict=True))
    return tuple(
        Vocabulary.from_symbols((_symbol(event) for events in part for event in events), min_count=min_count, always=[REST])
        for part in by_part
    )


def multi_one_hot(parts: Sequence[Sequence[Event]], vocabularies: Sequence[Vocabulary[Symbol]]) -> np.ndarray:
    """A block a part, with a single one: ``(T, V)`` float32, V the sum of all vocabularies' lengths.

    What is in no vocabulary becomes unknown. UserError if the parts do not go together or with the vocabularies.
    """
    return _dense(*_multi_one_hot_cells(parts, vocabularies))


def sparse_multi_one_hot(parts: Sequence[Sequence[Event]], vocabularies: Sequence[Vocabulary[Symbol]]) -> sparse.csr_array:
    """`multi_one_hot` as a CSR array."""
    return _sparse(*_multi_one_hot_cells(parts, vocabularies))


def from_multi_one_hot(rows: Any, durations: Sequence[Fraction], vocabularies: Sequence[Vocabulary[Symbol]]) -> PartEvents:
    """The inverse of `multi_one_hot`, dense or sparse: of each block the largest value.

    UserError for padding and unknown, which stand for no music, or if the shape is another.
    """
    edges = _edges(vocabularies)
    _check_shape(rows, len(durations), edges[-1])
    parts: list[tuple[Event, ...]] = []
    for vocabulary, (first, last) in zip(vocabularies, pairwise(edges), strict=True):
        numbers = from_one_hot(rows[:, first:last])
        if (numbers < SPECIAL).any():
            row = int(np.argmax(numbers < SPECIAL))
            raise UserError(f"row {row} of part {len(parts)} stands for no music: number {numbers[row]}")
        symbols = [vocabulary.symbol(number) for number in numbers.tolist()]
        parts.append(tuple(Event(chord, duration, on) for (chord, on), duration in zip(symbols, durations, strict=True)))
    return tuple(parts)


def multi_many_hot(parts: Sequence[Sequence[Event]], *, held: bool = True) -> np.ndarray:
    """A block a part, `many_hot` each: ``(T, parts · 256)`` float32, or ``(T, parts · 128)`` without `held`."""
    return _dense(*_multi_many_hot_cells(parts, held))


def sparse_multi_many_hot(parts: Sequence[Sequence[Event]], *, held: bool = True) -> sparse.csr_array:
    """`multi_many_hot` as a CSR array."""
    return _sparse(*_multi_many_hot_cells(parts, held))


def from_multi_many_hot(rows: Any, durations: Sequence[Fraction], *, parts: int, held: bool = True) -> PartEvents:
    """The inverse of `multi_many_hot` for so many `parts`, dense or sparse; see `from_many_hot`."""
    kinds = 2 if held else 1
    _check_shape(rows, len(durations), parts * kinds * PITCHES)
    cells = _cells(rows)
    _check_held(cells, held)
    pitches: list[list[int]] = [[] for _ in range(len(durations) * parts * kinds)]  # a list an event, a part and a kind
    for block, pitch in zip((cells // PITCHES).tolist(), (cells % PITCHES).tolist(), strict=True):
        pitches[block].append(pitch)
    found = [tuple(each) for each in pitches]
    stride = parts * kinds
    return tuple(
        tuple(
            Event(found[t * stride + part * kinds], duration, found[t * stride + part * kinds + 1] if held else ())
            for t, duration in enumerate(durations)
        )
        for part in range(parts)
    )


def _symbol(event: Event) -> Symbol:
    return event.chord, event.held


def _common_durations(parts: Sequence[Sequence[Event]]) -> list[Fraction]:
    if not parts:
        raise UserError("no part to encode")
    first, *others = ([event.duration for event in events] for events in parts)
    if any(other != first for other in others):
        raise UserError("the events of the parts have not the same durations: see part_events")
    return first


def _edges(vocabularies: Sequence[Vocabulary[Symbol]]) -> list[int]:
    return list(accumulate(map(len, vocabularies), initial=0))


def _multi_one_hot_cells(
    parts: Sequence[Sequence[Event]], vocabularies: Sequence[Vocabulary[Symbol]]
) -> tuple[np.ndarray, tuple[int, int]]:
    height = len(_common_durations(parts))
    if len(parts) != len(vocabularies):
        raise UserError(f"{len(parts)} parts, but {len(vocabularies)} vocabularies")
    *firsts, width = _edges(vocabularies)
    numbers = [
        [first + vocabulary[_symbol(event)] for event in events]
        for events, first, vocabulary in zip(parts, firsts, vocabularies, strict=True)
    ]  # (parts, T)
    return (np.arange(height) * width + np.array(numbers, np.int64)).reshape(-1), (height, width)


def _multi_many_hot_cells(parts: Sequence[Sequence[Event]], held: bool) -> tuple[np.ndarray, tuple[int, int]]:
    kinds = 2 if held else 1
    height, width = len(_common_durations(parts)), len(parts) * kinds * PITCHES
    blocks: list[int] = []  # of 128 columns, counted through all rows
    pitches: list[int] = []
    for number, events in enumerate(parts):
        for t, event in enumerate(events):
            for kind, chord in enumerate((event.chord, event.held)[:kinds]):
                blocks += [(t * len(parts) + number) * kinds + kind] * len(chord)
                pitches += chord
    if pitches and (min(pitches) < 0 or max(pitches) >= PITCHES):
        raise UserError(f"a pitch lies outside 0 to 127: {min(pitches)} to {max(pitches)}")
    cells = np.array(blocks, np.int64) * PITCHES + np.array(pitches, np.int64)
    _check_held(cells, held)
    return cells, (height, width)


def _check_held(cells: np.ndarray, held: bool) -> None:
    of_held = (cells // PITCHES) % 2 == 1
    if held and not np.isin(cells[of_held] - PITCHES, cells[~of_held]).all():
        raise UserError("a pitch is held that does not sound")


# ---------------------------------------------------------------------- ones ↔ arrays; a cell is row · width + column


def _dense(cells: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    rows = np.zeros(shape, np.float32)
    rows.reshape(-1)[cells] = 1
    return rows


def _sparse(cells: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    height, width = shape
    cells = distinct(cells)
    first = np.searchsorted(cells, np.arange(height + 1) * width)
    index = sparse.get_index_dtype(maxval=max(width, len(cells)))  # 32 bits wherever they do: half the memory
    columns = cells % max(width, 1)
    return sparse.csr_array((np.ones(len(cells), np.float32), columns.astype(index), first.astype(index)), shape=shape)


def _cells(rows: Any) -> np.ndarray:
    """Where a ``(T, V)`` array, dense or sparse, is above one half; ascending."""
    if not sparse.issparse(rows):
        return np.flatnonzero(np.asarray(rows) > 0.5)
    found = rows.tocsr()
    height, width = found.shape
    cells = np.repeat(np.arange(height), np.diff(found.indptr)) * width + found.indices
    return distinct(cells[found.data > 0.5])


def _check_shape(rows: Any, height: int, width: int) -> None:
    if rows.shape != (height, width):
        raise UserError(f"an array of shape {rows.shape}, where {height} durations and these parts need {(height, width)}")


# ---------------------------------------------------------------------- sizes


class EncodingSize(NamedTuple):
    """What an encoding takes, on average over all events of a corpus.

    Attributes
    ----------
    encoding : str
    width : int
        Numbers an event.
    ones : float
        Numbers an event that are not zero.
    dense_bytes : int
        Of a window, 4 bytes a number (float32, or int32 for integers).
    sparse_bytes : int or None
        Of a window as CSR array ``(L, width)``: 8 bytes a one, 4 bytes a row and 4 more. None for integers, where nothing is zero.
    """

    encoding: str
    width: int
    ones: float
    dense_bytes: int
    sparse_bytes: int | None

    @property
    def zeros(self) -> float:
        """Share of the numbers that are zero, 0 to 1."""
        return 1 - self.ones / self.width


def encoding_sizes(pieces: Sequence[Piece], *, length: int = 32) -> list[EncodingSize]:
    """The sizes of every encoding on a corpus, for windows of `length` events (L) and vocabularies of everything in it.

    Drums are left out. Of one part are the events of `ChordCodec`: what is wholly held is merged with the event before. Several
    parts, if a piece has so many, have the columns of the piece with the most.

    Raises
    ------
    UserError
        If there is no event.
    """
    pitched = [without_drums(piece) for piece in pieces]
    merged = [merge_held(piece.events) for piece in pitched]
    events = [event for piece in merged for event in piece]
    if not events:
        raise UserError("no event to encode")
    codec = ChordCodec.from_pieces(merged)
    chords, patterns, _ = codec.sizes
    notes, on = (sum(len(getattr(event, name)) for event in events) / len(events) for name in ("chord", "held"))
    sizes = [
        EncodingSize("integers: chord", 1, 1, 4 * length, None),
        _size("one-hot: chord", chords, 1, length),
        _size("many-hot: sounding", PITCHES, notes, length),
        EncodingSize("integers: chord, held", 2, 2, 8 * length, None),
        _size("one-hot: chord, held", chords + patterns, 2, length),
        _size("many-hot: sounding, held", 2 * PITCHES, notes + on, length),
    ]
    count = max(sum(not part.is_drum for part in piece.parts) for piece in pieces)
    if count > 1:
        parts = [part_events(piece, drums=False, count=count) for piece in pieces if not all(part.is_drum for part in piece.parts)]
        width = sum(map(len, part_vocabularies(parts)))
        total = sum(len(piece[0]) for piece in parts)
        cells = sum(len(event.chord) + len(event.held) for piece in parts for events in piece for event in events)
        sizes.append(_size(f"multi-one-hot: {count} parts", width, count, length))
        sizes.append(_size(f"multi-many-hot: {count} parts", count * 2 * PITCHES, cells / total, length))
    return sizes


def _size(encoding: str, width: int, ones: float, length: int) -> EncodingSize:
    return EncodingSize(encoding, width, ones, 4 * width * length, round(8 * ones * length) + 4 * (length + 1))


def combinations(*, notes: int = PITCHES, largest: int = 4) -> tuple[int, ...]:
    """How many chords of 1, 2, … `largest` different notes there are: what a one-hot vector of all chords would need (tutorial).

    >>> combinations(), sum(combinations())
    ((128, 8128, 341376, 10668000), 11017632)
    """
    return tuple(math.comb(notes, size) for size in range(1, largest + 1))
