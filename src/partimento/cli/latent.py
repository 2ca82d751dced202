"""Implement the commands on latent spaces: morph, reconstruct, steer."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from partimento.cli import progress, screen
from partimento.cli.compose import start_piece, write_all
from partimento.errors import PartimentoError
from partimento.export import write as render
from partimento.export.write import Chain, check_paths
from partimento.files import new_folder, refuse_folder
from partimento.training.settings import SampleSettings

if TYPE_CHECKING:
    from partimento.generate.ranking import Candidates
    from partimento.training.trained_model import TrainedModel

TABLE = "steps.csv"
SUFFIXES = (".mid", ".musicxml")


class LatentOptions(NamedTuple):
    """Hold the options that the commands on latent spaces share."""

    model: str
    seed: int
    temperature: float
    candidates: int | None
    force: bool
    as_json: bool


def run_morph(
    first: Path,
    last: Path,
    outputs: Sequence[Path],
    options: LatentOptions,
    *,
    steps: int,
    way: str,
) -> None:
    """Change one score into another; see `commands_latent.morph`."""
    folders = [path for path in outputs if not path.suffix]
    if folders and len(outputs) > 1:
        raise PartimentoError("a folder holds all steps: name it alone with -o")

    def make(trained: TrainedModel, scores: Sequence[Any], **sampled: Any) -> Candidates:
        from partimento.generate.morph import morph

        return morph(trained, *scores, steps=steps, way=way, joined=not folders, **sampled)

    _run(make, [first, last], outputs, options)


def run_reconstruct(source: Path, outputs: Sequence[Path], options: LatentOptions) -> None:
    """Encode and decode a score; see `commands_latent.reconstruct`."""

    def make(trained: TrainedModel, scores: Sequence[Any], **sampled: Any) -> Candidates:
        from partimento.generate.morph import reconstruct

        return reconstruct(trained, *scores, **sampled)

    _run(make, [source], outputs, options)


def run_steer(
    source: Path, outputs: Sequence[Path], options: LatentOptions, *, amounts: Mapping[str, float]
) -> None:
    """Move a score along directions; see `commands_latent.steer`."""

    def make(trained: TrainedModel, scores: Sequence[Any], **sampled: Any) -> Candidates:
        from partimento.generate.directions import steer

        return steer(trained, scores[0], amounts, **sampled)

    _run(make, [source], outputs, options)


def run_sample(outputs: Sequence[Path], options: LatentOptions, *, count: int) -> None:
    """Decode random points; see `commands_latent.sample`."""
    if len(outputs) != 1 or outputs[0].suffix:
        raise PartimentoError(
            "samples are written to a folder: name one with -o, such as -o takes/"
        )

    def make(trained: TrainedModel, scores: Sequence[Any], **sampled: Any) -> Candidates:
        from partimento.generate.morph import sample

        return sample(trained, count, **sampled)

    _run(make, [], outputs, options)


def _run(
    make: Callable[..., Candidates],
    sources: Sequence[Path],
    outputs: Sequence[Path],
    options: LatentOptions,
) -> None:
    """Read scores, make pieces of them with a model, and write these."""
    folder = outputs[0] if len(outputs) == 1 and not outputs[0].suffix else None
    if folder is not None:
        refuse_folder(folder, mark=TABLE, force=options.force)
    else:
        check_paths(outputs, force=options.force)
    if options.seed < 0:
        raise PartimentoError("--seed must be at least 0")
    SampleSettings(temperature=options.temperature)  # report an invalid value at once
    from partimento.training.pretrained import model_folder
    from partimento.training.run_folder import RunFolder

    run = model_folder(options.model)
    RunFolder(run).check()
    scores = [start_piece(path, run) for path in sources]
    with progress.stages(quiet=options.as_json) as stages:
        with stages.during("start"):
            from partimento.generate.sampler import Sampling
            from partimento.training.trained_model import load_model

            trained = load_model(run)
        with stages.during("decode"):
            found = make(
                trained,
                scores,
                sampling=Sampling(temperature=options.temperature, top_p=1.0),
                candidates=options.candidates,
                seed=options.seed,
            )
    written = (
        _write_folder(found, folder, force=options.force)
        if folder is not None
        else write_all(Chain(found[0].piece), outputs, force=options.force)
    )
    rows = _rows(found)
    if options.as_json:
        screen.print_json({"pieces": rows, "written": [str(path) for path in written]})
        return
    for row in rows:
        words = f"{row['number']}: {row['bars']} bars, {row['notes']} notes, {row['key']}"
        screen.out().print(screen.printable(words))


def _rows(found: Candidates) -> list[dict[str, Any]]:
    return [
        {
            "number": row["number"],
            "key": candidate.piece.keys[0].name if candidate.piece.keys else "",
            "bars": sum(bar.number > 0 for bar in candidate.piece.bars()),
            "notes": len(candidate.piece.notes),
            "in_key": row["in_key"],
            "parallels": row["parallels"],
        }
        for row, candidate in zip(found.rows(), found, strict=True)
    ]


def _write_folder(found: Candidates, folder: Path, *, force: bool) -> list[Path]:
    """Write each piece as MIDI and MusicXML, and a table of all."""
    digits, rows = len(str(len(found))), _rows(found)
    names = [f"{number:0{digits}}" for number in range(1, len(found) + 1)]
    with new_folder(folder, mark=TABLE, force=force) as work, progress.stages() as stages:
        for number, (name, candidate) in enumerate(zip(names, found, strict=True)):
            stages.at("write", number, len(found), name)
            paths = [work / f"{name}{suffix}" for suffix in SUFFIXES]
            with screen.warning_lines():
                render.write_all(Chain(candidate.piece), paths, force=True)
        text = io.StringIO()
        table = csv.DictWriter(text, ["file", *rows[0]], lineterminator="\n")
        table.writeheader()
        for name, row in zip(names, rows, strict=True):
            table.writerow({"file": f"{name}.mid", **row})
        (work / TABLE).write_text(text.getvalue(), encoding="utf-8")
    screen.err().print(screen.printable(f"wrote {len(found)} pieces to {folder}/"))
    return [folder / f"{name}{suffix}" for name in names for suffix in SUFFIXES]
