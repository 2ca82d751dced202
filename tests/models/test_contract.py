"""What every model promises, on any backend (KERAS_BACKEND chooses)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models.small_models import ENCODE, SMALL, build, view

from partimento import Piece
from partimento.errors import PartimentoError
from partimento.generate.compose import compose, composes
from partimento.generate.sampler import Sampling
from partimento.models import MODELS, model_class
from partimento.models.base import (
    Autoregressive,
    Energy,
    Frames,
    Gibbs,
    HasChordVectors,
    Latent,
)
from partimento.models.gibbs import steps_of
from partimento.tokens.chords import CHORD, DURATION, HELD
from partimento.tokens.vocabulary import SPECIAL
from partimento.tokens.windows import Batch, WindowBatches, WindowSpec, windows
from partimento.training.dataset import Dataset
from partimento.training.loop import fit
from partimento.training.settings import TrainSettings
from partimento.training.train import learn
from partimento.training.trained_model import load_model
from partimento.training.uninitialized import uninitialized

VARIANTS: list[tuple[str, dict[str, object]]] = [
    *((name, {}) for name in MODELS),
    ("notewise", {"core": "transformer"}),
    ("notewise", {"weight_dropout": 0.4}),
    ("lstm", {"embed": "notes", "layers": 1}),
    ("lstm", {"joint": False, "dropout": 0.2}),
    ("lstm", {"joint": False, "held": False, "targets": "last"}),
    ("autoencoder", {"layers": 1, "output": "softmax", "units": 32, "dropout": 0.1}),
    (
        "autoencoder",
        {"layers": 1, "output": "softmax", "units": 32, "embed": "notes", "embed_size": 8},
    ),
    ("vae", {"network": "dense", "kl": "mean"}),
]
SPLITS = ("train", "valid")


def fast_and_slow(variants: list[tuple[str, dict[str, object]]]) -> list[Any]:
    """Mark the variants slow that have other settings than their model's defaults."""
    return [
        pytest.param(name, more, marks=[pytest.mark.slow] if more else [])
        for name, more in variants
    ]


def able(capability: type) -> list[tuple[str, dict[str, object]]]:
    """The variants of models that have a capability."""
    return [(name, more) for name, more in VARIANTS if capability in model_class(name).capabilities]


NEXT, LATENT, GRID = able(Autoregressive), able(Latent), able(Gibbs)


def test_every_model_is_under_contract() -> None:
    assert set(SMALL) == set(MODELS)
    assert {name for name, _ in NEXT + LATENT + GRID} == set(MODELS) - {"embeddings"}


@pytest.mark.parametrize("name", list(MODELS))
def test_a_model_has_the_methods_of_its_capabilities(name: str, data: Dataset) -> None:
    model = build(name, {}, data)
    for capability in model.capabilities:
        assert capability in (Autoregressive, Latent, Gibbs, Frames, Energy, HasChordVectors)
        assert isinstance(model, capability)


@pytest.mark.parametrize("name", list(MODELS))
def test_the_file_of_a_model_says_what_it_is(name: str) -> None:
    module = sys.modules[model_class(name).__module__]
    assert len((module.__doc__ or "").split()) > 40
    assert model_class(name).config_type(**SMALL[name]).name == name


BY_CHORDS = [
    each for each in NEXT if model_class(each[0]).tokenizer_kind == "chords"
]  # test_notewise.py has the same for tokens


@pytest.mark.parametrize(("name", "more"), BY_CHORDS)
def test_shapes_and_step_agrees_with_the_network(
    name: str, more: dict[str, object], data: Dataset
) -> None:
    model = build(name, more, data)
    batch = windows(data.tokens("train")[:1], length=12)[:1]
    inputs, targets = batch["inputs"], batch["targets"]
    logits = [None if x is None else normal(np.asarray(x)) for x in model.logits(batch)]
    assert [x.shape for x in logits if x is not None] == [
        (1, 12, size) for x, size in zip(logits, data.tokenizer.sizes, strict=True) if x is not None
    ]
    state = model.initial_state(1)
    shapes = [tuple(part.shape) for part in state]
    for t in range(12):
        for field in (CHORD, HELD, DURATION):
            state, after = model.step(state, inputs[:, t, field], field=field)
        np.testing.assert_allclose(normal(np.asarray(after))[0], logits[CHORD][0, t], atol=1e-5)
        ahead, held = model.step(state, targets[:, t, CHORD], field=CHORD)
        if logits[HELD] is None:
            assert np.asarray(held)[0].argmax() == SPECIAL  # every note is struck
        else:
            np.testing.assert_allclose(normal(np.asarray(held))[0], logits[HELD][0, t], atol=1e-5)
        _, duration = model.step(ahead, targets[:, t, HELD], field=HELD)
        np.testing.assert_allclose(
            normal(np.asarray(duration))[0], logits[DURATION][0, t], atol=1e-5
        )
    assert [tuple(part.shape) for part in state] == shapes


