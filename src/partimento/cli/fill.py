"""Implement ``partimento fill`` and ``partimento continue``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from partimento.cli import progress, screen
from partimento.cli.candidates import check_candidates, with_originality, write_candidates
from partimento.cli.compose import constraints_of, read_one, write_all
from partimento.cli.show import COLORED
from partimento.errors import PartimentoError
from partimento.export.new_notes import new_note_colors
from partimento.export.write import WRITERS, Chain, check_paths
from partimento.training.pretrained import bundled_models, model_folder
from partimento.training.run_folder import RunFolder
from partimento.training.settings import SampleSettings

if TYPE_CHECKING:
    from partimento.generate.ranking import Candidates
    from partimento.music.piece import Piece
    from partimento.progress import Progress
    from partimento.training.trained_model import TrainedModel


class WholeOptions(NamedTuple):
    """Hold the options that both commands have."""

    model: str
    seed: int | None
    sampling: Mapping[str, float | None]
    candidates: int | None
    constraints: Mapping[str, str | None] | None = None
    against: Sequence[str] = ()
    soundfont: Path | None = None
    force: bool = False
    as_json: bool = False
    show_new: bool = False  # whether pictures color the new notes


def run_fill(
    source: Path,
    outputs: Sequence[Path],
    options: WholeOptions,
    *,
    bars: str,
    keep: Sequence[str],
    weighed: int | None,
) -> None:
    """Fill bars of a score; see `commands_fill.fill`."""
    if weighed is not None and not 1 <= weighed <= 4096:
        raise PartimentoError(f"--weighed must be between 1 and 4,096, not {weighed}")

    def make(model: TrainedModel, piece: Piece, **more: Any) -> Candidates:
        from partimento.generate.fill import fill_candidates

        return fill_candidates(model, piece, bars, keep=keep, candidates=weighed, **more)

    _run(source, outputs, options, make, "filled")


def run_continue(
    source: Path, outputs: Sequence[Path], options: WholeOptions, *, bars: int, ending: str
) -> None:
    """Continue a score; see `commands_fill.continue_`."""

    def make(model: TrainedModel, piece: Piece, *, progress: Progress, **more: Any) -> Candidates:
        from partimento.generate.continue_ import continue_candidates

        return continue_candidates(model, piece, bars=bars, ending=ending, **more)

    _run(source, outputs, options, make, "continued")


def _run(
    source: Path,
    outputs: Sequence[Path],
    options: WholeOptions,
    make: Callable[..., Candidates],
    word: str,
) -> None:
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    if seed < 0:
        raise PartimentoError("--seed must be at least 0")
    if options.show_new and (
        options.candidates is not None or not any(path.suffix in COLORED for path in outputs)
    ):
        raise PartimentoError(f"--show-new colors one piece, in {' '.join(COLORED)} files")
    if options.candidates is None:
        outputs = outputs or [_beside(source, word)]
        check_paths(outputs, force=options.force)
    else:
        check_candidates(options.candidates, outputs, force=options.force)
    chosen: dict[str, Any] = {k: v for k, v in options.sampling.items() if v is not None}
    SampleSettings(**chosen)  # report invalid settings before loading the model
    folder = model_folder(options.model)
    if not folder.exists():
        raise PartimentoError(
            f"{options.model} does not exist, and no bundled model has this name: they are"
            f" {' and '.join(bundled_models())}"
        )
    RunFolder(folder).check()
    piece = read_one(source)
    with progress.stages(quiet=options.as_json) as stages:
        with stages.during("start"):
            from partimento.generate.constraints.words import asks_for_hand
            from partimento.training.trained_model import load_model

            model = load_model(folder)
        constraints = constraints_of(
            options.constraints or MappingProxyType({}), model.settings.data
        )
        with stages.during("compose"):
            candidates = make(
                model,
                piece,
                best=options.candidates or 1,
                seed=seed,
                sampling=model.settings.sample.replace(**chosen),
                constraints=constraints,
                playable=asks_for_hand(options.constraints or {}),
                progress=stages.at,
            )
    if options.candidates is not None:
        candidates = with_originality(candidates, model, options.against)
        write_candidates(
            candidates,
            outputs,
            seed=seed,
            soundfont=options.soundfont,
            force=options.force,
            as_json=options.as_json,
        )
        return
    new = candidates[0].piece
    colors = new_note_colors(new, piece) if options.show_new else None
    chain = Chain(new, options.soundfont, colors=colors)
    written = write_all(chain, outputs, force=options.force)
    _report(candidates, seed, [str(path) for path in written], as_json=options.as_json)


def _beside(source: Path, word: str) -> Path:
    """Return the name of the result if none is given."""
    suffix = source.suffix.lower() if source.suffix.lower() in WRITERS else ".mid"
    return Path(f"{source.stem}-{word}{suffix}")


def _report(candidates: Candidates, seed: int, written: list[str], *, as_json: bool) -> None:
    best = candidates[0]
    assert best.bars is not None
    if as_json:
        screen.print_json(
            {
                "seed": seed,
                "bars": list(best.bars),
                "criteria": best.row(),
                "constraints": best.report.rows(),
                "written": written,
            }
        )
        return
    first, last = best.bars
    bars = f"bar {first}" if first == last else f"bars {first}-{last}"
    text = f"seed {seed}: composed {bars}"
    if best.weighing is not None:
        text += (
            f"; {best.weighing.sampled} candidates were weighed by the music that follows, with an"
            f" effective sample size of {best.weighing.effective:.1f}"
        )
    screen.out().print(screen.printable(text))
    for line in best.report.table().splitlines():
        screen.out().print(screen.printable(line))
