"""Find and read recipes: named settings of training, one TOML file each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from partimento.config import merge
from partimento.errors import PartimentoError, choose

DEFAULT_MODEL = "notewise"
FOLDER = Path(__file__).parent


def recipes() -> dict[str, Path]:
    """List the named recipes: name → file."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"), key=lambda path: path.stem)}


def read_recipe(name: str) -> dict[str, Any]:
    """Read a recipe by name (``minibach``) or from a file (``mine.toml``).

    Raises
    ------
    PartimentoError
        If there is no such recipe, or the file cannot be read or is not valid TOML.
    """
    path = Path(name) if name.endswith(".toml") else choose(name, recipes(), what="recipe")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PartimentoError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PartimentoError(f"{path} is not valid TOML: {error}") from error


def recipe_of(model: str | None) -> str | None:
    """Return the name of the recipe of a model, or None if it has none.

    This is the recipe with the model's name, or else the first one for the model. Without `model`,
    it is the recipe of the default model.
    """
    model = model or DEFAULT_MODEL
    if model in recipes():
        return model
    return next((name for name in recipes() if _model_of(read_recipe(name)) == model), None)


def over_recipe(settings: Mapping[str, Any], recipe: str | None = None) -> dict[str, Any]:
    """Return the values of a recipe, overridden by settings.

    By default, the recipe is that of ``model.name`` in the settings. A recipe without
    ``model.name`` in turn overrides the recipe of the model. Without any recipe, the settings are
    returned, and everything else has the model's defaults.
    """
    chosen = read_recipe(recipe) if recipe else {}
    merged = merge(chosen, settings)
    if _model_of(chosen):
        return merged
    own = recipe_of(_model_of(merged))
    return merge(read_recipe(own), merged) if own else merged


def _model_of(values: Mapping[str, Any]) -> str | None:
    section = values.get("model")
    return section.get("name") if isinstance(section, Mapping) else None
