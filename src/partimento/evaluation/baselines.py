"""Count chords, held patterns and durations: simple baselines for every model.

The unigram model counts how often each chord, held pattern and duration occurs. The first-order
model counts chords after the previous chord, held patterns after both chords, and durations after
the previous duration and the chord. Counts are interpolated with those of shorter contexts (Witten
& Bell 1991). Their nats cover every event completely, as those of any model.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from partimento.models.likelihood import Likelihood
from partimento.short_repr import short_repr
from partimento.tokens.base import Tokens
from partimento.tokens.chords import CHORD, DURATION, FIELDS, HELD, ChordTokenizer
from partimento.tokens.vocabulary import END, PAD, UNKNOWN

Context = tuple[Hashable, ...]


@short_repr
@dataclass
class BackoffCounts:
    """Count symbols after contexts, and estimate P(symbol | context).

    The estimate is interpolated from the longest context down to the uniform distribution over
    `size` symbols (Witten & Bell 1991).
    """

    size: int
    counts: dict[Context, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, symbol: int, contexts: Sequence[Context]) -> None:
        """Count `symbol` after each of its `contexts` (shortest first)."""
        for context in contexts:
            self.counts[context][symbol] += 1

    def probability(self, symbol: int, contexts: Sequence[Context]) -> float:
        """Estimate the probability of a symbol after its contexts.

        A context that occurred n times, before k different symbols, has weight n / (n + k). The
        rest goes to the shorter context.
        """
        p = 1.0 / self.size
        for context in contexts:
            seen = self.counts.get(context)
            if seen:
                n, k = seen.total(), len(seen)
                p = (seen[symbol] + k * p) / (n + k)
        return p

    def distribution(self, contexts: Sequence[Context]) -> np.ndarray:
        """Estimate the probabilities of all symbols, ``(size,)``."""
        p = np.full(self.size, 1.0 / self.size)
        for context in contexts:
            seen = self.counts.get(context)
            if seen:
                n, k = seen.total(), len(seen)
                own = np.zeros(self.size)
                own[list(seen)] = list(seen.values())
                p = (own + k * p) / (n + k)
        return p


@short_repr
class Baseline:
    """A counting model of order 0 (unigram) or 1 (first-order Markov).

    Parameters
    ----------
    tokenizer : ChordTokenizer
    train : iterable of Tokens
    order : {0, 1}
    """

    def __init__(self, tokenizer: ChordTokenizer, train: Iterable[Tokens], *, order: int) -> None:
        if order not in (0, 1):
            raise ValueError("baselines are of order 0 or 1")
        self.tokenizer, self.order = tokenizer, order
        self.models = [BackoffCounts(size) for size in tokenizer.sizes]
        for piece in train:
            for before, now in zip(piece.ids, piece.ids[1:], strict=False):
                for f in (CHORD, HELD, DURATION):
                    if now[f] != PAD:
                        self.models[f].add(int(now[f]), self._contexts(f, before, now))

    def _contexts(self, f: int, before: np.ndarray, now: np.ndarray) -> list[Context]:
        none: list[Context] = [()]
        if self.order == 0:
            return none
        chord, last = int(now[CHORD]), int(before[CHORD])
        if f == CHORD:
            return [*none, (last,)]
        if f == HELD:
            return [*none, (chord,), (chord, last)]
        return [*none, (int(before[DURATION]),), (int(before[DURATION]), chord)]

    def nats(self, pieces: Iterable[Tokens]) -> tuple[np.ndarray, int]:
        """Return the summed nats by field ``(3,)``, and the number of events.

        As in the models, distributions are normalized over the possible symbols only.
        """
        nats, events = np.zeros(3), 0
        for piece in pieces:
            fits = self.tokenizer.grammar().holdable_patterns(piece.context["holdable"])
            fits[:, UNKNOWN] = True
            for t, (before, now) in enumerate(zip(piece.ids, piece.ids[1:], strict=False), 1):
                events += 1
                nats[CHORD] -= np.log(self._probability(CHORD, before, now, slice(END, None)))
                if now[CHORD] != END:
                    nats[HELD] -= np.log(self._probability(HELD, before, now, fits[t]))
                    nats[DURATION] -= np.log(
                        self._probability(DURATION, before, now, slice(UNKNOWN, None))
                    )
        return nats, events

    def likelihood(self, pieces: Sequence[Tokens], missing: float = 0.0) -> Likelihood:
        """Return the likelihood of pieces; see `Model.nats` for `missing`."""
        nats, events = self.nats(pieces)
        sums = dict(zip(FIELDS, nats.tolist(), strict=True))
        return Likelihood({**sums, "unknown": missing}, events)

    def _probability(
        self, f: int, before: np.ndarray, now: np.ndarray, possible: slice | np.ndarray
    ) -> float:
        p = self.models[f].distribution(self._contexts(f, before, now))
        return float(p[now[f]] / p[possible].sum())
