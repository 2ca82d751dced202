"""Count the faults of part-writing: parallels, crossings, ranges and others.

Every measure is a count and the number of places that were examined, so that the counts of many
pieces can be added up. `PartWriting.rates` divides them.

Voices are sampled on a grid of eighths. A piece has real voices if each part, or each voice of a
part, has one note at a time. They are compared as they are. In any other piece the sounding chord
is sorted by pitch, and two successive chords are compared if they have the same number of notes.
`PartWriting.method` says which was done. Rates of the two methods are not comparable.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.analysis.voice_grid import Line, Method, VoiceGrid, voice_grid
from partimento.analysis.voice_ranges import program_range, voice_ranges
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr

FIFTH, OCTAVE = 7, 0  # intervals modulo 12
WHOLE_STEP = 2
LEAP = 8  # semitones: a minor sixth
# Semitones above the tonic. In minor, the sixth and seventh degrees may be raised.
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 9, 10, 11)}


@short_repr
@dataclass(frozen=True)
class PartWriting:
    """The counts of one piece, or of several.

    Attributes
    ----------
    method : str
        ``voices`` or ``chords``, see the module; ``both`` for a sum of pieces of both kinds.
    moving_pairs : int
        Pairs of voices of which both move from one grid step to the next.
    parallel_fifths, parallel_octaves : int
        Moving pairs that are a perfect fifth apart (or an octave or unison, both by any number of
        octaves) before and after. Contrary motion between such intervals counts, too.
    outer_pairs : int
        Moving pairs of the highest and the lowest voice.
    hidden_fifths, hidden_octaves : int
        Outer pairs that move in the same direction to a perfect fifth (or octave) from another
        interval, where the upper voice leaps.
    neighbors : int
        Pairs of neighboring voices that sound at a grid step; real voices only.
    crossings : int
        Neighbors of which the upper one is below the lower one.
    neighbor_moves : int
        Pairs of neighboring voices of which at least one moves to the next grid step.
    overlaps : int
        Neighbor moves by which a voice passes the pitch that its neighbor just left.
    notes, out_of_range : int
        Notes of a voice or an instrument with a known range, and those outside it.
    dominants, doubled_leading_notes : int
        Grid steps with at least three voices, the leading note, and the second or fifth degree.
        The faults are those in which two voices have the leading note.
    melodic_moves, unresolved_leaps : int
        Moves of a voice to another pitch without a rest between. The faults are leaps of a minor
        sixth or more without a step in the opposite direction after them. A leap to the last note
        before a rest does not count.
    sounding, in_key : float
        The duration of all notes in quarters, and of those in the scale of the key. The scale of a
        minor key includes the raised sixth and seventh degrees.
    """

    method: str = ""
    moving_pairs: int = 0
    parallel_fifths: int = 0
    parallel_octaves: int = 0
    outer_pairs: int = 0
    hidden_fifths: int = 0
    hidden_octaves: int = 0
    neighbors: int = 0
    crossings: int = 0
    neighbor_moves: int = 0
    overlaps: int = 0
    notes: int = 0
    out_of_range: int = 0
    dominants: int = 0
    doubled_leading_notes: int = 0
    melodic_moves: int = 0
    unresolved_leaps: int = 0
    sounding: float = 0.0
    in_key: float = 0.0

    def rates(self) -> dict[str, float]:
        """Return the rates by name, per 1,000 of what was examined; `in_key` is a share.

        NaN where nothing was examined, as for the crossings of sorted chords.
        """
        rates = {name: _rate(getattr(self, name), getattr(self, of)) for name, of in RATES.items()}
        rates["in_key"] = self.in_key / self.sounding if self.sounding else math.nan
        return rates


# Each count, and what it is divided by.
RATES = {
    "parallel_fifths": "moving_pairs",
    "parallel_octaves": "moving_pairs",
    "hidden_fifths": "outer_pairs",
    "hidden_octaves": "outer_pairs",
    "crossings": "neighbors",
    "overlaps": "neighbor_moves",
    "out_of_range": "notes",
    "doubled_leading_notes": "dominants",
    "unresolved_leaps": "melodic_moves",
}


def _rate(count: int, examined: int) -> float:
    return 1000 * count / examined if examined else math.nan


def key_of(piece: Piece) -> Key:
    """Return the key that a piece declares at its start, or else the estimated one."""
    return piece.keys[0] if piece.keys else analyze_key(piece)[0]


def part_writing(
    piece: Piece, key: Key | None = None, *, method: Method | None = None
) -> PartWriting:
    """Count parallels, crossings and the other faults of part-writing in a piece.

    Parameters
    ----------
    piece : Piece
    key : Key, optional
        The key, for leading notes and the scale. By default that of `key_of`.
    method : str, optional
        ``chords`` to sort the chords of a piece with voices, too.

    Examples
    --------
    Two voices that move in parallel fifths:

    >>> from fractions import Fraction
    >>> from partimento import Note, Part, Piece
    >>> quarter = Fraction(1)
    >>> pitches = [(67, 60), (69, 62)]
    >>> notes = [
    ...     Note(Fraction(t), quarter, pitch, part=part)
    ...     for t, pair in enumerate(pitches) for part, pitch in enumerate(pair)
    ... ]
    >>> counts = part_writing(Piece(notes, parts=(Part("Soprano"), Part("Alto"))))
    >>> counts.moving_pairs, counts.parallel_fifths
    (1, 1)
    """
    key = key or key_of(piece)
    grid = voice_grid(piece, method=method)
    counts: dict[str, Any] = {"method": grid.method}
    counts |= _parallels(grid) | _hidden(grid) | _doublings(grid, key) | _in_key(piece, key)
    if grid.lines:
        counts |= _crossings(grid) | _leaps(grid.lines) | _ranges_of_lines(piece, grid.lines)
    else:
        counts |= _ranges_of_parts(piece)
    return PartWriting(**counts)


def total(counts: Iterable[PartWriting]) -> PartWriting:
    """Return the sum of the counts of several pieces."""
    rows = list(counts)
    methods = {row.method for row in rows}
    sums = {
        field.name: sum(getattr(row, field.name) for row in rows)
        for field in fields(PartWriting)
        if field.name != "method"
    }
    return PartWriting(methods.pop() if len(methods) == 1 else "both" if methods else "", **sums)


def _successive(grid: VoiceGrid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pitches before and after, and which voices move: (T - 1, V) each."""
    before, after = grid.pitch[:-1], grid.pitch[1:]
    sounding = (before >= 0) & (after >= 0) & grid.comparable[:, None]
    return before, after, sounding & (before != after)


