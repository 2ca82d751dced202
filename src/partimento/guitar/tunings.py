"""Describe how a fretted instrument is strung and tuned, with or without a capo."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace

from partimento.errors import PartimentoError
from partimento.music.names import pitch_from_name
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

FRETS = 19  # of a classical guitar
SCALE_MM = 650  # from nut to saddle of a classical guitar
FEWEST_STRINGS, MOST_STRINGS = 4, 7


@short_repr
@dataclass(frozen=True, slots=True)
class Tuning:
    """The open strings of an instrument.

    Parameters
    ----------
    name : str
    strings : tuple of int
        The MIDI pitch of each open string, without capo. The first one is string 1, which is the
        highest on most instruments.
    frets : int
        The number of frets, counted from the nut.
    scale_mm : int
        The length of a string from nut to saddle, in millimeters.
    capo : int
        The fret of the capo; 0 for none.

    Raises
    ------
    PartimentoError
        If the number of strings, a pitch or the capo is impossible.

    Examples
    --------
    >>> tuning_named("drop d").strings
    (64, 59, 55, 50, 45, 38)
    >>> tuning_named("standard", capo=2).open_pitches
    (66, 61, 57, 52, 47, 42)
    """

    name: str
    strings: tuple[int, ...]
    frets: int = FRETS
    scale_mm: int = SCALE_MM
    capo: int = 0

    def __post_init__(self) -> None:
        if not FEWEST_STRINGS <= len(self.strings) <= MOST_STRINGS:
            raise PartimentoError(
                f"a tuning has {FEWEST_STRINGS} to {MOST_STRINGS} strings, not {len(self.strings)}"
            )
        if not 0 <= self.capo <= self.frets - 7:
            raise PartimentoError(
                f"a capo is at one of the frets 1 to {self.frets - 7} (0 for none), not {self.capo}"
            )
        if not all(0 <= pitch <= 127 - self.frets for pitch in self.strings):
            raise PartimentoError(f"a string of the tuning {self.name!r} is too low or too high")

    @property
    def open_pitches(self) -> tuple[int, ...]:
        """The pitch of each string that is not stopped, with the capo."""
        return tuple(pitch + self.capo for pitch in self.strings)

    @property
    def highest_fret(self) -> int:
        """The number of frets above the capo."""
        return self.frets - self.capo

    @property
    def range(self) -> tuple[int, int]:
        """The lowest and the highest pitch."""
        return min(self.open_pitches), max(self.open_pitches) + self.highest_fret


# Strings from the highest to the lowest.
TUNINGS = {
    tuning.name: tuning
    for tuning in (
        Tuning("standard", (64, 59, 55, 50, 45, 40)),
        Tuning("drop d", (64, 59, 55, 50, 45, 38)),
        Tuning("drop d and g", (64, 59, 55, 50, 43, 38)),
        Tuning("double drop d", (62, 59, 55, 50, 45, 38)),
        Tuning("drop c", (64, 59, 55, 50, 45, 36)),
        Tuning("dadgad", (62, 57, 55, 50, 45, 38)),
        Tuning("open d", (62, 57, 54, 50, 45, 38)),
        Tuning("open e", (64, 59, 56, 52, 47, 40)),
        Tuning("open g", (62, 59, 55, 50, 43, 38)),
        Tuning("half step down", (63, 58, 54, 49, 44, 39)),
        Tuning("whole step down", (62, 57, 53, 48, 43, 38)),
        Tuning("renaissance lute", (64, 59, 54, 50, 45, 40)),
        Tuning("seven strings", (64, 59, 55, 50, 45, 40, 35)),
        Tuning("bass", (43, 38, 33, 28), frets=24, scale_mm=864),
        Tuning("ukulele", (69, 64, 60, 67), frets=15, scale_mm=380),
    )
}
STANDARD = TUNINGS["standard"]
# Tried in this order where the notes go below the standard tuning.
LOWERED = ("drop d", "drop c", "seven strings")


def tuning_named(text: str, *, capo: int = 0) -> Tuning:
    """Return the tuning of a name, or one with the given strings.

    Parameters
    ----------
    text : str
        One of `TUNINGS`, or the pitches of the strings from the lowest to the highest.
    capo : int
        The fret of the capo; 0 for none.

    Raises
    ------
    PartimentoError
        If there is no such tuning; the message suggests the nearest name.

    Examples
    --------
    >>> tuning_named("D2 A2 D3 G3 B3 E4").strings
    (64, 59, 55, 50, 45, 38)
    """
    name = " ".join(re.sub(r"[-_]", " ", text.casefold()).split())
    if name in TUNINGS:
        return replace(TUNINGS[name], capo=capo)
    words = re.split(r"[\s,]+", text.strip())
    if len(words) > 1 and all(re.fullmatch(r"[A-Ga-g][#b♯♭]?-?\d", word) for word in words):
        pitches = tuple(pitch_from_name(word) for word in reversed(words))
        known = next((t for t in TUNINGS.values() if t.strings == pitches), None)
        return replace(known or Tuning(" ".join(words), pitches), capo=capo)
    near = difflib.get_close_matches(name, TUNINGS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(TUNINGS)}"
    raise PartimentoError(
        f"there is no tuning {text!r}: {hint} Or write the strings from the lowest,"
        " like D2 A2 D3 G3 B3 E4"
    )


def tuning_of(piece: Piece, *, capo: int = 0) -> Tuning:
    """Return the tuning in which the fewest notes are below the lowest string.

    It is the standard tuning, unless another one has more notes.

    Parameters
    ----------
    piece : Piece
        Its notes are those of the guitar, as they sound.
    capo : int
        The fret of the capo; 0 for none.

    Examples
    --------
    >>> from partimento.music.notes import Note
    >>> tuning_of(Piece([Note(0, 1, 38)])).name
    'drop d'
    """
    pitches = piece.notes.pitch
    names = ("standard", *LOWERED)
    below = [int((pitches < min(TUNINGS[name].strings) + capo).sum()) for name in names]
    return replace(TUNINGS[names[below.index(min(below))]], capo=capo)
