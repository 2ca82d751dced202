"""``partimento train``: read, learn, hold against the baselines, save a run and a first sample; or
go on with a stopped training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from partimento.cli import screen
from partimento.cli.tensorboard import log_to
from partimento.config import parse_settings
from partimento.corpus import Corpus, Reject, write_rejects
from partimento.corpus.load import load_corpus
from partimento.corpus.select import Selection
from partimento.corpus.sources import check_source
from partimento.errors import PartimentoError
from partimento.evaluate.likelihood import Likelihood
from partimento.recipes import over_recipe, recipe_of
from partimento.training.run_folder import RunFolder


@dataclass(frozen=True)
class Extras:
    """What `train` may do beside learning: pictures of it, and a log for TensorBoard."""

    watch: bool = False
    tensorboard: bool = False


@dataclass(frozen=True)
class Trained:
    """What came of it."""

    run: Any
    corpus: Corpus
    table: dict[str, Likelihood]
    right: float | None  # share of held-out chords that a latent model gives back right
    verdict: str | None


def run_train(
    sources: Sequence[str],
    *,
    out: Path | None,
    recipe: str | None,
    overrides: Sequence[str],
    selection: Selection,
    force: bool,
    as_json: bool,
    extras: Extras | None = None,
) -> None:
    """The command; see `cli.train`."""
    asked = parse_settings(overrides)
    for source in sources:
        check_source(source)
    values = over_recipe(asked, recipe)
    model = asked.get("model", {}).get("name")
    recipe = recipe or recipe_of(model) or str(model)
    out = (
        out
        or Path("runs") / f"{Path(recipe).stem}-{Path(sources[0].replace(':', '-')).resolve().name}"
    )
    RunFolder(out).check_replaceable(force=force)
    with screen.stages() as stages:
        trained = train_run(
            sources, values, out=out, selection=selection, force=force, stages=stages, extras=extras
        )
    _tell(trained, out, as_json=as_json)


def run_resume(out: Path, *, as_json: bool, extras: Extras | None = None) -> None:
    """``partimento train --resume``: with the settings and the scores that the training began with."""
    from partimento.training.checkpoint import read_about

    told = read_about(out)["told"]
    if not {"sources", "selection"} <= set(told):
        raise PartimentoError(
            f"the training of {out} was begun from Python: go on with it by learn(pieces, out=…, resume=True)"
        )
    selection = Selection(**told["selection"])
    with screen.stages() as stages:
        trained = train_run(
            told["sources"], None, out=out, selection=selection, stages=stages, extras=extras
        )
    _tell(trained, out, as_json=as_json)


def train_run(
    sources: Sequence[str],
    values: dict[str, Any] | None,
    *,
    out: Path,
    stages: screen.Stages,
    selection: Selection | None = None,
    force: bool = False,
    extras: Extras | None = None,
) -> Trained:
    """Train on what is selected, or (without `values`) go on; the run also gets ``rejects.csv``,
    ``held_out.json`` and a sample.
    """
    # Loading the framework takes seconds: what is wrong with the configuration is said before.
    with stages.during("start"):
        from partimento.evaluate.collapse_check import sampler_check
        from partimento.training.checkpoint import read_about
        from partimento.training.settings import Settings
        from partimento.training.train import Hooks, learn

        settings = Settings.from_plain(read_about(out)["settings"] if values is None else values)
    selection = selection or Selection()
    corpus = load_corpus(sources, config=settings.data, selection=selection, progress=stages.at)
    extras = extras or Extras()
    told = {"sources": [_place(source) for source in sources], "selection": asdict(selection)}
    made: dict[str, Any] = {}

    def finish(run: Any, data: Any, folder: RunFolder) -> None:
        left_out = [
            Reject(piece.source.path or piece.title, reason) for piece, reason in data.left_out
        ]
        made["corpus"] = replace(corpus, rejects=(*corpus.rejects, *left_out))
        made["table"], made["right"] = _check(run, data, folder, made["corpus"].rejects, stages)
        _first_sample(run, folder, stages)
        if extras.watch:
            _pictures(folder, stages)

    hooks = Hooks(note=stages.note, inspect=sampler_check, finish=finish, told=told)
    try:
        with log_to(out, wanted=extras.tensorboard) as log:
            hooks = replace(hooks, report=_reporter(stages, settings, log))
            run, _ = learn(
                corpus, settings=settings, out=out, force=force, resume=values is None, hooks=hooks
            )
    except PartimentoError:
        screen.print_rejects(corpus.rejects)  # they may be why
        raise
    except KeyboardInterrupt:
        if RunFolder(out).training.has_checkpoint():
            stages.note(f"go on with: partimento train --resume {out}")
        raise
    return Trained(
        run, made["corpus"], made["table"], made["right"], run.model.verdict(run.best.parts)
    )


def _place(source: str) -> str:
    return str(Path(source).absolute()) if Path(source).exists() else source


def _reporter(
    stages: screen.Stages, settings: Any, log: Callable[[Any], None]
) -> Callable[[str, int, int, Any], None]:
    """What shows the progress of a training, and tells `log` of its epochs."""
    ended = 0

    def report(stage: str, done: int, total: int, epoch: Any) -> None:
        nonlocal ended
        note = None
        if epoch:
            ended = epoch.epoch
            note = f"epoch {epoch.epoch}: loss {epoch.loss:.3f}, validation {epoch.val_loss:.3f}, {epoch.events_per_s:,.0f} events/s"
            log(epoch)
        if stage == "train":  # one bar over all epochs
            stages.at(
                "train",
                ended * total + (0 if epoch else done),
                settings.train.with_min_steps(total).epochs * total,
                note,
            )
        else:
            stages.at(stage, done, total, note)

    return report


def _check(
    run: Any, data: Any, folder: RunFolder, rejects: Sequence[Reject], stages: screen.Stages
) -> tuple[dict[str, Likelihood], float | None]:
    from partimento.evaluate.heldout import held_out, reconstruction

    with stages.during("check"):
        table = held_out(data, run.model, name=run.settings.name)
        right = reconstruction(data, run.model)
        rows: dict[str, Any] = {
            name: {**asdict(row), "total": row.total} for name, row in table.items()
        }
        folder.write_held_out({**rows, "reconstruction": right})
        write_rejects(rejects, folder.rejects)
    return table, right


def _first_sample(run: Any, folder: RunFolder, stages: screen.Stages) -> None:
    from partimento.generate.compose import composes

    if not composes(run):
        return
    from partimento.export.write import write
    from partimento.generate.compose import compose

    with stages.during("sample"):
        seed = run.settings.train.seed
        write(compose(run, seed=seed), folder.samples / f"seed-{seed}.mid", force=True)


def _pictures(folder: RunFolder, stages: screen.Stages) -> None:
    from partimento.evaluate.training_report import watch

    watch(folder.path, folder.watch, progress=lambda done, total: stages.at("watch", done, total))


def _tell(trained: Trained, out: Path, *, as_json: bool) -> None:
    run = trained.run
    screen.print_rejects(trained.corpus.rejects)
    if as_json:
        figures = {name: {**asdict(row), "total": row.total} for name, row in trained.table.items()}
        screen.print_json(
            {
                "run": str(out),
                "seed": run.settings.train.seed,
                "best": asdict(run.best),
                "ended": run.ended,
                "held_out": figures,
                "reconstruction": trained.right,
                "verdict": trained.verdict,
                "rejected": len(trained.corpus.rejects),
            }
        )
        return
    print_figures(trained.table)
    lines = (
        [f"of the chords of held-out windows {trained.right:.1%} come out right"]
        if trained.right is not None
        else []
    )
    lines += [trained.verdict] if trained.verdict else []
    learned = f"{run.model.parameters:,} {'weights' if run.model.by_steps else 'counts'}"
    lines.append(
        f"run {out}: {len(run.pieces)} pieces, {learned}, epoch {run.best.epoch} of {len(run.history)} is kept ({run.ended}), "
        f"seed {run.settings.train.seed}"
    )
    if RunFolder(out).samples.is_dir():
        lines.append(f"compose with: partimento compose {out} -o piece.mid -o piece.pdf")
    screen.out().print("\n".join(lines))


def _told(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def print_figures(table: Mapping[str, Likelihood]) -> None:
    """The model beside its baselines."""
    bound = any(row.kl for row in table.values())
    columns = ("chord", "held", "duration", "unknown", *(["kl", "estimate"] if bound else []))
    rows = [
        (
            name,
            *(_told(value) for value in (row.total, *(getattr(row, column) for column in columns))),
        )
        for name, row in table.items()
    ]
    events = next(iter(table.values())).events
    note = "; with KL, a bound, and the estimate by importance sampling" if bound else ""
    screen.print_table(
        f"nats an event on {events:,} events of pieces held out (less is better{note})",
        ("", "all", *columns),
        rows,
    )
