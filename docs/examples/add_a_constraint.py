"""Compose without some pitch classes: ``constraints=[Without((6, 10))]``."""

from dataclasses import dataclass

import numpy as np

from partimento.generate.constraints import PITCHES, Constraint, Finding, Scene
from partimento.generate.constraints.timetable import Timetable
from partimento.music.piece import Piece


@dataclass(frozen=True)
class Without(Constraint):
    """Remove pitch classes, C being 0: `Without((6,))` forbids every F sharp."""

    pitch_classes: tuple[int, ...]

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return f"no pitch classes {self.pitch_classes}"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Remove the pitches at every step of the piece."""
        table.forbid(np.isin(np.arange(PITCHES) % 12, self.pitch_classes), scene)

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the forbidden notes of a composed piece."""
        count = int(np.isin(piece.notes.pitch % 12, self.pitch_classes).sum())
        return Finding("Without", self.demand, f"{count} notes", holds=count == 0)

    def transposed(self, semitones: int) -> "Without":
        """Return the constraint for music that is moved back afterwards."""
        return Without(tuple((each + semitones) % 12 for each in self.pitch_classes))
