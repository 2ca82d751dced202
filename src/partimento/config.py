"""Errors in one line, recipes, and ``--set section.name=value``; what a setting may be is declared
in `partimento.settings`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from partimento.errors import PartimentoError

T = TypeVar("T")

DEFAULT_MODEL = "notewise"


def parse_settings(settings: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read ``section.name=value`` words; values are TOML, and plain words are text.

    >>> parse_settings(["train.epochs=5", "model.embed=notes"])
    {'train': {'epochs': 5}, 'model': {'embed': 'notes'}}
    """
    found: dict[str, dict[str, Any]] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        section, dot, key = name.strip().partition(".")
        if not (equals and dot and section and key):
            raise PartimentoError(f"--set takes section.name=value, not {setting!r}")
        found.setdefault(section, {})[key] = _toml_value(text.strip())
    return found


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay nested settings over one another; later ones win."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = merged.get(key)
            merged[key] = (
                merge(old, value)
                if isinstance(old, Mapping) and isinstance(value, Mapping)
                else value
            )
    return merged


def recipes_folder() -> Path:
    """Where the named recipes lie: inside an installed package, or beside ``src`` in a checkout."""
    here = Path(__file__).parent
    installed = here / "recipes"
    return installed if installed.is_dir() else here.parents[1] / "recipes"


def read_recipe(name: str) -> dict[str, Any]:
    """Read a recipe by its name (``minibach``) or as a file (``mine.toml``)."""
    known = {path.stem: path for path in sorted(recipes_folder().glob("*.toml"))}
    path = Path(name) if name.endswith(".toml") else known.get(name)
    if path is None:
        raise PartimentoError(no_such(name, known, "recipe"))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PartimentoError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PartimentoError(f"{path}: no valid TOML: {error}") from error


def recipe_of(model: str | None) -> str:
    """The recipe to train a model by, if none is named: that of its name, or the first that is for
    it; ``notewise`` for no model.
    """
    if model is None:
        return DEFAULT_MODEL
    paths = sorted(
        recipes_folder().glob("*.toml"), key=lambda path: (path.stem != model, path.stem)
    )
    fitting = (
        path.stem
        for path in paths
        if path.stem == model or read_recipe(path.stem).get("model", {}).get("name") == model
    )
    return next(fitting, model)


def over_recipe(settings: Mapping[str, Any], recipe: str | None = None) -> dict[str, Any]:
    """Lay settings over a recipe: the one named, else the model's own, else ``notewise``.

    A recipe that names no model is itself laid over the recipe of the model.
    """
    chosen = read_recipe(recipe) if recipe else {}
    merged = merge(chosen, settings)
    if "name" in _model_section(chosen):
        return merged
    return merge(read_recipe(recipe_of(_model_section(merged).get("name"))), merged)


def _model_section(values: Mapping[str, Any]) -> Mapping[str, Any]:
    section = values.get("model")
    return section if isinstance(section, Mapping) else {}


def no_such(name: str, known: Iterable[str], what: str, *, prefix: str = "") -> str:
    """Say that `name` does not exist, and name the nearest of those that do, or all of them;
    `prefix` stands before each.
    """
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    more = (
        f"; did you mean {prefix}{near[0]}?"
        if near
        else f" (there are {', '.join(prefix + each for each in known)})"
    )
    return f"there is no {what} {prefix}{name}{more}"


def choose(name: str, known: Mapping[str, T], *, what: str) -> T:
    """Look `name` up, or name the nearest one there is."""
    if name not in known:
        raise PartimentoError(no_such(name, known, what))
    return known[name]
