"""Notewise on NumPy: the logits of its network."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from partimento import Note, Part, Piece
from partimento.models.notewise import Config, Notewise
from partimento.models.numpy_step import NumpyStep, network_weights
from partimento.tokens.settings import TokenSettings
from partimento.training.dataset import Dataset, prepare

TOKENS: dict[str, dict[str, Any]] = {
    "events": {},
    "frames": {"frame": "1"},
    "voices": {"voices": True, "frame": "1/2"},
}
PLAN = {"modes": True, "countdown": True, "phrases": True}


def data_of(pieces: list[Piece], tokens: str, **plan: Any) -> Dataset:
    """Prepare pieces for one way to read them."""
    settings = TokenSettings(min_count=1, transpose="none", **TOKENS[tokens], **plan)
    return prepare(pieces, settings, validation=0.2, test=0.2, seed=0, kind="notes")


def build(data: Dataset, **sizes: Any) -> tuple[Notewise, NumpyStep]:
    """Build a model with large weights, so that every one of them shows, and its step."""
    config = Config(units=12, embed_size=8, **sizes)
    model = Notewise(config, data.tokenizer)
    rng = np.random.default_rng(1)
    weights = [rng.normal(0, 0.3, weight.shape) for weight in model.network.get_weights()]
    model.network.set_weights(
        [
            new.astype(old.dtype)
            for new, old in zip(weights, model.network.get_weights(), strict=True)
        ]
    )
    step = Notewise.numpy_step(config, data.tokenizer, lambda: network_weights(model.network))
    assert step is not None
    return model, step


@pytest.mark.parametrize("tokens", list(TOKENS))
@pytest.mark.parametrize(
    "sizes",
    [{"layers": 1, "repeats": False}, pytest.param({"layers": 2}, marks=pytest.mark.slow)],
    ids=str,
)
def test_the_logits_are_those_of_the_network(
    pieces: list[Piece], tokens: str, sizes: dict[str, Any]
) -> None:
    check_logits(data_of(pieces, tokens), sizes)


def voices(number: int) -> Piece:
    """Return four voices that often move in parallel."""
    notes = [
        Note(Fraction(t), Fraction(1), below + 60 + (5 * t + number) % 7, part=part)
        for part, below in enumerate((12, 5, 0, -12))
        for t in range(12)
        if (t + part + number) % 5
    ]
    return Piece(notes, parts=(Part("a"), Part("b"), Part("c"), Part("d")), title=str(number))


@pytest.mark.parametrize("order", ["top-down", "outer-first"])
def test_the_logits_with_a_plan_and_part_writing_are_those_of_the_network(order: str) -> None:
    pieces = [voices(number).replace(phrase_ends=(Fraction(4),)) for number in range(5)]
    data = data_of(pieces, "voices", voice_order=order, **PLAN)
    sizes = {"layers": 1, "part_writing": True}
    check_logits(data, sizes)
    features = data.tokens("train")[0].context["features"]
    kinds = data.tokenizer.parallels(features)
    assert {0, 1, 2} == set(np.unique(kinds).tolist())


@pytest.mark.parametrize("tokens", ["events", "voices"])
def test_models_without_part_writing_have_no_weights_for_it(
    pieces: list[Piece], tokens: str
) -> None:
    data = data_of(pieces, tokens)
    plain, _ = build(data, layers=1)
    assert not any("parallels" in weight.path for weight in plain.network.weights)
    given, step = build(data, layers=1, part_writing=True)  # only voices have parallels
    has_layer = any("parallels" in weight.path for weight in given.network.weights)
    assert has_layer == given.has_parallels == step.part_writing == (tokens == "voices")
    assert not Config(units=4).part_writing  # as in settings from before it existed


def check_logits(data: Dataset, sizes: dict[str, Any]) -> None:
    """Compare the logits of each step with those of the network."""
    model, step = build(data, **sizes)
    encoded = data.encode(data.train[:2])
    length = min(len(each.ids) for each in encoded)
    ids = np.stack([each.ids[:length, 0] for each in encoded])
    features = np.stack([each.context["features"][:length] for each in encoded]).astype(np.int32)
    expected = np.asarray(model.network(features[:, 1:]))
    state = step.initial_state(2)
    for t in range(length - 1):
        state, logits = step.step(state, ids[:, t], field=0, features=features[:, t + 1])
        np.testing.assert_allclose(logits, expected[:, t], atol=2e-5)
        assert logits.dtype == np.float32
    assert np.ptp(expected, axis=1).max() > 1  # else much would agree that should not


def test_the_state_of_each_candidate_is_its_own(pieces: list[Piece]) -> None:
    data = data_of(pieces, "events")
    _, step = build(data)
    features = [each.context["features"].astype(np.int32) for each in data.encode(data.train[:3])]
    states = step.initial_state(3)
    alone = step.initial_state(1)
    for t in range(1, 9):
        row = np.stack([each[t] for each in features])
        states, logits = step.step(states, row[:, 0], field=0, features=row)
        alone, single = step.step(alone, row[2:, 0], field=0, features=row[2:])
    np.testing.assert_allclose(logits[2:], single, atol=1e-5)
    assert all(part.shape[0] == 3 for part in states)


def test_a_transformer_has_no_step_on_numpy(pieces: list[Piece]) -> None:
    tokenizer = data_of(pieces, "events").tokenizer

    def read() -> dict[str, list[np.ndarray]]:
        raise AssertionError("its weights are read for nothing")

    assert Notewise.numpy_step(Config(core="transformer"), tokenizer, read) is None


def test_weights_of_another_network_are_refused(pieces: list[Piece]) -> None:
    data = data_of(pieces, "events")
    model, _ = build(data)
    weights = network_weights(model.network)
    for config in (Config(units=8, embed_size=8), Config(units=12, embed_size=8, layers=3)):
        with pytest.raises((ValueError, KeyError)):
            Notewise.numpy_step(config, data.tokenizer, lambda: weights)
