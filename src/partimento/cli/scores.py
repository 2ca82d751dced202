"""Implement ``partimento transpose``, ``cut``, ``info`` and ``lint``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from partimento.analysis.keys import analyze_key
from partimento.cli import screen
from partimento.cli.compose import read_file, read_one, write_all
from partimento.errors import PartimentoError
from partimento.export.write import Chain, check_paths
from partimento.io.lint import lint
from partimento.io.musicxml.bar_numbers import cut_bars
from partimento.io.score_info import score_info
from partimento.music.names import pitch_name
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.music.transpose import interval_to_key, semitones_of_interval


def run_transpose(
    source: Path,
    outputs: Sequence[Path],
    *,
    by: Mapping[str, int | str | None],
    soundfont: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write a score at another pitch.

    Parameters
    ----------
    source : Path
    outputs : sequence of Path
    by : mapping
        The options ``--semitones``, ``--interval`` and ``--key``, of which one has a value.
    soundfont : Path or None
    force : bool
        Replace existing files.
    as_json : bool
        Print the files written as JSON.
    """
    stated = {name: value for name, value in by.items() if value is not None}
    if len(stated) != 1:
        raise PartimentoError(f"give one of {', '.join(by)}")
    (name, value), *_ = stated.items()
    check_paths(outputs, force=force)
    try:
        target = Key.from_name(str(value)) if name == "--key" else None
    except ValueError as error:
        raise PartimentoError(str(error)) from error
    semitones = semitones_of_interval(str(value)) if name == "--interval" else 0
    piece = read_one(source)
    if target is not None:
        semitones = interval_to_key(piece.keys[0] if piece.keys else analyze_key(piece)[0], target)
    elif name == "--semitones":
        semitones = int(value)
    try:
        moved = piece.transpose(semitones)
    except ValueError as error:
        raise PartimentoError(f"{source}: {error}") from error
    written = write_all(Chain(moved, soundfont), outputs, force=force)
    key = moved.keys[0].name if moved.keys else None
    _report(written, {"semitones": semitones, "key": key}, moved, as_json=as_json)


def run_cut(
    source: Path,
    outputs: Sequence[Path],
    *,
    bars: str,
    soundfont: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write the bars ``first-last`` of a score.

    The other parameters are those of `run_transpose`.
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*(?:[-–]\s*(\d{1,6}))?\s*", bars)
    if match is None:
        raise PartimentoError(f"--bars is the first and the last bar, such as 5-8, not {bars!r}")
    check_paths(outputs, force=force)
    excerpt = cut_bars(read_one(source), int(match[1]), int(match[2] or match[1]))
    written = write_all(Chain(excerpt, soundfont), outputs, force=force)
    _report(written, {"quarters": str(excerpt.length)}, excerpt, as_json=as_json)


def _report(
    written: Sequence[Path], facts: Mapping[str, Any], piece: Piece, *, as_json: bool
) -> None:
    if as_json:
        paths = [str(path) for path in written]
        screen.print_json({"written": paths, **facts, "warnings": list(piece.warnings)})


def run_info(sources: Sequence[Path], *, as_json: bool) -> None:
    """Print the facts of scores, as a table each or as one JSON list."""
    facts = [score_info(piece) for source in sources for piece in read_file(source)]
    if as_json:
        screen.print_json(facts)
        return
    for each in facts:
        screen.print_facts(each["file"], _rows(each))


def run_lint(sources: Sequence[Path], *, as_json: bool) -> None:
    """Print the places of scores that break rules of notation, one per line."""
    pieces = [piece for source in sources for piece in read_file(source)]
    found = [(piece, finding) for piece in pieces for finding in lint(piece)]
    if as_json:
        rows = [{"file": piece.source.path, **finding._asdict()} for piece, finding in found]
        screen.print_json(rows)
        return
    for piece, finding in found:
        screen.out().print(screen.printable(f"{piece.source.path}: {finding}"))


def _rows(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    minutes, seconds = divmod(round(facts["seconds"]), 60)
    key = facts["key"] or "not declared"
    rows = [
        ("format", facts["format"]),
        ("title", facts["title"]),
        ("composer", facts["composer"]),
        ("key", f"{key}; estimated: {facts['estimated_key']}"),
        (
            "meter",
            ", ".join([facts["meter"], *(m for m in facts["meters"] if m != facts["meter"])]),
        ),
        ("tempo", f"{facts['tempo_bpm']:g} quarters per minute" if facts["tempo_bpm"] else ""),
        ("bars", f"{facts['bars']}" + _pickup(facts["pickup_quarters"])),
        ("length", f"{facts['quarters']} quarters, {minutes}:{seconds:02}"),
        ("notes", f"{facts['notes']}, and {facts['grace_notes']} grace notes"),
    ]
    rows += [(f"part {n}", _part(part)) for n, part in enumerate(facts["parts"], 1)]
    if facts["chord_symbols"] and not facts["marks"]:
        rows.append(("chord symbols", f"{facts['chord_symbols']}"))
    marks = {name: count for name, count in (facts["marks"] or {}).items() if count}
    if marks:
        text = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in marks.items())
        rows.append(("marks", text))
    rows += [("warning", warning) for warning in facts["warnings"]]
    return [(name, text) for name, text in rows if text]


def _pickup(quarters: str) -> str:
    return "" if quarters == "0" else f", after a pickup of {quarters} quarters"


def _part(part: Mapping[str, Any]) -> str:
    names = dict.fromkeys(name for name in (part["name"], part["instrument"]) if name)
    where = (
        f"{pitch_name(part['lowest'])} to {pitch_name(part['highest'])}" if part["notes"] else ""
    )
    if part["is_drum"]:
        where = ""
    return ", ".join(filter(None, (*names, f"{part['notes']} notes", where)))
