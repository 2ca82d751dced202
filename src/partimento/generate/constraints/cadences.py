"""Wish for cadences where phrases end.

Not every melody permits a cadence at each phrase end, so that this is no demand. The particle
filter weighs it: music without a cadence counts less there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from partimento.analysis.cadences import Cadence, cadence_at, classify_cadence
from partimento.errors import PartimentoError
from partimento.generate.constraints.base import Constraint, Finding, Scene, set_values
from partimento.generate.constraints.rules import Rule, View, wide
from partimento.generate.constraints.timetable import Timetable
from partimento.generate.criteria import Ending
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr
from partimento.tokens.note_grammar import NONE

CLOSING = ("authentic", "plagal")  # the cadences on the tonic
MISSING = -6.0  # nats for a phrase that ends without a cadence
CLASSES = 12


@short_repr
@dataclass(frozen=True)
class Cadences(Constraint, is_public=False):
    """Wish for cadences at the ends of phrases, and for a certain one at the end.

    Parameters
    ----------
    times : sequence of Fraction
        Where phrases end, in quarters.
    end : Fraction, optional
        Where the piece ends.
    last : Fraction, optional
        Where the last chord begins, if it is known. The last cadence is then judged there.
    ending : str
        ``authentic``, ``half`` or ``open``: which cadence is wanted at the end.

    Examples
    --------
    >>> Cadences([8, 16], 16).demand
    'cadences at 2 phrase ends'
    """

    times: Sequence[Fraction | int]
    end: Fraction | int | None = None
    ending: Ending = "open"
    last: Fraction | None = None

    def __post_init__(self) -> None:
        ends = set(self.times) | (set() if self.end is None else {self.end})
        set_values(self, times=tuple(sorted(Fraction(time) for time in ends)))

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        count = len(self.times)
        return (
            f"a cadence at {count} phrase end" if count == 1 else f"cadences at {count} phrase ends"
        )

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule that prefers cadences."""
        key = _key(scene)
        marks = np.zeros(table.last + 1, np.int32)
        for time in self.times:
            step = time * scene.grid
            if step.denominator == 1 and scene.start < step <= table.last:
                marks[int(step)] = 2 if time == self.end else 1
        last = -1
        if self.last is not None and self.end is not None:
            last = int(self.last * scene.grid)
            marks[int(Fraction(self.end) * scene.grid)] = 0
        return [CadenceRule(marks, key, self.ending, last)]

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the cadences. The finding counts as a wish."""
        missing = self.missing(piece, scene)
        found = f"{len(self.times) - missing} of {len(self.times)}"
        return replace(self._finding(found, not missing), by_default=True)

    def missing(self, piece: Piece, scene: Scene) -> int:
        """Return how many phrases end without a cadence."""
        key, count = _key(scene), 0
        for time in self.times:
            cadence = cadence_at(piece, Fraction(time), key)
            count += not fits(cadence, self.ending if time == self.end else "open", key)
        return count


def fits(cadence: Cadence, ending: Ending, key: Key) -> bool:
    """Return whether a cadence is of the wanted kind: ``open`` is any."""
    if ending == "authentic":
        return cadence.kind in CLOSING and cadence.tonic == key.tonic
    return cadence.kind == "half" if ending == "half" else cadence.kind != "none"


def _key(scene: Scene) -> Key:
    if scene.key is None:
        raise PartimentoError("cadences need a key")
    return scene.key


class CadenceRule(Rule):
    """Let events that end a phrase without a cadence weigh less.

    The state has the last two different bass notes. Each has its pitch class, or -1, and the pitch
    classes that sounded with it, ``(B, 12)``.

    Parameters
    ----------
    marks : (T + 1,) int
        1 where a phrase ends, 2 where the piece does.
    key : Key
    ending : str
        The wanted cadence at the end of the piece.
    last : int
        The step at which the last chord begins, to judge it there; negative for none.
    """

    def __init__(self, marks: np.ndarray, key: Key, ending: Ending, last: int = -1) -> None:
        self.kind = ("cadences",)
        self.marks, self.key, self.ending, self.last = marks, key, ending, last

    def start(self, batch: int, slots: int, xp: Any = np) -> tuple[Any, ...]:
        """Return that nothing has sounded."""
        none = xp.zeros((batch,), dtype="int32") - 1
        silent = xp.zeros((batch, CLASSES), dtype="bool")
        return none, silent, none, silent

    def advance(self, state: Any, p: Sequence[Any], view: View, steps: Any, xp: Any = np) -> Any:
        """Remember the bass of an event, and what sounds with it."""
        bass, classes, earlier, earlier_classes = state
        now, heard = _event(view, xp)
        same, silent = now == bass, now < 0
        kept = same | silent
        new = xp.where(wide(same, xp), classes | heard, heard)
        return (
            xp.where(silent, bass, now),
            xp.where(wide(silent, xp), classes, new),
            xp.where(kept, earlier, bass),
            xp.where(wide(kept, xp), earlier_classes, classes),
        )

    def bias(self, state: Any, p: Sequence[Any], view: View) -> np.ndarray | None:
        """Return a negative number where an event would end a phrase without a cadence."""
        ends = np.minimum(view.t[:, None] + view.steps, len(self.marks) - 1)
        marks = np.where(view.steps > 0, self.marks[ends], 0)
        marks = np.where(wide(view.t == self.last, np), 2, marks)
        rows = np.flatnonzero(marks.any(axis=1))
        if not len(rows):
            return None
        bass, heard = _event(view, np)
        added = np.zeros(marks.shape)
        for row in rows.tolist():
            cadence = self._cadence([part[row] for part in state], int(bass[row]), heard[row])
            for mark, ending in ((1, "open"), (2, self.ending)):
                if not fits(cadence, ending, self.key):  # type: ignore[arg-type]
                    added[row, marks[row] == mark] = MISSING
        return added

    def _cadence(self, state: list[Any], bass: int, heard: np.ndarray) -> Cadence:
        """Return the cadence that the current event would end."""
        last, classes, earlier, earlier_classes = state
        if bass < 0:
            return Cadence("none", self.key.tonic)
        before, around = (earlier, earlier_classes) if bass == last else (last, classes)
        if before < 0:
            return Cadence("none", self.key.tonic)
        chords = [frozenset(np.flatnonzero(each).tolist()) for each in (around, heard)]
        return classify_cadence([int(before), bass], chords, self.key)


def _event(view: View, xp: Any) -> tuple[Any, Any]:
    """Return the pitch class of the bass, or -1, and all others ``(B, 12)``."""
    lowest = xp.min(xp.where(view.sounds, view.pitch, NONE), axis=-1)
    at = xp.equal(xp.expand_dims(view.pitch % 12, -1), np.arange(CLASSES, dtype=np.int32))
    heard = xp.any(at & xp.expand_dims(view.sounds, -1), axis=1)
    return xp.where(lowest < NONE, lowest % 12, -1), heard
