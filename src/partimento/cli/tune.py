"""Implement ``partimento tune``."""

from __future__ import annotations

from pathlib import Path

from partimento.cli import progress, screen
from partimento.cli.screen import Column
from partimento.corpus.load import load_corpus
from partimento.corpus.settings import DataSettings
from partimento.errors import PartimentoError
from partimento.training.run_folder import RunFolder

COLUMNS = (
    Column("temperature"),
    Column("top_p"),
    Column("min_p"),
    Column("distance"),
    Column("sound"),
)


def run_tune(run: Path, source: str, *, pieces: int, bars: int, seed: int, as_json: bool) -> None:
    """Search the default sampling of a run, and keep it there.

    Parameters
    ----------
    run : Path
    source : str
        The corpus on which the model was trained.
    pieces, bars, seed : int
        See `evaluation.tune.tune`.
    as_json : bool
        Print the result as JSON.
    """
    if not 2 <= pieces <= 10_000:
        raise PartimentoError("--pieces must be between 2 and 10,000")
    if not 1 <= bars <= 1000:
        raise PartimentoError("--bars must be between 1 and 1000")
    files = RunFolder(run)
    files.check()
    with progress.stages(quiet=as_json) as stages:
        config = DataSettings(**files.read_settings()["data"])
        corpus = load_corpus([source], config=config, progress=stages.at)
        from partimento.evaluation.tune import tune
        from partimento.training.trained_model import load_model

        model = load_model(run)
        tuning = tune(model, corpus, pieces=pieces, bars=bars, seed=seed, progress=stages.at)
    files.write_tuning(tuning.to_plain())
    if as_json:
        screen.print_json(tuning.to_plain())
        return
    rows = sorted(tuning.to_plain()["trials"], key=lambda row: row["distance"])
    console = screen.out()
    screen.print_table(
        f"Squared Frechet distance of {pieces} pieces of {bars} bars from the validation pieces",
        COLUMNS,
        [[f"{row[column.name]:g}" for column in COLUMNS] for row in rows],
    )
    best = tuning.best
    console.print(
        f"Two halves of the validation pieces: {tuning.real:.2f}. The run now composes with"
        f" temperature {best.sampling.temperature}, top-p {best.sampling.top_p}, min-p"
        f" {best.sampling.min_p}. Seed {seed}"
    )
