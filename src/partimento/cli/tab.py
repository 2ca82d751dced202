"""Implement ``partimento tab``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from partimento.cli import progress, screen
from partimento.cli.compose import read_file, write_all
from partimento.errors import PartimentoError
from partimento.export.write import Chain, check_paths
from partimento.guitar.ascii_tab import to_ascii, tuning_text
from partimento.guitar.fingerings import FingeredPart, Fingering, find_fingering
from partimento.guitar.tunings import tuning_named
from partimento.music.piece import Piece

FORMAT = "pdf"


class TabOptions(NamedTuple):
    """The options of the fingering.

    Attributes
    ----------
    tuning : str or None
    capo : int
    part : str or None
    keep : bool
        Whether strings that the score states are kept.
    """

    tuning: str | None
    capo: int
    part: str | None
    keep: bool


def run_tab(
    sources: Sequence[Path],
    outputs: Sequence[Path],
    formats: Sequence[str],
    options: TabOptions,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Write or print the tablatures of scores.

    Parameters
    ----------
    sources : sequence of Path
    outputs : sequence of Path
        Files, or one folder. If there are none, the tablature is printed.
    formats : sequence of str
        The formats of the files in a folder.
    options : TabOptions
    force : bool
        Replace existing files.
    as_json : bool
        Print the files written and the faults as JSON.
    """
    if options.tuning or options.capo:  # refuse a wrong tuning before anything is read
        tuning_named(options.tuning or "standard", capo=options.capo)
    targets = _targets(sources, outputs, formats)
    check_paths([path for paths in targets for path in paths], force=force)
    pieces = [piece for source in sources for piece in read_file(source)]
    if len(pieces) > len(sources) and outputs:
        raise PartimentoError(
            f"a file has several pieces: choose one, such as {pieces[0].source.path}"
        )
    found = _fingered(pieces, options)
    reports = []
    for number, fingering in enumerate(found):
        piece = fingering.piece
        for warning in piece.warnings:
            screen.err().print(screen.printable(f"{piece.source.path}: {warning}"))
        written = write_all(Chain(piece), targets[number], force=force) if outputs else []
        reports.append(_report(fingering, written))
        if not outputs and not as_json:
            for line in to_ascii(piece).splitlines():
                screen.out().print(screen.printable(line), soft_wrap=True)
    if as_json:
        screen.print_json(reports)


def _targets(
    sources: Sequence[Path], outputs: Sequence[Path], formats: Sequence[str]
) -> list[list[Path]]:
    """Return the files to write for each score."""
    folders = [path for path in outputs if not path.suffix or path.is_dir()]
    if not folders:
        if formats:
            raise PartimentoError("--format is for a folder: give one with -o")
        if len(sources) > 1 and outputs:
            raise PartimentoError(f"{len(sources)} scores need a folder: -o {outputs[0].stem}/")
        return [list(outputs) for _ in sources]
    if len(outputs) > 1:
        raise PartimentoError("give one folder, or files, with -o")
    names = [source.stem for source in sources]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise PartimentoError(f"two scores would be written as {twice}: write them apart")
    suffixes = [f".{name.lstrip('.').lower()}" for name in formats or (FORMAT,)]
    return [[folders[0] / f"{name}{suffix}" for suffix in suffixes] for name in names]


def _fingered(pieces: Sequence[Piece], options: TabOptions) -> list[Fingering]:
    found = []
    with progress.stages() as stages:
        for number, piece in enumerate(pieces):
            stages.at("finger", number, len(pieces))
            try:
                found.append(
                    find_fingering(
                        piece,
                        tuning=options.tuning,
                        capo=options.capo,
                        part=options.part,
                        keep=options.keep,
                    )
                )
            except PartimentoError as error:
                raise PartimentoError(f"{piece.source.path}: {error}") from error
        stages.at("finger", len(pieces), len(pieces))
    return found


def _report(fingering: Fingering, written: Sequence[Path]) -> dict[str, Any]:
    piece = fingering.piece
    return {
        "file": piece.source.path,
        "written": [str(path) for path in written],
        "parts": [_part(piece, part) for part in fingering.parts],
        "warnings": list(piece.warnings),
    }


def _part(piece: Piece, part: FingeredPart) -> dict[str, Any]:
    positions = [position for _, position in part.positions]
    shifts = sum(a != b for a, b in pairwise(positions))
    return {
        "name": piece.parts[part.part].name,
        "tuning": tuning_text(part.tuning.strings),
        "capo": part.tuning.capo,
        "highest_position": max(positions, default=0),
        "shifts": shifts,
        "unplayable": [str(onset) for onset in part.unplayable],
        "without_place": len(part.without_place),
        "cut_short": part.cut,
        "cost": round(part.cost, 2),
    }
