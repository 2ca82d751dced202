"""Lay out ``--help``: whole sentences, commands and options in groups, examples.

The plain layout of Typer cuts the sentences in a list of commands. Its layout with boxes leaves 28
characters of a terminal of 80 columns for the meaning of an option.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

START = "Start here"
COLLECT = "Collect and prepare"
TRAIN = "Train"
COMPOSE = "Compose"
EVALUATE = "Evaluate"
GROUPS = (START, COLLECT, TRAIN, COMPOSE, EVALUATE)  # in this order

Run = TypeVar("Run", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command whose help has its options in groups, and examples."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words of the usage line; what may be left out stands in brackets."""
        arguments = [each for each in self.get_params(ctx) if each.param_type_name == "argument"]
        names = [(_name_of(each), each.required) for each in arguments]
        return ["[OPTIONS]", *(name if required else f"[{name}]" for name, required in names)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, then options, then the groups that have names."""
        _write_parameters(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        _write_examples(self.epilog, formatter)


class CommandGroup(TyperGroup):
    """A command with commands of its own, which its help lists by task."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by task, then the options."""
        groups: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                group = getattr(command, "rich_help_panel", None) or "Commands"
                groups.setdefault(group, []).append((name, _first_paragraph(command.help)))
        width = max(len(name) for rows in groups.values() for name, _ in rows)
        for group, rows in groups.items():
            if rows:
                aligned = [(name.ljust(width), text) for name, text in rows]
                _write_section(group, aligned, formatter)
        _write_parameters(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        _write_examples(self.epilog, formatter)


def command(
    app: typer.Typer, name: str, *, group: str | None = None, examples: Iterable[str]
) -> Callable[[Run], Run]:
    """Register a command with the group in which it is listed and examples of its use.

    An example is a line of what it does, followed by lines to type.
    """
    return app.command(name, cls=Command, rich_help_panel=group, epilog=_laid_out(examples))


def command_group(help_text: str, *, examples: Iterable[str]) -> typer.Typer:
    """Make an application, or a group of commands, with such help."""
    return typer.Typer(
        cls=CommandGroup,
        help=help_text,
        epilog=_laid_out(examples),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def _laid_out(examples: Iterable[str]) -> str:
    """Indent the lines to type.

    >>> _laid_out(["Do this:\\n        partimento demo"])
    'Do this:\\n  partimento demo'
    """
    texts = []
    for example in examples:
        first, *lines = example.splitlines()
        texts.append("\n".join([first, *(f"  {line.strip()}" for line in lines)]))
    return "\n\n".join(texts)


def _first_paragraph(text: str | None) -> str:
    return " ".join(inspect.cleandoc(text or "").partition("\n\n")[0].split())


def _name_of(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _write_parameters(described: Any, ctx: Any, formatter: Any) -> None:
    groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for parameter in described.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            kind = "Options"
            if parameter.param_type_name == "argument":
                kind, record = "Arguments", (_name_of(parameter), record[1])
            group = getattr(parameter, "rich_help_panel", None) or kind
            groups.setdefault(group, []).append(record)
    for group, rows in groups.items():
        if rows:
            _write_section(group, rows, formatter)


def _write_section(name: str, rows: list[tuple[str, str]], formatter: Any) -> None:
    with formatter.section(typer.style(name, bold=True)):
        formatter.write_dl(rows, col_max=24)


def _write_examples(text: str | None, formatter: Any) -> None:
    """Write the examples line by line; the lines to type are indented."""
    if not text:
        return
    with formatter.section(typer.style("Examples", bold=True)):
        for line in text.splitlines():
            formatter.write(f"  {line}\n" if line else "\n")
