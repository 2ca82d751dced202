"""Describe in one sentence how good a model is compared with its baselines."""

from __future__ import annotations

from collections.abc import Mapping

from partimento.models.likelihood import Likelihood

BASELINES = {"markov": "the Markov chains", "unigram": "counting single events"}
CLEAR, SMALL = 0.05, 0.01  # minimum relative difference in nats to be called clear, or small
FEW_EVENTS = 500  # with fewer held-out events, a small difference may be chance
ADVICE = "more pieces or another recipe may help"


def summary(table: Mapping[str, Likelihood], name: str) -> str:
    """Compare a model with the better of its baselines.

    Parameters
    ----------
    table : mapping
        The result of `heldout.held_out`.
    name : str
        The model's row in it.

    Examples
    --------
    >>> row = lambda total: Likelihood({"chord": 2000 * total}, events=2000)
    >>> table = {"unigram": row(6.05), "markov": row(4.24), "lstm": row(2.61)}
    >>> summary(table, "lstm")
    'lstm is clearly better than the Markov chains (2.61 against 4.24 nats per event)'
    """
    others = {label: table[label].total for label in BASELINES if label in table and label != name}
    if name not in table:
        return f"{name} has no likelihood: the table shows only the baselines"
    if not others:
        return (
            f"{name} has {table[name].total:.2f} nats per event; there is no baseline to compare it"
            " with"
        )
    best = min(others, key=others.__getitem__)
    model, baseline = _nats(table[name]), others[best]
    gain = (baseline - model) / abs(baseline) if baseline else 0.0
    figures = f"({model:.2f} against {baseline:.2f} nats per event{_kind(table[name])})"
    sentence = f"{name} is {_degree(gain)} {BASELINES[best]} {figures}"
    events = table[name].events
    if abs(gain) < CLEAR and events < FEW_EVENTS:
        return f"{sentence}; {events:,} events are few, so the difference may be chance: {ADVICE}"
    return sentence if gain >= SMALL else f"{sentence}: {ADVICE}"


def _degree(gain: float) -> str:
    if gain >= CLEAR:
        return "clearly better than"
    if gain >= SMALL:
        return "a little better than"
    return "no better than" if gain > -SMALL else "worse than"


def _nats(row: Likelihood) -> float:
    """Return the total or, if that is a bound, the estimate."""
    return row.total if row.estimate is None else row.estimate


def _kind(row: Likelihood) -> str:
    if row.estimate is not None:
        return ", estimated by importance sampling"
    return ", an upper bound" if row.is_bound else ""
