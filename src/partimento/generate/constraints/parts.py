"""Constrain single parts: their rhythm, and their range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from partimento.errors import PartimentoError
from partimento.generate.constraints.base import (
    PITCHES,
    Constraint,
    Finding,
    Scene,
    notes_in,
    parse_pitch,
    parse_time,
    set_values,
)
from partimento.generate.constraints.rules import Rule, View
from partimento.generate.constraints.timetable import ANY, FREE, HOLD, NEW, Timetable
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

PITCH = np.arange(PITCHES, dtype=np.int32)


@short_repr
@dataclass(frozen=True)
class PartRhythm(Constraint):
    """Keep the onsets and durations of notes of some parts, at any pitch.

    Parameters
    ----------
    notes : sequence of (Fraction, Fraction, int)
        Onset and duration in quarters, and the index of the part.

    Examples
    --------
    >>> PartRhythm([(0, 1, 0), (1, "1/2", 0)]).demand
    'the rhythm of 2 notes'
    """

    needs_bars = True
    needs_voices = True
    notes: Annotated[
        Sequence[tuple[Fraction | int | str, Fraction | int | str, int]],
        Field(description="Onset and duration in quarters, and part of each note."),
    ]

    def __post_init__(self) -> None:
        rows = [
            (parse_time(onset, "an onset"), parse_time(duration, "a duration"), int(part))
            for onset, duration, part in self.notes
        ]
        if any(onset < 0 or duration <= 0 or part < 0 for onset, duration, part in rows):
            raise PartimentoError("a note of a rhythm needs a time, a duration and a part")
        set_values(self, notes=tuple(sorted(rows)))

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        count = len(self.notes)
        return f"the rhythm of {count:,} note{'s' * (count != 1)}"

    def _steps(self, scene: Scene) -> list[tuple[int, int, int]]:
        return [
            (
                scene.steps(Fraction(onset), "a note"),
                scene.steps(Fraction(onset) + Fraction(duration), "a note"),
                part,
            )
            for onset, duration, part in self.notes
        ]

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Let notes begin and end at their times."""
        for begin, end, part in self._steps(scene):
            if part >= table.voices.shape[1]:
                raise PartimentoError(f"{self!r}: the model writes no part {part + 1}")
            if begin < scene.start or end > table.last:
                continue
            if table.voices[begin, part] in (FREE, NEW):
                table.voices[begin, part] = ANY
            inside = table.voices[begin + 1 : end, part]
            inside[inside == FREE] = HOLD
            if end < table.last and table.voices[end, part] == FREE:
                table.voices[end, part] = NEW
            for edge in (begin, end):
                if edge < table.last:
                    table.edge[edge] = True

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Look for a note at each time."""
        notes = notes_in(piece, scene, all_notes=True)
        scale = notes.grid // scene.grid
        rows = zip(notes.onset.tolist(), notes.end.tolist(), notes.part.tolist(), strict=True)
        found = set(rows)
        kept = sum((a * scale, b * scale, part) in found for a, b, part in self._steps(scene))
        return self._finding(f"{kept} of {len(self.notes)}", kept == len(self.notes))


class PartRangeRule(Rule):
    """Let each voice begin notes in its own range alone.

    Parameters
    ----------
    ranges : (N, 2) int
        The lowest and the highest pitch of each voice.
    """

    kind = ("part ranges",)

    def __init__(self, ranges: np.ndarray) -> None:
        self.parameters = (ranges.astype(np.int32),)

    def strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Remove the pitches outside the range of the next voice."""
        if view.voice is None:
            return None
        own = xp.take(p[0], view.voice, axis=0)
        return (own[:, :1] <= PITCH) & (own[:, 1:] >= PITCH)


@short_repr
@dataclass(frozen=True)
class PartRanges(Constraint):
    """Keep each part in a range of its own.

    Parameters
    ----------
    ranges : sequence of (int or str, int or str)
        The lowest and the highest pitch of each part, the first part first.

    Examples
    --------
    >>> PartRanges([("C4", "G5"), ("G3", "D5"), ("C3", "A4"), ("E2", "D4")]).demand
    'a range for each of 4 parts'
    """

    needs_voices = True
    ranges: Annotated[
        Sequence[tuple[int | str, int | str]], Field(description="Range of each part.")
    ]

    def __post_init__(self) -> None:
        ranges = tuple((parse_pitch(low), parse_pitch(high)) for low, high in self.ranges)
        if any(low > high for low, high in ranges):
            raise PartimentoError("the lowest pitch of a range is above the highest")
        set_values(self, ranges=ranges)

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return f"a range for each of {len(self.ranges)} parts"

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule for the ranges."""
        if len(self.ranges) != table.voices.shape[1]:
            raise PartimentoError(f"{self!r}: the model writes {table.voices.shape[1]} voices")
        return [PartRangeRule(np.array(self.ranges))]

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the notes that begin outside their range."""
        notes = notes_in(piece, scene)
        ranges = np.array(self.ranges, np.int64)[notes.part]
        outside = int(((notes.pitch < ranges[:, 0]) | (notes.pitch > ranges[:, 1])).sum())
        text = "all notes" if not outside else f"{outside} notes outside"
        return self._finding(text, not outside)

    def transposed(self, semitones: int) -> PartRanges:
        """Return the ranges moved by `semitones`."""
        moved = [(int(low) + semitones, int(high) + semitones) for low, high in self.ranges]
        return replace(self, ranges=moved)
