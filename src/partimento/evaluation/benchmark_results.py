"""Combine the nats of pieces to results, and the results of runs to their mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from partimento.short_repr import short_repr

if TYPE_CHECKING:
    from partimento.training.settings import Settings

RESAMPLES = 10_000  # bootstrap samples for a confidence interval


@short_repr
@dataclass(frozen=True)
class BenchmarkResult:
    """Nats per unit (see `benchmarks.UNITS`) on the pieces of one split of a set.

    Attributes
    ----------
    name : str
    nats : float
        The nats of all pieces divided by the units of all pieces.
    by_pieces : float
        The mean over the pieces of their nats per unit.
    low, high : float
        95 % confidence interval of `nats`, by resampling pieces (bootstrap).
    units, pieces : int
        Their numbers among the pieces measured.
    split : str
    tunes : {"all", "new"}
        Whether all pieces of the split are measured, or only those whose tune stands in no training
        piece (`benchmarks.new_tunes`).
    """

    name: str
    nats: float
    by_pieces: float
    low: float
    high: float
    units: int
    pieces: int
    split: str = "test"
    tunes: Literal["all", "new"] = "all"


def result_of(name: str, nats: np.ndarray, units: np.ndarray, *, seed: int = 0) -> BenchmarkResult:
    """Combine the nats and units of each piece, both ``(pieces,)``, to a result."""
    drawn = np.random.default_rng(seed).integers(len(nats), size=(RESAMPLES, len(nats)))
    means = nats[drawn].sum(1) / units[drawn].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return BenchmarkResult(
        name,
        float(nats.sum() / units.sum()),
        float((nats / units).mean()),
        float(low),
        float(high),
        int(units.sum()),
        len(nats),
    )


def split_results(
    nats: Mapping[str, np.ndarray], units: np.ndarray, split: str, new: np.ndarray | None
) -> list[BenchmarkResult]:
    """Combine the nats of each piece of a split, by label, to results.

    Parameters
    ----------
    nats : mapping of str to (pieces,) float
    units : (pieces,) float
    split : str
    new : (pieces,) bool or None
        The pieces to evaluate once more by themselves, as from `benchmarks.new_tunes`.
    """
    results = []
    for label, values in nats.items():
        results.append(replace(result_of(label, values, units), split=split))
        if new is not None and new.any():
            alone = result_of(label, values[new], units[new])
            results.append(replace(alone, split=split, tunes="new"))
    return results


@short_repr
@dataclass(frozen=True)
class SeedMean:
    """The mean result of runs that differ only in their seed.

    Attributes
    ----------
    name : str
    runs : tuple of str
        The names of the runs.
    split : str
    tunes : {"all", "new"}
        As in `BenchmarkResult`.
    nats, deviation : float
        The mean and the standard deviation of the nats of the runs.
    """

    name: str
    runs: tuple[str, ...]
    split: str
    tunes: Literal["all", "new"]
    nats: float
    deviation: float


def seed_means(
    names: Sequence[str],
    settings: Sequence[Settings],
    results: Sequence[Sequence[BenchmarkResult]],
) -> list[SeedMean]:
    """Return the mean results of runs with the same settings, apart from the seed.

    Settings with a single run have no mean.

    Parameters
    ----------
    names : sequence of str
        The name of each run, with which the names of its results begin.
    settings : sequence of Settings
    results : sequence of sequences of BenchmarkResult
        The results of each run, in the same order for all runs.
    """
    groups: dict[str, list[int]] = {}
    for number, each in enumerate(settings):
        plain = each.model_dump(mode="json", exclude={"train": {"seed"}})
        groups.setdefault(json.dumps(plain, sort_keys=True), []).append(number)
    means = []
    for group in groups.values():
        if len(group) == 1:
            continue
        own = tuple(names[number] for number in group)
        for same in zip(*(results[number] for number in group), strict=True):
            nats = [result.nats for result in same]
            kind = same[0].name.removeprefix(own[0])  # such as " (bound)"
            means.append(
                SeedMean(
                    f"mean of {', '.join(own)}{kind}",
                    own,
                    same[0].split,
                    same[0].tunes,
                    float(np.mean(nats)),
                    float(np.std(nats, ddof=1)),
                )
            )
    return means
