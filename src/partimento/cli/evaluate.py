"""Compare generated pieces with real ones: ``partimento evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from partimento.cli import progress, screen
from partimento.cli.screen import Column
from partimento.corpus.load import load_corpus
from partimento.corpus.select import Selection
from partimento.errors import PartimentoError
from partimento.files import refuse_existing
from partimento.training.pretrained import model_folder
from partimento.training.run_folder import RunFolder

if TYPE_CHECKING:
    from partimento.corpus import Reject
    from partimento.corpus.entries import Corpus
    from partimento.evaluation.evaluate import Evaluation
    from partimento.music.piece import Piece

BARS = 16  # default length of the pieces that a run composes
MUSIC_COLUMNS = (
    Column("measure", 0, "name"),
    Column("generated"),
    Column("real"),
    Column("half"),
    Column("half"),
)
COLUMNS = (
    Column("feature", 0, "name"),
    Column("generated"),
    Column("real"),
    Column("overlap"),
    Column("ceiling", 1),
    Column("KL", 2),
)


class EvaluateOptions(NamedTuple):
    """Hold the options of ``partimento evaluate``; see `commands_evaluate.evaluate`."""

    generated: Path
    against: str
    pieces: int
    bars: int | None
    seed: int
    split: str = ""


def run_evaluate(options: EvaluateOptions, *, out: Path | None, force: bool, as_json: bool) -> None:
    """Evaluate pieces, print the table and write the report."""
    if out is not None:
        if out.suffix.lower() not in (".html", ".htm"):
            raise PartimentoError(f"{out}: the report must be an .html file")
        refuse_existing(out, force=force)
    if options.bars is not None and not 1 <= options.bars <= 1000:
        raise PartimentoError("--bars must be between 1 and 1000")
    if not 1 <= options.pieces <= 10_000:
        raise PartimentoError("--pieces must be between 1 and 10,000")
    with progress.stages(quiet=as_json) as stages:
        evaluation, rejects = _measure(options, stages)
        if out is not None:
            with stages.during("report"):
                evaluation.to_html(
                    out, title=f"Evaluation of {options.generated.resolve().name}", force=force
                )
    screen.print_rejects(rejects)
    plain = evaluation.to_plain()
    if as_json:
        screen.print_json(
            {
                "evaluated": str(options.generated),
                "against": options.against,
                **plain,
                "rejected": [reject.path for reject in rejects if reject.read == "no"],
                "partly_read": [reject.path for reject in rejects if reject.read != "no"],
            }
        )
        return
    _print(plain)
    if out is not None:
        screen.out().print(f"Report in {out}")


def _measure(options: EvaluateOptions, stages: progress.Stages) -> tuple[Evaluation, list[Reject]]:
    """Read or compose the pieces, and evaluate them.

    Returns
    -------
    Evaluation, list of Reject
        The results, and the files that could not be read.
    """
    with stages.during("start"):
        from partimento.evaluation.evaluate import evaluate

    folder = model_folder(options.generated)
    is_run = RunFolder(folder).exists()
    bars = BARS if is_run and options.bars is None else options.bars
    if is_run:
        with stages.during("load"):
            from partimento.evaluation.evaluate import compose_pieces, held_out_figures
            from partimento.training.trained_model import load_model

            model = load_model(folder)
        real = _read(
            "real",
            options.against,
            stages,
            config=model.settings.data,
            selection=Selection(split=options.split),
        )
        stages.at("compose", 0, options.pieces)
        generated: list[Piece] = compose_pieces(
            model, options.pieces, bars=bars or BARS, seed=options.seed, progress=stages.at
        )
        figures: Mapping[str, Mapping[str, float]] = held_out_figures(folder)
        rejects = [*real.rejects, *real.partly_read]
    else:
        scores = _read("generated", str(options.generated), stages)
        real = _read("real", options.against, stages, selection=Selection(split=options.split))
        generated, figures, rejects = (
            scores.pieces,
            {},
            [
                reject
                for corpus in (scores, real)
                for reject in (*corpus.rejects, *corpus.partly_read)
            ],
        )
    evaluation = evaluate(generated, real.pieces, bars=bars, seed=options.seed, progress=stages.at)
    with stages.during("originality"):
        figures = {**figures, **_borrowed(generated, real)}
    return replace(evaluation, figures=figures, by=f"against {options.against}"), rejects


def _borrowed(generated: list[Piece], real: Corpus) -> dict[str, dict[str, float]]:
    """Return the lengths of the longest passages shared with the corpus.

    For comparison, they include the lengths for real pieces.
    """
    from partimento.evaluation.originality import originality

    report = originality(generated, real)
    passages = {}
    for line in ("chords", "melody"):
        figures = dict(
            zip(("median", "95 %", "most"), getattr(report.together, line).length, strict=True)
        )
        if report.real is not None:
            figures |= dict(
                zip(
                    ("real median", "real 95 %", "real most"),
                    getattr(report.real, line).length,
                    strict=True,
                )
            )
        passages[f"longest passage of {line} shared with the corpus"] = figures
    return passages


def _read(kind: str, source: str, stages: progress.Stages, **view: Any) -> Corpus:
    name = f"read {kind}"
    with stages.during(name):
        return load_corpus(
            source, progress=lambda stage, done, total: stages.at(name, done, total), **view
        )


def _print_music(music: Mapping[str, Any]) -> None:
    from partimento.plots.evaluation_page import METHODS, accuracy, music_cells

    rows = [(row["label"], *music_cells(row)) for row in music["rows"]]
    title = "Part-writing, cadences and structure: rates per 1,000, or shares"
    screen.print_table(title, MUSIC_COLUMNS, rows)
    console = screen.out()
    console.print(f"{METHODS[music['method']]} The halves are random halves of the real pieces.")
    if music["classifier"]:
        console.print(
            f"Accuracy of a classifier: {accuracy(music['classifier'])}; of two halves of the"
            f" real pieces: {accuracy(music['classifier_real'])}"
            f" (seed {music['classifier']['seed']})"
        )


def _print(plain: Mapping[str, Any]) -> None:
    from partimento.plots.evaluation_page import cells_of, mean, number, what_of

    rows = []
    for row in plain["rows"]:
        generated, real, overlap, ceiling, kl, _ = (
            cell.partition(" ± ")[0] for cell in cells_of(row)
        )
        rows.append((row["label"], generated, real, overlap, ceiling, kl))
    rows.append(("mean", "", "", number(plain["overlap"]), number(plain["ceiling"]), ""))
    title = (
        f"{plain['generated']:,} generated pieces compared with {plain['real']:,} real ones;"
        f" {what_of(plain)}"
    )
    screen.print_table(title, COLUMNS, rows)
    console = screen.out()
    console.print(
        "overlap, KL: of the distances to real pieces; ceiling: the overlap for other real pieces"
        f" ({plain['draws']} draws of {plain['size']:,})"
    )
    console.print(
        f"Frechet distance on Partimento's features: {mean(plain['frechet'])}; of real pieces:"
        f" {mean(plain['frechet_real'])}"
    )
    _print_music(plain["music"])
    for heading, figures in plain["figures"].items():
        console.print(
            f"{heading}: " + ", ".join(f"{name} {number(value)}" for name, value in figures.items())
        )
