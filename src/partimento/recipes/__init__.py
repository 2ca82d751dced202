"""Named training runs, one TOML file each, and the rules by which one is chosen."""

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
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def read_recipe(name: str) -> dict[str, Any]:
    """Read a recipe by its name (``minibach``) or as a file (``mine.toml``)."""
    path = Path(name) if name.endswith(".toml") else choose(name, recipes(), what="recipe")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PartimentoError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PartimentoError(f"{path}: no valid TOML: {error}") from error


def recipe_of(model: str | None) -> str | None:
    """Return the name of a model's recipe: its own, else the first one for it.

    Without a model it is that of the default model. None for a model without a recipe.
    """
    model = model or DEFAULT_MODEL
    if model in recipes():
        return model
    return next((name for name in recipes() if _model_of(read_recipe(name)) == model), None)


def over_recipe(settings: Mapping[str, Any], recipe: str | None = None) -> dict[str, Any]:
    """Merge settings over a recipe: the named one, the model's own, or the default.

    A recipe that names no model is itself merged over the recipe of the model. A model without a
    recipe has its defaults.
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
