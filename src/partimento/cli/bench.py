"""Compare runs with baselines and published results: ``partimento bench``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partimento.cli import progress, screen
from partimento.cli.screen import Column
from partimento.errors import PartimentoError, choose
from partimento.files import check_exists, refuse_existing, write_atomically
from partimento.training.run_folder import RunFolder

if TYPE_CHECKING:
    from partimento.evaluation.benchmark_results import BenchmarkResult, SeedMean
    from partimento.evaluation.published_results import Published

SPLITS = ("test", "valid")
PUBLISHED_COLUMNS = (
    Column("model", 0, "name"),
    Column("nats"),
    Column("per", 2),
    Column("split", 1),
    Column("comparable"),
    Column("in our unit", 5),
    Column("probability", 6, "name"),
    Column("kind", 3),
    Column("order", 7),
    Column("ensembled", 7),
    Column("read in", 6),
    Column("source", 4, "prose"),
    Column("remark", 1, "prose"),
)


def run_bench(
    name: str,
    runs: Sequence[Path],
    *,
    data: Path | None,
    split: str | None,
    ensemble: bool,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Evaluate runs on a benchmark set; see `commands_evaluate.bench`."""
    from partimento.corpus.benchmarks import BENCHMARKS

    choose(name, BENCHMARKS, what="benchmark")
    if split is not None:
        choose(split, dict.fromkeys(SPLITS, ""), what="split")
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
        report = _measure(
            name, corpus, runs, splits=(split,) if split else SPLITS, ensemble=ensemble, at=stages
        )
    if out is not None:
        write_atomically(out, json.dumps(report.plain(), indent=2) + "\n")
    if as_json:
        screen.print_json(report.plain())
    else:
        report.show()


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


def _measure(
    name: str, corpus: Any, runs: Sequence[Path], *, splits: Sequence[str], ensemble: bool, at: Any
) -> Report:
    """Evaluate the baselines, the runs and their ensemble on each split."""
    from partimento.evaluation import benchmarks
    from partimento.evaluation.benchmark_results import seed_means
    from partimento.training.trained_model import load_model

    with at.during("start"):
        models = [load_model(folder) for folder in runs]
        for model in models:
            benchmarks.check_fits(model, corpus)
            benchmarks.check_tokens(model, name)
        if ensemble:
            benchmarks.check_ensemble(models)
    labels = _labels(runs)
    by_run: list[list[BenchmarkResult]] = [[] for _ in models]
    others: list[BenchmarkResult] = []
    for split in splits:
        with at.during("count"):
            new = benchmarks.new_tunes(name, corpus, split=split)
            others += benchmarks.baseline_results(name, corpus, split=split, new=new)
        steps: list[Any] = []
        for model, label, results in zip(models, labels, by_run, strict=True):
            at.at("measure", 0, 0, note := f"{label}, {split}")
            report = partial(at.at, note=note)
            pieces = benchmarks.pieces_of(corpus, split)
            exact = benchmarks.is_exact(model)
            steps.append(benchmarks.step_nats(model, pieces, progress=report) if exact else None)
            results += benchmarks.results_of(
                model,
                name,
                corpus,
                split=split,
                new=new,
                label=label,
                steps=steps[-1],
                progress=report,
            )
        if ensemble:
            others += benchmarks.ensemble(models, name, corpus, split=split, new=new, steps=steps)
    settings = [model.settings for model in models]
    scores = [result for results in (*by_run, others) for result in results]
    return Report(name, splits, scores, seed_means(labels, settings, by_run))


def _labels(runs: Sequence[Path]) -> list[str]:
    """Return the names of run folders; their paths where several have the same name."""
    names = [run.name for run in runs]
    return [
        name if names.count(name) == 1 else str(run) for run, name in zip(runs, names, strict=True)
    ]


