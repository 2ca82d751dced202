"""An index of many lines (see `lines`) that finds, for every place of another line, the longest run
that stands in them, in any key.

It is a suffix array (Manber and Myers 1993) of *codes*: a code is the shape of an element together
with the interval from the one before. The first element of a run counts by its shape alone,
whatever came before it in its piece. Hence a run from element u on is looked for in a second order,
of *heads*: by the shape of u, then by the suffix of codes from u + 1 on.

A line is located without comparing it with any suffix: the rank of its suffix from t on follows
from the rank of the one from t + 1 on (backward search, Ferragina and Manzini 2000), by one
bisection among the suffixes that begin with the same code.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from partimento.analysis.similarity.sequences import REST, SILENT, Line

INTERVALS = 256  # room for every interval between two MIDI pitches
CHUNK = 32  # elements that are compared at once


class Matches(NamedTuple):
    """Of each element of a line the longest run that begins there and stands in the index.

    Attributes
    ----------
    length : (T,) int64
        In elements, rests inside it included; 0 where nothing is shared, and for rests: a run
        begins and ends with something that sounds.
    place : (T,) int64
        The element of the index where such a run begins (one of several, if there are); -1 where
        `length` is 0.
    """

    length: np.ndarray
    place: np.ndarray


@dataclass(frozen=True, eq=False)
class Index:
    """Lines that can be searched; `index_of` makes one. N is the number of their elements, with one
    separator after each line.

    Attributes
    ----------
    shapes : dict
        Shape → its number.
    alphabet : (K + 1,) int64
        The codes that occur, ascending, and a last one above all that there can be.
    code : (N,) int32
        Place of each element's code in `alphabet`; K or more for separators.
    suffix_first : (K + 2,) int32
        Suffixes that begin with code k have the ranks ``suffix_first[k]:suffix_first[k + 1]``.
    after : (N,) int32
        By rank: the rank of the suffix that is one element shorter.
    heads, head_rank : (H,) int32
        Elements by shape, then by the rank of the suffix behind them; that rank.
    head_first : (S + 1,) int64
        Elements of shape s stand at ``head_first[s]:head_first[s + 1]``.
    piece, bar, onset, reference, divisions : (N,)
        Of each element: the number of its line, and what `Line` tells.
    first : (P,) int64
        Where each line begins.
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
        """Of `code`, `after` and `head_rank`: single elements of a view are read several times as
        fast as an array's.
        """
        return self.code.data, self.after.data, self.head_rank.data

    def without(self, pieces: Collection[int]) -> Index:
        """The same index, but nothing is found in these lines."""
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

    def matches(self, line: Line) -> Matches:
        """The longest shared run from each element of a line on; time grows nearly linearly with
        its length, not with the index'.
        """
        asked = _Query(self, line)
        count = len(line.shapes)
        length, place = np.zeros(count, np.int64), np.full(count, -1, np.int64)
        run, at = 0, -1
        for t in range(count):
            # What follows the first element of a shared run is shared as well: so much is known
            # without looking.
            run, at = (run - 1, at + 1) if run > 1 else (0, -1)
            for near in asked.neighbours(t):
                if asked.may_be_longer(t, near, run) and (found := asked.common(t, near)) > run:
                    run, at = found, near
            length[t], place[t] = run, at
        return _trimmed(length, place, line.sounding)

    def places(self, line: Line, start: int, length: int) -> np.ndarray:
        """(M,) int64: every element of the index, ascending, where the run of so many elements from
        `start` of the line on begins.
        """
        asked = _Query(self, line)
        low, middle, high = asked.slots(start)
        places = self.heads

        def shares(slot: int) -> bool:
            return asked.common(start, int(places[slot])) >= length

        below = bisect_left(range(low, middle), True, key=shares)
        above = bisect_left(range(middle, high), True, key=lambda slot: not shares(slot))
        found: np.ndarray = np.sort(places[low + below : middle + above]).astype(np.int64)
        return found


