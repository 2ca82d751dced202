"""Constrain how a piece ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from partimento.errors import PartimentoError, no_such
from partimento.generate.constraints.base import (
    PITCHES,
    Constraint,
    Finding,
    Scene,
    notes_in,
    parse_key,
    parse_time,
    set_values,
    transposed_key,
)
from partimento.generate.constraints.harmony import PITCH, ask_bass
from partimento.generate.constraints.rules import ChordTables, Rule, View, wide
from partimento.generate.constraints.timetable import Timetable
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr

MINOR_THIRD, MAJOR_THIRD = 3, 4  # semitones above the tonic

Kind = Literal["tonic", "cadence", "half"]
KINDS: tuple[Kind, ...] = ("tonic", "cadence", "half")


@short_repr
@dataclass(frozen=True)
class End(Constraint):
    """End on the tonic, with a cadence, or on the dominant.

    Parameters
    ----------
    kind : str
        ``tonic``: the last bar has the tonic triad alone, over its root. ``cadence``: the dominant
        triad or seventh chord over its root stands on the last beat before it. ``half``: the last
        bar has the dominant triad over its root.
    key : Key or str, optional
        By default the key of the piece.
    begin : Fraction, optional
        When the last chord begins, in quarters; by default with the last bar.
    picardy : bool
        In minor, whether the tonic triad may have a major third instead of its own. The model
        then decides.

    Examples
    --------
    >>> End("cadence", "d minor").demand
    'an authentic cadence in D minor'
    """

    needs_bars = True
    kind: Annotated[Kind, Field(description="Tonic, cadence or half.")] = "cadence"
    key: Annotated[Key | str | None, Field(description="A key, such as d minor.")] = None
    begin: Annotated[
        Fraction | int | str | None, Field(description="Beginning of the last chord, in quarters.")
    ] = None
    picardy: Annotated[bool, Field(description="Whether minor may end with a major third.")] = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PartimentoError(no_such(self.kind, KINDS, "ending"))
        set_values(self, key=None if self.key is None else parse_key(self.key))
        if self.begin is not None:
            set_values(self, begin=parse_time(self.begin, "the beginning of the last chord"))

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        name = f" in {self.key.name}" if isinstance(self.key, Key) else ""
        words = {
            "tonic": "a last bar on the tonic",
            "cadence": "an authentic cadence",
            "half": "a last bar on the dominant",
        }
        return words[self.kind] + name

    def _key(self, scene: Scene) -> Key:
        key = self.key if isinstance(self.key, Key) else scene.key
        if key is None:
            raise PartimentoError("End needs a key, such as End('cadence', 'd minor')")
        return key

    def _has_two_thirds(self, scene: Scene) -> bool:
        """Return whether the last chord may have either third."""
        return self.picardy and self.kind != "half" and self._key(scene).mode == "minor"

    def _chords(self, scene: Scene, stop: int) -> list[tuple[int, int, int, frozenset[int]]]:
        """Return begin, end, bass and pitch classes of the last chords, in steps."""
        key = self._key(scene)
        tonic, fifth = key.tonic, (key.tonic + 7) % 12
        thirds = {MINOR_THIRD if key.mode == "minor" else MAJOR_THIRD}
        thirds |= {MAJOR_THIRD} if self._has_two_thirds(scene) else set()
        beat, last = _beat(scene), self._last(scene, stop)
        triad = frozenset((tonic + step) % 12 for step in (0, *thirds, 7))
        dominant = frozenset((fifth + step) % 12 for step in (0, 4, 7))
        if self.kind == "half":
            return [(last, stop, fifth, dominant)]
        chords = [(last, stop, tonic, triad)]
        if self.kind == "cadence":
            begin = last - beat
            if begin < scene.start:
                raise PartimentoError("End('cadence') needs more bars")
            seventh = dominant | {(fifth + 10) % 12}
            chords.insert(0, (begin, last, fifth, seventh))
        return chords

    def _last(self, scene: Scene, stop: int) -> int:
        """Return the step at which the last chord begins."""
        if isinstance(self.begin, Fraction):
            return min(scene.steps(self.begin, "the last chord"), max(stop - 1, 0))
        lines = [line for line in scene.bar_lines(stop) if line < stop]
        last = lines[-1] if lines else 0
        return lines[-2] if stop - last < _beat(scene) and len(lines) > 1 else last

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Remove all other notes at the end, and give the chords their bass."""
        if scene.stop >= 0:
            return
        for begin, end, bass, classes in self._chords(scene, table.last):
            if begin < scene.start:
                raise PartimentoError("End needs more bars: the prompt reaches the last bar")
            inside = np.isin(PITCH % 12, list(classes))
            table.strike[begin:end] &= inside
            table.hold[begin:end] &= inside
            table.edge[begin] = True
            ask_bass(table, begin, end, bass)
        if self._has_two_thirds(scene):
            self._keep_given_third(table, scene)

    def _keep_given_third(self, table: Timetable, scene: Scene) -> None:
        """Remove the third that a given note of the last chord contradicts."""
        last, tonic = self._last(scene, table.last), self._key(scene).tonic
        thirds = [(tonic + third) % 12 for third in (MINOR_THIRD, MAJOR_THIRD)]
        codes = table.voices[last:]
        stated = set((codes[codes >= 0] % 12).tolist())
        stated |= set((np.flatnonzero(table.must_strike[last:].any(axis=0)) % 12).tolist())
        for third, other in (thirds, thirds[::-1]):
            if third in stated:
                table.strike[last:] &= other != PITCH % 12
                table.hold[last:] &= other != PITCH % 12

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule that keeps the two thirds apart."""
        if scene.stop >= 0 or not self._has_two_thirds(scene):
            return ()
        return [ThirdRule(self._last(scene, table.last), self._key(scene).tonic, table.kind)]

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Look at the notes of the last chords."""
        if scene.stop >= 0:
            return self._finding("not in these bars", True)
        notes = notes_in(piece, scene, all_notes=True)
        scale = notes.grid // scene.grid
        faults = []
        for begin, end, bass, classes in self._chords(scene, int(piece.length * scene.grid)):
            first, last = begin * scale, end * scale
            heard = (notes.onset < last) & (notes.end > first)
            strange = ~np.isin(notes.pitch[heard] % 12, list(classes))
            degrees = set(((notes.pitch[heard] - bass) % 12).tolist())
            mixed = self.kind != "half" and {MINOR_THIRD, MAJOR_THIRD} <= degrees
            times = {first, *notes.onset[heard & (notes.onset > first)].tolist()}
            lowest = [
                notes.pitch[(notes.onset <= t) & (notes.end > t)].min(initial=PITCHES)
                for t in times
            ]
            astray = any(pitch == PITCHES or pitch % 12 != bass for pitch in lowest)
            if mixed or astray or strange.any():
                faults.append(Fraction(begin, scene.grid))
        return self._finding("reached" if not faults else "missed", not faults)

    def transposed(self, semitones: int) -> End:
        """Return the ending in a key moved by `semitones`."""
        if not isinstance(self.key, Key):
            return self
        return replace(self, key=transposed_key(self.key, semitones))


