"""Baselines and held-out figures: distributions that sum to one, and figures worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento import Event, Piece
from partimento.evaluation.baselines import BackoffCounts, Baseline
from partimento.evaluation.heldout import held_out
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


def chain(seed: int) -> Piece:
    """A walk in which each chord is followed by one of two."""
    rng, at, events = np.random.default_rng(seed), 0, []
    for _ in range(60):
        at = (at * 2 + int(rng.integers(2))) % 7
        events.append(Event((50 + at, 60 + at), Fraction(1 + at % 2)))
    return Piece.from_events(events)


def test_order_one_beats_order_zero_and_a_model_is_charged_alike() -> None:
    from partimento.training.train import learn, over_recipe

    pieces = [chain(seed) for seed in range(10)]

    settings = {
        "model": {"units": 24, "dense": 16, "embed_size": 8, "layers": 1},
        "train": {"epochs": 2, "batch_size": 8, "min_steps": 0},
    }
    run, data = learn(pieces, settings=over_recipe(settings, "lstm-notes"))
    table = held_out(data, run.model, name="lstm")
    assert list(table) == ["unigram", "markov", "lstm"]
    assert table["markov"].total < table["unigram"].total - 0.5
    assert len({row.events for row in table.values()}) == 1
    assert len({row.parts["unknown"] for row in table.values()}) == 1
    alone = run.model.nats(data.tokens("test"))
    assert table["lstm"].total == pytest.approx(alone.total + table["lstm"].parts["unknown"])
    assert [*table["lstm"].parts] == ["chord", "held", "duration", "unknown"]