def _parallels(grid: VoiceGrid) -> dict[str, int]:
    before, after, moved = _successive(grid)
    upper, lower = np.triu_indices(grid.pitch.shape[1], 1)
    both = moved[:, upper] & moved[:, lower]
    # The sign is kept: where voices cross, a fifth is a fourth.
    first = (before[:, upper] - before[:, lower])[both] % 12
    second = (after[:, upper] - after[:, lower])[both] % 12
    same = first == second
    return {
        "moving_pairs": len(first),
        "parallel_fifths": int((same & (first == FIFTH)).sum()),
        "parallel_octaves": int((same & (first == OCTAVE)).sum()),
    }


def _hidden(grid: VoiceGrid) -> dict[str, int]:
    before, after, moved = _successive(grid)
    if grid.pitch.shape[1] < 2 or not len(before):
        return {}
    if grid.method == "voices":
        low = np.full(len(before), grid.pitch.shape[1] - 1)
    else:
        low = np.maximum((before >= 0).sum(1) - 1, 0)  # chords of equal size end at one column
    rows = np.flatnonzero(moved[:, 0] & moved[np.arange(len(low)), low] & (low > 0))
    low = low[rows]
    top_move = after[rows, 0] - before[rows, 0]
    low_move = after[rows, low] - before[rows, low]
    first = (before[rows, 0] - before[rows, low]) % 12
    second = (after[rows, 0] - after[rows, low]) % 12
    hidden = (top_move * low_move > 0) & (first != second) & (abs(top_move) > WHOLE_STEP)
    return {
        "outer_pairs": len(rows),
        "hidden_fifths": int((hidden & (second == FIFTH)).sum()),
        "hidden_octaves": int((hidden & (second == OCTAVE)).sum()),
    }


def _crossings(grid: VoiceGrid) -> dict[str, int]:
    upper, lower = grid.pitch[:, :-1], grid.pitch[:, 1:]
    sounding = (upper >= 0) & (lower >= 0)
    _, _, moved = _successive(grid)
    both = sounding[:-1] & sounding[1:]
    moves = both & (moved[:, :-1] | moved[:, 1:])
    passes = (lower[1:] > upper[:-1]) | (upper[1:] < lower[:-1])
    return {
        "neighbors": int(sounding.sum()),
        "crossings": int((sounding & (upper < lower)).sum()),
        "neighbor_moves": int(moves.sum()),
        "overlaps": int((moves & passes).sum()),
    }


def _doublings(grid: VoiceGrid, key: Key) -> dict[str, int]:
    degree = np.where(grid.pitch >= 0, (grid.pitch - key.tonic) % 12, -1)
    leading = (degree == 11).sum(1)
    is_dominant = ((degree == 7) | (degree == 2)).any(1) & ((degree >= 0).sum(1) >= 3)
    return {
        "dominants": int((is_dominant & (leading > 0)).sum()),
        "doubled_leading_notes": int((is_dominant & (leading > 1)).sum()),
    }


def _in_key(piece: Piece, key: Key) -> dict[str, float]:
    notes, pitched = piece.notes, ~piece.drums
    duration = notes.duration[pitched] / notes.divisions
    inside = np.isin((notes.pitch[pitched] - key.tonic) % 12, SCALES[key.mode])
    return {"sounding": float(duration.sum()), "in_key": float(duration[inside].sum())}


def _leaps(lines: Iterable[Line]) -> dict[str, int]:
    moves = unresolved = 0
    for line in lines:
        steps = np.diff(line.pitch)
        tied = line.onset[1:] == line.end[:-1]  # without a rest between
        steps, tied = steps[(steps != 0) | ~tied], tied[(steps != 0) | ~tied]
        moves += int(tied.sum())
        for (step, follows), (back, follows_back) in pairwise(zip(steps, tied, strict=True)):
            if follows and follows_back and abs(step) >= LEAP:
                unresolved += not (step * back < 0 and abs(back) <= WHOLE_STEP)
    return {"melodic_moves": moves, "unresolved_leaps": unresolved}


def _ranges_of_lines(piece: Piece, lines: tuple[Line, ...]) -> dict[str, int]:
    ranges = zip(lines, voice_ranges(piece, lines), strict=True)
    return _outside((line.pitch, *pitches) for line, pitches in ranges if pitches)


def _ranges_of_parts(piece: Piece) -> dict[str, int]:
    known = [
        (number, pitches)
        for number, part in enumerate(piece.parts)
        if not part.is_drum and (pitches := program_range(part.program))
    ]
    return _outside((piece.notes.pitch[piece.notes.part == n], *pitches) for n, pitches in known)


def _outside(rows: Iterable[tuple[np.ndarray, int, int]]) -> dict[str, int]:
    notes = outside = 0
    for pitch, low, high in rows:
        notes += len(pitch)
        outside += int(((pitch < low) | (pitch > high)).sum())
    return {"notes": notes, "out_of_range": outside}