def normal(logits: np.ndarray) -> np.ndarray:
    """Probabilities."""
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(weights / weights.sum(-1, keepdims=True))


@pytest.mark.parametrize(("name", "more"), [each for each in BY_CHORDS if each[0] != "markov"])
def test_a_field_never_sees_itself_or_what_comes_later(
    name: str, more: dict[str, object], data: Dataset
) -> None:
    model = build(name, more, data)
    batch = windows(data.tokens("train")[:1], length=6)[:1]
    inputs, targets = batch["inputs"], batch["targets"]

    def told(inputs: np.ndarray, targets: np.ndarray) -> list[np.ndarray | None]:
        return [
            None if x is None else np.asarray(x)
            for x in model.logits({**batch, "inputs": inputs, "targets": targets})
        ]

    before = told(inputs, targets)
    for field in (CHORD, HELD, DURATION):
        changed = targets.copy()
        changed[0, 3, field] = 4 if changed[0, 3, field] != 4 else 5
        after = told(inputs, changed)
        for earlier in range(field + 1):
            if before[earlier] is not None:
                np.testing.assert_array_equal(before[earlier], after[earlier])
    changed = inputs.copy()
    changed[0, 4] = inputs[0, 2]
    after = told(changed, targets)
    np.testing.assert_allclose(before[CHORD][:, :4], after[CHORD][:, :4], atol=1e-6)
    assert np.abs(before[CHORD][:, 4] - after[CHORD][:, 4]).max() > 1e-6


@pytest.mark.parametrize(("name", "more"), fast_and_slow(LATENT))
def test_a_latent_model_decodes_windows_of_probabilities(
    name: str, more: dict[str, object], data: Dataset
) -> None:
    model = build(name, more, data)
    z = model.prior(3, np.random.default_rng(0))
    assert z.shape == (3, model.latent)
    told = model.decode(z)
    assert [part.shape for part in told] == [
        (3, model.length, data.tokenizer.sizes[field]) for field in model.fields
    ]
    for part in told:
        np.testing.assert_allclose(part.sum(-1), 1, atol=1e-5)
    some = data.windows("train", model.window_spec(ENCODE, training=True))
    points = model.encode(some.targets[:5])
    assert points is None or points.shape == (5, model.latent)
    look = model.snapshot(some[:])
    if points is not None:
        assert look["latent"].shape == (len(some.targets), model.latent)
        assert look["tokens"].shape == (model.length, 3)


@pytest.mark.parametrize(("name", "more"), GRID)
def test_a_gibbs_model_scores_every_cell_and_never_sees_an_unknown_one(
    name: str, more: dict[str, object], data: Dataset
) -> None:
    model, data = build(name, more, data), view(data, name)
    tokens = data.tokens("train")[0]
    rows, facts = steps_of(tokens, data.tokenizer.voices)
    rows, facts = rows[:20], facts[:20]
    known = np.ones(rows.shape, bool)
    known[7:9] = False
    scores = model.logits(rows[None], known[None], facts[None])
    assert scores.shape == (1, *rows.shape, data.tokenizer.cells)
    assert (scores[..., :SPECIAL].max(-1) < scores[..., SPECIAL:].max(-1) - 100).all()
    other = rows.copy()
    other[7:9] = SPECIAL
    again = model.logits(other[None], known[None], facts[None])
    np.testing.assert_allclose(again[0, 7], scores[0, 7], atol=1e-5)
    other[6] = SPECIAL
    again = model.logits(other[None], known[None], facts[None])
    assert np.abs(again[0, 7] - scores[0, 7]).max() > 1e-6


