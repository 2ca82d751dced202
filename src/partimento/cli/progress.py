"""Show the progress of a command on stderr.

On a terminal, each stage is a line that is updated, with a note on the line below. Elsewhere (a
pipe, a log), each stage is one plain line, printed when the stage begins.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import Progress, Task
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from partimento.cli.screen import err, printable

ABOUT = {  # notes for stages that may take seconds before there is a count
    "start": "loading the framework",
    "read": "looking for scores",
    "load": "loading the model",
    "build": "building the network",
    "count": "counting",
    "check": "predicting the held-out pieces",
    "sample": "composing a first piece",
    "compose": "composing; for a long piece, the loop is compiled first",
}
LOG_EVERY_S = 30.0  # seconds between two lines of a long stage in a log


class Stages:
    """Show the progress of each stage of a command; this base class shows nothing."""

    def at(
        self, name: str, done: int, total: int, note: str | None = None, *, keep: bool = False
    ) -> None:
        """Report that `done` of `total` steps are done in the stage `name`.

        A total of 0 means that the number is unknown. A `note` is shown with the stage until the
        next note. With `keep`, it is always printed to a log.
        """

    def note(self, text: str) -> None:
        """Print a line above the progress, which stays on the screen."""

    @contextmanager
    def during(self, name: str, note: str | None = None) -> Iterator[None]:
        """Show a stage while the context is active, even if it reports no counts."""
        self.at(name, 0, 0, note)
        yield
        self._end(name)

    def _end(self, name: str) -> None:
        pass


@contextmanager
def stages(*, quiet: bool = False) -> Iterator[Stages]:
    """Show progress on stderr: live on a terminal, else as one line per stage.

    With `quiet`, nothing is shown.
    """
    console = err()
    if quiet:
        yield Stages()
    elif sys.stderr.isatty() and not console.is_dumb_terminal:
        with _Live(console=console, transient=False) as live:
            yield _LiveStages(live)
    else:
        yield _LoggedStages(console)


class _LiveStages(Stages):
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def at(
        self, name: str, done: int, total: int, note: str | None = None, *, keep: bool = False
    ) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=None, note=ABOUT.get(name, ""))
        # A stage of a single step has no count, but a moving bar until it is done.
        counts = total > 1 or done >= total > 0
        if note is None and counts and self._task(name).fields["note"] == ABOUT.get(name):
            note = ""  # the count replaces the default note
        fields: dict[str, Any] = {} if note is None else {"note": printable(note)}
        self._progress.update(
            self._tasks[name], completed=done, total=total if counts else None, **fields
        )

    def note(self, text: str) -> None:
        self._progress.console.print(f"note: {printable(text)}")

    def _task(self, name: str) -> Task:
        return self._progress.tasks[self._progress.task_ids.index(self._tasks[name])]

    def _end(self, name: str) -> None:
        task = self._task(name)
        total = task.total or 1
        self._progress.update(task.id, completed=total, total=total, note="")


class _Live(Progress):
    """A live display with one line per stage, and a second line for its note."""

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return the lines; while the command runs, at most as many as fit the screen."""
        if not self.tasks:
            return  # Rich calls this once before there are tasks
        room = self.console.height - 2 if self.live.is_started else sys.maxsize
        shown: list[Task] = []
        for task in reversed(self.tasks):
            room -= 2 if task.fields["note"] else 1
            if room < 0:
                break
            shown.insert(0, task)
        name_width = min(max((cell_len(task.description) for task in shown), default=0), 22)
        count_width = max((len(_count(task)) for task in shown), default=0)
        for task in shown:
            yield _stage_line(
                task, name_width, count_width, self.console, spinning=self.live.is_started
            )
            if task.fields["note"]:
                yield Padding(Text(task.fields["note"], style="dim"), (0, 0, 0, 2))
        if self.live.is_started and all(task.finished for task in self.tasks):
            yield _spinner(self.tasks[-1], self.console)  # between two stages, the command works


def _stage_line(
    task: Task, name_width: int, count_width: int, console: Console, *, spinning: bool
) -> Table:
    """Return sign, name, bar, count and time as one line for the terminal."""
    timed = _time(task)
    bar_width = min(28, console.width - 2 - name_width - count_width - 16)
    line = Table.grid(padding=(0, 1, 0, 0))
    for width, justify in (
        (1, "left"),
        (name_width, "left"),
        (max(bar_width, 0), "left"),
        (count_width, "right"),
        (None, "left"),
    ):
        line.add_column(width=width, no_wrap=True, justify=justify, overflow="ellipsis")  # type: ignore[arg-type]
    bar: RenderableType = ""
    if bar_width >= 6:
        bar = ProgressBar(
            task.total,
            task.completed,
            width=bar_width,
            pulse=task.total is None,
            animation_time=task.get_time(),
        )
    line.add_row(
        _sign(task, console, spinning=spinning),
        Text(task.description),
        bar,
        Text(_count(task)),
        Text(timed),
    )
    return line


def _sign(task: Task, console: Console, *, spinning: bool) -> RenderableType:
    if task.finished:
        return Text("✓" if _fancy(console) else "*", style="green")
    if not spinning:  # the command was interrupted during this stage
        return Text("·" if _fancy(console) else "-")
    return _spinner(task, console)


def _spinner(task: Task, console: Console) -> RenderableType:
    spinner = Spinner("dots" if _fancy(console) else "line")
    spinner.start_time = 0.0
    return spinner.render(task.get_time())


def _fancy(console: Console) -> bool:
    return console.encoding.startswith("utf")


def _count(task: Task) -> str:
    return (
        f"{task.completed:,.0f}/{task.total:,.0f}"
        if task.total is not None and task.total > 1
        else ""
    )


def _time(task: Task) -> str:
    elapsed = task.finished_time if task.finished else task.elapsed
    if not task.finished and task.time_remaining is not None:
        return f"{_clock(task.time_remaining)} left"
    return _clock(elapsed or 0.0)


def _clock(seconds: float) -> str:
    """Format seconds as minutes and seconds, or hours, minutes and seconds.

    >>> _clock(7.6), _clock(3725)
    ('0:08', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _LoggedStages(Stages):
    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: set[str] = set()
        self._printed_at = 0.0

    def at(
        self, name: str, done: int, total: int, note: str | None = None, *, keep: bool = False
    ) -> None:
        new = name not in self._seen
        self._seen.add(name)
        if not new and not keep and time.monotonic() - self._printed_at < LOG_EVERY_S:
            return
        note = note or (ABOUT.get(name) if new and total <= 1 else None)
        words = [note] if note else []
        if total > 1 and not keep:
            words.insert(0, f"{done:,} of {total:,}")
        self._print(f"{name}: {', '.join(words)}" if words else name)

    def note(self, text: str) -> None:
        self._print(f"note: {text}")

    def _print(self, text: str) -> None:
        self._printed_at = time.monotonic()
        self._console.print(printable(text))
