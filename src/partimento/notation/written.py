"""Hold a score as it is written: note values, beams, accidentals and bar lines.

This is what a reader sees, apart from what it sounds like. `lint` checks it. Times are in quarters,
as fractions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from partimento.music.timelines import Key, Meter
from partimento.notation.spelling import Spelling
from partimento.notation.staves import Clef
from partimento.short_repr import short_repr


@short_repr
@dataclass(frozen=True, slots=True)
class WrittenPitch:
    """A note head: its name, its printed accidental, and its ties.

    `tied_from` is whether a tie ends at it, `tied_to` whether one begins.
    """

    name: Spelling
    accidental: int | None = None
    tied_from: bool = False
    tied_to: bool = False

    @property
    def step(self) -> int:
        """The position on the staff: seven per octave, C0 is 0."""
        return "CDEFGAB".index(self.name.step) + 7 * self.name.octave


@short_repr
@dataclass(frozen=True, slots=True)
class WrittenSymbol:
    """A note, chord or rest.

    Attributes
    ----------
    onset, duration : Fraction
        As they sound, in quarters from the beginning of the bar.
    value : Fraction or None
        The quarters that type, dots and tuplet state. None for whole-bar rests, for grace notes,
        and where the score states no type.
    pitches : tuple of WrittenPitch
        Empty for a rest.
    type : str
        Such as ``quarter``; ``""`` if the score states none.
    ratio : tuple of (int, int) or None
        Actual and normal notes of its tuplet.
    tuplet_starts, tuplet_stops : bool
        Whether the bracket of a tuplet begins or ends here.
    beams : tuple of str
        As in `symbol.Symbol`.
    is_grace, is_hidden : bool
    """

    onset: Fraction
    duration: Fraction
    value: Fraction | None = None
    pitches: tuple[WrittenPitch, ...] = ()
    type: str = ""
    ratio: tuple[int, int] | None = None
    tuplet_starts: bool = False
    tuplet_stops: bool = False
    beams: tuple[str, ...] = ()
    is_grace: bool = False
    is_hidden: bool = False

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration


@short_repr
@dataclass(frozen=True, slots=True)
class WrittenBar:
    """A bar of one part.

    Attributes
    ----------
    number : str
        As printed.
    meter : Meter
    key : Key
        At the beginning of the bar.
    voices : dict of (int, str) to list of WrittenSymbol
        By staff, from 0, and voice.
    clefs : dict of int to Clef
        By staff, at the beginning of the bar.
    changes_key : bool
        Whether another key signature stands inside the bar.
    is_counted : bool
        False for a pickup, and for other bars without a number of their own.
    is_final : bool
        Whether a final bar line ends it.
    open_slurs : int
        The number of slurs that begin in it without an end, or end without a beginning.
    """

    number: str
    meter: Meter
    key: Key
    voices: dict[tuple[int, str], list[WrittenSymbol]]
    clefs: dict[int, Clef] = field(default_factory=dict)
    changes_key: bool = False
    is_counted: bool = True
    is_final: bool = False
    open_slurs: int = 0

    @property
    def end(self) -> Fraction:
        """The end of the longest voice, in quarters from the beginning of the bar."""
        ends = (symbol.end for voice in self.voices.values() for symbol in voice)
        return max(ends, default=Fraction(0))

    def symbols(self) -> Iterator[tuple[int, str, WrittenSymbol]]:
        """Yield staff, voice and symbol."""
        for (staff, voice), symbols in self.voices.items():
            for symbol in symbols:
                yield staff, voice, symbol


@short_repr
@dataclass(frozen=True, slots=True)
class WrittenPart:
    """A part.

    Attributes
    ----------
    range : tuple of (int, int) or None
        The lowest and highest MIDI pitch of its instrument; None if unknown.
    """

    name: str
    bars: list[WrittenBar]
    staves: int = 1
    is_drum: bool = False
    range: tuple[int, int] | None = None


@short_repr
@dataclass(frozen=True, slots=True)
class WrittenScore:
    """A score.

    Attributes
    ----------
    parts : list of WrittenPart
    open_end : bool
        Whether it is an excerpt, which needs no final bar line.
    """

    parts: list[WrittenPart]
    open_end: bool = False