@pytest.mark.parametrize("name", list(MODELS))
def test_windows_of_padding_count_for_nothing(name: str, data: Dataset) -> None:
    model, data = build(name, {}, data), view(data, name)
    model.adapt(data.training_tokens())
    batch = data.windows("valid", model.window_spec(ENCODE, training=False))[:4]
    alone = model.loss(batch, training=False)
    longer = {name: np.concatenate([array, np.zeros_like(array)]) for name, array in batch.items()}
    padded = model.loss(longer, training=False)
    assert float(alone.count) == float(padded.count)
    if name != "gan":  # it draws a window of its own for each one given
        for part, other in ((alone.terms, padded.terms), (alone.metrics, padded.metrics)):
            assert {name: float(value) for name, value in part.items()} == pytest.approx(
                {name: float(value) for name, value in other.items()}, rel=1e-4, abs=1e-4
            )


@pytest.mark.parametrize("name", list(MODELS))
def test_a_loss_has_the_same_terms_whatever_it_is_for(name: str, data: Dataset) -> None:
    model, data = build(name, {}, data), view(data, name)
    model.adapt(data.training_tokens())
    batch = data.windows("train", model.window_spec(ENCODE, training=True))[:4]
    trained, checked = (model.loss(batch, training=training) for training in (True, False))
    assert [*trained.terms] == [*checked.terms]
    assert set(trained.metrics) <= set(checked.metrics)
    assert not set(checked.terms) & set(checked.metrics)
    assert float(trained.count) == float(checked.count) > 0
    assert np.isfinite([float(trained.objective), *map(float, checked.metrics.values())]).all()


@pytest.mark.parametrize(("name", "more"), fast_and_slow(VARIANTS))
def test_a_likelihood_names_its_parts_and_pays_for_what_is_missing(
    name: str, more: dict[str, object], data: Dataset
) -> None:
    model, data = build(name, more, data), view(data, name)
    model.adapt(data.training_tokens())
    pieces = data.tokens("valid")
    plain, dearer = model.nats(pieces), model.nats(pieces, missing=7.0)
    if plain is None:
        assert Autoregressive not in model.capabilities
        return
    assert plain.total == pytest.approx(sum(plain.parts.values()))
    assert plain.events == sum(data.tokenizer.events_in(piece.ids[1:]) for piece in pieces)
    assert dearer.sums["unknown"] == plain.sums["unknown"] + 7.0
    assert dearer.nats == pytest.approx(plain.nats + 7.0)
    assert plain.is_bound == (plain.estimate is not None)
    if Autoregressive in model.capabilities:
        steps = sum(nats.sum() for nats in model.piece_nats(pieces))
        assert plain.sums["unknown"] == model.unpredicted_nats(pieces)
        assert plain.nats == pytest.approx(steps + plain.sums["unknown"], rel=1e-4)


class Stream:
    """Cut each batch out of the pieces when it is asked for."""

    def __init__(self, data: Dataset, size: int) -> None:
        self.data, self.size = data, size

    def __len__(self) -> int:
        return len(self.data.batches("train", WindowSpec(16), batch_size=self.size))

    def __iter__(self) -> Iterator[Batch]:
        yield from self.data.batches("train", WindowSpec(16), batch_size=self.size)

    def shuffled(self, *seed: int) -> Iterator[Batch]:
        yield from self.data.batches("train", WindowSpec(16), batch_size=self.size).shuffled(*seed)


