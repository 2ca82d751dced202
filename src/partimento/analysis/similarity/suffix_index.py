"""Index many sequences, and find the longest passages that another one shares.

For every place of another sequence (see `sequences`) it finds the longest passage that is in the
index, in any key. The index is a suffix array (Manber and Myers 1993) of *codes*. A code is the
shape of an element together with the interval from the one before. The first element of a passage
counts by its shape alone, whatever came before it in its piece. A passage from element u on is
therefore found in a second order, of *heads*. It sorts by the shape of u, then by the suffix of
codes from u + 1 on.

A sequence is located without comparing it with any suffix. The rank of its suffix from t on follows
from the rank of the one from t + 1 on (backward search, Ferragina and Manzini 2000). One bisection
among the suffixes that begin with the same code is enough.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from partimento.analysis.similarity.sequences import REST, SILENT, PieceSequence

INTERVALS = 256  # room for every interval between two MIDI pitches
CHUNK = 32  # elements that are compared at once


class Matches(NamedTuple):
    """The longest passage from each element of a sequence on that is in the index.

    Attributes
    ----------
    length : (T,) int64
        In elements, rests inside included. It is 0 where nothing is shared, and for rests: a
        passage begins and ends with sound.
    place : (T,) int64
        The element of the index where such a passage begins (one of several, if there are); -1
        where `length` is 0.
    """

    length: np.ndarray
    place: np.ndarray


@dataclass(frozen=True, eq=False)
class SequenceIndex:
    """Sequences that can be searched; `index_of` builds one.

    N is the number of their elements, with one separator after each sequence.

    Attributes
    ----------
    shapes : dict
        Shape → its number.
    alphabet : (K + 1,) int64
        The codes that occur, ascending, and a last one above all possible codes.
    code : (N,) int32
        Place of each element's code in `alphabet`; K or more for separators.
    suffix_first : (K + 2,) int32
        Suffixes that begin with code k have the ranks ``suffix_first[k]:suffix_first[k + 1]``.
    after : (N,) int32
        By rank: the rank of the suffix that is one element shorter.
    heads, head_rank : (H,) int32
        Elements by shape, then by the rank of the suffix behind them; that rank.
    head_first : (S + 1,) int64
        Elements of shape s are ``head_first[s]:head_first[s + 1]``.
    piece, bar, onset, reference, divisions : (N,)
        For each element the number of its sequence, and the columns of `PieceSequence`.
    first : (P,) int64
        The beginning of each sequence.
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
        """Memory of the arrays."""
        return sum(value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray))

    @cached_property
    def _views(self) -> tuple[memoryview, memoryview, memoryview]:
        """Views of `code`, `after` and `head_rank`.

        Single elements of a view are read several times as fast as an array's.
        """
        return self.code.data, self.after.data, self.head_rank.data

    def without(self, pieces: Collection[int]) -> SequenceIndex:
        """Return the same index, in which nothing is found in these sequences."""
        if not pieces:
            return self
        kept = ~np.isin(self.piece[self.heads], list(pieces), kind="table")
        left = np.concatenate([[0], np.cumsum(kept)])
        return replace(
            self,
            heads=self.heads[kept],
            head_rank=self.head_rank[kept],
            head_first=left[self.head_first],
        )

    def matches(self, sequence: PieceSequence) -> Matches:
        """Return the longest shared passage from each element of a sequence on.

        Time grows nearly linearly with its length, not with that of the index.
        """
        query = _Query(self, sequence)
        count = len(sequence.shapes)
        length, place = np.zeros(count, np.int64), np.full(count, -1, np.int64)
        run, at = 0, -1
        for t in range(count):
            # What follows the first element of a shared passage is shared as well: so much is known
            # without looking.
            run, at = (run - 1, at + 1) if run > 1 else (0, -1)
            for near in query.neighbours(t):
                if query.may_be_longer(t, near, run) and (found := query.common(t, near)) > run:
                    run, at = found, near
            length[t], place[t] = run, at
        return _trimmed(length, place, sequence.sounding)

    def places(self, sequence: PieceSequence, start: int, length: int) -> np.ndarray:
        """Return every place of the index, ascending, where a passage begins: (M,) int64.

        The passage has `length` elements from `start` of the sequence on.
        """
        query = _Query(self, sequence)
        low, middle, high = query.slots(start)
        places = self.heads

        def shares(slot: int) -> bool:
            return query.common(start, int(places[slot])) >= length

        below = bisect_left(range(low, middle), True, key=shares)
        above = bisect_left(range(middle, high), True, key=lambda slot: not shares(slot))
        found: np.ndarray = np.sort(places[low + below : middle + above]).astype(np.int64)
        return found


