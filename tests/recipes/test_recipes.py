"""Recipes, by name and as files, and which one is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from partimento.errors import PartimentoError
from partimento.models import MODELS
from partimento.recipes import over_recipe, read_recipe, recipe_of, recipes
from partimento.training.settings import Settings


def test_recipes_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(PartimentoError, match="did you mean lstm"):
        read_recipe("lsmt")
    with pytest.raises(PartimentoError, match="o such file"):
        read_recipe(str(tmp_path / "mine.toml"))
    (tmp_path / "mine.toml").write_text("train = [")
    with pytest.raises(PartimentoError, match="not valid TOML"):
        read_recipe(str(tmp_path / "mine.toml"))


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


def test_a_model_without_a_recipe_has_its_defaults() -> None:
    assert recipe_of("unheard-of") is None
    assert over_recipe({"model": {"name": "unheard-of"}, "train": {"epochs": 2}}) == {
        "model": {"name": "unheard-of"},
        "train": {"epochs": 2},
    }
    with pytest.raises(PartimentoError, match="there is no model lsmt; did you mean lstm"):
        Settings.from_plain(over_recipe({"model": {"name": "lsmt"}}))


@pytest.mark.parametrize("model", MODELS)
def test_the_recipe_of_a_model_is_for_it(model: str) -> None:
    name = recipe_of(model)
    assert name is not None
    assert read_recipe(name)["model"]["name"] == model
    assert recipe_of(None) == recipe_of("notewise") == "notewise"


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_says_what_it_is(name: str) -> None:
    assert read_recipe(name)["about"]
    assert Settings.from_plain(over_recipe({}, name)).name == read_recipe(name)["model"]["name"]


def test_the_recipe_of_the_autoencoder_is_not_the_tutorials() -> None:
    """The tutorial's has a latent space that collapses; the shorter name comes first."""
    assert recipe_of("autoencoder") == "minibach"
