"""Compare runs with baselines and published results: ``partimento bench``."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from partimento.cli import progress, screen
from partimento.cli.screen import Column
from partimento.errors import PartimentoError, choose
from partimento.files import check_exists, refuse_existing, write_atomically
from partimento.training.run_folder import RunFolder

COLUMNS = (
    Column("model", 0, "name"),
    Column("nats"),
    Column("95 %", 2),
    Column("by pieces", 3),
    Column("source", 1, "prose"),
)


def run_bench(
    name: str,
    runs: Sequence[Path],
    *,
    data: Path | None,
    split: str,
    ensemble: bool,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Evaluate runs on a benchmark set; see `commands_evaluate.bench`."""
    from partimento.corpus.benchmarks import BENCHMARKS

    choose(name, BENCHMARKS, what="benchmark")
    choose(split, {"test": "", "valid": ""}, what="split")
    if out is not None:
        if out.suffix.lower() != ".json":
            raise PartimentoError(f"{out}: the results can only be written as .json")
        refuse_existing(out, force=force)
    if ensemble and len(runs) < 2:
        raise PartimentoError("--ensemble needs at least two runs")
    for run in runs:
        RunFolder(run).check()
    if data is not None:
        check_exists(data)
    with progress.stages(quiet=as_json) as stages:
        with stages.during("read"):
            corpus = _read(name, data)
        with stages.during("start"):
            from partimento.evaluation import benchmarks
            from partimento.training.trained_model import load_model

            models = [load_model(folder) for folder in runs]
            for model in models:
                benchmarks.check_fits(model, corpus)
        with stages.during("count"):
            scores = benchmarks.baseline_results(name, corpus, split=split)
        figures: list[float] = []
        for folder, model in zip(runs, models, strict=True):
            stages.at("measure", 0, 0, folder.name)
            report = partial(stages.at, note=folder.name)
            results = benchmarks.results_of(model, name, corpus, split=split, progress=report)
            figures.append(results[0].nats)
            scores += results
        if ensemble:
            scores.append(benchmarks.ensemble(models, name, corpus, split=split))
    plain = {
        "benchmark": name,
        "split": split,
        "unit": benchmarks.UNITS[name],
        "scores": [asdict(row) for row in scores],
        "mean": statistics.fmean(figures) if figures else None,
        "deviation": statistics.stdev(figures) if len(figures) > 1 else None,
        "published": [row._asdict() for row in benchmarks.PUBLISHED[name]],
    }
    if out is not None:
        write_atomically(out, json.dumps(plain, indent=2) + "\n")
    if as_json:
        screen.print_json(plain)
        return
    _show(plain, scores, benchmarks.PUBLISHED[name], len(runs))


def _read(name: str, data: Path | None) -> Any:
    from partimento.collect.catalog import fetch
    from partimento.corpus.benchmarks import name_of, read_benchmark

    if data is None:
        import pooch  # type: ignore[import-untyped, unused-ignore]

        folder = Path(pooch.os_cache("partimento"))
        folder.mkdir(parents=True, exist_ok=True)
        data = fetch(name, folder)
    elif name_of(data.read_bytes()) != name:
        raise PartimentoError(f"{data} is not the file of the benchmark {name}: its hash differs")
    return read_benchmark(str(data))


def _show(
    plain: dict[str, Any], scores: Sequence[Any], published: Sequence[Any], runs: int
) -> None:
    ours = [
        (
            row.nats,
            row.name,
            f"{row.low:.3f}–{row.high:.3f}",
            f"{row.by_pieces:.3f}",
            "measured now",
        )
        for row in scores
    ]
    theirs = (
        [(row.nats, row.name, "", "", row.source) for row in published]
        if plain["split"] == "test"
        else []
    )
    rows = [
        (name, f"{nats:.3f}", *rest)
        for nats, name, *rest in sorted([*ours, *theirs], key=lambda row: row[0])
    ]
    note = (
        f"Nats per {plain['unit']} on the {plain['split']} split of {plain['benchmark']}:"
        f" {scores[0].pieces} pieces, {scores[0].units:,} units"
    )
    screen.print_list(f"{note} (lower is better)", COLUMNS, rows)
    if plain["deviation"] is not None:
        screen.err().print(f"mean of {runs} runs: {plain['mean']:.3f} ± {plain['deviation']:.3f}")
