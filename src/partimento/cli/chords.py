"""Implement ``partimento chords``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from partimento.analysis.chord_labels import lead_sheet, with_chord_labels
from partimento.cli import screen
from partimento.cli.compose import read_one, write_all
from partimento.export.write import Chain, check_paths
from partimento.music.piece import Piece


def run_chords(
    source: Path,
    outputs: Sequence[Path],
    *,
    estimate: bool,
    inversions: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Print the chord symbols of a score, and write the score with them.

    Parameters
    ----------
    source : Path
    outputs : sequence of Path
    estimate : bool
        Whether symbols that the score states are replaced by estimated ones.
    inversions : bool
        Whether symbols state a bass that is not the root.
    force : bool
        Replace existing files.
    as_json : bool
        Print times and symbols as JSON.
    """
    check_paths(outputs, force=force)
    piece = read_one(source)
    estimated = estimate or not piece.chord_symbols
    if estimated:
        piece = with_chord_labels(piece, inversions=inversions)
    written = write_all(Chain(piece), outputs, force=force) if outputs else []
    if as_json:
        screen.print_json(
            {
                "chords": lead_sheet(piece),
                "estimated": estimated,
                "symbols": [[str(symbol.onset), symbol.text] for symbol in piece.chord_symbols],
                "written": [str(path) for path in written],
            }
        )
        return
    print_lead_sheet(piece)


def print_lead_sheet(piece: Piece) -> None:
    """Print the chord symbols of a piece, four bars to a line."""
    bars = lead_sheet(piece).split(" | ")
    for first in range(0, len(bars), 4):
        line = " | ".join(bars[first : first + 4])
        screen.out().print(screen.printable(f"| {line} |"), soft_wrap=True)
