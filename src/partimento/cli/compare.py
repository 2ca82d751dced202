"""Compare runs: ``partimento compare``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from partimento.cli import progress, screen
from partimento.cli.screen import Column
from partimento.errors import PartimentoError
from partimento.files import refuse_existing, write_atomically
from partimento.models.likelihood import part_names
from partimento.tables import csv_table, markdown_table

TABLES, PICTURES = (".csv", ".json", ".md", ".tex"), (".png", ".svg", ".pdf")
TITLE = "Nats per event of held-out pieces (lower is better)"
MEANINGS = {
    "kl": "all: an upper bound if there is a KL part",
    "estimate": "estimate: by importance sampling",
    "accuracy": "accuracy: share of chords reconstructed",
    "distinct": "distinct: variety relative to the corpus",
}
NOTE = "; ".join(MEANINGS.values())


def run_compare(runs: Sequence[Path], *, out: Sequence[Path], force: bool, as_json: bool) -> None:
    """Print and write the table of runs; see `commands_evaluate.compare`."""
    for path in out:
        if path.suffix.lower() not in (*TABLES, *PICTURES):
            raise PartimentoError(
                f"{path}: the table can be written as {', '.join(TABLES)}, the learning curves as"
                f" {', '.join(PICTURES)}"
            )
        refuse_existing(path, force=force)
    if len({run.resolve() for run in runs}) < len(runs) or len({run.name for run in runs}) < len(
        runs
    ):
        raise PartimentoError("two runs have the same name: give runs with different names")
    with progress.stages(quiet=as_json) as stages:
        with stages.during("start"):
            from partimento.evaluation.compare import compare, learning_curves, summaries
        pictures = [path for path in out if path.suffix.lower() in PICTURES]
        curves = learning_curves(runs) if pictures else None
        rows = compare(runs, progress=stages.at)
        grouped = summaries(rows, runs)
        for path in pictures:
            for name, reason in curves.left_out.items() if curves else ():
                stages.note(f"{path} leaves out {name}: {reason}")
    plain: dict[str, Any] = {
        "runs": [asdict(row) for row in rows],
        "by_seeds": [asdict(group) for group in grouped],
    }
    parts = part_names(row.parts for row in rows)
    if curves:
        plain["not_drawn"] = curves.left_out
    for path in out:
        if curves and path in pictures:
            from partimento.plots import loss_comparison
            from partimento.plots.style import write_plot

            write_plot(
                loss_comparison(
                    curves.curves,
                    levels=curves.levels,
                    x_label="minutes of training",
                    unit="nats per event",
                ),
                path,
                force=force,
            )
        else:
            write_atomically(path, _text(path.suffix.lower(), rows, grouped, plain))
    if as_json:
        screen.print_json(plain)
        return
    everything = "-o or --json shows all columns"
    cells = [_cells(row, parts) for row in rows]
    screen.print_list(TITLE, _columns(_header(parts)), cells, everything=everything)
    if any(group.runs > 1 for group in grouped):
        columns = _columns(_summary_header(parts))
        means = [_summary(group, parts) for group in grouped]
        screen.print_list("The same, over seeds", columns, means, everything=everything)
    filled = {name for row in cells for name, cell in zip(_header(parts), row, strict=True) if cell}
    if meanings := [text for name, text in MEANINGS.items() if name in filled]:
        screen.err().print(f"{'; '.join(meanings)}.")


COST = ("estimate", "accuracy", "distinct", "seconds", "weights")
RANKS = {  # on a narrow terminal, columns with the highest rank are dropped first
    "run": 0,
    "runs": 0,
    "seeds": 0,
    "all": 0,
    "±": 0,
    "accuracy": 1,
    "weights": 1,
    "estimate": 2,
    "distinct": 2,
    "seconds": 2,
    "model": 3,
    "seed": 3,
    "kl": 4,
    "chord": 5,
    "duration": 5,
    "held": 6,
    "unknown": 7,
}
PART_RANK = 5  # the rank of parts that are not in RANKS


def _columns(header: Sequence[str]) -> list[Column]:
    names = {"run", "runs", "model"}
    return [
        Column(name, RANKS.get(name, PART_RANK), "name" if name in names else "figure")
        for name in header
    ]


def _header(parts: Sequence[str]) -> list[str]:
    return ["run", "model", "seed", "all", *parts, *COST]


def _summary_header(parts: Sequence[str]) -> list[str]:
    return ["runs", "seeds", "all", "±", *parts, *COST]


def _cells(row: Any, parts: Sequence[str]) -> list[str]:
    figures = [_figure(row.total), *(_figure(row.parts.get(part)) for part in parts)]
    figures.append(_figure(row.estimate))
    shares = ["" if value is None else f"{value:.1%}" for value in (row.accuracy,)]
    distinct = "" if row.distinct is None else f"{row.distinct:.2f}"
    baseline = row.run.startswith("(")
    cost = ["", ""] if baseline else [f"{row.seconds:,.0f}", f"{row.weights:,}"]
    return [
        row.run,
        row.model,
        "" if baseline else str(row.seed),
        *figures,
        *shares,
        distinct,
        *cost,
    ]


def _summary(group: Any, parts: Sequence[str]) -> list[str]:
    cells = _cells(group.mean, parts)
    return [
        group.name,
        str(group.runs),
        cells[3],
        f"{group.deviation:.3f}" if group.runs > 1 and group.total is not None else "",
        *cells[4:],
    ]


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _text(suffix: str, rows: Sequence[Any], grouped: Sequence[Any], plain: dict[str, Any]) -> str:
    if suffix == ".json":
        return json.dumps(plain, indent=2)
    parts = part_names(row.parts for row in rows)
    if suffix == ".csv":
        flat = [{**row.pop("parts"), **row} for row in map(dict, plain["runs"])]
        return csv_table(("run", "model", "seed", "total", *parts, *COST), flat)
    tables = [
        (_header(parts), [_cells(row, parts) for row in rows]),
        (_summary_header(parts), [_summary(group, parts) for group in grouped]),
    ]
    if suffix == ".tex":
        shown = "\n".join(_latex(header, cells) for header, cells in tables)
        return f"{shown}% {TITLE}. {NOTE}.\n"
    shown = "\n".join(markdown_table(header, cells, numbers=True) for header, cells in tables)
    return f"{shown}\n{TITLE}. {NOTE}.\n"


LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
}
LATEX |= {sign: f"\\{sign}" for sign in "&%$#_{}"}


def _latex(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a LaTeX table for ``\\input``; it needs the package booktabs."""

    def line(cells: Sequence[str]) -> str:
        return (
            " & ".join("".join(LATEX.get(sign, sign) for sign in cell) for cell in cells) + r" \\"
        )

    columns = "l" + "r" * (len(header) - 1)
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", line(header), r"\midrule"]
    return "\n".join([*lines, *map(line, rows), r"\bottomrule", r"\end{tabular}", ""])
