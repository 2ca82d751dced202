"""Configuration and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from partimento.config import TrainConfig, UserError, build, merge, parse_settings, read_recipe, recipes_folder
from partimento.files import refuse_existing, write_atomically
from partimento.models import MODELS
from partimento.models.settings import Settings


@pytest.mark.parametrize("recipe", sorted(path.stem for path in recipes_folder().glob("*.toml")))
def test_every_recipe_is_a_whole_configuration(recipe: str) -> None:
    settings = Settings.from_plain(read_recipe(recipe))
    assert settings.name in MODELS
    assert Settings.from_plain(settings.to_plain()) == settings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"train": {"epoch": 5}}, r"no setting train\.epoch; did you mean train\.epochs"),
        ({"train": {"epochs": "five"}}, "takes int, not 'five'"),
        ({"train": {"epochs": True}}, "takes int, not True"),
        ({"train": {"epochs": 0}}, "lies between 1"),
        ({"train": 5}, "is a section"),
        ({"trian": {}}, "no section trian"),
        ({"model": {"name": "vae", "length": 16}}, "one and the same"),
        ({"model": {"joint": True, "held": False}}, "needs model.held"),
        ({"model": {"freeze": True}}, "needs model.pretrained"),
        ({"model": {"name": "vae", "kl": "max"}}, "sum or mean"),
        ({"model": {"name": "autoencoder", "output": "tanh"}}, "sigmoid or softmax"),
        ({"model": {"name": "lsmt"}}, "did you mean lstm"),
        ({"model": {"embed": "words"}}, "index or notes"),
        ({"model": {"dropout": 1.0}}, "dropout"),
        ({"corpus": {"quantise": "yes"}}, "auto, exact or music21"),
        ({"train": {"seed": -1}}, r"train\.seed"),
        ({"train": {"seed": 2**40}}, r"train\.seed"),
        ({"train": {"batch_size": 10**9}}, r"train\.batch_size"),
        ({"train": {"learning_rate": -1.0}}, r"train\.learning_rate"),
        ({"train": {"learning_rate": float("nan")}}, r"train\.learning_rate"),
        ({"train": {"max_seconds": float("nan")}}, r"train\.max_seconds"),
        ({"train": {"validation": 0.6, "test": 0.5}}, "leave something"),
        ({"model": {"units": 10**8}}, r"model\.units"),
        ({"encode": {"window": 10**9}}, r"encode\.window"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Settings.from_plain(values)


def test_settings_from_words() -> None:
    assert parse_settings(["train.learning_rate=1e-3", "model.joint=false"]) == {
        "train": {"learning_rate": 0.001},
        "model": {"joint": False},
    }
    assert build(TrainConfig, {"learning_rate": 1}, section="train").learning_rate == 1.0
    for wrong in ("train.epochs", "epochs=5", "=5", "train.=5"):
        with pytest.raises(UserError, match=r"section\.name=value"):
            parse_settings([wrong])
    assert merge({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}) == {"a": {"x": 1, "y": 3}}


def test_recipes_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean lstm"):
        read_recipe("lsmt")
    with pytest.raises(UserError, match="o such file"):
        read_recipe(str(tmp_path / "mine.toml"))
    (tmp_path / "mine.toml").write_text("train = [")
    with pytest.raises(UserError, match="no valid TOML"):
        read_recipe(str(tmp_path / "mine.toml"))


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_atomically(tmp_path / "new" / "file.txt", "old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(UserError, match=r"cannot write .*file\.txt: No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]
    with pytest.raises(UserError, match="--force"):
        refuse_existing(path, force=False)
    refuse_existing(path, force=True)
    with pytest.raises(UserError, match="is no folder"):
        refuse_existing(path / "below", force=False)
