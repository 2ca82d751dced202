"""Constrain rhythm: bar lines, note values, a given rhythm, notes per bar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import Field

from partimento.errors import PartimentoError
from partimento.generate.constraints.base import (
    Constraint,
    Finding,
    Scene,
    notes_in,
    parse_time,
    place_name,
    set_values,
)
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.rules import DensityRule, Rule, ValueRule
from partimento.generate.constraints.timetable import Timetable
from partimento.music.names import duration_name
from partimento.music.piece import Piece
from partimento.music.timelines import Meter
from partimento.short_repr import short_repr

Time = Fraction | int | str
MANY = 10_000


@short_repr
@dataclass(frozen=True)
class InMeter(Constraint):
    """Fill every bar: a note begins or ends at each bar line.

    Parameters
    ----------
    meter : str, optional
        Such as ``3/4``. By default the meter of the piece.
    ties : bool
        Whether notes may be held across a bar line while others change. If not, every bar is full
        by itself.

    Examples
    --------
    >>> InMeter("3/4", ties=False).demand
    'full bars of 3/4 without ties across bar lines'
    """

    needs_bars = True
    meter: Annotated[str | None, Field(description="A meter, such as 3/4.")] = None
    ties: Annotated[bool, Field(description="Whether notes may be held across bar lines.")] = True

    def __post_init__(self) -> None:
        if self.meter is not None:
            parse_meter(self.meter)

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        of = f" of {self.meter}" if self.meter else ""
        return f"full bars{of}" + ("" if self.ties else " without ties across bar lines")

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Let an event begin at each bar line."""
        if self.meter is not None and parse_meter(self.meter).bar_ql * scene.grid != scene.bar:
            raise PartimentoError(f"{self!r}: the piece is in another meter; state it, too")
        for line in scene.bar_lines(table.last):
            if scene.start <= line and (scene.stop < 0 or line <= scene.stop):
                table.edge[line] = True
                if not self.ties:
                    table.hold[line] = False

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the bar lines at which nothing begins or ends, or a note is tied."""
        notes = notes_in(piece, scene, all_notes=True)
        scale = notes.grid // scene.grid
        times = set(notes.onset.tolist()) | set(notes.end.tolist())
        stop = int(piece.length * scene.grid)
        stop = min(stop, scene.stop) if scene.stop >= 0 else stop
        lines = [line * scale for line in scene.bar_lines(stop) if line >= scene.start]
        missed = sum(line not in times for line in lines)
        tied = sum(bool(((notes.onset < line) & (notes.end > line)).any()) for line in lines)
        if missed or not tied:
            text = f"{len(lines) - missed} of {len(lines)} bar lines"
        else:
            text = f"{len(lines)} bar lines, {tied} of them with a tie"
        return self._finding(text, not missed and (self.ties or not tied))


def parse_meter(name: str) -> Meter:
    """Return the meter of a name such as ``3/4``; raise PartimentoError if it is none."""
    numerator, _, denominator = name.partition("/")
    try:
        return Meter(int(numerator), int(denominator))
    except ValueError as error:
        raise PartimentoError(f"no such meter: {name!r} (write, for example, 3/4)") from error


@short_repr
@dataclass(frozen=True)
class Durations(Constraint):
    """Let notes have only certain durations.

    Parameters
    ----------
    values : sequence of Fraction, int or str
        In quarters: ``1`` is a quarter note, ``1/2`` an eighth.

    Examples
    --------
    >>> Durations(["1/2", 1]).demand
    'notes of eighth, quarter'
    """

    values: Annotated[
        Sequence[Fraction | int | str],
        Field(min_length=1, description="In quarters: 1 is a quarter, 1/2 an eighth."),
    ]

    def __post_init__(self) -> None:
        values = tuple(sorted({parse_time(value, "a duration") for value in self.values}))
        if not values or values[0] <= 0:
            raise PartimentoError("Durations needs durations above 0, such as 1 and 1/2")
        set_values(self, values=values)

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return f"notes of {', '.join(duration_name(Fraction(value)) for value in self.values)}"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Remove the events that are longer than all values, or not on their grid."""
        steps = [Fraction(value) * scene.grid for value in self.values]
        if not any(step in table.steps for step in steps):
            raise PartimentoError(f"{self!r}: the model has no duration of this kind")
        known = [int(step) for step in steps if step.denominator == 1]
        # Events on the grid that the values have in common leave the fewest notes in between.
        table.duration &= (table.steps <= max(known)) & (table.steps % math.gcd(*known) == 0)

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule for how long notes sound."""
        steps = [Fraction(value) * scene.grid for value in self.values]
        known = [int(step) for step in steps if step.denominator == 1]
        go_on = table.kind != "chords"
        return [ValueRule(known, table.steps, scene.total, must_go_on=go_on)]

    def contradicts(self, other: Constraint) -> bool:
        """Return True for fixed notes of another duration."""
        if not isinstance(other, FixedNotes):
            return False
        return any(note[1] not in self.values for note in other.notes)

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """List the durations of the notes."""
        notes = notes_in(piece, scene)
        allowed = {Fraction(value) for value in self.values}
        found = sorted({Fraction(int(d), notes.grid) for d in notes.end - notes.onset})
        text = ", ".join(duration_name(value) for value in found[:8]) or "no notes"
        return self._finding(text, set(found) <= allowed)


@short_repr
@dataclass(frozen=True)
class Rhythm(Constraint):
    """Keep a rhythm: notes begin at its onsets, and nowhere else.

    Parameters
    ----------
    durations : sequence of Fraction, int or str
        In quarters, one after another; a negative one is a rest. The pattern begins with the
        piece, and is repeated until the end.

    Examples
    --------
    >>> Rhythm(["1/2", "1/2", 1]).demand
    'the rhythm 1/2 1/2 1'
    """

    durations: Annotated[
        Sequence[Fraction | int | str],
        Field(min_length=1, description="In quarters; a negative one is a rest."),
    ]

    def __post_init__(self) -> None:
        durations = tuple(parse_time(value, "a duration") for value in self.durations)
        if not durations or any(value == 0 for value in durations):
            raise PartimentoError("Rhythm needs durations other than 0, such as 1/2 1/2 1")
        if all(value < 0 for value in durations):
            raise PartimentoError("Rhythm needs at least one note")
        set_values(self, durations=durations)

    @classmethod
    def of(cls, piece: Piece) -> Rhythm:
        """Return the rhythm of a piece: where notes begin, and where nothing sounds."""
        durations: list[Fraction] = []
        for event in piece.events:
            fresh = len(event.held) < len(event.chord)
            if fresh or not event.chord or not durations:
                durations.append(event.duration if event.chord else -event.duration)
            elif durations[-1] > 0:
                durations[-1] += event.duration
            else:
                durations[-1] -= event.duration
        return cls(durations)

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        shown = [str(value) for value in self.durations]
        more = " …" if len(shown) > 16 else ""
        return f"the rhythm {' '.join(shown[:16])}{more}"

    def _spans(self, scene: Scene, stop: int) -> list[tuple[int, int, bool]]:
        """Return begin, end and whether it sounds of each duration, in steps."""
        steps = [scene.steps(Fraction(value), "this rhythm") for value in self.durations]
        spans, now, turn = [], 0, 0
        while now < stop:
            size = steps[turn % len(steps)]
            spans.append((now, min(now + abs(size), stop), size > 0))
            now, turn = now + abs(size), turn + 1
        return spans

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Let events begin at the onsets and rests alone."""
        here = table.window(scene)
        table.event[here] = False
        previous = False
        for begin, _, sounds in self._spans(scene, table.last):
            if not here.start <= begin < here.stop:
                previous = sounds
                continue
            if sounds or previous or begin == here.start:
                table.event[begin] = table.edge[begin] = True
            if sounds:
                table.strikes[begin] = True
                table.fewest[begin] = max(int(table.fewest[begin]), 1)
            else:
                table.most[begin] = 0
            previous = sounds

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Compare the onsets, and listen into the rests."""
        notes = notes_in(piece, scene)
        scale = notes.grid // scene.grid
        last = int(piece.length * scene.grid)
        stop = min(last, scene.stop) if scene.stop >= 0 else last
        spans = [span for span in self._spans(scene, stop) if span[0] >= scene.start]
        wanted = {begin * scale for begin, _, sounds in spans if sounds}
        found = set(notes.onset.tolist())
        heard = sum(
            bool(((notes.onset < end * scale) & (notes.end > begin * scale)).any())
            for begin, end, sounds in spans
            if not sounds
        )
        text = f"{len(wanted & found)} of {len(wanted)} onsets"
        text += f", {len(found - wanted)} others" if found - wanted else ""
        text += f", notes in {heard} rests" if heard else ""
        return self._finding(text, wanted == found and not heard)


@short_repr
@dataclass(frozen=True)
class Density(Constraint):
    """Let a certain number of notes begin in each bar.

    Parameters
    ----------
    low, high : int, optional
        The fewest and the most notes of a bar. The fewest apply to whole bars alone; an event then
        begins at each bar line.

    Examples
    --------
    >>> Density(4, 8).demand
    '4 to 8 notes per bar'
    """

    needs_bars = True
    low: Annotated[int, Field(ge=0, le=MANY, description="Fewest notes per bar.")] = 0
    high: Annotated[int, Field(ge=1, le=MANY, description="Most notes per bar.")] = MANY

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high or self.high < 1:
            raise PartimentoError(
                "Density needs the fewest and the most notes per bar, the smaller number first,"
                f" not {self.low} and {self.high}"
            )

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        if self.high == MANY:
            return f"at least {self.low} notes per bar"
        return f"{self.low} to {self.high} notes per bar"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Let an event begin at each bar line, if bars need notes."""
        here = table.window(scene)
        for line in scene.bar_lines(table.last):
            if self.low and here.start <= line <= here.stop:
                table.edge[line] = True
        if self.low and table.kind == "voices":
            shortest = int(table.steps[table.duration].min(initial=scene.bar))
            if self.low > table.voices.shape[1] * (scene.bar // max(shortest, 1)):
                table.event[here] = False

    def rules(self, table: Timetable, scene: Scene) -> Sequence[Rule]:
        """Return the rule that counts the notes of the bar."""
        lines = np.array([*scene.bar_lines(table.last), table.last])
        now = np.arange(len(table.strike))
        place = np.searchsorted(lines, now, side="right")
        ends = lines[np.minimum(place, len(lines) - 1)]
        begins = np.where(place > 0, lines[np.maximum(place - 1, 0)], 0)
        here = table.window(scene)
        is_whole = (ends - begins == scene.bar) & (begins >= here.start) & (ends <= here.stop)
        low = np.where(is_whole, self.low, 0)
        inside = (now >= here.start) & (now < here.stop)
        high = np.where(inside, self.high, MANY)
        shortest = int(table.steps[table.duration].min(initial=2**20))
        return [DensityRule(_long(low), _long(high), _long(ends - now), shortest)]

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the notes of each bar."""
        notes = notes_in(piece, scene, all_notes=True)
        scale = notes.grid // scene.grid
        last = int(piece.length * scene.grid)
        lines = [0, *scene.bar_lines(last), last]
        counts, faults = [], []
        stop = scene.stop if scene.stop >= 0 else last
        for begin, end in pairwise(lines):
            if end <= scene.start or begin >= stop:
                continue
            count = int(((notes.onset >= begin * scale) & (notes.onset < end * scale)).sum())
            is_whole = end - begin == scene.bar and begin >= scene.start and end <= stop
            counts.append(count)
            # A bar that began with the prompt may have had too many notes before.
            if (is_whole and count < self.low) or (begin >= scene.start and count > self.high):
                faults.append(begin)
        text = f"{min(counts)} to {max(counts)}" if counts else "no bars"
        text += f" ({place_name(faults[0], scene)})" if faults else ""
        return self._finding(text, not faults)


def _long(values: np.ndarray) -> np.ndarray:
    """Pad values as long as the padded tables."""
    from partimento.generate.constraints.timetable import BLOCK

    more = -len(values) % BLOCK or (BLOCK if not len(values) else 0)
    return np.pad(values, (0, more))
