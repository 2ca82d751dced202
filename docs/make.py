"""Write the pages that the program can write about itself; ``make docs`` runs it.

They are the commands, settings, models, recipes, modules and columns. The pictures of the tutorial
are drawn by `pictures`; ``python docs/make.py reference`` leaves them out.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import typer.main

from partimento.cli.cli import app
from partimento.config import settings_of
from partimento.corpus.store.columns import COLUMNS
from partimento.corpus.store.schema import arrow_type
from partimento.models import MODELS, model_class
from partimento.models.base import Autoregressive, Latent
from partimento.recipes import DEFAULT_MODEL, recipes
from partimento.tables import markdown_table
from partimento.training.settings import section_classes

HERE = Path(__file__).parent
MADE = "<!-- made by `make docs`: change the program, not this page -->\n\n"


def commands() -> str:
    """Write a section per command: its help, its arguments and its options."""
    pages = ["# Commands\n"]

    def walk(command: Any, name: str) -> None:
        if hasattr(command, "commands"):
            for child, inner in command.commands.items():
                walk(inner, f"{name} {child}")
            return
        rows = []
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
            rows.append((names, option.help or "", default))
        table = markdown_table(("option", "meaning", "default"), rows)
        about, examples = inspect.cleandoc(command.help), textwrap.indent(command.epilog, "    ")
        pages.append(f"## {name}\n\n{about}\n\n{examples}\n\n{table}")

    walk(typer.main.get_command(app), "partimento")
    return "\n".join(pages)


def settings() -> str:
    """Write a table per section: type, default, bounds and meaning of each setting."""
    pages = [
        "# Settings\n\nIn a recipe's TOML, or on the command line as `--set section.name=value`.\n"
    ]
    sections = section_classes(DEFAULT_MODEL)
    tables = [(name, kind) for name, kind in sections.items() if name != "model"]
    tables += [(f"model (name = {name})", model_class(name).config_type) for name in MODELS]
    for name, kind in tables:
        rows = [
            (
                f"`{row.name}`",
                row.kind.removeprefix("a "),
                f"`{json.dumps(row.default)}`",
                row.bounds,
                row.meaning,
            )
            for row in settings_of(kind)
        ]
        table = markdown_table(("setting", "type", "default", "bounds", "meaning"), rows)
        pages.append(f"## {name}\n\n{(kind.__doc__ or '').splitlines()[0]}\n\n{table}")
    return "\n".join(pages)


def models() -> str:
    """Write the tables of models and recipes."""
    rows = []
    for name in MODELS:
        module = __import__(MODELS[name].partition(":")[0], fromlist=["__doc__"])
        kind = model_class(name)
        ways = {
            Autoregressive: "event after event, of any length",
            Latent: "in windows, from a latent space",
        }
        composes = next((way for each, way in ways.items() if each in kind.capabilities), "no")
        what = " ".join((module.__doc__ or "").strip().split("\n\n")[0].split())
        rows.append((f"`{name}`", what, composes))
    table = markdown_table(("model", "what it is", "it composes"), rows)
    rows = []
    for path in recipes().values():
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
        rows.append((f"`{path.stem}`", f"`{recipe['model']['name']}`", recipe["about"]))
    named = markdown_table(("recipe", "model", "what it is"), rows)
    more = (
        "How they are trained, seen and compared: [training](../guides/train.md). Their parameters:"
        " [settings](settings.md).\n"
    )
    return f"# Models\n\n{table}\n## Recipes\n\n{named}\n{more}"


def columns() -> str:
    """Write the table of the columns of a store."""
    rows = []
    for column in COLUMNS:
        shown = str(arrow_type(column.arrow_type)).replace(": ", " ")
        rows.append((f"`{column.name}`", f"`{shown}`", column.meaning))
    table = markdown_table(("column", "type", "meaning"), rows)
    intro = "One row a piece. How to build one: [corpora](../guides/corpora.md)."
    return f"# Columns of the corpus store\n\n{intro}\n\n{table}"


def modules() -> str:
    """Write a section per room, with one line per module."""
    package = HERE.parent / "src" / "partimento"
    rooms: dict[str, list[tuple[str, str]]] = {}
    intro = {}
    for path in sorted(package.rglob("*.py")):
        about = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        line = " ".join(about.split("\n\n")[0].split())
        name = path.relative_to(package).with_suffix("").as_posix()
        room, _, module = name.rpartition("/")
        if module == "__init__":
            intro[room] = line
        elif not (module or name).startswith("__"):
            rooms.setdefault(room, []).append((f"`{module or name}`", line))
    pages = [
        "# Modules\n\nThe rooms of the package, and one line for each module. Only the names in the"
        " [Python reference](api.md) are stable.\n"
    ]
    for room in sorted(rooms):
        table = markdown_table(("module", "what it does"), rooms[room])
        pages.append(f"## {room or 'partimento'}\n\n{intro.get(room, '')}\n\n{table}")
    return "\n".join(pages)


PAGES = {
    "modules": modules,
    "commands": commands,
    "settings": settings,
    "models": models,
    "columns": columns,
}


def main(what: str = "all") -> None:
    """Write all generated pages, and draw the pictures of the tutorial."""
    for name, page in PAGES.items():
        (HERE / "reference" / f"{name}.md").write_text(MADE + page(), encoding="utf-8")
        print(f"docs/reference/{name}.md")
    if what != "reference":
        import pictures

        pictures.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
