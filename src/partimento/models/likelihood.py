"""Measure how well a model predicts held-out pieces, in nats per event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from partimento.short_repr import short_repr

UNKNOWN = "unknown"  # the part for out-of-vocabulary symbols and for fields without predictions


def part_names(rows: Iterable[Mapping[str, float]]) -> list[str]:
    """Return the names of all parts, in the order in which they first appear.

    >>> part_names([{"chord": 1.0, "unknown": 0.5}, {"chord": 2.0, "kl": 0.1}])
    ['chord', 'unknown', 'kl']
    """
    return list(dict.fromkeys(name for row in rows for name in row))


@short_repr
@dataclass(frozen=True)
class Likelihood:
    """Hold the negative log-likelihood of pieces under a model.

    Attributes
    ----------
    sums : dict of float
        Nats by part, over all events. Each model defines its parts. ``unknown`` is the cost of
        symbols outside the vocabulary, and of fields that the model does not predict.
    events : int
        The number of events; the end of each piece counts as one.
    is_bound : bool
        True if the sums are an upper bound on the nats (a variational model's ELBO).
    estimated : float or None
        With `is_bound`, the nats over all events as estimated by importance sampling.
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
        """Estimated nats per event, if the total is a bound."""
        return None if self.estimated is None else self.estimated / self.events

    @property
    def nats(self) -> float:
        """Nats over all events."""
        return sum(self.sums.values())

    def to_plain(self) -> dict[str, Any]:
        """Return all values per event, as a dict for JSON."""
        return {
            "total": self.total,
            "parts": self.parts,
            "events": self.events,
            "is_bound": self.is_bound,
            "estimate": self.estimate,
        }
