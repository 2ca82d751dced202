"""The way through a latent space, and what is chosen on it."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from partimento import Piece
from partimento.generate.constraints import Constraint, Range
from partimento.generate.latent import compose_windows, path
from partimento.generate.limits import Limits
from partimento.generate.sampler import Sampling
from partimento.models import model_class
from partimento.tokens.chords import CHORD, DURATION, HELD
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import SPECIAL
from partimento.training.dataset import Dataset, prepare


def test_a_path_begins_and_ends_where_it_should_and_keeps_its_distance() -> None:
    rng = np.random.default_rng(0)
    first, last = rng.standard_normal((5, 8)), rng.standard_normal((5, 8))
    np.testing.assert_allclose(path(first, last, np.zeros(5)), first)
    np.testing.assert_allclose(path(first, last, np.ones(5)), last)
    middle = np.linalg.norm(path(first, last, np.full(5, 0.5)), axis=1)
    np.testing.assert_allclose(
        middle, (np.linalg.norm(first, axis=1) + np.linalg.norm(last, axis=1)) / 2
    )
    np.testing.assert_allclose(path(first, first, np.full(5, 0.3)), first)
    np.testing.assert_allclose(path(first, 3 * first, np.full(5, 0.5)), 2 * first)


def build(name: str, data: Dataset) -> Any:
    kind = model_class(name)
    config = kind.config_type(latent=2)
    return kind.from_settings(config, data.tokenizer, TokenSettings(window=8))


def windows_of(
    model: Any,
    first: np.ndarray,
    last: np.ndarray,
    *,
    events: int = 40,
    limits: Limits | None = None,
    sampling: Sampling | None = None,
    seed: int = 2,
    constraints: tuple[Constraint, ...] = (),
) -> np.ndarray:
    ids, dead_ends = compose_windows(
        model,
        first,
        last,
        limits=limits or Limits(events + 1, 2**30, may_end=False),
        sampling=sampling or Sampling(),
        rng=np.random.default_rng(seed),
        constraints=constraints,
    )
    assert not dead_ends.any()
    return ids


@pytest.mark.parametrize("name", ["autoencoder", "vae"])
def test_constraints_hold_on_the_path(name: str, pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    model = build(name, data)
    z = model.prior(4, np.random.default_rng(1))
    chords = [set(chord) for chord in data.tokenizer.chords.symbols if chord]
    low = sorted(min(chord) for chord in chords)[len(chords) // 2]  # half of the chords lie above
    rows = windows_of(model, z, -z, constraints=(Range(low, 127),))
    events = [event for ids in rows for event in data.tokenizer.decode_events(ids)]
    assert all(pitch >= low for event in events for pitch in event.chord)
    free = windows_of(model, z, -z)
    events = [event for ids in free for event in data.tokenizer.decode_events(ids)]
    assert any(pitch < low for event in events for pitch in event.chord)


@pytest.mark.parametrize("name", ["autoencoder", "vae"])
def test_what_is_composed_keeps_the_grammar(name: str, pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    model = build(name, data)
    z = model.prior(4, np.random.default_rng(1))
    rows = windows_of(model, z, -z)
    assert rows.shape == (4, 40, 3)
    assert (rows >= SPECIAL).all()  # no padding, no end, nothing unknown
    for take in rows:
        events = data.tokenizer.decode_events(take)
        assert len(events) == 40
        assert not any(
            not one.chord and not two.chord for one, two in itertools.pairwise(events)
        )  # no rest after a rest
        for before, event in itertools.pairwise(events):
            assert set(event.held) <= set(before.chord) & set(event.chord)
            assert not (
                event.chord == before.chord and set(event.held) == set(event.chord) and event.chord
            )
    if name == "autoencoder":  # it tells of chords alone: quarters, all struck
        assert (rows[..., HELD] == SPECIAL).all()
        assert {data.tokenizer.durations.symbol(n) for n in np.unique(rows[..., DURATION])} == {
            Fraction(1)
        }
    greedy = [
        windows_of(model, z, z, events=8, sampling=Sampling(temperature=0), seed=seed)
        for seed in (1, 2)
    ]
    np.testing.assert_array_equal(greedy[0][..., CHORD], greedy[1][..., CHORD])
    limits = Limits(1000, 12 * data.tokenizer.grid, may_end=False)  # twelve quarters
    timed = windows_of(model, z, -z, limits=limits)
    assert (data.tokenizer.duration_steps[timed[..., DURATION]].sum(1) >= limits.steps).all()
    assert timed.shape[1] % 8 == 0
