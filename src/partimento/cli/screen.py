"""Print results to stdout, and errors to stderr.

On a terminal, prose is wrapped at words and tables fit the width. Elsewhere (a pipe, a log), lines
are not wrapped and tables are complete.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from partimento.export.fonts import MissingFontWarning

if TYPE_CHECKING:
    from partimento.corpus import Reject

WIDE = 100_000  # line length in characters if the output is not a terminal: practically no limit
GAP = 2  # spaces between two columns; Rich's box adds one of them


def out() -> Console:
    return _console(sys.stdout)


def err() -> Console:
    return _console(sys.stderr)


def _console(file: TextIO) -> Console:
    watched = file.isatty()
    return Console(
        file=file,
        width=None if watched else WIDE,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not watched,
    )


def printable(text: str) -> str:
    """Replace control characters, by which text from files could affect the terminal."""
    return "".join(
        char
        if char.isprintable() or "\ud800" <= char <= "\udfff"
        else " "
        if char.isspace()
        else "�"
        for char in text
    )


def print_error(message: str) -> None:
    """Print an error as one line, red on a terminal."""
    line = printable(" ".join(message.split()))
    err().print(Text.assemble(("partimento: ", "bold red"), (line, "red")))


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


Kind = Literal["figure", "name", "path", "prose"]


class Column(NamedTuple):
    """Describe a column of a table.

    Attributes
    ----------
    name : str
        The heading.
    rank : int
        If the table is too wide, columns with the highest rank are dropped first; 0 is never
        dropped.
    kind : str
        A ``figure`` is aligned right and never truncated. A ``name`` is truncated at its end, a
        ``path`` at its beginning, and ``prose`` is wrapped at words.
    """

    name: str
    rank: int = 0
    kind: Kind = "figure"

    def least(self, natural: int) -> int:
        """Return the minimum readable width, given the width of the longest cell."""
        if self.kind == "figure":
            return natural
        return min(natural, 30 if self.kind == "prose" or not self.rank else 16)


def print_table(
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    console: Console | None = None,
    everything: str = "--json shows all columns",
) -> None:
    """Print a table.

    On a terminal, columns that do not fit are dropped by rank. A line below the table names them,
    followed by `everything`.
    """
    console = console or out()
    width = console.width
    cells = [[printable(cell) for cell in row] for row in rows]
    natural = [
        max(cell_len(text) for text in (column.name, *(row[i] for row in cells)))
        for i, column in enumerate(columns)
    ]
    empty = {i for i, column in enumerate(columns) if column.rank and not any(r[i] for r in cells)}
    kept, widths = _fit(columns, natural, width, empty if width < WIDE else set())
    table = Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, GAP - 1, 0, 0),
        show_header=any(c.name for c in columns),
    )
    for i in kept:
        column = columns[i]
        right = column.kind == "figure"
        table.add_column(
            column.name,
            width=widths[i],
            justify="right" if right else "left",
            no_wrap=column.kind != "prose",
            overflow="fold" if column.kind == "prose" else "ellipsis",
        )
    for row in cells:
        table.add_row(
            *(
                Text(_end_of(row[i], widths[i]) if columns[i].kind == "path" else row[i])
                for i in kept
            )
        )
    console.print(Text(printable(title), style="bold"))
    console.print(table, soft_wrap=False, crop=False, width=sum(widths.values()) + GAP * len(kept))
    dropped = [c.name for i, c in enumerate(columns) if i not in kept and i not in empty]
    if dropped:
        console.print(
            Text(
                f"Omitted to fit {width} characters: {', '.join(dropped)}; {everything}.",
                style="dim",
            )
        )


def _fit(
    columns: Sequence[Column], natural: Sequence[int], width: int, empty: Set[int]
) -> tuple[list[int], dict[int, int]]:
    """Choose the columns that fit into `width`, and their widths.

    Remaining space goes to the columns that are narrower than their content.
    """
    kept = [i for i in range(len(columns)) if i not in empty]
    least = [column.least(wanted) for column, wanted in zip(columns, natural, strict=True)]
    while sum(least[i] + GAP for i in kept) - GAP > width and any(columns[i].rank for i in kept):
        kept.remove(max(kept, key=lambda i: (columns[i].rank, i)))
    spare = width - sum(least[i] + GAP for i in kept) + GAP
    widths = {i: least[i] for i in kept}
    while spare > 0 and (narrowed := [i for i in kept if widths[i] < natural[i]]):
        widths[min(narrowed, key=lambda i: widths[i])] += 1
        spare -= 1
    return kept, widths


def _end_of(path: str, width: int) -> str:
    """Truncate a long path at its beginning, because its end is more informative.

    >>> _end_of("scores/giuliani/op50.mid", 12)
    '…ni/op50.mid'
    """
    while cell_len(path) > width:
        path = "…" + path.removeprefix("…")[1:]
    return path


def print_list(
    title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], **more: Any
) -> None:
    """Print a table on a terminal, and tab-separated lines elsewhere."""
    if sys.stdout.isatty():
        print_table(title, columns, rows, **more)
        return
    for row in ([column.name for column in columns], *rows):
        print("\t".join(" ".join(cell.split()) for cell in row))


def print_facts(title: str, facts: Sequence[tuple[str, str]]) -> None:
    """Print a table of names and values."""
    print_table(title, (Column("", 0, "name"), Column("", 0, "prose")), facts)


@contextmanager
def warning_lines() -> Iterator[None]:
    """Print each warning of missing fonts to stderr as one line; keep other warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MissingFontWarning)
        yield
    lines = dict.fromkeys(str(w.message) for w in caught if w.category is MissingFontWarning)
    for line in lines:
        err().print(printable(f"warning: {line}"))
    for other in caught:
        if other.category is not MissingFontWarning:
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)


def print_rejects(rejects: Sequence[Reject], *, most: int = 20) -> None:
    """Print the files that were not read, or only in part, to stderr.

    If there are more than `most`, one is shown for each reason, with the number of the others.
    """
    for read, title, column in (("no", "not read", "reason"), ("in part", "read in part", "note")):
        chosen = [reject for reject in rejects if reject.read == read]
        if chosen:
            print_table(
                f"{len(chosen):,} {title}",
                (Column("file", 0, "path"), Column(column, 0, "prose")),
                _reject_rows(chosen, most),
                console=err(),
            )


def _reject_rows(rejects: Sequence[Reject], most: int) -> list[tuple[str, str]]:
    if len(rejects) <= most:
        return [(reject.path, reject.reason) for reject in rejects]
    groups: dict[str, list[Reject]] = {}
    for reject in rejects:  # reasons that differ in numbers only are one
        groups.setdefault(re.sub(r"\d+", "#", reject.reason), []).append(reject)
    largest = sorted(groups.values(), key=len, reverse=True)
    rows = [
        (first.path, f"{first.reason} (and {len(others):,} more)" if others else first.reason)
        for first, *others in largest[:most]
    ]
    if rest := largest[most:]:
        files = sum(map(len, rest))
        rows.append((f"… and {files:,} more", f"for {len(rest):,} other reasons"))
    return rows
