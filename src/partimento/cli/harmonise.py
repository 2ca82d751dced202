"""Implement ``partimento harmonise``."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from partimento.analysis.chord_labels import with_chord_labels
from partimento.cli import progress, screen
from partimento.cli.candidates import check_candidates, with_originality, write_candidates
from partimento.cli.chords import print_lead_sheet
from partimento.cli.compose import constraints_of, read_one, write_all
from partimento.errors import PartimentoError
from partimento.export.write import Chain, check_paths
from partimento.music.timelines import Key
from partimento.training.pretrained import model_folder
from partimento.training.run_folder import RunFolder

if TYPE_CHECKING:
    from partimento.generate.ranking import Candidate


class HarmoniseOptions(NamedTuple):
    """Hold the options of ``partimento harmonise``."""

    model: str
    part: str | None
    role: str | None
    chords: str | None
    lead_sheet: bool
    key: str | None
    seed: int | None
    particles: int
    candidates: int | None
    title: str
    against: Sequence[str]
    constraints: Mapping[str, str | None]


def run_harmonise(
    source: Path,
    options: HarmoniseOptions,
    outputs: Sequence[Path],
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Harmonise a part and write the result; see `commands_harmonise.harmonise`."""
    seed = checked_seed(options.seed)
    key = parsed_key(options.key)
    if options.candidates is None:
        outputs = outputs or [Path(f"{source.stem}-harmonised.mid")]
        check_paths(outputs, force=force)
    else:
        check_candidates(options.candidates, outputs, force=force)
    folder = model_folder(options.model)
    RunFolder(folder).check()
    piece = read_one(source)
    with progress.stages(quiet=as_json) as stages:
        with stages.during("start"):
            from partimento.generate.harmonise import harmonise_candidates
            from partimento.training.trained_model import load_model

            model = load_model(folder)
        candidates = harmonise_candidates(
            model,
            piece,
            best=options.candidates or 1,
            part=part_of(options.part),
            role=options.role,
            chords=options.chords,
            key=key,
            seed=seed,
            particles=options.particles,
            constraints=constraints_of(options.constraints, model.settings.data),
            symbols=options.lead_sheet,
            title=options.title,
            progress=stages.at,
        )
    if options.candidates is not None:
        candidates = with_originality(candidates, model, options.against)
        write_candidates(
            candidates, outputs, seed=seed, soundfont=None, force=force, as_json=as_json
        )
        return
    written = write_all(Chain(candidates[0].piece), outputs, force=force)
    report(candidates[0], seed, written, as_json=as_json)


def checked_seed(seed: int | None) -> int:
    """Return the seed, or a random one."""
    if seed is not None and seed < 0:
        raise PartimentoError("--seed must be at least 0")
    return secrets.randbelow(2**31) if seed is None else seed


def parsed_key(name: str | None) -> Key | None:
    """Return the key of an option."""
    try:
        return None if name is None else Key.from_name(name)
    except ValueError as error:
        raise PartimentoError(str(error)) from error


def part_of(text: str | None) -> str | int | None:
    """Return the name of a part, or its index if it is a number from 1."""
    if text is None or not text.isdecimal():
        return text
    if int(text) < 1:
        raise PartimentoError("--part counts parts from 1")
    return int(text) - 1


def report(candidate: Candidate, seed: int, written: Sequence[Path], *, as_json: bool) -> None:
    """Print what a candidate achieved, and its chords."""
    piece = candidate.piece
    labelled = piece if piece.chord_symbols else with_chord_labels(piece)
    if as_json:
        screen.print_json(
            {
                "seed": seed,
                "key": piece.keys[0].code,
                "chords": [[str(each.onset), each.text] for each in labelled.chord_symbols],
                "criteria": candidate.row(),
                "constraints": candidate.report.rows(),
                "written": [str(path) for path in written],
            }
        )
        return
    screen.out().print(f"seed {seed}: {piece.keys[0].name}")
    for line in candidate.report.table().splitlines():
        screen.out().print(screen.printable(line))
    print_lead_sheet(labelled)
