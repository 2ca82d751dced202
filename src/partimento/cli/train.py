"""Train and evaluate a model, and save its run: ``partimento train``.

Interrupted training can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from partimento.cli import progress, screen
from partimento.cli.screen import Column
from partimento.cli.tensorboard import log_to
from partimento.config import parse_settings
from partimento.corpus import Corpus, Reject
from partimento.corpus.load import load_corpus
from partimento.corpus.select import Selection
from partimento.corpus.sources import check_source
from partimento.errors import PartimentoError
from partimento.evaluation.summary import summary
from partimento.models.likelihood import Likelihood, part_names
from partimento.recipes import over_recipe, recipe_of
from partimento.training.callbacks import Callback
from partimento.training.run_folder import RunFolder
from partimento.training.settings import Settings


@dataclass(frozen=True)
class TrainOptions:
    """Hold the optional outputs of `train`: pictures, and a log for TensorBoard."""

    watch: bool = False
    tensorboard: bool = False


@dataclass(frozen=True)
class TrainingResult:
    """Hold the result of a training."""

    model: Any
    corpus: Corpus
    rejects: Sequence[Reject]
    table: dict[str, Likelihood]
    accuracy: float | None  # share of held-out chords that a latent model reconstructs
    diagnosis: str | None  # of a failure that the loss does not show; see `Model.diagnose`


def run_train(
    sources: Sequence[str],
    *,
    out: Path | None,
    recipe: str | None,
    base: str | None = None,
    overrides: Sequence[str],
    selection: Selection,
    force: bool,
    as_json: bool,
    options: TrainOptions | None = None,
) -> None:
    """Train on sources, and print the result; see `commands_train.train`."""
    overriding = parse_settings(overrides)
    for source in sources:
        check_source(source)
    if base is not None and recipe is not None:
        raise PartimentoError("--from keeps the settings of its model: leave out --recipe")
    if base is not None:
        from partimento.training.fine_tuning import fine_tuning_settings

        values = fine_tuning_settings(base, overriding)
        recipe = Path(base).name
    else:
        values = over_recipe(overriding, recipe)
    model = overriding.get("model", {}).get("name")
    recipe = recipe or recipe_of(model) or str(model)
    out = (
        out
        or Path("runs") / f"{Path(recipe).stem}-{Path(sources[0].replace(':', '-')).resolve().name}"
    )
    RunFolder(out).check_replaceable(force=force)
    Settings.from_plain(values)  # report invalid settings before loading the framework
    with progress.stages() as stages:
        result = train_run(
            sources,
            values,
            out=out,
            selection=selection,
            force=force,
            stages=stages,
            options=options,
        )
    _print_result(result, out, as_json=as_json)


def run_resume(out: Path, *, as_json: bool, options: TrainOptions | None = None) -> None:
    """Resume a training with the settings and scores with which it began."""
    with progress.stages() as stages:
        result = train_run((), None, out=out, stages=stages, options=options)
    _print_result(result, out, as_json=as_json)


def train_run(
    sources: Sequence[str],
    values: dict[str, Any] | None,
    *,
    out: Path,
    stages: progress.Stages,
    selection: Selection | None = None,
    force: bool = False,
    options: TrainOptions | None = None,
) -> TrainingResult:
    """Train on the selected pieces or, without `values`, resume the training of `out`."""
    options = options or TrainOptions()
    with stages.during("start"):
        from partimento._train import train
        from partimento.evaluation.callbacks import HeldOutReport
        from partimento.training.train import recorded_settings, reload_corpus

        settings = recorded_settings(out) if values is None else Settings.from_plain(values)
    with stages.during("read"):
        if values is None:
            corpus = reload_corpus(out, progress=stages.at)
        else:
            # Without stated settings, a store keeps those with which it was built.
            config = settings.data if values.get("data") else None
            corpus = load_corpus(sources, config=config, selection=selection, progress=stages.at)
            if corpus.config is not None:
                settings = settings.model_copy(update={"data": corpus.config})
    report = HeldOutReport(stages.at)
    try:
        with log_to(out, wanted=options.tensorboard) as log:
            follow = ShowTraining(stages, log)
            model = train(
                corpus,
                settings=settings,
                out=out,
                force=force,
                resume=values is None,
                watch=options.watch,
                progress=follow.progress,
                callbacks=[report, follow],
            )
    except PartimentoError:
        screen.print_rejects(corpus.rejects)  # they may be the cause of the error
        raise
    except KeyboardInterrupt:
        if RunFolder(out).training.has_checkpoint():
            stages.note(f"resume with: partimento train --resume {out}")
        raise
    rejects = [*corpus.rejects, *follow.rejects, *corpus.partly_read]
    diagnosis = model.model.diagnose(model.best.parts)
    return TrainingResult(model, corpus, rejects, report.table, report.reconstruction, diagnosis)


class ShowTraining(Callback):
    """Show the epochs of a training on the screen, and pass them to `log`."""

    def __init__(self, stages: progress.Stages, log: Callable[[Any], None]) -> None:
        self._stages, self._log = stages, log
        self._reported = ("train", 0, 1)
        self._calls = 0
        self.rejects: list[Reject] = []

    def progress(self, stage: str, done: int, total: int, /) -> None:
        """Show how far a stage is."""
        note = None
        if stage in ("train", "count"):
            self._reported = stage, done, total
            self._calls += 1
        if stage == "train":  # the first call precedes compiling, which takes seconds
            note = {1: "compiling a training step", 2: ""}.get(self._calls)
        self._stages.at(stage, done, total, note)

    def on_note(self, text: str) -> None:
        """Show advice."""
        self._stages.note(text)

    def on_begin(self, model: Any, data: Any) -> None:
        """Store the pieces that cannot be used, to list them at the end."""
        self.rejects = data.rejects

    def on_epoch_end(self, epoch: Any) -> None:
        """Show the losses of an epoch beside the progress bar."""
        self._log(epoch)
        stage, done, total = self._reported
        epochs = round(total * epoch.epoch / max(done, 1))
        note = f"epoch {epoch.epoch} of {epochs}: " if stage == "train" else ""
        note += f"loss {epoch.loss:.3f}, validation {epoch.val_loss:.3f}"
        note += f", {epoch.events_per_s:,.0f} events/s" if epoch.events_per_s else ""
        self._stages.at(stage, done, total, note, keep=True)


def _print_result(result: TrainingResult, out: Path, *, as_json: bool) -> None:
    model = result.model
    screen.print_rejects(result.rejects)
    if as_json:
        figures = {name: row.to_plain() for name, row in result.table.items()}
        screen.print_json(
            {
                "run": str(out),
                "seed": model.settings.train.seed,
                "best": asdict(model.best),
                "ended": model.ended,
                "held_out": figures,
                "reconstruction": result.accuracy,
                "summary": summary(result.table, model.settings.name),
                "verdict": result.diagnosis,
                "rejected": sum(reject.read == "no" for reject in result.rejects),
                "partly_read": sum(reject.read != "no" for reject in result.rejects),
            }
        )
        return
    print_figures(result.table, model.settings.name)
    lines = (
        [f"{result.accuracy:.1%} of the chords of held-out windows are reconstructed"]
        if result.accuracy is not None
        else []
    )
    lines += [result.diagnosis] if result.diagnosis else []
    learned = (
        f"{model.model.parameters:,} {'weights' if model.model.trains_by_gradient else 'counts'}"
    )
    lines.append(
        f"run {out}: {len(model.pieces)} pieces, {learned}, epoch {model.best.epoch} of"
        f" {len(model.history)} is kept ({model.ended}), seed {model.settings.train.seed}"
    )
    if RunFolder(out).samples.is_dir():
        lines.append(f"compose with: partimento compose {out} -o piece.mid -o piece.pdf")
    screen.out().print("\n".join(lines))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


# On a narrow terminal, columns with the highest numbers are dropped first.
PARTS = {"chord": 2, "held": 3, "duration": 2, "unknown": 4, "kl": 1, "estimate": 1}


def print_figures(table: Mapping[str, Likelihood], name: str) -> None:
    """Print the results of the model `name` and its baselines, and a summary."""
    bound = any(row.is_bound for row in table.values())
    parts = part_names(row.parts for row in table.values())
    columns = (*parts, *(["estimate"] if bound else []))
    rows = []
    for label, row in table.items():
        figures = [row.total, *(row.parts.get(part) for part in parts)]
        rows.append((label, *map(_figure, [*figures, row.estimate] if bound else figures)))
    events = next(iter(table.values())).events
    note = "; with KL: a bound, and an estimate by importance sampling" if bound else ""
    screen.print_table(
        f"Nats per event on {events:,} events of held-out pieces (lower is better{note})",
        (
            Column("model", 0, "name"),
            Column("all"),
            *(Column(part, PARTS.get(part, 2)) for part in columns),
        ),
        rows,
    )
    screen.out().print(summary(table, name))
