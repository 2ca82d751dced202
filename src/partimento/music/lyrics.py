"""Hold the words that are sung, as a karaoke file has them."""

from __future__ import annotations

from collections.abc import Sequence
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


def goes_on(lyrics: Sequence[Syllable]) -> list[bool]:
    """Return after which syllables of one part the word goes on.

    It goes on after a hyphen and, if spaces divide words, after a syllable without one.

    Parameters
    ----------
    lyrics : sequence of Syllable
        Sorted by onset.

    Examples
    --------
    >>> goes_on([Syllable("Lo"), Syllable("bet "), Syllable("den "), Syllable("Her-")])
    [True, False, False, False]
    >>> goes_on([Syllable("la"), Syllable("la")])
    [False, False]
    """
    has_spaces = any(syllable.text[-1:].isspace() for syllable in lyrics)
    inside = [
        syllable.text.rstrip().endswith("-")
        or (has_spaces and bool(syllable.text) and not syllable.text[-1].isspace())
        for syllable in lyrics
    ]
    return [*inside[:-1], False] if inside else []
