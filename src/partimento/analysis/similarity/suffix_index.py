"""Index many sequences, and find the longest passages that another one shares.

For every element of the other sequence (see `sequences`), this finds the longest passage from there
on that occurs in the index, in any key. The index is a suffix array (Manber and Myers 1993) of
*codes*. A code stands for the shape of an element and the interval from the one before. In the
first element of a passage only the shape counts, because the interval leads from outside. A second
array therefore sorts all elements as the *heads* (first elements) of passages. It sorts them by
their shape, then by the suffix of codes from the next element on.

A sequence is located without comparing it with any suffix. The rank of its suffix from t on follows
from the rank of the suffix from t + 1 on (backward search, Ferragina and Manzini 2000). This takes
one bisection among the suffixes that begin with the same code.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from partimento.analysis.similarity.sequences import REST, SILENT, PieceSequence
from partimento.short_repr import short_repr

INTERVALS = 256  # more than the number of intervals between two MIDI pitches
CHUNK = 32  # elements that are compared at once


@short_repr
class Matches(NamedTuple):
    """For each element of a sequence, the longest passage from there on in the index.

    Attributes
    ----------
    length : (T,) int64
        Number of elements, including rests inside. It is 0 if nothing is shared, and for rests: a
        passage neither begins nor ends with a rest.
    place : (T,) int64
        The element of the index where such a passage begins (any one of them, if there are
        several); -1 if `length` is 0.
    """

    length: np.ndarray
    place: np.ndarray


@short_repr
@dataclass(frozen=True, eq=False)
class SequenceIndex:
    """An index of sequences, built by `index_of`.

    The elements of all P sequences are concatenated, with a separator after each sequence; N is
    their number. There are K different codes, S different shapes, and H elements that are not
    separators.

    Attributes
    ----------
    shapes : dict of bytes to int
        The number of each shape.
    alphabet : (K + 1,) int64
        The codes that occur, ascending, and a last one above all possible codes.
    code : (N,) int32
        Position of each element's code in `alphabet`; K or more for separators.
    suffix_first : (K + 2,) int32
        Suffixes that begin with code k have the ranks ``suffix_first[k]:suffix_first[k + 1]``.
    after : (N,) int32
        For the suffix of each rank, the rank of the suffix that is one element shorter.
    heads : (H,) int32
        Elements sorted by shape, then by the rank of the suffix from the next element on.
    head_rank : (H,) int32
        That rank for each of `heads`.
    head_first : (S + 1,) int64
        The heads of shape s are ``heads[head_first[s]:head_first[s + 1]]``.
    piece, bar, onset, reference, divisions : (N,)
        For each element the number of its sequence, and the columns of `PieceSequence`.
    first : (P,) int64
        The first element of each sequence.
    """

    shapes: dict[bytes, int]
    alphabet: np.ndarray
    code: np.ndarray
    suffix_first: np.ndarray
    after: np.ndarray
    heads: np.ndarray
    head_rank: np.ndarray
    head_first: np.ndarray
    piece: np.ndarray
    bar: np.ndarray
    onset: np.ndarray
    reference: np.ndarray
    divisions: np.ndarray
    first: np.ndarray

    @property
    def nbytes(self) -> int:
        """The memory that the arrays take, in bytes."""
        return sum(value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray))

    @cached_property
    def _views(self) -> tuple[memoryview, memoryview, memoryview]:
        """Memory views of `code`, `after` and `head_rank`.

        Reading single elements from a view is several times as fast as from an array.
        """
        return self.code.data, self.after.data, self.head_rank.data

    def without(self, pieces: Collection[int]) -> SequenceIndex:
        """Return an index whose searches ignore the sequences with these numbers."""
        if not pieces:
            return self
        kept = ~np.isin(self.piece[self.heads], list(pieces), kind="table")
        new_index = np.concatenate([[0], np.cumsum(kept)])
        return replace(
            self,
            heads=self.heads[kept],
            head_rank=self.head_rank[kept],
            head_first=new_index[self.head_first],
        )

    def matches(self, sequence: PieceSequence) -> Matches:
        """Return for each element of a sequence the longest shared passage from there on.

        The time grows nearly linearly with the length of the sequence. It hardly depends on the
        size of the index.
        """
        query = _Query(self, sequence)
        count = len(sequence.shapes)
        length, place = np.zeros(count, np.int64), np.full(count, -1, np.int64)
        best, at = 0, -1
        for t in range(count):
            # A shared passage without its first element is shared as well, so that no search needs
            # to begin from nothing.
            best, at = (best - 1, at + 1) if best > 1 else (0, -1)
            for head in query.neighbors(t):
                if query.may_be_longer(t, head, best) and (size := query.common(t, head)) > best:
                    best, at = size, head
            length[t], place[t] = best, at
        return _trimmed(length, place, sequence.sounding)

    def places(self, sequence: PieceSequence, start: int, length: int) -> np.ndarray:
        """Return all elements of the index at which a passage begins, ascending.

        Parameters
        ----------
        sequence : PieceSequence
        start, length : int
            The passage is the `length` elements of the sequence from `start` on.

        Returns
        -------
        (M,) int64
        """
        query = _Query(self, sequence)
        low, middle, high = query.slots(start)
        places = self.heads

        def shares(slot: int) -> bool:
            return query.common(start, int(places[slot])) >= length

        below = bisect_left(range(low, middle), True, key=shares)
        above = bisect_left(range(middle, high), True, key=lambda slot: not shares(slot))
        matching: np.ndarray = np.sort(places[low + below : middle + above]).astype(np.int64)
        return matching


class _Query:
    """A sequence in terms of an index: its codes, and the ranks of its suffixes."""

    def __init__(self, index: SequenceIndex, sequence: PieceSequence) -> None:
        shape = np.array([index.shapes.get(shape, -1) for shape in sequence.shapes], np.int64)
        code = np.where(shape < 0, -1, shape * INTERVALS + sequence.steps + INTERVALS // 2)
        position = np.searchsorted(index.alphabet, code)
        known = index.alphabet[position] == code
        self.code = np.where(known, position, -1).astype(np.int32)
        self._codes = self.code.tolist()
        self._heads = [
            (0, 0) if s < 0 else (int(index.head_first[s]), int(index.head_first[s + 1]))
            for s in shape.tolist()
        ]
        self._index, (self._of_index, after, self._head_rank) = index, index._views
        low = index.suffix_first[position]
        high = np.where(known, index.suffix_first[position + 1], low)
        self._rank = _ranks(after, low.tolist(), high.tolist())

    def slots(self, t: int) -> tuple[int, int, int]:
        """Return where the passage from element t on belongs among the heads.

        Returns three positions in `SequenceIndex.heads`. The first and the last are the range of
        heads of the element's shape. Between them is the first head that does not sort before the
        passage.
        """
        low, high = self._heads[t]
        return low, bisect_left(self._head_rank, self._rank[t + 1], low, high), high

    def neighbors(self, t: int) -> list[int]:
        """Return the heads before and after the passage from element t on, if any.

        In sorting order, no other head has more in common with it than the better of these two.
        """
        low, middle, high = self.slots(t)
        heads: list[int] = self._index.heads[max(low, middle - 1) : min(high, middle + 1)].tolist()
        return heads

    def may_be_longer(self, t: int, place: int, length: int) -> bool:
        """Return whether the passages from t and `place` on may share more than `length`.

        This compares a single element, which excludes most candidates.
        """
        if length == 0:
            return True
        inside = t + length < len(self._codes) and place + length < len(self._of_index)
        return inside and self._codes[t + length] == self._of_index[place + length]

    def common(self, t: int, place: int) -> int:
        """Count the equal elements from t and `place` on; the first ones must be equal."""
        query, indexed = self.code[t + 1 :], self._index.code[place + 1 :]
        most = min(len(query), len(indexed))
        for start in range(0, most, CHUNK):
            stop = min(start + CHUNK, most)
            differs = query[start:stop] != indexed[start:stop]
            if differs.any():
                return 1 + start + int(differs.argmax())
        return 1 + most


def _ranks(after: memoryview, low: list[int], high: list[int]) -> list[int]:
    """Return the rank in the index of each suffix of a sequence: T + 1 numbers.

    The rank is the number of suffixes of the index that precede it. The last suffix is empty.
    """
    rank = [0] * (len(low) + 1)
    for t in range(len(low) - 1, -1, -1):
        rank[t] = bisect_left(after, rank[t + 1], low[t], high[t])
    return rank


def _trimmed(length: np.ndarray, place: np.ndarray, sounding: np.ndarray) -> Matches:
    """Remove rests from the beginning and end of passages."""
    last = np.maximum.accumulate(np.where(sounding, np.arange(len(length)), -1))
    end = last[np.maximum(np.arange(len(length)) + length - 1, 0)]
    kept = sounding & (length > 0)
    return Matches(np.where(kept, end - np.arange(len(length)) + 1, 0), np.where(kept, place, -1))


def index_of(sequences: Iterable[PieceSequence]) -> SequenceIndex:
    """Build the index of sequences, in about 50 bytes per element.

    Sequences are read once. No passage extends from one sequence into the next.
    """
    shapes: dict[bytes, int] = {REST: 0}
    columns: list[tuple[np.ndarray, ...]] = []
    for number, sequence in enumerate(sequences):
        shape = np.array(
            [shapes.setdefault(name, len(shapes)) for name in sequence.shapes], np.int64
        )
        size = len(shape)
        code = shape * INTERVALS + sequence.steps + INTERVALS // 2
        sequence_columns = (
            code,
            shape,
            np.full(size, number),
            sequence.bar,
            sequence.onset,
            sequence.reference,
            np.full(size, sequence.divisions),
        )
        columns.append(
            tuple(
                np.append(column, separator)
                for column, separator in zip(
                    sequence_columns, (-1, -1, number, 0, 0, SILENT, 1), strict=True
                )
            )
        )
    table = (
        [np.concatenate(parts) for parts in zip(*columns, strict=True)]
        if columns
        else [np.zeros(0, np.int64)] * 7
    )
    code, shape, piece, bar, onset, reference, divisions = table
    ends = code == -1
    alphabet = np.append(np.unique(code[~ends]), np.iinfo(np.int64).max)
    text = np.searchsorted(alphabet, code).astype(np.int32)
    # Every separator has a code of its own, so that no comparison of suffixes goes beyond it.
    text[ends] = len(alphabet) - 1 + np.arange(np.count_nonzero(ends))
    rank = suffix_ranks(text)
    order = np.empty_like(rank)
    order[rank] = np.arange(len(rank), dtype=rank.dtype)
    next_rank = np.append(rank[1:], rank[:1])
    elements = np.flatnonzero(~ends)
    heads = elements[np.lexsort((next_rank[elements], shape[elements]))]
    return SequenceIndex(
        shapes,
        alphabet,
        text,
        np.searchsorted(text[order], np.arange(len(alphabet) + 1)).astype(np.int32),
        next_rank[order],
        heads.astype(np.int32),
        next_rank[heads],
        np.searchsorted(shape[heads], np.arange(len(shapes) + 1)),
        piece.astype(np.int32),
        bar.astype(np.int32),
        onset,
        reference.astype(np.int16),
        divisions.astype(np.int32),
        np.append(0, np.flatnonzero(ends) + 1)[:-1],
    )


def suffix_ranks(text: np.ndarray) -> np.ndarray:
    """Return the rank of each suffix of `text` among all of them: (N,) int32.

    The method is prefix doubling: in every round the compared prefixes are twice as long. Only
    suffixes whose rank is not yet unique are sorted again.

    >>> suffix_ranks(np.array([1, 0, 2, 0, 3])).tolist()
    [2, 0, 3, 1, 4]
    """
    size = len(text)
    rank = np.zeros(size, np.int64)
    active, known = np.arange(size), 0
    key = text.astype(np.int64)
    while len(active):
        order = np.argsort(key, kind="stable")
        active, key = active[order], key[order]
        is_new = np.append(True, key[1:] != key[:-1])
        # Suffixes of equal old rank are adjacent. When they separate, the new rank is the old one
        # plus the distance from the first of them.
        old = rank[active]
        if known == 0:
            begin = np.zeros(len(active), np.int64)
        else:
            begin = np.maximum.accumulate(
                np.where(np.append(True, old[1:] != old[:-1]), np.arange(len(active)), 0)
            )
        place = np.maximum.accumulate(np.where(is_new, np.arange(len(active)), 0))
        rank[active] = old + place - begin
        is_unique = is_new & np.append(is_new[1:], True)
        active = active[~is_unique]
        known = max(2 * known, 1)
        next_ = active + known
        key = rank[active] * (size + 1) + np.where(
            next_ < size, rank[np.minimum(next_, size - 1)] + 1, 0
        )
    return rank.astype(np.int32)
