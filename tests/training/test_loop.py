"""The training loop: when it stops, what it keeps, and how often it goes through the data."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.small_models import ENCODE, build, small_data, view

from partimento import Piece
from partimento.errors import PartimentoError
from partimento.tokens.windows import WindowSpec
from partimento.training.dataset import Dataset
from partimento.training.loop import Epoch, epochs_added, fit, validate, without_times
from partimento.training.settings import TrainSettings


@pytest.fixture(scope="module")
def data(pieces: list[Piece]) -> Dataset:
    return small_data(pieces)


def test_early_stopping(data: Dataset) -> None:
    model = build("lstm", {}, data)
    train, valid = (
        data.batches(split, WindowSpec(16), batch_size=8) for split in ("train", "valid")
    )
    fitted = fit(
        model, train, valid, TrainSettings(epochs=50, batch_size=8, learning_rate=0.5, patience=2)
    )
    history = fitted.history
    best = min(range(len(history)), key=lambda i: history[i].val_loss)
    assert fitted.best_epoch == best + 1
    assert len(history) == min(50, best + 3)


def test_a_loss_that_is_no_number_stops_with_advice(data: Dataset) -> None:
    model = build("lstm", {}, data)
    model.network.set_weights([w * np.nan for w in model.network.get_weights()])
    train, valid = (
        data.batches(split, WindowSpec(16), batch_size=8) for split in ("train", "valid")
    )
    with pytest.raises(PartimentoError, match="not a finite number"):
        fit(model, train, valid, TrainSettings(epochs=2, batch_size=8))


def test_steps_in_one_call_or_in_many_are_the_same_training(data: Dataset) -> None:
    kept = []
    for size in (1, 8):
        model = build("lstm", {"dropout": 0.2}, data)
        train, valid = (
            data.batches(split, WindowSpec(16), batch_size=4) for split in ("train", "valid")
        )
        fitted = fit(
            model, train, valid, TrainSettings(epochs=2, batch_size=4, steps_per_call=size)
        )
        kept.append((model.network.get_weights(), [epoch.val_loss for epoch in fitted.history]))
    for one, many in zip(kept[0][0], kept[1][0], strict=True):
        np.testing.assert_allclose(one, many, atol=2e-5)
    np.testing.assert_allclose(kept[0][1], kept[1][1], rtol=1e-4)


def test_little_music_is_gone_through_more_often(data: Dataset) -> None:
    model = build("notewise", {}, data)
    data = view(data, "notewise")
    spec = model.window_spec(ENCODE, training=True)
    train, valid = (data.batches(split, spec, batch_size=64) for split in ("train", "valid"))
    steps = len(train)
    told: list[tuple[int, int]] = []
    config = TrainSettings(epochs=1, patience=1, min_steps=2 * steps + 1, batch_size=64)
    fitted = fit(
        model, train, valid, config, progress=lambda done, total, epoch: told.append((done, total))
    )
    assert len(fitted.history) == 3  # two would be a step too few
    assert {total for _, total in told} == {steps}
    assert fitted.ended == "all 3 epochs are done"


def test_a_model_that_counts_has_one_epoch(data: Dataset) -> None:
    model = build("markov", {}, data)
    model.adapt(data.training_tokens())
    valid = data.batches("valid", WindowSpec(16), batch_size=8)
    epoch = validate(model, valid)
    assert (epoch.epoch, epoch.loss) == (1, epoch.val_loss)
    assert epoch.val_loss == pytest.approx(sum(epoch.parts.values()))
    assert epoch.val_loss > 0


def test_more_epochs_are_announced_only_where_they_are_added() -> None:
    config = TrainSettings(epochs=3, min_steps=100)
    assert "12 epochs are trained" in " ".join(epochs_added(config, 10).split())
    assert epochs_added(config, 50) == ""
    assert epochs_added(TrainSettings(epochs=3, min_steps=0), 1) == ""


def test_times_do_not_count_when_histories_are_compared() -> None:
    epoch = Epoch(1, 2.0, 3.0, {"chord": 3.0}, seconds=4.0, events_per_s=5.0, compiled=0.5)
    assert without_times([epoch]) == [Epoch(1, 2.0, 3.0, {"chord": 3.0})]
    assert epoch.seconds == 4  # the history itself is unchanged