class Report:
    """The results of a benchmark, as JSON and as two tables."""

    def __init__(
        self,
        name: str,
        splits: Sequence[str],
        scores: Sequence[BenchmarkResult],
        means: Sequence[SeedMean],
    ) -> None:
        from partimento.evaluation.benchmarks import UNITS
        from partimento.evaluation.published_results import PUBLISHED

        self.name, self.splits, self.scores, self.means = name, splits, scores, means
        self.unit, self.published = UNITS[name], PUBLISHED[name]

    def __repr__(self) -> str:
        return f"<Report: {self.name}, {len(self.scores)} scores>"

    def plain(self) -> dict[str, Any]:
        """Return the results for JSON."""
        return {
            "benchmark": self.name,
            "splits": list(self.splits),
            "unit": self.unit,
            "scores": [asdict(result) for result in self.scores],
            "means": [asdict(mean) for mean in self.means],
            "published": [result.to_json() for result in self.published],
        }

    def show(self) -> None:
        """Print what was measured, then what others published."""
        screen.print_list(
            f"Nats per {self.unit} on {self.name} (lower is better)",
            [Column("model", 0, "name"), *map(Column, *zip(*self._headers(), strict=True))],
            self._rows(),
            everything="-o or --json shows all columns",
        )
        screen.print_list(
            "Published; only comparable rows count the same thing on the same pieces",
            PUBLISHED_COLUMNS,
            published_rows(self.published),
            everything="-o or --json shows all columns",
        )
        screen.err().print("\n".join(self._notes()))

    def _kinds(self) -> list[tuple[str, str]]:
        """Return the split and the tunes of each column of results."""
        present = {(result.split, result.tunes) for result in self.scores}
        kinds = [(split, tunes) for split in self.splits for tunes in ("all", "new")]
        if len(self.splits) > 1:  # of the validation split, the table shows all pieces only
            kinds.remove(("valid", "new"))
        return [kind for kind in kinds if kind in present]

    def _headers(self) -> list[tuple[str, int]]:
        """Return the names and ranks of the columns after the first."""
        headers = []
        for number, (split, tunes) in enumerate(self._kinds()):
            heading = split if tunes == "all" else f"{split}, new tunes"
            headers += [(heading, 0 if number == 0 else 1), (f"95 % of {heading}", 2 + number)]
        return [*headers, ("by pieces", 5)]

    def _rows(self) -> list[tuple[str, ...]]:
        kinds = self._kinds()
        cells: dict[str, dict[tuple[str, str], tuple[float, str, str]]] = {}
        pieces: dict[str, str] = {}
        for result in self.scores:
            interval = f"{result.low:.3f}–{result.high:.3f}"
            own = cells.setdefault(result.name, {})
            own[result.split, result.tunes] = (result.nats, f"{result.nats:.3f}", interval)
            if (result.split, result.tunes) == kinds[0]:
                pieces[result.name] = f"{result.by_pieces:.3f}"
        for mean in self.means:
            text = f"{mean.nats:.3f} ± {mean.deviation:.3f}"
            cells.setdefault(mean.name, {})[mean.split, mean.tunes] = (mean.nats, text, "")
        ordered = sorted(cells, key=lambda name: cells[name][kinds[0]][0])
        return [
            (
                name,
                *(text for kind in kinds for text in cells[name][kind][1:]),
                pieces.get(name, ""),
            )
            for name in ordered
        ]

    def _notes(self) -> list[str]:
        """Return the sizes of the splits, and what a new tune is."""
        first = self.scores[0].name
        sizes = {
            (result.split, result.tunes): result for result in self.scores if result.name == first
        }
        notes = [
            f"{split}: {sizes[split, 'all'].pieces} pieces,"
            f" {sizes[split, 'all'].units:,} {self.unit}s"
            + (f"; {sizes[split, 'new'].pieces} with new tunes" if (split, "new") in sizes else "")
            for split in self.splits
        ]
        if any(tunes == "new" for _, tunes in sizes):
            notes.append(
                "new tunes: the soprano shares no 12 intervals and ratios of durations in a row"
                " with a training piece, in any key"
            )
        return notes


def published_rows(published: Sequence[Published]) -> list[tuple[str, ...]]:
    """Return the rows of the table, the results that are comparable first."""
    return [
        (
            each.name,
            f"{each.nats:.3f}",
            each.unit,
            each.split,
            "yes" if each.comparable else "no",
            "" if each.in_our_unit is None else f"about {each.in_our_unit:.3f}",
            each.probability,
            each.kind,
            each.ordering,
            "yes" if each.ensembled else "no",
            each.read_in,
            each.source,
            each.not_comparable or each.remark,
        )
        for each in sorted(published, key=lambda each: (not each.comparable, each.nats))
    ]
