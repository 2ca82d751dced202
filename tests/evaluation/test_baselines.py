"""Baselines and held-out figures: distributions that sum to one, and figures worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento import Event, Piece
from partimento.evaluation.baselines import BackoffCounts, Baseline
from partimento.tokens.chords import ChordTokenizer


def test_witten_bell_by_hand() -> None:
    counts = BackoffCounts(4)
    for symbol in (0, 0, 1):
        counts.add(symbol, [()])
    # n = 3, k = 2: P(0) = (2 + 2/4) / 5, P(3) = (0 + 2/4) / 5
    np.testing.assert_allclose(counts.distribution([()]), [0.5, 0.3, 0.1, 0.1])
    assert counts.probability(0, [()]) == pytest.approx(0.5)


def test_distributions_sum_to_one_and_agree_with_single_probabilities(pieces: list[Piece]) -> None:
    rng, counts = np.random.default_rng(0), BackoffCounts(9)
    for _ in range(200):
        a, b, s = rng.integers(0, 9, 3).tolist()
        counts.add(s, [(), (a,), (a, b)])
    for contexts in ([()], [(), (1,)], [(), (1,), (1, 2)], [(), (77,)]):
        p = counts.distribution(contexts)
        assert p.sum() == pytest.approx(1)
        np.testing.assert_allclose(p, [counts.probability(s, contexts) for s in range(9)])


def test_an_event_by_hand() -> None:
    """One chord always, held never, one duration: only the back-off's share is paid."""
    events = [Event((60,), Fraction(1))] * 3
    tokenizer = ChordTokenizer.fit_events([events])
    encoded = tokenizer.encode_events(events)
    nats, count = Baseline(tokenizer, [encoded], order=0).nats([encoded])
    assert count == 4
    chord, end, size = 3, 1, len(tokenizer.chords)  # four symbols seen, of two kinds
    p = [(chord + 2 / size) / 6, (end + 2 / size) / 6]
    possible = 1 - 2 * (2 / size) / 6  # padding and start are never possible
    assert nats[0] == pytest.approx(-3 * np.log(p[0] / possible) - np.log(p[1] / possible))
