"""Format tables as CSV and as Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def csv_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a table as CSV text.

    Lines end in a line feed. Missing values are empty cells.

    Raises
    ------
    ValueError
        If a row has a column that is not in `columns`.

    Examples
    --------
    >>> csv_table(["path", "reason"], [{"path": "a.mid", "reason": "no notes"}])
    'path,reason\\na.mid,no notes\\n'
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def markdown_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False
) -> str:
    """Return a table as Markdown.

    Characters that would end a cell are replaced: ``|`` by a slash, line feeds by spaces.

    Parameters
    ----------
    header : sequence of str
    rows : iterable of sequence of str
    numbers : bool
        Align all columns but the first to the right.

    Examples
    --------
    >>> print(markdown_table(["name", "notes"], [["A | B", "12"]], numbers=True), end="")
    | name | notes |
    | --- | ---: |
    | A / B | 12 |
    """
    rule = ["---", *["---:" if numbers else "---"] * (len(header) - 1)]
    lines = [map(_cell, header), rule, *(map(_cell, row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
