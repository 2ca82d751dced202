"""Print settings as a recipe, as JSON, or as a schema: ``partimento settings``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from partimento.cli.screen import print_json
from partimento.errors import PartimentoError
from partimento.recipes import over_recipe
from partimento.training.run_folder import RunFolder
from partimento.training.settings import Settings, json_schema


def run_settings(source: str | None, *, model: str | None, schema: bool, as_json: bool) -> None:
    """Print the settings of a recipe, a model or a run; see `cli.settings`."""
    if source is not None and (model is not None or schema):
        raise PartimentoError("give either a recipe or a run, or --model or --schema")
    if schema:
        print_json(json_schema(model))
        return
    settings = Settings.from_plain(_read(source, model))
    print_json(settings.to_plain()) if as_json else print(settings.to_toml(), end="")


def _read(source: str | None, model: str | None) -> dict[str, Any]:
    if source is None or not Path(source).is_dir():
        return over_recipe({"model": {"name": model}} if model else {}, source)
    folder = RunFolder(Path(source))
    folder.check()
    return folder.read_settings()
