"""Say how well a model predicts music that it has not seen, in nats per event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

UNKNOWN = "unknown"  # the part that pays for what the tokenizer or the model leaves out


def part_names(rows: Iterable[Mapping[str, float]]) -> list[str]:
    """Return the names of all parts, in the order in which they first appear.

    >>> part_names([{"chord": 1.0, "unknown": 0.5}, {"chord": 2.0, "kl": 0.1}])
    ['chord', 'unknown', 'kl']
    """
    return list(dict.fromkeys(name for row in rows for name in row))


@dataclass(frozen=True)
class Likelihood:
    """Hold the cost of some pieces under a model, every event charged in full.

    Attributes
    ----------
    sums : dict of float
        Nats by part, over all events. The model names its parts; ``unknown`` is the cost of symbols
        outside the vocabulary, and of fields that the model does not predict.
    events : int
        How many events were predicted, the end of each piece as one.
    is_bound : bool
        The likelihood is no worse than this: a variational model's evidence lower bound.
    estimated : float or None
        Where it is a bound: the estimated nats over all events, by importance sampling.
    """

    sums: Mapping[str, float]
    events: int
    is_bound: bool = False
    estimated: float | None = None

    @property
    def parts(self) -> dict[str, float]:
        """Nats per event, by part."""
        return {name: value / self.events for name, value in self.sums.items()}

    @property
    def total(self) -> float:
        """Nats per event."""
        return sum(self.parts.values())

    @property
    def estimate(self) -> float | None:
        """The estimated nats per event, where the total is a bound."""
        return None if self.estimated is None else self.estimated / self.events

    @property
    def nats(self) -> float:
        """Nats over all events."""
        return sum(self.sums.values())

    def to_plain(self) -> dict[str, Any]:
        """Return it ready for JSON, per event."""
        return {
            "total": self.total,
            "parts": self.parts,
            "events": self.events,
            "is_bound": self.is_bound,
            "estimate": self.estimate,
        }
