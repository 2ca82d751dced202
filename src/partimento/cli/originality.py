"""Find the passages that pieces share with a corpus: ``partimento originality``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partimento.cli import progress, screen
from partimento.cli.screen import Column, Kind
from partimento.corpus import Reject
from partimento.errors import PartimentoError
from partimento.files import refuse_existing, write_atomically
from partimento.tables import csv_table, markdown_table

if TYPE_CHECKING:
    from partimento.analysis.similarity.borrowing import Originality, Shared
    from partimento.evaluation.originality import Report

SUFFIXES = (".csv", ".json", ".md")
SHOWN = 20  # maximum number of pieces in the printed table
FEW = 3  # up to this many pieces, each gets a sentence
LINES = ("chords", "melody")
HEADER = ("piece", "line", "longest passage", "where", "in passages ≥ 8")
KINDS: tuple[Kind, ...] = ("name", "name", "figure", "prose", "figure")
RANKS = (0, 0, 0, 1, 2)
COLUMNS = (
    "piece",
    "path",
    "line",
    "elements",
    "longest",
    "bar",
    "in_title",
    "in_path",
    "in_bar",
    "semitones",
    "same_rhythm",
    "in_pieces",
    "share",
    "left_aside",
)


def run_originality(
    files: Sequence[str], against: Sequence[str], *, out: Path | None, force: bool, as_json: bool
) -> None:
    """Search, print and write the report; see `commands_evaluate.originality`."""
    if out is not None:
        if out.suffix.lower() not in SUFFIXES:
            raise PartimentoError(f"{out}: the report can be written as {', '.join(SUFFIXES)}")
        refuse_existing(out, force=force)
    from partimento.corpus.load import load_corpus
    from partimento.evaluation.originality import originality
    from partimento.io.formats import is_store

    if stores := [path for path in files if is_store(path)]:
        raise PartimentoError(
            f"{stores[0]} is a store: give a score or a folder of scores, and the corpus with"
            " --against"
        )
    with progress.stages(quiet=as_json) as stages:
        with stages.during("read"):
            corpus_of_files = load_corpus(files, progress=stages.at)
        with stages.during("read the corpus"):
            corpus = load_corpus(
                against,
                progress=lambda stage, done, total: stages.at("read the corpus", done, total),
            )
        report = originality(corpus_of_files.pieces, corpus, progress=stages.at)
    rejects = [
        reject
        for read in (corpus_of_files, corpus)
        for reject in (*read.rejects, *read.partly_read)
    ]
    if out is not None:
        write_atomically(out, _text(out.suffix.lower(), report, rejects))
    if as_json:
        screen.print_json(_plain(report, rejects))
        return
    _show(report)
    screen.print_rejects(rejects)


def _plain(report: Report, rejects: Sequence[Reject]) -> dict[str, Any]:
    from partimento.evaluation.originality import verdict

    plain_report = asdict(report)
    for plain, piece in zip(plain_report["pieces"], report.pieces, strict=True):
        plain["verdict"] = verdict(piece, report.real)
    return {**plain_report, "rejected": [asdict(reject) for reject in rejects]}


def _name(piece: Originality) -> str:
    from partimento.evaluation.originality_table import name_of

    return name_of(piece)


def _show(report: Report) -> None:
    from partimento.evaluation.originality import verdict, verdict_together

    pieces = (
        sorted(report.pieces, key=lambda piece: -max(piece.chords.length, piece.melody.length))
        if _many(report)
        else report.pieces
    )
    columns = [Column(*column) for column in zip(HEADER, RANKS, KINDS, strict=True)]
    rows = _rows(report, pieces[:SHOWN])
    screen.print_table(_title(report), columns, rows, everything="-o or --json shows all columns")
    out = screen.out()
    if len(pieces) > SHOWN:
        out.print(
            f"These {SHOWN} have the longest passages; -o or --json shows all {len(pieces):,}."
        )
    if len(pieces) <= FEW:
        for piece in pieces:
            out.print(f"{_name(piece)}: {verdict(piece, report.real)}.")
        return
    out.print(f"{len(pieces):,} pieces: {verdict_together(report)}.")
    if known := [piece for piece in pieces if piece.in_corpus]:
        out.print(f"{len(known):,} of them are in the corpus, and were compared with the rest.")


def _many(report: Report) -> bool:
    return len(report.pieces) > FEW


def _title(report: Report) -> str:
    return (
        f"Compared with {report.against:,} pieces, {report.events:,} chords, in any key; real"
        f" pieces: {report.how}"
    )


def _rows(report: Report, pieces: Sequence[Originality]) -> list[tuple[str, ...]]:
    from partimento.evaluation.originality_table import rows

    return rows(report, pieces, together=_many(report))


def _text(suffix: str, report: Report, rejects: Sequence[Reject]) -> str:
    if suffix == ".json":
        return json.dumps(_plain(report, rejects), indent=2, ensure_ascii=False) + "\n"
    if suffix == ".csv":
        cells = (_flat(piece, line) for piece in report.pieces for line in LINES)
        return csv_table(COLUMNS, (dict(zip(COLUMNS, row, strict=True)) for row in cells))
    return f"{_title(report)}\n\n{markdown_table(HEADER, _rows(report, report.pieces))}"


def _flat(piece: Originality, line: str) -> tuple[Any, ...]:
    shared: Shared = getattr(piece, line)
    passage = shared.longest
    where = (
        (
            passage.bar,
            passage.title,
            passage.path,
            passage.corpus_bar,
            passage.semitones,
            passage.same_rhythm,
            passage.pieces,
        )
        if passage
        else ("",) * 7
    )
    return (
        piece.title,
        piece.path,
        line,
        shared.elements,
        shared.length,
        *where,
        round(shared.share, 6),
        "; ".join(piece.in_corpus),
    )
