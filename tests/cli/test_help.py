"""What ``--help`` says: whole sentences, groups, examples that can be typed, 80 columns."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from tests.terminal import ESCAPES, run_on_terminal

from partimento.cli.cli import app
from partimento.cli.help import GROUPS


def commands() -> Iterator[tuple[str, Any]]:
    """Walk through all commands, with the words that call them."""
    root = typer.main.get_command(app)
    todo: list[tuple[str, Any]] = [("partimento", root)]
    while todo:
        words, command = todo.pop()
        yield words, command
        todo += [
            (f"{words} {name}", each) for name, each in getattr(command, "commands", {}).items()
        ]


COMMANDS = dict(commands())


def help_of(words: str) -> list[str]:
    """Return the lines of a command's help, as they are printed off a terminal."""
    command = COMMANDS[words]
    context = command.context_class(command, info_name=words)
    return ESCAPES.sub("", command.get_help(context)).splitlines()


@pytest.mark.parametrize("words", COMMANDS)
def test_it_fits_a_terminal_in_whole_sentences_with_an_example(words: str) -> None:
    lines = help_of(words)
    assert max(map(len, lines)) <= 80
    assert not any(line.rstrip().endswith("...") and "Usage" not in line for line in lines)
    first, _, _ = inspect.cleandoc(COMMANDS[words].help).partition("\n\n")
    assert re.fullmatch(r"[A-Z][^\n]{10,79}\.", first), first  # one sentence in one line
    assert "Examples:" in lines
    for parameter in COMMANDS[words].params:
        text = re.sub(r" \[default: [^]]*\]", "", parameter.help or "")
        assert re.search(r"[.)a-z0-9]$", text), (words, parameter.name, text)
        assert text[:1].isupper() or re.match(r"[.a-z]+[,:]", text), (words, text)


@pytest.mark.parametrize("words", COMMANDS)
def test_its_examples_can_be_typed(words: str) -> None:
    lines = help_of(words)
    examples = [line.strip() for line in lines if re.match(r" {4}partimento ", line)]
    assert examples
    for example in examples:
        # A pipe or a redirection ends the command, but not within quotes.
        typed = shlex.split(re.split(r' [>|] (?=(?:[^"]*"[^"]*")*[^"]*$)', example)[0])
        depth = 3 if " ".join(typed[:3]) in COMMANDS else 2
        command = COMMANDS[" ".join(typed[:depth])]
        context = command.make_context(" ".join(typed[:depth]), typed[depth:])
        assert context.command is command


def test_commands_are_grouped_by_task_and_it_says_where_to_begin() -> None:
    lines = help_of("partimento")
    headings = [line[:-1] for line in lines if re.fullmatch(r"[A-Z].*:", line)]
    assert headings == [*GROUPS, "Options", "Examples"]
    listed = {line.split()[0] for line in lines if re.match(r"  [a-z]+ {2,}[A-Z]", line)}
    assert listed == {name.split()[1] for name in COMMANDS if name.count(" ") == 1}
    assert "Begin with `partimento compose" in "\n".join(lines)


def test_on_a_terminal_headings_are_bold() -> None:
    code, written = run_on_terminal([sys.executable, "-m", "partimento", "--help"])
    assert code == 0
    assert "\x1b[1mStart here" in written
    assert max(len(line) for line in ESCAPES.sub("", written).splitlines()) <= 80


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["compose", "--xyzzy"],
            "partimento: no such option: --xyzzy; see partimento compose --help",
        ),
        (
            ["render", "a.mid"],
            "partimento: missing option '--out' / '-o'; see partimento render --help",
        ),
        (["demo", "--seed", "x"], "see partimento demo --help"),
        (["tain"], "did you mean 'train', 'again'?; see partimento --help"),
    ],
)
def test_a_wrong_command_line_is_one_line(words: list[str], line: str) -> None:
    command = [sys.executable, "-m", "partimento", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert line.lower() in done.stderr.lower()


def test_an_error_is_red_on_a_real_terminal_unless_no_color() -> None:
    words = [sys.executable, "-m", "partimento", "render", "nowhere.mid", "-o", "a.pdf"]
    code, written = run_on_terminal(words)
    assert code == 2
    assert "\x1b[31m" in written
    plain = run_on_terminal(words, NO_COLOR="1")[1]
    assert "\x1b[31m" not in plain
    assert ESCAPES.sub("", plain).startswith("partimento: ")


def test_a_group_alone_prints_its_help() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "partimento", "corpus"], capture_output=True, text=True, check=False
    )
    assert "Usage: partimento corpus" in done.stdout + done.stderr
    assert "Examples:" in done.stdout + done.stderr
