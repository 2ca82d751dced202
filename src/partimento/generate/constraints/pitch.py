"""Constrain pitches: a range, a key, a scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

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
    parse_pitch,
    set_values,
    span_of,
    transposed_key,
)
from partimento.generate.constraints.timetable import Timetable
from partimento.music.names import NAMES, pitch_name
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 9, 10, 11)  # the union of natural, harmonic and melodic minor
SCALES = {
    "major": MAJOR,
    "natural minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole-tone": (0, 2, 4, 6, 8, 10),
    "octatonic": (0, 2, 3, 5, 6, 8, 9, 11),
    "chromatic": tuple(range(12)),
}
PITCH = np.arange(PITCHES)


@short_repr
@dataclass(frozen=True)
class Range(Constraint):
    """Require all notes to lie between two pitches, both included.

    Parameters
    ----------
    low, high : int or str
        MIDI pitches (0 to 127) or names.

    Raises
    ------
    PartimentoError
        If a bound is not a pitch, or `low` is above `high`.

    Examples
    --------
    >>> Range("E2", "B5")
    Range(low=40, high=83)
    """

    low: Annotated[int | str, Field(description="Lowest pitch: a name or a MIDI number.")] = 0
    high: Annotated[int | str, Field(description="Highest pitch: a name or a MIDI number.")] = 127

    def __post_init__(self) -> None:
        low, high = parse_pitch(self.low), parse_pitch(self.high)
        if low > high:
            raise PartimentoError(
                f"the lower bound of a range, {self.low}, is above the upper bound, {self.high}"
            )
        set_values(self, low=low, high=high)

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        return f"notes from {pitch_name(int(self.low))} to {pitch_name(int(self.high))}"

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Remove the pitches outside."""
        table.forbid((int(self.low) > PITCH) | (int(self.high) < PITCH), scene)

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Return the lowest and the highest note."""
        pitch = notes_in(piece, scene).pitch
        inside = (pitch >= int(self.low)) & (pitch <= int(self.high))
        return self._finding(span_of(pitch), inside.all())

    def transposed(self, semitones: int) -> Range:
        """Return the range moved by `semitones`, clipped to MIDI's pitches."""
        bounds = [
            min(max(int(bound) + semitones, 0), PITCHES - 1) for bound in (self.low, self.high)
        ]
        return replace(self, low=bounds[0], high=bounds[1])


@short_repr
@dataclass(frozen=True)
class InKey(Constraint):
    """Require all notes to belong to the scale of a key.

    Parameters
    ----------
    key : Key or str, optional
        By default the key of the piece. In minor, the scale has the notes of natural, harmonic and
        melodic minor.

    Raises
    ------
    PartimentoError
        If the name is not a key.

    Examples
    --------
    >>> InKey("d minor").key.name
    'D minor'
    """

    key: Annotated[Key | str | None, Field(description="A key, such as d minor.")] = None

    def __post_init__(self) -> None:
        set_values(self, key=None if self.key is None else parse_key(self.key))

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        name = self.key.name if isinstance(self.key, Key) else "the key of the piece"
        return f"notes of {name}"

    def _outside(self, scene: Scene) -> np.ndarray:
        key = self.key if isinstance(self.key, Key) else scene.key
        if key is None:
            raise PartimentoError("InKey needs a key, such as InKey('d minor')")
        scale = MINOR if key.mode == "minor" else MAJOR
        return ~np.isin((PITCH - key.tonic) % 12, scale)

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Remove the pitches outside."""
        table.forbid(self._outside(scene), scene)

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the notes outside."""
        return _count_outside(self, piece, scene, self._outside(scene))

    def transposed(self, semitones: int) -> InKey:
        """Return the key moved by `semitones`."""
        return InKey(transposed_key(self.key, semitones)) if isinstance(self.key, Key) else self


@short_repr
@dataclass(frozen=True)
class InScale(Constraint):
    """Require all notes to belong to a scale or mode on a tonic.

    Parameters
    ----------
    tonic : str
        A note name without an octave, such as ``D`` or ``F#``.
    scale : str or sequence of int
        A name such as ``dorian``, or semitones above the tonic.

    Examples
    --------
    >>> InScale("D", "dorian").demand
    'notes of D dorian'
    """

    tonic: Annotated[str, Field(description="The tonic, such as D or F#.")]
    scale: Annotated[
        str | Sequence[int], Field(description=f"One of {', '.join(SCALES)}, or semitones.")
    ] = "major"

    def __post_init__(self) -> None:
        pitch = parse_pitch(f"{self.tonic}4")
        if isinstance(self.scale, str):
            name = " ".join(self.scale.lower().split())
            if name not in SCALES:
                raise PartimentoError(no_such(name, SCALES, "scale"))
            set_values(self, scale=name)
        else:
            steps = tuple(sorted({int(step) % 12 for step in self.scale}))
            if not steps:
                raise PartimentoError("a scale needs at least one note")
            set_values(self, scale=steps)
        set_values(self, tonic=NAMES[pitch % 12])

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        name = self.scale if isinstance(self.scale, str) else " ".join(map(str, self.scale))
        return f"notes of {self.tonic} {name}"

    @property
    def _outside(self) -> np.ndarray:
        steps = SCALES[self.scale] if isinstance(self.scale, str) else self.scale
        return ~np.isin((PITCH - parse_pitch(f"{self.tonic}4")) % 12, steps)

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Remove the pitches outside."""
        table.forbid(self._outside, scene)

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Count the notes outside."""
        return _count_outside(self, piece, scene, self._outside)

    def transposed(self, semitones: int) -> InScale:
        """Return the scale on a tonic moved by `semitones`."""
        pitch = parse_pitch(f"{self.tonic}4") + semitones
        return replace(self, tonic=NAMES[pitch % 12])


def _count_outside(
    constraint: Constraint, piece: Piece, scene: Scene, outside: np.ndarray
) -> Finding:
    pitch = notes_in(piece, scene).pitch
    count = int(outside[pitch].sum())
    text = f"{len(pitch) - count:,} of {len(pitch):,} notes"
    return constraint._finding(text, not count)
