"""Write the pages that the program can write about itself: commands, settings, models and recipes.
``make docs`` runs it.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import typer.main

from partimento.cli.cli import app
from partimento.config import settings_of
from partimento.corpus.store.columns import COLUMNS
from partimento.corpus.store.schema import arrow_type
from partimento.models import MODELS, model_class
from partimento.models.base import LatentModel, NextModel
from partimento.recipes import DEFAULT_MODEL, recipes
from partimento.training.settings import section_classes

HERE = Path(__file__).parent
MADE = "<!-- made by `make docs`: change the program, not this page -->\n\n"


def commands() -> str:
    """A section a command: what it says of itself, its arguments and options."""
    pages = ["# Commands\n"]

    def walk(command: Any, name: str) -> None:
        if hasattr(command, "commands"):
            for child, inner in command.commands.items():
                walk(inner, f"{name} {child}")
            return
        rows = ["| option | meaning | default |", "|---|---|---|"]
        for option in command.params:
            if option.name == "help":
                continue
            names = (
                ", ".join(f"`{word}`" for word in option.opts)
                if option.opts[0].startswith("-")
                else f"`{option.metavar or option.name}`"
            )
            default = (
                ""
                if option.default in (None, False, []) or callable(option.default)
                else f"`{option.default}`"
            )
            rows.append(f"| {names} | {(option.help or '').replace('|', '/')} | {default} |")
        pages.append(f"## {name}\n\n{command.help}\n\n" + "\n".join(rows) + "\n")

    walk(typer.main.get_command(app), "partimento")
    return "\n".join(pages)


def settings() -> str:
    """Write a table per section: name, type, default, bounds and meaning of each setting."""
    pages = [
        "# Settings\n\nIn a recipe's TOML, or on the command line as `--set section.name=value`.\n"
    ]
    sections = section_classes(DEFAULT_MODEL)
    tables = [(name, kind) for name, kind in sections.items() if name != "model"]
    tables += [(f"model (name = {name})", model_class(name).config_type) for name in MODELS]
    for name, kind in tables:
        rows = ["| setting | type | default | bounds | meaning |", "|---|---|---|---|---|"]
        for row in settings_of(kind):
            cells = (
                f"`{row.name}`",
                row.kind.removeprefix("a "),
                f"`{json.dumps(row.default)}`",
                row.bounds,
                row.meaning,
            )
            rows.append("| " + " | ".join(cells) + " |")
        pages.append(
            f"## {name}\n\n{(kind.__doc__ or '').splitlines()[0]}\n\n" + "\n".join(rows) + "\n"
        )
    return "\n".join(pages)


def models() -> str:
    """The models and the recipes."""
    rows = ["| model | what it is | it takes | it composes |", "|---|---|---|---|"]
    for name in MODELS:
        module = __import__(MODELS[name].partition(":")[0], fromlist=["__doc__"])
        kind = model_class(name)
        how = {
            NextModel: "event after event, of any length",
            LatentModel: "in windows, from a latent space",
        }
        composes = next((words for family, words in how.items() if issubclass(kind, family)), "no")
        what = " ".join((module.__doc__ or "").strip().split("\n\n")[0].split())
        rows.append(
            f"| `{name}` | {what} | {kind.encoding} ([encodings](encodings.md)) | {composes} |"
        )
    rows += ["", "## Recipes", "", "| recipe | model | what it is |", "|---|---|---|"]
    for path in recipes().values():
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
        rows.append(f"| `{path.stem}` | `{recipe['model']['name']}` | {recipe['about']} |")
    more = "How they are trained, seen and compared: [training.md](training.md). Their parameters: [settings.md](settings.md).\n"
    return "# Models\n\n" + "\n".join(rows) + "\n\n" + more


def columns() -> str:
    """The columns of the corpus store."""
    rows = ["| column | type | meaning |", "|---|---|---|"]
    rows += [
        f"| `{column.name}` | `{str(arrow_type(column.arrow_type)).replace(': ', ' ')}` | {column.meaning} |"
        for column in COLUMNS
    ]
    return (
        "# Columns of the corpus store\n\nOne row a piece. How to build one: [corpus.md](corpus.md).\n\n"
        + "\n".join(rows)
        + "\n"
    )


def main() -> None:
    for name, page in {
        "commands": commands,
        "settings": settings,
        "models": models,
        "columns": columns,
    }.items():
        (HERE / f"{name}.md").write_text(MADE + page(), encoding="utf-8")
        print(f"docs/{name}.md")


if __name__ == "__main__":
    main()
