"""Implement ``partimento vary``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from partimento.cli import progress, screen
from partimento.cli.candidates import check_candidates, with_originality, write_candidates
from partimento.cli.compose import constraints_of, read_one, write_all
from partimento.cli.harmonise import checked_seed, part_of
from partimento.export.write import Chain, check_paths
from partimento.training.pretrained import model_folder
from partimento.training.run_folder import RunFolder


class VaryOptions(NamedTuple):
    """Hold the options of ``partimento vary``."""

    model: str
    amount: float
    like: bool
    distance: str
    keep: Sequence[str]
    seed: int | None
    particles: int
    candidates: int | None
    title: str
    against: Sequence[str]
    constraints: Mapping[str, str | None]


def run_vary(
    source: Path,
    options: VaryOptions,
    outputs: Sequence[Path],
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Vary a piece and write the result; see `commands_harmonise.vary`."""
    seed = checked_seed(options.seed)
    keep = [part_of(word.strip()) for text in options.keep for word in text.split(",")]
    if options.candidates is None:
        outputs = outputs or [Path(f"{source.stem}-varied.mid")]
        check_paths(outputs, force=force)
    else:
        check_candidates(options.candidates, outputs, force=force)
    folder = model_folder(options.model)
    RunFolder(folder).check()
    piece = read_one(source)
    with progress.stages(quiet=as_json) as stages:
        with stages.during("start"):
            from partimento.generate.vary import vary_candidates
            from partimento.training.trained_model import load_model

            model = load_model(folder)
        candidates = vary_candidates(
            model,
            piece,
            best=options.candidates or 1,
            amount=options.amount,
            like=options.like,
            distance=options.distance,
            keep=[word for word in keep if word is not None],
            seed=seed,
            particles=options.particles,
            constraints=constraints_of(options.constraints, model.settings.data),
            title=options.title,
            progress=stages.at,
        )
    if options.candidates is not None:
        candidates = with_originality(candidates, model, options.against)
        write_candidates(
            candidates, outputs, seed=seed, soundfont=None, force=force, as_json=as_json
        )
        return
    best = candidates[0]
    written = write_all(Chain(best.piece), outputs, force=force)
    if as_json:
        screen.print_json(
            {
                "seed": seed,
                "changed": best.distance,
                "criteria": best.row(),
                "constraints": best.report.rows(),
                "written": [str(path) for path in written],
            }
        )
        return
    screen.out().print(f"seed {seed}: {100 * (best.distance or 0):.0f} % of the notes changed")
    for line in best.report.table().splitlines():
        screen.out().print(screen.printable(line))
