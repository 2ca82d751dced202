"""``partimento train``: read, learn, hold against the baselines, save a run and a first sample."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from partimento.app import screen
from partimento.config import UserError, merge, parse_settings, read_recipe
from partimento.corpus import Reading, Reject, write_rejects
from partimento.corpus.gather import gather
from partimento.corpus.select import Selection
from partimento.evaluate.likelihood import Likelihood
from partimento.files import refuse_folder, write_atomically


def run_train(
    sources: Sequence[str],
    *,
    out: Path | None,
    recipe: str | None,
    overrides: Sequence[str],
    selection: Selection,
    force: bool,
    as_json: bool,
) -> None:
    """The command; see `cli.train`."""
    asked = parse_settings(overrides)
    model = asked.get("model", {}).get("name")
    values = merge(read_recipe(recipe or model or "lstm-notes"), asked)
    name = str(values.get("model", {}).get("name", "lstm"))
    out = out or Path("runs") / f"{name}-{Path(sources[0].replace(':', '-')).resolve().name}"
    refuse_folder(out, mark="run.json", force=force)
    with screen.stages() as stages:
        run, reading, table = train_run(sources, values, out=out, selection=selection, force=force, stages=stages)
    screen.print_rejects(reading.rejects)
    figures = {name: {**asdict(row), "total": row.total} for name, row in table.items()}
    if as_json:
        screen.print_json({"run": str(out), "seed": run.settings.train.seed, "best": asdict(run.best), "held_out": figures,
                           "rejected": len(reading.rejects)})  # fmt: skip
        return
    print_figures(table)
    screen.out().print(
        f"run {out}: {len(run.pieces)} pieces, {run.model.network.count_params():,} weights, best of {len(run.history)} epochs: "
        f"{run.best.epoch}, seed {run.settings.train.seed}\ncompose with: partimento compose {out} -o piece.mid -o piece.pdf"
    )


def train_run(
    sources: Sequence[str],
    values: dict[str, Any],
    *,
    out: Path,
    stages: screen.Stages,
    selection: Selection | None = None,
    force: bool = False,
) -> tuple[Any, Reading, dict[str, Likelihood]]:
    """Train on what is selected of sources; the run's folder also gets ``rejects.csv``, ``held_out.json`` and a sample."""
    # Loading the framework takes seconds: what is wrong with the configuration is said before.
    with stages.during("start"):
        from partimento.evaluate.heldout import held_out
        from partimento.models.learn import learn
        from partimento.models.run import Settings
        from partimento.sample.composer import compose
        from partimento.write import write

        settings = Settings.from_plain(values)
    reading = gather(sources, config=settings.corpus, selection=selection, progress=lambda done, total: stages.at("read", done, total))

    def report(stage: str, done: int, total: int, epoch: Any) -> None:
        note = f"epoch {epoch.epoch}: loss {epoch.loss:.3f}, validation {epoch.val_loss:.3f} nats an event" if epoch else None
        if epoch:
            epochs.append(epoch)
        if stage == "train":  # one bar over all epochs
            stages.at("train", len(epochs) * total + (0 if epoch else done), settings.train.epochs * total, note)
        else:
            stages.at(stage, done, total)

    epochs: list[Any] = []
    try:
        run, data = learn(reading.pieces, sides=reading.sides, settings=settings, out=out, force=force, report=report)
    except UserError:
        screen.print_rejects(reading.rejects)  # they may be why
        raise
    left_out = [Reject(piece.source.path or piece.title, reason) for piece, reason in data.left_out]
    reading = replace(reading, rejects=[*reading.rejects, *left_out])
    with stages.during("check"):
        table = held_out(data, run.model, name=run.settings.name)
        write_atomically(out / "held_out.json", json.dumps({n: {**asdict(row), "total": row.total} for n, row in table.items()}, indent=2))
        write_rejects(reading.rejects, out / "rejects.csv")
    with stages.during("sample"):
        seed = run.settings.train.seed
        write(compose(run, seed=seed), out / "samples" / f"seed-{seed}.mid")
    return run, reading, table


def print_figures(table: dict[str, Likelihood]) -> None:
    """The model beside its baselines."""
    rows = [(name, *(f"{x:.3f}" for x in (row.total, row.chord, row.held, row.duration, row.unknown))) for name, row in table.items()]
    events = next(iter(table.values())).events
    screen.print_table(
        f"nats an event on {events:,} events of pieces held out (less is better)", ("", "all", "chord", "held", "duration", "unknown"), rows
    )
