"""Hold the timelines of a piece, its bars, parts and source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, NamedTuple, TypeVar

from partimento.short_repr import short_repr

Mode = Literal["major", "minor"]
MAJOR_NAMES = ("C", "D-", "D", "E-", "E", "F", "F#", "G", "A-", "A", "B-", "B")
FIFTHS_NAMES = (
    "C-",
    "G-",
    "D-",
    "A-",
    "E-",
    "B-",
    "F",
    "C",
    "G",
    "D",
    "A",
    "E",
    "B",
    "F#",
    "C#",
    "G#",
    "D#",
    "A#",
)
NATURAL_FIFTHS = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "H": 5}
KEY_PATTERN = re.compile(
    r"(?P<letter>[A-Ha-h])"
    r"(?P<accidental>(?i:is|es|(?<=[ae])s|[ -]?sharp|[ -]?flat)|[#♯b♭]|-(?![A-Za-z]))?"
    r"[\s-]*"
    r"(?P<mode>m|M|(?i:min|minor|moll|maj|major|dur))?"
)


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature, valid from `onset` on (in quarters).

    >>> Meter(6, 8).bar_ql
    Fraction(3, 1)
    """

    numerator: int = 4
    denominator: int = 4
    onset: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        power_of_two = self.denominator > 0 and self.denominator & (self.denominator - 1) == 0
        if not 0 < self.numerator <= 255 or not power_of_two or self.denominator > 128:
            raise ValueError(f"no such meter: {self.numerator}/{self.denominator}")

    @property
    def bar_ql(self) -> Fraction:
        return Fraction(4 * self.numerator, self.denominator)


