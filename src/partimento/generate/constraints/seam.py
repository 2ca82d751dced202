"""Begin new music at a bar line, without lengthening the notes before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from partimento.generate.constraints.base import PITCHES, Constraint, Finding, Scene
from partimento.generate.constraints.timetable import FREE, NEW, Timetable
from partimento.music.piece import Piece
from partimento.short_repr import short_repr


@short_repr
@dataclass(frozen=True)
class Seam(Constraint, is_public=False):
    """Let no note go on where composing begins, except given ones.

    The notes before the seam belong to a score of the user, and are not lengthened. An event ends
    where composing ends, because that is the end of the `Scene`.

    Parameters
    ----------
    held : sequence of (int, int)
        Part and pitch of the notes of the score that sound on.
    """

    held: Sequence[tuple[int, int]] = ()

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return "new notes where composing begins"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Remove all other notes that would go on."""
        if not table.first < table.last:
            return
        table.edge[table.first] = True
        if table.kind == "voices":
            held = [part for part, _ in self.held]
            for voice in range(table.voices.shape[1]):
                if voice not in held and table.voices[table.first, voice] == FREE:
                    table.voices[table.first, voice] = NEW
            return
        others = np.ones(PITCHES, bool)
        others[[pitch for _, pitch in self.held]] = False
        table.hold[table.first] &= ~others

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Return that the seam holds: notes of the score are copied, whatever is composed."""
        return self._finding("so it is", True)

    def transposed(self, semitones: int) -> Seam:
        """Return the seam with its pitches moved by `semitones`."""
        return replace(self, held=[(part, pitch + semitones) for part, pitch in self.held])
