"""A trained model goes on learning from other pieces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.commands import run as command
from tests.conftest import small_piece

from partimento import Piece
from partimento.errors import PartimentoError
from partimento.export.write import write
from partimento.training.callbacks import Callback
from partimento.training.fine_tuning import FEW_PIECES, TRAIN, fine_tuning_settings
from partimento.training.loop import Epoch
from partimento.training.run_folder import RunFolder
from partimento.training.settings import Settings
from partimento.training.train import learn
from partimento.training.trained_model import TrainedModel, load_model

SMALL: dict[str, Any] = {
    "model": {"name": "notewise", "units": 8, "embed_size": 4, "layers": 1},
    "tokens": {
        "min_count": 1,
        "window": 64,
        "transpose": "none",
        "modes": True,
        "countdown": True,
    },
    "train": {"epochs": 1, "batch_size": 8, "min_steps": 0},
    "sample": {"temperature": 0.9},
}


@pytest.fixture(scope="session")
def base(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """Return a small run of the note tokenizer."""
    out = tmp_path_factory.mktemp("runs") / "base"
    return learn(pieces, settings=SMALL, out=out)[0]


@pytest.fixture(scope="session")
def others() -> list[Piece]:
    return [small_piece(number + 1, shift=5 + number) for number in range(4)]


class StopError(Exception):
    """As if the power went."""


class Notes(Callback):
    """Keep the advice, and stop after an epoch."""

    def __init__(self, after: int = 0) -> None:
        self.after, self.notes = after, []

    def on_note(self, text: str) -> None:
        self.notes.append(text)

    def on_epoch_end(self, epoch: Epoch) -> None:
        if epoch.epoch == self.after:
            raise StopError


def settings_of(base: TrainedModel, **train: Any) -> Settings:
    fast = {"epochs": 2, "patience": 9, **train}
    return Settings.from_plain(fine_tuning_settings(str(base.folder), {"train": fast}))


def test_it_keeps_the_settings_of_the_model_and_has_its_own_of_training(
    base: TrainedModel,
) -> None:
    settings = fine_tuning_settings(str(base.folder), {"train": {"epochs": 3}})
    plain = base.settings.to_plain()
    for section in ("data", "tokens", "model", "sample"):
        assert settings[section] == plain[section]
    assert settings["sample"]["temperature"] == 0.9
    assert settings["train"] == {**TRAIN, "base": str(base.folder), "epochs": 3}
    Settings.from_plain(settings)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"tokens": {"window": 8}}, r"^tokens\.window cannot be changed: the model keeps that of"),
        ({"model": {"name": "lstm"}}, r"^model\.name cannot be changed"),
    ],
)
def test_settings_of_tokens_and_model_are_refused(
    base: TrainedModel, overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(PartimentoError, match=message) as error:
        fine_tuning_settings(str(base.folder), overrides)
    assert "\n" not in str(error.value)


def test_a_base_must_exist_and_learn_by_gradient(
    markov_run: TrainedModel, others: list[Piece], tmp_path: Path
) -> None:
    with pytest.raises(PartimentoError):
        fine_tuning_settings(str(tmp_path / "nothing"), {})
    settings = Settings.from_plain(fine_tuning_settings(str(markov_run.folder), {}))
    with pytest.raises(PartimentoError, match="markov cannot be fine-tuned"):
        learn(others, settings=settings, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_weights_of_other_settings_are_refused(base: TrainedModel, others: list[Piece]) -> None:
    other = {**SMALL, "model": {**SMALL["model"], "units": 6}}
    other["train"] = {**SMALL["train"], "base": str(base.folder)}
    with pytest.raises(PartimentoError, match=r"train\.base needs the settings of the model"):
        learn(others, settings=other)


def test_the_vocabulary_is_kept_and_training_starts_from_the_weights(
    base: TrainedModel, others: list[Piece], tmp_path: Path
) -> None:
    """Without any step of training, the model is the one it starts from."""
    still = settings_of(base, epochs=1, learning_rate=1e-12, weight_decay=0.0, ema=0.0)
    trained, data = learn(others, settings=still, out=tmp_path / "run")
    assert trained.tokenizer == base.tokenizer == data.tokenizer
    weights = [model.model.network.get_weights() for model in (base, trained)]
    for old, new in zip(*weights, strict=True):
        np.testing.assert_allclose(new, old, atol=1e-6)
    assert load_model(tmp_path / "run").settings.train.base == str(base.folder)
    moved, _ = learn(others, settings=settings_of(base, epochs=1, learning_rate=0.05))
    pairs = zip(weights[0], moved.model.network.get_weights(), strict=True)
    assert any(np.abs(new - old).max() > 1e-3 for old, new in pairs)


def test_stopped_and_resumed_is_uninterrupted(
    base: TrainedModel, others: list[Piece], tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    learn(others, settings=settings_of(base), out=whole)
    with pytest.raises(StopError):
        learn(others, settings=settings_of(base), out=cut, callbacks=[Notes(after=1)])
    learn(others, out=cut, resume=True)
    assert (whole / "history.csv").read_bytes() == (cut / "history.csv").read_bytes()
    pairs = [load_model(folder).model.network.get_weights() for folder in (whole, cut)]
    for one, other in zip(*pairs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_small_folder_gets_the_advice_and_a_fine_tuned_model_does_not(
    base: TrainedModel, others: list[Piece]
) -> None:
    from partimento.training.train import prepared, too_few

    data = prepared(others, base.settings)
    advice = too_few(data, base.settings)
    assert advice is not None
    assert "--from guitar" in advice
    assert f"only {len(others)} pieces" in advice
    assert too_few(data, settings_of(base)) is None
    lstm = Settings.from_plain({"model": {"name": "lstm"}})
    assert too_few(data, lstm) is None
    assert len(others) < FEW_PIECES


def test_the_command_fine_tunes_a_run(
    base: TrainedModel,
    others: list[Piece],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scores = tmp_path / "scores"
    scores.mkdir()
    for number, piece in enumerate(others):
        write(piece, scores / f"{number}.mid")
    out = tmp_path / "run"
    words = ["train", scores, "--from", base.folder, "-o", out]
    assert command(*words, "--set", "tokens.window=8") == 2
    assert "tokens.window cannot be changed" in capsys.readouterr().err
    assert command(*words, "--recipe", "lstm") == 2
    assert "leave out --recipe" in capsys.readouterr().err
    assert not out.exists()
    assert command(*words, "--set", "train.epochs=1", "--json") == 0
    json.loads(capsys.readouterr().out)
    run = load_model(out)
    assert run.tokenizer == base.tokenizer
    assert RunFolder(out).real_pieces.is_file()
    assert len(run.compose(bars=2, seed=1).notes)