def _beat(scene: Scene) -> int:
    """Return the length of a beat: a quarter, or three eighths in 6/8, 9/8 and 12/8."""
    eighths = Fraction(2 * scene.bar, scene.grid)
    is_compound = eighths in (3, 9)
    return int(Fraction(3, 2) * scene.grid) if is_compound else scene.grid


@short_repr
@dataclass(frozen=True)
class HeldEnd(Constraint, is_public=False):
    """Hold the last chord until the end.

    Parameters
    ----------
    begin : Fraction
        When it begins, in quarters.

    Examples
    --------
    >>> HeldEnd(15).demand
    'a last chord that is held'
    """

    needs_bars = True
    begin: Fraction | int

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return "a last chord that is held"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Let no event begin after the last chord."""
        begin = scene.steps(Fraction(self.begin), "the last chord")
        table.edge[begin] = True
        table.event[begin + 1 :] = False

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Look for notes that begin later."""
        notes = notes_in(piece, scene, all_notes=True)
        is_held = not (notes.onset > self.begin * notes.grid).any()
        return self._finding("held" if is_held else "not held", is_held)


class ThirdRule(Rule):
    """Keep the major and the minor third of the last chord apart.

    The state says which of them has sounded in the last chord, ``(B, 2)``.

    Parameters
    ----------
    begin : int
        The step at which the last chord begins.
    tonic : int
        Its pitch class.
    kind : str
        How the tokenizer writes an event.
    """

    def __init__(self, begin: int, tonic: int, kind: str) -> None:
        self.kind = ("thirds", kind)
        classes = [(tonic + third) % 12 for third in (MINOR_THIRD, MAJOR_THIRD)]
        self.parameters = (np.array(begin, np.int32), np.array(classes, np.int32))

    def start(self, batch: int, slots: int, xp: Any = np) -> tuple[Any, ...]:
        """Return that no third has sounded."""
        return (xp.zeros((batch, 2), dtype="bool"),)

    def _heard(self, state: Any, p: Sequence[Any], view: View, xp: Any) -> Any:
        """Return which thirds have sounded in the last chord so far, ``(B, 2)``."""
        at = xp.equal(xp.expand_dims(view.pitch % 12, -1), p[1])
        now = xp.any(at & xp.expand_dims(view.sounds, -1), axis=1)
        return state[0] | (now & wide(view.t >= p[0], xp))

    def advance(self, state: Any, p: Sequence[Any], view: View, steps: Any, xp: Any = np) -> Any:
        """Remember the thirds of an event."""
        return (self._heard(state, p, view, xp),)

    def _fits(self, heard: Any, p: Sequence[Any], pitch: Any, xp: Any) -> Any:
        """Return whether each pitch is not the third that is now excluded."""
        degree = pitch % 12
        minor = xp.equal(degree, p[1][0]) & heard[:, 1:]
        major = xp.equal(degree, p[1][1]) & heard[:, :1]
        return ~(minor | major)

    def strike(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Remove the third that does not fit those that sound."""
        return self._fits(self._heard(state, p, view, xp), p, PITCH.astype(np.int32), xp)

    def hold(self, state: Any, p: Sequence[Any], view: View, xp: Any = np) -> Any:
        """Remove held notes of the third that does not fit those that sound."""
        return self._fits(self._heard(state, p, view, xp), p, view.before_pitch, xp)

    def chords(
        self, state: Any, p: Sequence[Any], view: View, tables: ChordTables, xp: Any = np
    ) -> Any:
        """Remove chords with both thirds, or with another than has sounded."""
        notes = np.asarray(tables.notes) > 0
        has = [np.any(notes[:, number::12], axis=1) for number in range(12)]
        by_class = np.stack(has, axis=-1)  # (C, 12)
        minor = xp.take(by_class, p[1][0], axis=1)
        major = xp.take(by_class, p[1][1], axis=1)
        late = wide(view.t >= p[0], xp)
        heard = state[0]
        wrong = (minor & major) | (minor & heard[:, 1:]) | (major & heard[:, :1])
        return ~(wrong & late)