class _Query:
    """A sequence in the numbers of an index."""

    def __init__(self, index: SequenceIndex, sequence: PieceSequence) -> None:
        shape = np.array([index.shapes.get(shape, -1) for shape in sequence.shapes], np.int64)
        code = np.where(shape < 0, -1, shape * INTERVALS + sequence.steps + INTERVALS // 2)
        found = np.searchsorted(index.alphabet, code)
        known = index.alphabet[found] == code
        self.code = np.where(known, found, -1).astype(np.int32)
        self._codes = self.code.tolist()
        self._heads = [
            (0, 0) if s < 0 else (int(index.head_first[s]), int(index.head_first[s + 1]))
            for s in shape.tolist()
        ]
        self._index, (self._of_index, after, self._head_rank) = index, index._views
        low = index.suffix_first[found]
        high = np.where(known, index.suffix_first[found + 1], low)
        self._rank = _ranks(after, low.tolist(), high.tolist())

    def slots(self, t: int) -> tuple[int, int, int]:
        """Return the range of heads with element t's shape, and a split point.

        They are the first head, the first that the suffix from t on precedes, and the end.
        """
        low, high = self._heads[t]
        return low, bisect_left(self._head_rank, self._rank[t + 1], low, high), high

    def neighbours(self, t: int) -> list[int]:
        """Return the heads around the place of the suffix from t on.

        No other head has more in common with it than the better of the two.
        """
        low, middle, high = self.slots(t)
        near: list[int] = self._index.heads[max(low, middle - 1) : min(high, middle + 1)].tolist()
        return near

    def may_be_longer(self, t: int, place: int, run: int) -> bool:
        """Return whether a passage of more than `run` elements may begin at t and `place`.

        One look mostly says no.
        """
        if run == 0:
            return True
        inside = t + run < len(self._codes) and place + run < len(self._of_index)
        return inside and self._codes[t + run] == self._of_index[place + run]

    def common(self, t: int, place: int) -> int:
        """Count the elements from t and from `place` on that agree; the first is known to."""
        mine, yours = self.code[t + 1 :], self._index.code[place + 1 :]
        most = min(len(mine), len(yours))
        for start in range(0, most, CHUNK):
            stop = min(start + CHUNK, most)
            other = mine[start:stop] != yours[start:stop]
            if other.any():
                return 1 + start + int(other.argmax())
        return 1 + most


def _ranks(after: memoryview, low: list[int], high: list[int]) -> list[int]:
    """Return the number of suffixes before that from each element on: (T + 1,).

    The empty suffix at the end is included.
    """
    rank = [0] * (len(low) + 1)
    for t in range(len(low) - 1, -1, -1):
        rank[t] = bisect_left(after, rank[t + 1], low[t], high[t])
    return rank


def _trimmed(length: np.ndarray, place: np.ndarray, sounding: np.ndarray) -> Matches:
    """Trim rests: no passage begins or ends with one."""
    last = np.maximum.accumulate(np.where(sounding, np.arange(len(length)), -1))
    end = last[np.maximum(np.arange(len(length)) + length - 1, 0)]
    kept = sounding & (length > 0)
    return Matches(np.where(kept, end - np.arange(len(length)) + 1, 0), np.where(kept, place, -1))


def index_of(sequences: Iterable[PieceSequence]) -> SequenceIndex:
    """Index sequences as numbers, about 50 bytes per element.

    Sequences are read once. A passage never reaches from one sequence into the next.
    """
    shapes: dict[bytes, int] = {REST: 0}
    columns: list[tuple[np.ndarray, ...]] = []
    for number, sequence in enumerate(sequences):
        shape = np.array(
            [shapes.setdefault(each, len(shapes)) for each in sequence.shapes], np.int64
        )
        size = len(shape)
        code = shape * INTERVALS + sequence.steps + INTERVALS // 2
        whole = (
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
                np.append(column, end)
                for column, end in zip(whole, (-1, -1, number, 0, 0, SILENT, 1), strict=True)
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
    text[ends] = (
        len(alphabet) - 1 + np.arange(np.count_nonzero(ends))
    )  # each its own: no suffix is compared beyond the end of its sequence
    rank = suffix_ranks(text)
    order = np.empty_like(rank)
    order[rank] = np.arange(len(rank), dtype=rank.dtype)
    behind = np.append(rank[1:], rank[:1])
    sounds = np.flatnonzero(~ends)
    heads = sounds[np.lexsort((behind[sounds], shape[sounds]))]
    return SequenceIndex(
        shapes,
        alphabet,
        text,
        np.searchsorted(text[order], np.arange(len(alphabet) + 1)).astype(np.int32),
        behind[order],
        heads.astype(np.int32),
        behind[heads],
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

    The method is prefix doubling: only suffixes that are not yet unique are sorted again.

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
        fresh = np.append(True, key[1:] != key[:-1])
        # Groups of equal rank lie together: a new group's rank is that of the old one's first plus
        # the distance from there.
        old = rank[active]
        if known == 0:
            begin = np.zeros(len(active), np.int64)
        else:
            begin = np.maximum.accumulate(
                np.where(np.append(True, old[1:] != old[:-1]), np.arange(len(active)), 0)
            )
        place = np.maximum.accumulate(np.where(fresh, np.arange(len(active)), 0))
        rank[active] = old + place - begin
        alone = fresh & np.append(fresh[1:], True)
        active = active[~alone]
        known = max(2 * known, 1)
        next_ = active + known
        key = rank[active] * (size + 1) + np.where(
            next_ < size, rank[np.minimum(next_, size - 1)] + 1, 0
        )
    return rank.astype(np.int32)
