"""Constrain how many notes sound at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from partimento.errors import PartimentoError
from partimento.generate.constraints.base import Constraint, Finding, Scene, notes_in
from partimento.generate.constraints.timetable import Timetable
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

MOST_NOTES = 64


@short_repr
@dataclass(frozen=True)
class MaxVoices(Constraint):
    """Let at most a number of notes sound at once.

    Parameters
    ----------
    most : int

    Examples
    --------
    >>> MaxVoices(2).demand
    'at most 2 notes at once'
    """

    most: Annotated[int, Field(ge=1, le=MOST_NOTES, description="Notes that sound at once.")]

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MOST_NOTES:
            raise PartimentoError(f"MaxVoices needs a number from 1 to {MOST_NOTES}")

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return f"at most {self.most} note{'s' * (self.most > 1)} at once"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Limit the notes of each event."""
        here = table.window(scene)
        table.most[here] = np.minimum(table.most[here], self.most)

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Return the largest number of notes at once."""
        most = int(polyphony(piece, scene).max(initial=0))
        return self._finding(f"at most {most}", most <= self.most)


@short_repr
@dataclass(frozen=True)
class ChordSize(Constraint):
    """Let between two numbers of notes sound at every moment.

    Parameters
    ----------
    low, high : int
        With `low` of at least 1, there are no rests.

    Examples
    --------
    >>> ChordSize(3, 4).demand
    '3 to 4 notes at every moment'
    """

    low: Annotated[int, Field(ge=0, le=MOST_NOTES, description="Fewest notes at once.")] = 1
    high: Annotated[int, Field(ge=1, le=MOST_NOTES, description="Most notes at once.")] = 4

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= MOST_NOTES or not self.high:
            raise PartimentoError(
                f"ChordSize needs two numbers up to {MOST_NOTES}, the smaller one first, not"
                f" {self.low} and {self.high}"
            )

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        number = str(self.low) if self.low == self.high else f"{self.low} to {self.high}"
        return f"{number} notes at every moment"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Limit the notes of each event."""
        here = table.window(scene)
        table.fewest[here] = np.maximum(table.fewest[here], self.low)
        table.most[here] = np.minimum(table.most[here], self.high)

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Return the smallest and the largest number of notes at once."""
        counts = polyphony(piece, scene)
        if not len(counts):
            return self._finding("no notes", self.low == 0)
        low, high = int(counts.min()), int(counts.max())
        return self._finding(f"{low} to {high}", self.low <= low and high <= self.high)


def polyphony(piece: Piece, scene: Scene) -> np.ndarray:
    """Return how many notes sound between any two neighboring boundaries of notes."""
    notes = notes_in(piece, scene, all_notes=True)
    first = scene.start * notes.grid // scene.grid
    last = int(piece.length * notes.grid)
    if scene.stop >= 0:
        last = min(last, scene.stop * notes.grid // scene.grid)
    times = np.unique(np.concatenate([notes.onset, notes.end, [first, last]]))
    times = times[(times >= first) & (times < last)]
    begun = np.searchsorted(np.sort(notes.onset), times, side="right")
    ended = np.searchsorted(np.sort(notes.end), times, side="right")
    return np.asarray(begun - ended)
