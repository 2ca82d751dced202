"""How well a model foresees music it has not seen: nats an event, the whole event charged (chord,
held notes and duration).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from partimento.music.events import Event, merge_held
from partimento.music.piece import Piece
from partimento.tokens.base import Tokenizer, Tokens
from partimento.tokens.chords import HELD, PITCHES
from partimento.tokens.vocabulary import UNKNOWN


@dataclass(frozen=True)
class Likelihood:
    """Nats an event.

    `unknown` is the part of `chord`, `held` and `duration` that pays for what is not in the
    vocabularies, or what a model does not tell of. With `kl`, what a VAE pays for its latent
    points, the sum is a bound: its likelihood is no worse. `estimate` is then how good it is, all
    of it, by importance sampling.
    """

    chord: float
    held: float
    duration: float
    unknown: float
    events: int
    kl: float = 0.0
    estimate: float | None = None

    @property
    def total(self) -> float:
        return self.chord + self.held + self.duration + self.unknown + self.kl


class UnknownPrices:
    """What an unknown symbol costs beyond being unknown: one fixed model, fitted on the training
    pieces and shared by all models.

    A chord's notes are charged as independent notes (each pitch sounds with its training
    frequency), a held pattern as one bit a note that could be held, a duration by how often its
    denominator was seen, then as a numerator of a geometric law.
    """

    def __init__(self, train: Iterable[Sequence[Event]]) -> None:
        sounding, events, durations = np.zeros(PITCHES), 0, []
        for piece in train:
            for event in merge_held(piece):
                sounding[list(event.chord)] += 1
                durations.append(float(event.duration))
                events += 1
        self.p = (sounding + 0.5) / (events + 1)
        self.mean_ql = float(np.mean(durations)) if durations else 1.0

    def chord(self, event: Event) -> float:
        on = np.zeros(PITCHES, bool)
        on[list(event.chord)] = True
        return -float(np.log(np.where(on, self.p, 1 - self.p)).sum())

    def duration(self, length: Fraction) -> float:
        """A denominator d costs 2 ln d + 0.5 nats (a normalised 1/d² law), a numerator its place in
        a geometric law of the mean length.
        """
        d = length.denominator
        stop = 1 / (1 + self.mean_ql * d)
        return float(
            2 * np.log(d)
            + np.log(np.pi**2 / 6)
            - np.log(stop)
            - (length.numerator - 1) * np.log1p(-stop)
        )

    def of(self, tokenizer: Tokenizer, piece: Piece, encoded: Tokens | None = None) -> float:
        """Summed nats of a piece's unknown symbols; chords' are looked up in `encoded`."""
        return tokenizer.missing_cost(piece, self, encoded)

    def held(self, encoded: Tokens) -> float:
        """What the held notes of a piece cost where a model does not tell of them: one bit a note
        that could be held.
        """
        known = encoded.ids[:, HELD] != UNKNOWN  # the others are charged already
        return float(encoded.context["holdable"][known].sum() * np.log(2))


def likelihood(
    nats: np.ndarray, events: int, unknown: float, *, kl: float = 0.0, estimate: float | None = None
) -> Likelihood:
    """Put sums together as nats an event."""
    chord, held, duration = (float(value) / events for value in nats)
    whole = None if estimate is None else (estimate + unknown) / events
    return Likelihood(chord, held, duration, unknown / events, int(events), kl / events, whole)
