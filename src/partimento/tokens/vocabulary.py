"""A vocabulary: the symbols that training has seen often enough, each with its number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)

PAD, START, END, UNKNOWN = range(4)
SPECIAL = 4  # numbers below this one stand for no symbol


@dataclass(frozen=True)
class Vocabulary(Generic[S]):
    """Symbols numbered from 4; 0 is padding, 1 start, 2 end, 3 unknown.

    >>> words = Vocabulary.from_symbols(["C", "G", "C", "F", "C", "G"], min_count=2)
    >>> [words[s] for s in ("C", "G", "F")], len(words)
    ([4, 5, 3], 6)
    """

    symbols: tuple[S, ...]

    @classmethod
    def from_symbols(
        cls, symbols: Iterable[S], *, min_count: int = 1, always: Iterable[S] = ()
    ) -> Vocabulary[S]:
        """Number the symbols by falling count (ties by their first appearance); those `always`
        wanted come first.
        """
        counts = Counter(symbols)
        first = tuple(dict.fromkeys(always))
        rest = tuple(
            symbol
            for symbol, count in counts.most_common()
            if count >= min_count and symbol not in first
        )
        return cls(first + rest)

    @cached_property
    def _numbers(self) -> dict[S, int]:
        return {symbol: number for number, symbol in enumerate(self.symbols, SPECIAL)}

    def __len__(self) -> int:
        return SPECIAL + len(self.symbols)

    def __getitem__(self, symbol: S) -> int:
        return self._numbers.get(symbol, UNKNOWN)

    def symbol(self, number: int) -> S:
        """The symbol of a number; ValueError for padding, start, end and unknown, which stand for
        none.
        """
        if number < SPECIAL:
            raise ValueError(f"number {number} stands for no symbol")
        return self.symbols[number - SPECIAL]
