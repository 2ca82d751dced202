"""Build the table of an originality report: shared passages and where they occur."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from partimento.analysis.similarity.borrowing import Originality, Shared, SharedPassage

if TYPE_CHECKING:
    from partimento.evaluation.originality import Group, Report

LINES = ("chords", "melody")
HEADER = ("piece", "line", "longest passage", "where", "in passages ≥ 8")


def rows(report: Report, pieces: Sequence[Originality], *, together: bool) -> list[tuple[str, ...]]:
    """Return a row per piece and line (chords, melody), then those of all pieces.

    Rows of real pieces come last, as the reference level.
    """
    table = [_row(piece, line) for piece in pieces for line in LINES]
    if together:
        table += _levels("all of them", report.together)
    return table + (_levels("real pieces", report.real) if report.real else [])


def _row(piece: Originality, line: str) -> tuple[str, ...]:
    shared: Shared = getattr(piece, line)
    passage = shared.longest
    first = line == LINES[0]
    return (
        name_of(piece) if first else "",
        line,
        f"{shared.length:,} of {shared.elements:,}",
        _where(passage) if passage else "",
        _percent(shared.share),
    )


def _levels(name: str, group: Group) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for line in LINES:
        level = getattr(group, line)
        lengths = " · ".join(f"{value:.3g}" for value in level.length)
        shares = " · ".join(map(_percent, level.share))
        rows.append(
            (
                f"{name} ({group.pieces:,})" if not rows else "",
                line,
                lengths,
                "median · 95 % · most",
                shares,
            )
        )
    return rows


def _where(passage: SharedPassage) -> str:
    file = PurePosixPath(passage.path)
    title = (
        f"{passage.title} ({file.name})"
        if passage.title not in ("", file.stem) and file.name
        else passage.title or file.name or "an untitled piece"
    )
    moved = (
        "same pitch"
        if passage.semitones == 0
        else f"{abs(passage.semitones)} semitone{'s' * (abs(passage.semitones) > 1)} "
    )
    moved += ("higher" if passage.semitones > 0 else "lower") if passage.semitones else ""
    rhythm = "same rhythm" if passage.same_rhythm else "other rhythm"
    several = f"; in {passage.pieces - 1:,} more" if passage.pieces > 1 else ""
    return f"bar {passage.bar} is bar {passage.corpus_bar} of {title}: {moved}, {rhythm}{several}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def name_of(piece: Originality) -> str:
    return (PurePosixPath(piece.path).name or piece.title or "untitled") + (
        " (in the corpus)" if piece.in_corpus else ""
    )
