"""Constrain melodic lines and the motion between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from partimento.errors import PartimentoError, no_such
from partimento.generate.constraints.base import Constraint, Finding, Scene, Sounding, notes_in
from partimento.generate.constraints.rules import LeapRule, ParallelsRule, Rule
from partimento.generate.constraints.timetable import Timetable
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

Line = Literal["melody", "bass", "all"]
SILENT = -1  # the pitch of a line that rests


@short_repr
@dataclass(frozen=True)
class StepLeap(Constraint):
    """Limit the leaps of a line from one note to the next.

    Parameters
    ----------
    most : int
        The largest interval in semitones; 2 allows steps alone.
    line : str
        ``melody`` is the highest line, ``bass`` the lowest. ``all`` is each voice, and needs a
        model that writes voices. A leap after a rest does not count.

    Examples
    --------
    >>> StepLeap(7, "melody").demand
    'leaps of the melody of at most 7 semitones'
    """

    most: Annotated[int, Field(ge=1, le=127, description="Largest interval in semitones.")] = 7
    line: Annotated[Line, Field(description="Melody, bass, or all voices.")] = "melody"

    def __post_init__(self) -> None:
        if not 1 <= self.most <= 127:
            raise PartimentoError("StepLeap needs an interval from 1 to 127 semitones")
        _check_word(self.line, ("melody", "bass", "all"), "line")

    @property
    def needs_voices(self) -> bool:  # type: ignore[override]
        """Whether the model must write voices."""
        return self.line == "all"

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        line = "all voices" if self.line == "all" else f"the {self.line}"
        return f"leaps of {line} of at most {self.most} semitones"

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule for the line."""
        return [LeapRule(self.most, self.line, table.voices.shape[1])]

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Return the largest leap."""
        lines = _grid_lines(piece, scene)
        if self.line != "all":
            lines = lines[[0 if self.line == "melody" else -1]]
        known = (lines[:, 1:] != SILENT) & (lines[:, :-1] != SILENT)
        leaps = np.abs(np.diff(lines, axis=1))[known]
        most = int(leaps.max(initial=0))
        return self._finding(f"at most {most}", most <= self.most)


@short_repr
@dataclass(frozen=True)
class PartWriting(Constraint):
    """Remove parallel fifths, octaves and unisons.

    Two lines are in parallel if both move to another pitch and keep an interval of a fifth or an
    octave, give or take octaves.

    Parameters
    ----------
    pairs : str
        ``outer`` for the highest and the lowest line. ``all`` for every two voices; this needs a
        model that writes voices.

    Examples
    --------
    >>> PartWriting("outer").demand
    'no parallel fifths or octaves between the outer voices'
    """

    pairs: Annotated[
        Literal["outer", "all"], Field(description="Outer voices, or all pairs of voices.")
    ] = "outer"

    def __post_init__(self) -> None:
        _check_word(self.pairs, ("outer", "all"), "pair of voices")

    @property
    def needs_voices(self) -> bool:  # type: ignore[override]
        """Whether the model must write voices."""
        return self.pairs == "all"

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        which = "the outer voices" if self.pairs == "outer" else "any two voices"
        return f"no parallel fifths or octaves between {which}"

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule for the pairs of voices."""
        return [ParallelsRule(self.pairs, table.voices.shape[1])]

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the parallels."""
        lines = _grid_lines(piece, scene)
        pairs = [(0, len(lines) - 1)]
        if self.pairs == "all":
            pairs = list(combinations(range(len(lines)), 2))
        count = sum(_parallels(lines[upper], lines[lower]) for upper, lower in pairs)
        return self._finding("none" if not count else f"{count}", not count)


def _parallels(upper: np.ndarray, lower: np.ndarray) -> int:
    sounding = (upper != SILENT) & (lower != SILENT)
    both = sounding[1:] & sounding[:-1]
    moved = (upper[1:] != upper[:-1]) & (lower[1:] != lower[:-1])
    gap = (upper - lower) % 12
    same = (gap[1:] == gap[:-1]) & np.isin(gap[1:], (0, 7))
    return int((both & moved & same).sum())


def _check_word(word: str, known: Sequence[str], what: str) -> None:
    if word not in known:
        raise PartimentoError(no_such(word, known, what))


def _grid_lines(piece: Piece, scene: Scene) -> np.ndarray:
    """Return the pitches ``(lines, events)``; SILENT in a rest.

    If every part has one note at a time, and there are several, each part is a line. Otherwise the
    lines are the highest and the lowest notes. An event begins wherever a note begins or ends.
    """
    notes = notes_in(piece, scene, all_notes=True)
    first = scene.start * notes.grid // scene.grid
    times = np.unique(np.concatenate([notes.onset, notes.end]))
    if not len(times):
        return np.full((2, 0), SILENT)
    parts = np.unique(notes.part)
    is_choir = len(piece.parts) > 1 and all(
        _one_at_a_time(notes, notes.part == part) for part in parts
    )
    lines = np.full((len(piece.parts) if is_choir else 2, len(times)), SILENT)
    starts, stops = np.searchsorted(times, notes.onset), np.searchsorted(times, notes.end)
    for begin, end, pitch, part in zip(starts, stops, notes.pitch, notes.part, strict=True):
        if is_choir:
            lines[part, begin:end] = pitch
            continue
        lines[0, begin:end] = np.maximum(lines[0, begin:end], pitch)
        low = lines[1, begin:end]
        lines[1, begin:end] = np.where(low == SILENT, pitch, np.minimum(low, pitch))
    # The last event before the constraints apply is where the first motion begins.
    kept = max(int(np.searchsorted(times, first, side="left")) - 1, 0)
    stop = len(times)
    if scene.stop >= 0:
        stop = int(np.searchsorted(times, scene.stop * notes.grid // scene.grid, side="left"))
    return lines[:, kept:stop]


def _one_at_a_time(notes: Sounding, chosen: np.ndarray) -> bool:
    onset, end = notes.onset[chosen], notes.end[chosen]
    order = np.argsort(onset, kind="stable")
    return bool((onset[order][1:] >= end[order][:-1]).all())