def test_batches_may_be_streamed(data: Dataset) -> None:
    kept = []
    for stream in (False, True):
        model = build("lstm", {"dropout": 0.2}, data)
        train, valid = (data.batches(each, WindowSpec(16), batch_size=4) for each in SPLITS)
        config = TrainSettings(epochs=2, batch_size=4)
        fit(model, Stream(data, 4) if stream else train, valid, config)
        kept.append(model.network.get_weights())
    for one, other in zip(*kept, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_model_may_stream_what_it_trains_on(
    pieces: list[Piece], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "model": {"name": "lstm", **SMALL["lstm"]},
        "train": {"epochs": 1, "batch_size": 4},
        "tokens": {"min_count": 1, "window": 16, "stride": 16},
    }
    usual, _ = learn(pieces, settings=settings)
    lstm, whole = model_class("lstm"), model_class("lstm").batches

    def batches(model: Any, data: Dataset, split: str, tokens: Any, *, batch_size: int) -> Any:
        windows = whole(model, data, split, tokens, batch_size=batch_size)
        return Stream(data, batch_size) if split == "train" else windows

    monkeypatch.setattr(lstm, "batches", batches)
    streamed, _ = learn(pieces, settings=settings, out=tmp_path / "run")
    weights = [run.model.network.get_weights() for run in (usual, streamed)]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("name", "more"), fast_and_slow([each for each in VARIANTS if each[0] != "markov"])
)
def test_the_loss_falls_and_the_best_weights_are_kept(
    name: str, more: dict[str, object], data: Dataset
) -> None:
    model, data = build(name, more, data), view(data, name)
    model.adapt(data.training_tokens())
    valid = data.windows("valid", model.window_spec(ENCODE, training=False))
    train = data.batches("train", model.window_spec(ENCODE, training=True), batch_size=len(valid))
    config = TrainSettings(epochs=6, batch_size=len(valid), learning_rate=0.01, patience=6)
    fitted = fit(model, train, WindowBatches(valid, len(valid)), config)
    if not model.select_by_validation:
        assert fitted.best_epoch == 6
        assert np.isfinite([epoch.loss for epoch in fitted.history]).all()
        return
    assert fitted.history[-1].loss < fitted.history[0].loss * 0.97
    loss = model.loss(valid[:], training=False)
    best = min(epoch.val_loss for epoch in fitted.history)
    assert sum(map(float, loss.terms.values())) / float(loss.count) == pytest.approx(best, rel=1e-4)
    assert [*fitted.history[0].parts] == [*loss.terms, *loss.metrics]


@pytest.mark.parametrize(
    ("name", "more"),
    fast_and_slow([each for each in VARIANTS if model_class(each[0]).trains_by_gradient]),
)
def test_no_initializer_runs_where_weights_are_to_be_loaded(
    name: str, more: dict[str, object], data: Dataset
) -> None:
    with uninitialized():
        assert not any(np.any(weight) for weight in build(name, more, data).network.get_weights())
    assert any(np.any(weight) for weight in build(name, more, data).network.get_weights())


@pytest.mark.parametrize("name", list(MODELS))
def test_save_load_and_the_same_seed_gives_the_same_notes(
    name: str, pieces: list[Piece], tmp_path: Path
) -> None:
    settings = {
        "model": {"name": name, **SMALL[name]},
        "train": {"epochs": 2, "batch_size": 8, "min_steps": 0},
        "tokens": {"min_count": 1, "window": 16, "stride": 8},
    }
    run, _ = learn(pieces, settings=settings, out=tmp_path / "run")
    again = load_model(tmp_path / "run")
    for mine, theirs in zip(
        run.model.network.get_weights(), again.model.network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    assert again.model.parameters == run.model.parameters > 0
    if not composes(run):
        with pytest.raises(PartimentoError, match="cannot compose"):
            compose(again, bars=4)
        return
    first, second = compose(run, bars=4, seed=5), compose(again, bars=4, seed=5)
    assert first == second
    assert first != compose(run, bars=4, seed=6)
    assert first.length == 16
    if Autoregressive in run.model.capabilities:
        greedy = [
            compose(run, events=10, seed=seed, sampling=Sampling(temperature=0)).notes
            for seed in (5, 9)
        ]  # the seed draws the key, and no more
        np.testing.assert_array_equal(greedy[0].onset, greedy[1].onset)
        np.testing.assert_array_equal(np.diff(greedy[0].pitch), np.diff(greedy[1].pitch))


def test_training_is_the_same_for_the_same_seed(pieces: list[Piece]) -> None:
    settings = {
        "model": {"name": "lstm", **SMALL["lstm"], "dropout": 0.2},
        "train": {"epochs": 2, "batch_size": 8, "min_steps": 0},
    }
    (one, _), (two, _) = (learn(pieces, settings=settings) for _ in range(2))
    for mine, theirs in zip(
        one.model.network.get_weights(), two.model.network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    (other, _) = learn(
        pieces, settings={**settings, "train": {"epochs": 2, "batch_size": 8, "seed": 1}}
    )
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(
            one.model.network.get_weights(), other.model.network.get_weights(), strict=True
        )
    )


@pytest.mark.parametrize("name", ["lstm", "notewise"])
def test_events_are_counted_not_tokens(name: str, data: Dataset) -> None:
    data = view(data, name)
    encoded = data.encode(data.train[:2])
    for item, each in zip(data.train[:2], encoded, strict=True):
        assert (
            data.tokenizer.events_in(each.ids[1:])
            == len(data.tokenizer.decode_events(each.ids)) + 1
        )  # and the end
        assert len(data.tokenizer.decode_events(each.ids)) == len(item.events)
