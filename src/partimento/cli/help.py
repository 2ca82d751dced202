"""Format ``--help``: whole sentences, commands and options in groups, examples.

Typer's plain format truncates the sentences in a list of commands. On a terminal with 80 columns,
its format with boxes leaves only 28 characters for the description of an option.
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
GROUPS = (START, COLLECT, TRAIN, COMPOSE, EVALUATE)  # in the order of --help

Run = TypeVar("Run", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command whose help has groups of options, and examples."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words of the usage line, with optional arguments in brackets."""
        parameters = self.get_params(ctx)
        arguments = [item for item in parameters if item.param_type_name == "argument"]
        names = [(_name_of(argument), argument.required) for argument in arguments]
        return ["[OPTIONS]", *(name if required else f"[{name}]" for name, required in names)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, then options, then the named groups of options."""
        _write_parameters(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        _write_examples(self.epilog, formatter)


class CommandGroup(TyperGroup):
    """A command with subcommands, which its help lists by task."""

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
    """Register a command, with its group in the list of commands, and examples.

    The first line of an example describes it, and the other lines are to be typed.
    """
    return app.command(name, cls=Command, rich_help_panel=group, epilog=_laid_out(examples))


def command_group(help_text: str, *, examples: Iterable[str]) -> typer.Typer:
    """Return an application, or a group of commands, with this format of help."""
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
    """Format examples, with the lines to type indented by two spaces.

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
