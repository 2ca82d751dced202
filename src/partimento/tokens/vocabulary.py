"""Give an id to every frequent symbol, and a cost in nats to all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from partimento.music.events import Event, merge_held
from partimento.short_repr import short_repr

S = TypeVar("S", bound=Hashable)

PAD, START, END, UNKNOWN = range(4)
PITCHES = 128
SPECIAL = 4  # ids below this one stand for no symbol


@short_repr
@dataclass(frozen=True)
class Vocabulary(Generic[S]):
    """Map symbols to ids from 4; 0 is padding, 1 start, 2 end, 3 unknown.

    >>> words = Vocabulary.from_symbols(["C", "G", "C", "F", "C", "G"], min_count=2)
    >>> [words[s] for s in ("C", "G", "F")], len(words)
    ([4, 5, 3], 6)
    """

    symbols: tuple[S, ...]

    @classmethod
    def from_symbols(
        cls, symbols: Iterable[S], *, min_count: int = 1, always: Iterable[S] = ()
    ) -> Vocabulary[S]:
        """Give ids to symbols: first those of `always`, then the most frequent.

        Equal counts are ordered by first appearance. Symbols that occur fewer than `min_count`
        times are left out.
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
        """Return the symbol of an id.

        Raises
        ------
        ValueError
            For padding, start, end and unknown, which stand for no symbol.
        """
        if number < SPECIAL:
            raise ValueError(f"id {number} is special and has no symbol")
        return self.symbols[number - SPECIAL]


@short_repr
class OutOfVocabularyCost:
    """Compute the nats of symbols outside a vocabulary, on top of those of UNKNOWN.

    Without this cost, a model with a small vocabulary would seem better. The costs come from one
    simple model, fitted to the training pieces and shared by all models that are compared.

    Parameters
    ----------
    train : iterable of sequences of Event
        The events of each training piece.
    """

    def __init__(self, train: Iterable[Sequence[Event]]) -> None:
        sounding, events, durations = np.zeros(PITCHES), 0, []
        for piece in train:
            for event in merge_held(piece):
                sounding[list(event.chord)] += 1
                durations.append(float(event.duration))
                events += 1
        self.p = (sounding + 0.5) / (events + 1)  # smoothed: no pitch has probability 0 or 1
        self.mean_ql = float(np.mean(durations)) if durations else 1.0

    def chord(self, event: Event) -> float:
        """Return the nats of a chord, each pitch by its frequency in training."""
        on = np.zeros(PITCHES, bool)
        on[list(event.chord)] = True
        return -float(np.log(np.where(on, self.p, 1 - self.p)).sum())

    def duration(self, length: Fraction) -> float:
        """Return the nats of a duration.

        The denominator d has probability proportional to 1/d², which costs 2 ln d + 0.5 nats. The
        numerator has a geometric distribution with the mean duration of training.
        """
        d = length.denominator
        stop = 1 / (1 + self.mean_ql * d)
        denominator = 2 * np.log(d) + np.log(np.pi**2 / 6)
        return float(denominator - np.log(stop) - (length.numerator - 1) * np.log1p(-stop))
