"""Hold the named terms of a loss, and sum up the losses of batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from partimento.models.deferred import ops
from partimento.short_repr import short_repr


@short_repr
class Loss(NamedTuple):
    """Hold the loss of a batch.

    Attributes
    ----------
    objective : () float32
        The value that training minimizes.
    terms : dict of () float32
        The parts of the loss in nats, each summed over the events.
    count : () float32
        The number of events (for embeddings, of pairs).
    metrics : dict of () float32
        Further values to report, each summed over the events.
    """

    objective: Any
    terms: Mapping[str, Any]
    count: Any
    metrics: Mapping[str, Any] = MappingProxyType({})


def mean_loss(terms: Mapping[str, Any], count: Any) -> Loss:
    """Return a loss whose objective is the sum of its terms per event."""
    return Loss(ops.sum(ops.stack([*terms.values()])) / ops.maximum(count, 1.0), terms, count)


@short_repr
@dataclass(frozen=True)
class Totals:
    """Hold the terms and metrics of many batches, each summed over their events."""

    terms: dict[str, float]
    metrics: dict[str, float]
    count: float

    @classmethod
    def of(cls, losses: Iterable[Loss]) -> Totals:
        """Sum losses."""
        first, *rest = (
            cls(
                {name: float(value) for name, value in loss.terms.items()},
                {name: float(value) for name, value in loss.metrics.items()},
                float(loss.count),
            )
            for loss in losses
        )
        for totals in rest:
            first = first.plus(totals)
        return first

    def plus(self, other: Totals) -> Totals:
        """Return the sums of both."""
        return Totals(
            {name: value + other.terms[name] for name, value in self.terms.items()},
            {name: value + other.metrics[name] for name, value in self.metrics.items()},
            self.count + other.count,
        )

    def means(self) -> tuple[dict[str, float], dict[str, float]]:
        """Return the terms and the metrics per event."""
        events = max(self.count, 1.0)
        return (
            {name: value / events for name, value in self.terms.items()},
            {name: value / events for name, value in self.metrics.items()},
        )