@dataclass(frozen=True, slots=True)
class Key:
    """A key, valid from `onset` on (in quarters).

    `fifths` is the number of accidentals in its key signature: sharps positive, flats negative.

    >>> Key.from_name("a minor").fifths, Key(-3, "minor").name, Key(2).tonic
    (0, 'C minor', 2)
    """

    fifths: int = 0
    mode: Mode = "major"
    onset: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not -7 <= self.fifths <= 7 or self.mode not in ("major", "minor"):
            raise ValueError(f"no such key: {self.fifths} fifths, {self.mode}")

    @classmethod
    def from_tonic(cls, tonic: int, mode: Mode, *, onset: Fraction = Fraction(0)) -> Key:
        """Return the key on pitch class `tonic` (0 is C) with the fewest accidentals.

        Where six sharps and six flats are possible, these are F sharp major and E flat minor.
        """
        fifths = (tonic * 7 - (3 if mode == "minor" else 0) + 5) % 12 - 5
        return cls(-6 if (fifths, mode) == (6, "minor") else fifths, mode, onset)

    @classmethod
    def from_name(cls, name: str) -> Key:
        """Parse the name of a key, in English or German.

        Flats are written ``b``, ``♭``, ``-`` or ``flat``, sharps ``#``, ``♯`` or ``sharp``. Without
        a mode the key is major. German names are ``es-moll``, ``Fis-Dur`` and ``H-moll``. A plain
        ``B`` is B natural, but B flat where ``dur`` or ``moll`` follows it.

        Raises
        ------
        ValueError
            If the name is not a key, or the key needs more than seven accidentals.

        Examples
        --------
        >>> names = "Dm", "B- major", "es-moll", "B-Dur", "h-moll", "b minor"
        >>> [Key.from_name(name).name for name in names]
        ['D minor', 'B♭ major', 'E♭ minor', 'B♭ major', 'B minor', 'B minor']
        """
        match = KEY_PATTERN.fullmatch(name.strip())
        if match is None:
            raise ValueError(
                f"no such key: {name!r} (write, for example, 'C major', 'f# minor', 'Bb', 'Dm' or"
                " 'es-moll')"
            )
        letter = match["letter"].upper()
        accidental = (match["accidental"] or "").lower().strip(" -")
        mode = match["mode"] or "major"
        alteration = 0
        if accidental in ("#", "♯", "is", "sharp"):
            alteration = 1
        elif match["accidental"] or (letter == "B" and mode.lower() in ("dur", "moll")):
            alteration = -1
        minor = mode == "m" or mode.lower() in ("min", "minor", "moll")
        fifths = NATURAL_FIFTHS[letter] + 7 * alteration - (3 if minor else 0)
        if not -7 <= fifths <= 7:
            near = cls.from_tonic(
                (fifths * 7 + (9 if minor else 0)) % 12, "minor" if minor else "major"
            )
            raise ValueError(f"{name!r} needs more than seven accidentals (write {near.name})")
        return cls(fifths, "minor" if minor else "major")

    @property
    def tonic(self) -> int:
        """Pitch class of the tonic, 0 to 11."""
        return (self.fifths * 7 + (9 if self.mode == "minor" else 0)) % 12

    @property
    def name(self) -> str:
        """The name as people write it: ``C major``, ``F♯ minor``, ``B♭ major``."""
        tonic, mode = self.code.split()
        return f"{tonic.capitalize()} {mode}".replace("-", "♭").replace("#", "♯")

    @property
    def code(self) -> str:
        """The name as the store writes it: ``C major``, ``f# minor``, ``B- major``."""
        tonic = FIFTHS_NAMES[self.fifths + 7 + (3 if self.mode == "minor" else 0)]
        return f"{tonic.lower() if self.mode == 'minor' else tonic} {self.mode}"


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo, valid from `onset` on, in microseconds per quarter as in MIDI files."""

    us_per_quarter: int = 500_000
    onset: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not 0 < self.us_per_quarter < 2**24:
            raise ValueError(f"no such tempo: {self.us_per_quarter} microseconds per quarter")

    @classmethod
    def from_bpm(cls, bpm: float, *, onset: Fraction = Fraction(0)) -> Tempo:
        """Return a tempo of `bpm` quarter notes per minute."""
        return cls(round(60_000_000 / bpm), onset)

    @property
    def bpm(self) -> float:
        return 60_000_000 / self.us_per_quarter


@short_repr
@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """A chord symbol such as ``Dm7`` or ``G7/B``, valid from `onset` on (in quarters)."""

    text: str
    onset: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("a chord symbol is empty")


M = TypeVar("M", bound=Meter | Key | Tempo | ChordSymbol)


@short_repr
@dataclass(frozen=True, slots=True)
class Part:
    """A staff or track.

    Parameters
    ----------
    name : str
    program : int or None
        General MIDI program, 0 to 127; None if unknown.
    is_drum : bool
        Whether its pitches name percussion instruments.
    staves : int or None
        The number of staves in the score that was read; None if unknown, as in MIDI files. Parts
        that differ in nothing else are equal.
    clef : str
        The clef that was asked for, one of `appearance.CLEF_NAMES`; by default it is chosen.
    strings : tuple of int
        The MIDI pitch of each open string, without capo, from string 1 on. If it is given and notes
        have frets, the part is written with a tablature.
    capo : int
        The fret of the capo; 0 for none. Frets of notes count from it.
    """

    name: str = ""
    program: int | None = None
    is_drum: bool = False
    staves: int | None = field(default=None, compare=False)
    clef: str = field(default="", compare=False)
    strings: tuple[int, ...] = field(default=(), compare=False)
    capo: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "strings", tuple(self.strings))  # JSON has lists


@short_repr
@dataclass(frozen=True, slots=True)
class Source:
    """Where a piece comes from, to credit it in compositions that are based on it."""

    path: str = ""
    sha256: str = ""
    url: str = ""
    license: str = ""


def from_start(marks: Sequence[M], default: M) -> tuple[M, ...]:
    """Return the marks of a timeline, preceded by `default` if none is at time 0."""
    return tuple(marks) if marks and marks[0].onset == 0 else (default, *marks)


@short_repr
class Bar(NamedTuple):
    """One bar; a pickup is number 0. Times are in quarters."""

    number: int
    onset: Fraction
    duration: Fraction
    meter: Meter
