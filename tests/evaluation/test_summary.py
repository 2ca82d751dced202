"""One sentence says how good a model is."""

from __future__ import annotations

import pytest

from partimento.evaluation.summary import summary
from partimento.models.likelihood import Likelihood


def row(
    total: float, events: int = 5000, *, kl: float = 0.0, estimate: float | None = None
) -> Likelihood:
    sums = {"chord": (total - kl) * events, **({"kl": kl * events} if kl else {})}
    estimated = None if estimate is None else estimate * events
    return Likelihood(sums, events, is_bound=bool(kl), estimated=estimated)


BASELINES = {"unigram": row(6.0), "markov": row(4.0)}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            row(2.61),
            "m is clearly better than the Markov chains (2.61 against 4.00 nats per event)",
        ),
        (
            row(3.9),
            "m is a little better than the Markov chains (3.90 against 4.00 nats per event)",
        ),
        (
            row(3.99),
            (
                "m is no better than the Markov chains (3.99 against 4.00 nats per event): more"
                " pieces or"
            ),
        ),
        (
            row(4.5),
            "m is worse than the Markov chains (4.50 against 4.00 nats per event): more pieces or",
        ),
        (row(3.9, 200), "200 events are few, so the difference may be chance"),
        (
            row(3.0, kl=0.5),
            (
                "clearly better than the Markov chains (3.00 against 4.00 nats per event, an upper"
                " bound)"
            ),
        ),
        (
            row(4.5, kl=0.5, estimate=3.5),
            "(3.50 against 4.00 nats per event, estimated by importance sampling)",
        ),
    ],
)
def test_the_difference_is_put_in_words(model: Likelihood, said: str) -> None:
    assert said in summary({**BASELINES, "m": model}, "m")


def test_a_model_is_not_its_own_baseline() -> None:
    assert "markov is clearly better than counting single events" in summary(BASELINES, "markov")


def test_the_better_baseline_counts() -> None:
    assert "counting single events" in summary(
        {"unigram": row(3.0), "markov": row(4.0), "m": row(2.0)}, "m"
    )


def test_a_model_without_likelihood_is_not_praised() -> None:
    assert summary(BASELINES, "gan").startswith("gan has no likelihood")
