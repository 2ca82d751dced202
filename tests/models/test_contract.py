"""What every model promises, on any backend (KERAS_BACKEND chooses)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from partimento import Piece
from partimento.config import EncodeConfig, TrainConfig, UserError
from partimento.encode.codecs import CHORD, DURATION, HELD
from partimento.encode.prepare import DataSet, prepare
from partimento.encode.windows import windows
from partimento.models import MODELS
from partimento.models.learn import learn
from partimento.models.run import load_run
from partimento.models.training import fit
from partimento.sample.composer import compose
from partimento.sample.pick import Choice

SMALL = {
    "lstm": {"units": 24, "dense": 16, "embed_size": 8, "layers": 2},
}
VARIANTS = [(name, {}) for name in MODELS] + [("lstm", {"embed": "notes", "layers": 1}), ("lstm", {"joint": False, "dropout": 0.2})]


def test_every_model_is_under_contract() -> None:
    assert set(SMALL) == set(MODELS)


@pytest.fixture(scope="module")
def data(pieces: list[Piece]) -> DataSet:
    return prepare(pieces, EncodeConfig(min_count=1), validation=0.2, test=0.1, seed=0)


def build(name: str, more: dict[str, object], data: DataSet) -> object:
    import keras

    from partimento.models import model_class

    keras.utils.set_random_seed(3)
    kind = model_class(name)
    return kind(kind.config_type(**{**SMALL[name], **more}), data.codec)


@pytest.mark.parametrize(("name", "more"), VARIANTS)
def test_shapes_and_step_agrees_with_the_network(name: str, more: dict[str, object], data: DataSet) -> None:
    model = build(name, more, data)
    tokens = data.encode(data.train[:1])[0].tokens
    inputs, targets = tokens[None, :12], tokens[None, 1:13]
    logits = [np.asarray(x) for x in model.network([inputs, targets])]
    assert [x.shape for x in logits] == [(1, 12, size) for size in data.codec.sizes]
    state = model.initial_state(1)
    shapes = [tuple(part.shape) for part in state]
    for t in range(12):
        for field in (CHORD, HELD, DURATION):
            state, after = model.step(state, inputs[:, t, field], field=field)
        np.testing.assert_allclose(np.asarray(after)[0], logits[CHORD][0, t], atol=1e-5)
        ahead, held = model.step(state, targets[:, t, CHORD], field=CHORD)
        np.testing.assert_allclose(np.asarray(held)[0], logits[HELD][0, t], atol=1e-5)
        _, duration = model.step(ahead, targets[:, t, HELD], field=HELD)
        np.testing.assert_allclose(np.asarray(duration)[0], logits[DURATION][0, t], atol=1e-5)
    assert [tuple(part.shape) for part in state] == shapes


@pytest.mark.parametrize(("name", "more"), VARIANTS)
def test_a_field_never_sees_itself_or_what_comes_later(name: str, more: dict[str, object], data: DataSet) -> None:
    model = build(name, more, data)
    tokens = data.encode(data.train[:1])[0].tokens
    inputs, targets = tokens[None, :6], tokens[None, 1:7].copy()
    before = [np.asarray(x) for x in model.network([inputs, targets])]
    for field in (CHORD, HELD, DURATION):
        changed = targets.copy()
        changed[0, 3, field] = 4 if changed[0, 3, field] != 4 else 5
        after = [np.asarray(x) for x in model.network([inputs, changed])]
        for earlier in range(field + 1):
            np.testing.assert_array_equal(before[earlier], after[earlier])
    changed = inputs.copy()
    changed[0, 4] = inputs[0, 2]
    after = [np.asarray(x) for x in model.network([changed, targets])]
    np.testing.assert_allclose(before[CHORD][:, :4], after[CHORD][:, :4], atol=1e-6)
    assert np.abs(before[CHORD][:, 4] - after[CHORD][:, 4]).max() > 1e-6


@pytest.mark.parametrize(("name", "more"), VARIANTS)
def test_the_loss_falls_and_the_best_weights_are_kept(name: str, more: dict[str, object], data: DataSet) -> None:
    model = build(name, more, data)
    train, valid = windows(data.encode(data.train), length=16), windows(data.encode(data.valid), length=16)
    history = fit(model, train, valid, TrainConfig(epochs=6, batch_size=8, learning_rate=0.01, patience=6)).history
    assert history[-1].loss < history[0].loss - 0.3
    _, nats, events = model.losses(tuple(valid), training=False)
    best = min(epoch.val_loss for epoch in history)
    assert float(np.sum(np.asarray(nats))) / float(events) == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("name", list(MODELS))
def test_save_load_and_the_same_seed_gives_the_same_notes(name: str, pieces: list[Piece], tmp_path: Path) -> None:
    settings = {"model": {"name": name, **SMALL[name]}, "train": {"epochs": 2, "batch_size": 8}, "encode": {"min_count": 1}}
    run, _ = learn(pieces, settings=settings, out=tmp_path / "run")
    again = load_run(tmp_path / "run")
    for mine, theirs in zip(run.model.network.get_weights(), again.model.network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    first, second = compose(run, bars=4, seed=5), compose(again, bars=4, seed=5)
    assert first == second
    assert first != compose(run, bars=4, seed=6)
    assert first.length == 16
    greedy = [compose(run, events=10, seed=seed, choice=Choice(0)).notes for seed in (5, 9)]  # the seed draws the key, and no more
    np.testing.assert_array_equal(greedy[0].onset, greedy[1].onset)
    np.testing.assert_array_equal(np.diff(greedy[0].pitch), np.diff(greedy[1].pitch))


def test_training_is_the_same_for_the_same_seed(pieces: list[Piece]) -> None:
    settings = {"model": {"name": "lstm", **SMALL["lstm"], "dropout": 0.2}, "train": {"epochs": 2, "batch_size": 8}}
    (one, _), (two, _) = (learn(pieces, settings=settings) for _ in range(2))
    for mine, theirs in zip(one.model.network.get_weights(), two.model.network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    (other, _) = learn(pieces, settings={**settings, "train": {"epochs": 2, "batch_size": 8, "seed": 1}})
    assert any(not np.array_equal(a, b) for a, b in zip(one.model.network.get_weights(), other.model.network.get_weights(), strict=True))


def test_early_stopping(data: DataSet) -> None:
    model = build("lstm", {}, data)
    train, valid = windows(data.encode(data.train), length=16), windows(data.encode(data.valid), length=16)
    fitted = fit(model, train, valid, TrainConfig(epochs=50, batch_size=8, learning_rate=0.5, patience=2))
    history = fitted.history
    best = min(range(len(history)), key=lambda i: history[i].val_loss)
    assert fitted.best_epoch == best + 1
    assert len(history) == min(50, best + 3)


def test_a_loss_that_is_no_number_stops_with_advice(data: DataSet) -> None:
    model = build("lstm", {}, data)
    model.network.set_weights([w * np.nan for w in model.network.get_weights()])
    train, valid = windows(data.encode(data.train), length=16), windows(data.encode(data.valid), length=16)
    with pytest.raises(UserError, match="no longer a number"):
        fit(model, train, valid, TrainConfig(epochs=2, batch_size=8))


def test_the_tutorials_sizes(data: DataSet) -> None:
    """Embeddings of 64, two LSTM layers of 512, a dense layer of 256, a softmax each: counted by hand."""
    from partimento.models import model_class

    kind = model_class("lstm")
    model = kind(kind.config_type(), data.codec)
    chords, patterns, durations = data.codec.sizes
    lstm = 4 * 512 * (128 + 512 + 1) + 4 * 512 * (512 + 512 + 1)
    embeddings = 64 * (chords + durations + patterns)
    outputs = 257 * chords + (256 + 64 + 1) * patterns + (256 + 128 + 1) * durations
    assert model.network.count_params() == embeddings + lstm + 513 * 256 + outputs
