"""Implement ``partimento watch``: draw the pictures of a training."""

from __future__ import annotations

from pathlib import Path

from partimento.cli import progress, screen
from partimento.errors import PartimentoError
from partimento.files import refuse_existing
from partimento.training.run_folder import RunFolder


def run_watch(run: Path, *, out: Path | None, as_json: bool) -> None:
    """Draw the pictures of a training; see `commands_train.watch`."""
    folder = RunFolder(run)
    out = out or (folder.watch if folder.exists() else run.with_name(f"{run.name}-watch"))
    if out.exists() and not out.is_dir():
        raise PartimentoError(f"{out} is not a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / "losses.png").is_file():
        raise PartimentoError(f"{out} has other files: choose another folder with -o")
    refuse_existing(out, force=True)
    with progress.stages(quiet=as_json) as stages:
        with stages.during("start"):
            from partimento.evaluation.training_report import watch
        written = watch(run, out, progress=stages.at)
    if as_json:
        screen.print_json({"written": [str(path) for path in written]})
    else:
        screen.out().print(f"open {written[0]}: {len(written) - 1} pictures")