class _Query:
    """A line in the numbers of an index."""

    def __init__(self, index: Index, line: Line) -> None:
        shape = np.array([index.shapes.get(shape, -1) for shape in line.shapes], np.int64)
        code = np.where(shape < 0, -1, shape * INTERVALS + line.steps + INTERVALS // 2)
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
        """Of the heads with element t's shape: the first, the first that the suffix from t on comes
        before, and the end.
        """
        low, high = self._heads[t]
        return low, bisect_left(self._head_rank, self._rank[t + 1], low, high), high

    def neighbours(self, t: int) -> list[int]:
        """The heads around the place of the suffix from t on: no other one has more in common with
        it than the better of the two.
        """
        low, middle, high = self.slots(t)
        near: list[int] = self._index.heads[max(low, middle - 1) : min(high, middle + 1)].tolist()
        return near

    def may_be_longer(self, t: int, place: int, run: int) -> bool:
        """Whether a run of more than `run` elements may begin at t and `place`: mostly one look
        says no.
        """
        if run == 0:
            return True
        inside = t + run < len(self._codes) and place + run < len(self._of_index)
        return inside and self._codes[t + run] == self._of_index[place + run]

    def common(self, t: int, place: int) -> int:
        """Elements that the line from t on has in common with the index from `place` on, given that
        the first has.
        """
        mine, yours = self.code[t + 1 :], self._index.code[place + 1 :]
        most = min(len(mine), len(yours))
        for start in range(0, most, CHUNK):
            stop = min(start + CHUNK, most)
            other = mine[start:stop] != yours[start:stop]
            if other.any():
                return 1 + start + int(other.argmax())
        return 1 + most


def _ranks(after: memoryview, low: list[int], high: list[int]) -> list[int]:
    """(T + 1,) how many suffixes of the index come before the line's suffix from each element on,
    the empty one at the end included.
    """
    rank = [0] * (len(low) + 1)
    for t in range(len(low) - 1, -1, -1):
        rank[t] = bisect_left(after, rank[t + 1], low[t], high[t])
    return rank


def _trimmed(length: np.ndarray, place: np.ndarray, sounding: np.ndarray) -> Matches:
    """Runs that begin with a rest are none, and those that end with rests end before them."""
    last = np.maximum.accumulate(np.where(sounding, np.arange(len(length)), -1))
    end = last[np.maximum(np.arange(len(length)) + length - 1, 0)]
    kept = sounding & (length > 0)
    return Matches(np.where(kept, end - np.arange(len(length)) + 1, 0), np.where(kept, place, -1))


def index_of(lines: Iterable[Line]) -> Index:
    """Index lines; nothing of a line is kept but numbers, about 50 bytes an element.

    Lines are read once. A run never reaches from one line into the next.
    """
    shapes: dict[bytes, int] = {REST: 0}
    columns: list[tuple[np.ndarray, ...]] = []
    for number, line in enumerate(lines):
        shape = np.array([shapes.setdefault(each, len(shapes)) for each in line.shapes], np.int64)
        size = len(shape)
        code = shape * INTERVALS + line.steps + INTERVALS // 2
        whole = (
            code,
            shape,
            np.full(size, number),
            line.bar,
            line.onset,
            line.reference,
            np.full(size, line.divisions),
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
    )  # each its own: no suffix is compared beyond the end of its line
    rank = suffix_ranks(text)
    order = np.empty_like(rank)
    order[rank] = np.arange(len(rank), dtype=rank.dtype)
    behind = np.append(rank[1:], rank[:1])
    sounds = np.flatnonzero(~ends)
    heads = sounds[np.lexsort((behind[sounds], shape[sounds]))]
    return Index(
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
    """(N,) int32: the rank of each suffix of `text` among all of them, by prefix doubling; only
    what is not yet alone is sorted again.

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
