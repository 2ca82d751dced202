"""Implement ``partimento credits``: list the music from which a model learned."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from partimento.cli import screen
from partimento.cli.screen import Column
from partimento.errors import PartimentoError
from partimento.files import refuse_existing, write_atomically
from partimento.io.provenance import read_provenance
from partimento.music.provenance import Provenance
from partimento.tables import csv_table
from partimento.training.credits import COLUMNS, Credits, credits_of
from partimento.training.pretrained import bundled_models, model_folder
from partimento.training.run_folder import RunFolder

SUFFIXES = (".md", ".txt", ".csv", ".json")
SHOWN = 40  # pieces in the printed table


def run_credits(source: str, *, out: Path | None, force: bool, as_json: bool) -> None:
    """Print and write the credits; see `commands_trust.credits_`."""
    if out is not None:
        if out.suffix.lower() not in SUFFIXES:
            raise PartimentoError(f"{out}: credits can be written as {', '.join(SUFFIXES)}")
        refuse_existing(out, force=force)
    credits_ = credits_of(_run(source))
    if out is not None:
        write_atomically(out, _text(credits_, out.suffix.lower()))
        screen.err().print(screen.printable(f"wrote {out}"))
    if as_json:
        screen.print_json(_plain(credits_))
        return
    screen.out().print(screen.printable(credits_.summary()))
    if out is not None:
        return
    columns = [
        Column(name, rank, "name" if name != "piece" else "prose")
        for name, rank in zip(COLUMNS, (0, 0, 2, 0, 1), strict=True)
    ]
    rows = [piece.row for piece in credits_.pieces[:SHOWN]]
    screen.print_table("", columns, rows, everything="-o or --json shows all columns")
    if len(credits_.pieces) > SHOWN:
        screen.out().print(
            f"These are the first {SHOWN} of {len(credits_.pieces):,} pieces; -o or --json shows"
            " all."
        )


def _run(source: str) -> Path:
    """Return the run folder of a model, or of the model that composed a file."""
    path = Path(source)
    if not path.is_file():
        folder = model_folder(source)
        if not folder.exists():
            raise PartimentoError(
                f"{source} does not exist, and no bundled model has this name: they are"
                f" {' and '.join(bundled_models())}"
            )
        return folder
    record = read_provenance(path)
    for place in (model_folder(record.model), path.parent / record.model):
        if record.model and RunFolder(place).exists():
            _check_fingerprint(record, place, path)
            return place
    raise PartimentoError(
        f"{path} was composed by the model {record.model!r}, which is not here: name its run folder"
    )


def _check_fingerprint(record: Provenance, folder: Path, path: Path) -> None:
    """Raise PartimentoError if a model of this name learned from other music."""
    try:
        own = str(RunFolder(folder).read_about()["corpus"]["fingerprint"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise PartimentoError(
            f"{folder} is not a complete run: {type(error).__name__}: {error}"
        ) from error
    if own != record.corpus_fingerprint:
        raise PartimentoError(
            f"{path} was composed by another model named {record.model!r}: the one here learned"
            " from other music; name the run folder of the right one"
        )


def _plain(credits_: Credits) -> dict[str, object]:
    return {**asdict(credits_), "licenses": dict(credits_.licenses())}


def _text(credits_: Credits, suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(_plain(credits_), indent=2, ensure_ascii=False) + "\n"
    if suffix == ".csv":
        rows = (dict(zip(COLUMNS, piece.row, strict=True)) for piece in credits_.pieces)
        return csv_table(COLUMNS, rows)
    return credits_.to_markdown() if suffix == ".md" else credits_.to_text()
