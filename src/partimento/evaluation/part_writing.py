"""Measure part-writing, cadences and structure over many pieces.

The measures of one piece are in `analysis.part_writing`, `analysis.cadences` and
`analysis.features`. Counts are added up over the pieces before they are divided. All other measures
are shares of pieces, or means over pieces.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from partimento.analysis.cadences import (
    KINDS,
    Cadence,
    FinalChord,
    cadence_at,
    final_cadence,
    final_chord,
)
from partimento.analysis.features.structure import longest_bar_run, repeated_bars
from partimento.analysis.keys import analyze_key
from partimento.analysis.loops import longest_loop
from partimento.analysis.part_writing import PartWriting, key_of, part_writing, total
from partimento.analysis.voice_grid import Method, voice_lines
from partimento.music.bars import first_bars, notes_by_bar
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr

KeySource = Literal["estimated", "declared"]
CLOSING = ("authentic", "plagal")  # the cadences on the tonic
MANY_TIMES = 7  # a bar that occurs so often in a row is a fault
LEAST_IN_VOICES = 0.9  # share of pieces with real voices, from which on voices are compared


@short_repr
@dataclass(frozen=True)
class PieceMeasures:
    """The measures of one piece.

    Attributes
    ----------
    key : Key
        The key that all measures use.
    writing : PartWriting
    final : FinalChord
    cadence : Cadence
        The last one.
    phrases : tuple of Cadence
        The cadences at the ends of all phrases but the last, if the piece states phrase ends.
    repeated_bars : float
        The share of bars that repeat an earlier one; NaN without notes.
    bar_run : int
        How many times in a row the same bar occurs at most.
    loops : bool
        Whether a figure occurs three times in a row, and lasts for more than a bar in total.
    """

    key: Key
    writing: PartWriting
    final: FinalChord
    cadence: Cadence
    phrases: tuple[Cadence, ...]
    repeated_bars: float
    bar_run: int
    loops: bool

    @property
    def closes(self) -> bool:
        """Whether the piece ends on its tonic triad, held, with a cadence on the tonic."""
        is_home = self.cadence.tonic == self.key.tonic and self.cadence.kind in CLOSING
        return self.final.ends_piece and is_home

    def values(self) -> dict[str, float]:
        """Return the measures as numbers by name, for a classifier; NaN if undefined."""
        return {
            **self.writing.rates(),
            "tonic_triad": float(self.final.is_tonic),
            "bare_tonic": float(self.final.is_bare),
            "root_in_bass": float(self.final.root_in_bass),
            "final_length": min(float(self.final.length), 4.0),
            "authentic": float(self.cadence == ("authentic", self.key.tonic)),
            "plagal": float(self.cadence.kind == "plagal"),
            "bar_run": float(min(self.bar_run, MANY_TIMES)),
            "loops": float(self.loops),
        }


def measure(
    piece: Piece,
    *,
    bars: int | None = None,
    key: KeySource = "estimated",
    method: Method | None = None,
) -> PieceMeasures:
    """Measure one piece.

    Parameters
    ----------
    piece : Piece
    bars : int, optional
        Measure only this number of bars. The last chord and the cadences are those of the whole
        piece.
    key : str
        ``declared`` to use the key that the piece declares, if there is one. By default it is
        estimated, so that pieces with and without a declared key are treated alike.
    method : str, optional
        ``chords`` to sort the chords of pieces with voices, too.
    """
    home = key_of(piece) if key == "declared" else analyze_key(piece)[0]
    beginning = piece if bars is None else first_bars(piece, bars)
    content = notes_by_bar(beginning)
    ends = [end for end in piece.phrase_ends if end < piece.length]
    return PieceMeasures(
        home,
        part_writing(beginning, home, method=method),
        final_chord(piece, home),
        final_cadence(piece, home),
        tuple(cadence_at(piece, end, home) for end in ends),
        repeated_bars(content),
        longest_bar_run(content),
        longest_loop(beginning.events) > piece.first_meter.bar_ql,
    )


def measure_all(
    pieces: Sequence[Piece],
    *,
    bars: int | None = None,
    key: KeySource = "estimated",
    method: Method | None = None,
    progress: Progress = silent,
) -> list[PieceMeasures]:
    """Measure several pieces; see `measure`."""
    rows = []
    for done, piece in enumerate(pieces, 1):
        rows.append(measure(piece, bars=bars, key=key, method=method))
        progress("measure part-writing", done, len(pieces))
    return rows


def common_method(*sets: Sequence[Piece]) -> Method:
    """Return how to find voices, so that sets of pieces can be compared.

    It is ``voices`` if nine of ten pieces of each set have two real voices or more. Otherwise it is
    ``chords`` for all pieces.
    """
    for pieces in sets:
        in_voices = sum(len(voice_lines(piece)) > 1 for piece in pieces)
        if in_voices < LEAST_IN_VOICES * len(pieces):
            return "chords"
    return "voices"


@short_repr
@dataclass(frozen=True)
class Measure:
    """The description of a measure.

    Attributes
    ----------
    label : str
    unit : str
        Empty for shares.
    of : callable
        The value for a set of pieces; NaN if undefined.
    """

    label: str
    unit: str
    of: Callable[[Sequence[PieceMeasures]], float]


def _rate(name: str) -> Callable[[Sequence[PieceMeasures]], float]:
    return lambda rows: total(row.writing for row in rows).rates()[name]


def _mean(of: Callable[[PieceMeasures], float]) -> Callable[[Sequence[PieceMeasures]], float]:
    def mean(rows: Sequence[PieceMeasures]) -> float:
        values = np.array([of(row) for row in rows], np.float64)
        return float(np.nanmean(values)) if np.isfinite(values).any() else math.nan

    return mean


def _last(kind: str) -> Callable[[Sequence[PieceMeasures]], float]:
    return _mean(lambda row: _named(row.cadence, row.key) == kind)


def _inside(kind: str) -> Callable[[Sequence[PieceMeasures]], float]:
    def share(rows: Sequence[PieceMeasures]) -> float:
        kinds = [_named(cadence, row.key) == kind for row in rows for cadence in row.phrases]
        return sum(kinds) / len(kinds) if kinds else math.nan

    return share


ELSEWHERE = "authentic in another key"


def _named(cadence: Cadence, key: Key) -> str:
    is_elsewhere = cadence.kind == "authentic" and cadence.tonic != key.tonic
    return ELSEWHERE if is_elsewhere else cadence.kind


MEASURES = {
    "parallel_fifths": Measure(
        "parallel fifths", "per 1,000 moving pairs", _rate("parallel_fifths")
    ),
    "parallel_octaves": Measure(
        "parallel octaves and unisons", "per 1,000 moving pairs", _rate("parallel_octaves")
    ),
    "hidden_fifths": Measure(
        "hidden fifths", "per 1,000 moving outer pairs", _rate("hidden_fifths")
    ),
    "hidden_octaves": Measure(
        "hidden octaves", "per 1,000 moving outer pairs", _rate("hidden_octaves")
    ),
    "crossings": Measure("crossings", "per 1,000 neighbors", _rate("crossings")),
    "overlaps": Measure("overlaps", "per 1,000 moves of neighbors", _rate("overlaps")),
    "out_of_range": Measure("notes out of range", "per 1,000", _rate("out_of_range")),
    "doubled_leading_notes": Measure(
        "doubled leading notes", "per 1,000 dominants", _rate("doubled_leading_notes")
    ),
    "unresolved_leaps": Measure(
        "unresolved leaps", "per 1,000 melodic moves", _rate("unresolved_leaps")
    ),
    "in_key": Measure("notes in the key", "", _mean(lambda row: row.writing.rates()["in_key"])),
    "tonic_triad": Measure(
        "end on the tonic triad",
        "",
        _mean(lambda row: row.final.is_tonic and row.final.root_in_bass),
    ),
    "ends_on_tonic": Measure(
        "end on the tonic triad, held", "", _mean(lambda row: row.final.ends_piece)
    ),
    "closes": Measure("end on the tonic triad with a cadence", "", _mean(lambda row: row.closes)),
    **{
        f"last_{kind}": Measure(f"last cadence: {kind}", "", _last(kind))
        for kind in (*KINDS, ELSEWHERE)
    },
    **{
        f"phrase_{kind}": Measure(f"inner phrase end: {kind}", "", _inside(kind))
        for kind in (*KINDS, ELSEWHERE)
    },
    "repeated_bars": Measure("bars that return", "", _mean(lambda row: row.repeated_bars)),
    "bar_runs": Measure(
        "one bar seven times in a row", "", _mean(lambda row: row.bar_run >= MANY_TIMES)
    ),
    "loops": Measure("loops of more than a bar", "", _mean(lambda row: row.loops)),
}


def figures(rows: Sequence[PieceMeasures]) -> dict[str, float]:
    """Return all `MEASURES` of a set of pieces by name; NaN if undefined."""
    return {name: measure.of(rows) for name, measure in MEASURES.items()}
