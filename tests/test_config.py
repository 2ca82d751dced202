"""Configuration and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from partimento.config import merge, over_recipe, parse_settings, read_recipe
from partimento.errors import PartimentoError
from partimento.files import check_exists, refuse_existing, write_atomically
from partimento.training.settings import Settings


def test_settings_from_words() -> None:
    assert parse_settings(["train.learning_rate=1e-3", "model.joint=false"]) == {
        "train": {"learning_rate": 0.001},
        "model": {"joint": False},
    }
    for wrong in ("train.epochs", "epochs=5", "=5", "train.=5"):
        with pytest.raises(PartimentoError, match=r"section\.name=value"):
            parse_settings([wrong])
    assert merge({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}) == {"a": {"x": 1, "y": 3}}


def test_recipes_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(PartimentoError, match="did you mean lstm"):
        read_recipe("lsmt")
    with pytest.raises(PartimentoError, match="o such file"):
        read_recipe(str(tmp_path / "mine.toml"))
    (tmp_path / "mine.toml").write_text("train = [")
    with pytest.raises(PartimentoError, match="no valid TOML"):
        read_recipe(str(tmp_path / "mine.toml"))


def test_a_file_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_atomically(tmp_path / "new" / "file.txt", "old")
    monkeypatch.setattr(
        "os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(PartimentoError, match=r"cannot write .*file\.txt: No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]
    with pytest.raises(PartimentoError, match="--force"):
        refuse_existing(path, force=False)
    refuse_existing(path, force=True)
    with pytest.raises(PartimentoError, match="is no folder"):
        refuse_existing(path / "below", force=False)


def test_without_a_name_the_model_is_notewise_with_and_without_a_recipe_file(
    tmp_path: Path,
) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text("[train]\nepochs = 7\n")
    with_file = Settings.from_plain(over_recipe({}, str(recipe)))
    assert with_file == Settings.from_plain(over_recipe({"train": {"epochs": 7}}))
    assert with_file.name == Settings.from_plain({}).name == "notewise"
    assert Settings.from_plain(over_recipe({"model": {"name": "vae"}}, str(recipe))).name == "vae"
    recipe.write_text('[model]\nname = "lstm"\nunits = 8\n')
    assert over_recipe({}, str(recipe)) == read_recipe(
        str(recipe)
    )  # a recipe that names its model stands alone


def test_what_does_not_exist_is_said_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "scores" / "bach").mkdir(parents=True)
    for wrong, near in (
        ("scroes", "scores"),
        ("scores/bahc", "scores/bach"),
        ("scoers/bach", "scores/bach"),
    ):
        with pytest.raises(
            PartimentoError, match=rf"{wrong} does not exist; did you mean {tmp_path}/{near}\?$"
        ):
            check_exists(tmp_path / wrong)
    with pytest.raises(PartimentoError, match=r"xyz does not exist$"):
        check_exists(tmp_path / "xyz")
    with pytest.raises(PartimentoError, match="did you mean bundled:chorales"):
        check_exists("chorales", known=lambda: ["bundled:bach", "bundled:chorales"])
    check_exists(tmp_path / "scores")
