"""What the command line shows: progress on the error stream, results on the output, errors as one
line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from partimento.corpus import Reject


def out() -> Console:
    return Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True)


def err() -> Console:
    return Console(file=sys.stderr, highlight=False, markup=False)


class Stages:
    """A line of progress a stage, made when its name first comes up."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def at(self, name: str, done: int, total: int, note: str | None = None) -> None:
        """Say that `done` of `total` are done in the stage `name`."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total, note="")
        self._progress.update(self._tasks[name], completed=done, total=total)
        if note is not None:
            self._progress.update(self._tasks[name], note=note)

    def note(self, text: str) -> None:
        """Say something that stays on the screen."""
        self._progress.console.print(f"note: {text}", soft_wrap=True)

    @contextmanager
    def during(self, name: str) -> Iterator[None]:
        """A stage of one step that shows that it is at work."""
        self._tasks[name] = self._progress.add_task(name, total=None, note="")
        yield
        self._progress.update(self._tasks[name], completed=1, total=1)


@contextmanager
def stages(*, quiet: bool = False) -> Iterator[Stages]:
    """Live progress on the error stream; where that is no terminal, the finished stages are printed
    once.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=err(), disable=quiet) as progress:
        yield Stages(progress)


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    console: Console | None = None,
    numbers: bool = True,
) -> None:
    """A table with a title; the columns after the first are set to the right where they are
    `numbers`.
    """
    table = Table(
        title=Text(title), title_justify="left", title_style="bold", show_header=any(header)
    )
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number and numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # names of files are no markup
    (console or out()).print(table)


def print_list(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table where a person looks; plain lines with tabs between the columns where another program
    reads.
    """
    if sys.stdout.isatty():
        print_table(title, header, rows, numbers=False)
        return
    for row in (header, *rows):
        print("\t".join(" ".join(cell.split()) for cell in row))


def print_rejects(rejects: Sequence[Reject], *, most: int = 20) -> None:
    """The files that were not read, each with its reason, on the error stream."""
    if not rejects:
        return
    rows = [(reject.path, reject.reason) for reject in rejects[:most]]
    if len(rejects) > most:
        rows.append((f"… and {len(rejects) - most} more", ""))
    print_table(f"{len(rejects)} not read", ("file", "reason"), rows, console=err(), numbers=False)
