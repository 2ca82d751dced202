"""Hold the words that are sung, as a karaoke file has them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from partimento.short_repr import short_repr


@short_repr
@dataclass(frozen=True, slots=True)
class Syllable:
    """A syllable, sung from `onset` on (in quarters).

    Attributes
    ----------
    text : str
        As in a lyric event of MIDI: a space at its end closes a word, and a line feed a line. A
        hyphen stands at the end of a syllable inside a word.
    onset : Fraction
        In quarters.
    part : int
        The part that sings it.

    References
    ----------
    MIDI Manufacturers Association, RP-017: SMF lyric events (1998).
    """

    text: str
    onset: Fraction = Fraction(0)
    part: int = 0
