"""Every strategy that fills bars has what a request needs."""

from __future__ import annotations

from partimento.generate.fill import FILLERS
from partimento.models.base import Autoregressive, Gibbs


def test_only_strategies_that_see_one_side_weigh_their_candidates() -> None:
    assert FILLERS[Autoregressive].weighs
    assert not FILLERS[Gibbs].weighs
    assert all(strategy.candidates >= 1 for strategy in FILLERS.values())
