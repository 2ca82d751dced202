"""Write the pages that the program can write about itself: commands, settings, models and recipes. ``make docs`` runs it."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import typer.main

from partimento.app.cli import app
from partimento.config import CorpusConfig, EncodeConfig, TrainConfig, recipes_folder
from partimento.corpus.table import ABOUT, SCHEMA
from partimento.models import MODELS, model_class
from partimento.models.base import LatentModel, NextModel

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
                ", ".join(f"`{word}`" for word in option.opts) if option.opts[0].startswith("-") else f"`{option.metavar or option.name}`"
            )
            default = "" if option.default in (None, False, []) or callable(option.default) else f"`{option.default}`"
            rows.append(f"| {names} | {(option.help or '').replace('|', '/')} | {default} |")
        pages.append(f"## {name}\n\n{command.help}\n\n" + "\n".join(rows) + "\n")

    walk(typer.main.get_command(app), "partimento")
    return "\n".join(pages)


def settings() -> str:
    """A table a section, with the types and defaults that the dataclasses have."""
    pages = ["# Settings\n\nIn a recipe's TOML, or on the command line as `--set section.name=value`.\n"]
    sections = {"corpus": CorpusConfig, "encode": EncodeConfig, "train": TrainConfig}
    sections |= {f"model (name = {name})": model_class(name).config_type for name in MODELS}
    for name, schema in sections.items():
        meanings = described(schema.__doc__ or "")
        rows = ["| setting | type | default | meaning |", "|---|---|---|---|"]
        rows += [f"| `{f.name}` | {f.type} | `{f.default}` | {meanings.get(f.name, '')} |" for f in dataclasses.fields(schema)]
        pages.append(f"## {name}\n\n{(schema.__doc__ or '').splitlines()[0]}\n\n" + "\n".join(rows) + "\n")
    return "\n".join(pages)


def described(doc: str) -> dict[str, str]:
    """The meanings of parameters in a numpydoc docstring."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in doc.splitlines():
        if head := re.fullmatch(r"    (\w+(?:, \w+)*) : .*", line):
            names = head[1].split(", ")
        elif line.startswith("        ") and names:
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return {name: text.replace("``", "`").replace("|", "/") for name, text in found.items()}


def models() -> str:
    """The models and the recipes."""
    rows = ["| model | what it is | it takes | it composes |", "|---|---|---|---|"]
    for name in MODELS:
        module = __import__(MODELS[name].partition(":")[0], fromlist=["__doc__"])
        kind = model_class(name)
        how = {NextModel: "event after event, of any length", LatentModel: "in windows, from a latent space"}
        composes = next((words for family, words in how.items() if issubclass(kind, family)), "no")
        what = " ".join((module.__doc__ or "").strip().split("\n\n")[0].split())
        rows.append(f"| `{name}` | {what} | {kind.encoding} ([encodings](encodings.md)) | {composes} |")
    rows += ["", "## Recipes", "", "| recipe | model | what it is |", "|---|---|---|"]
    for path in sorted(recipes_folder().glob("*.toml")):
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
        rows.append(f"| `{path.stem}` | `{recipe['model']['name']}` | {recipe['about']} |")
    more = "How they are trained, seen and compared: [training.md](training.md). Their parameters: [settings.md](settings.md).\n"
    return "# Models\n\n" + "\n".join(rows) + "\n\n" + more


def columns() -> str:
    """The columns of the corpus store."""
    rows = ["| column | type | meaning |", "|---|---|---|"]
    rows += [f"| `{field.name}` | `{str(field.type).replace(': ', ' ')}` | {ABOUT[field.name]} |" for field in SCHEMA]
    return "# Columns of the corpus store\n\nOne row a piece. How to build one: [corpus.md](corpus.md).\n\n" + "\n".join(rows) + "\n"


def main() -> None:
    for name, page in {"commands": commands, "settings": settings, "models": models, "columns": columns}.items():
        (HERE / f"{name}.md").write_text(MADE + page(), encoding="utf-8")
        print(f"docs/{name}.md")


if __name__ == "__main__":
    main()
