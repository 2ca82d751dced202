"""Written scores of a few notes, for the rules of notation."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from partimento.music.timelines import Key, Meter
from partimento.notation.lint_place import Place
from partimento.notation.spelling import Spelling
from partimento.notation.staves import TREBLE
from partimento.notation.written import (
    WrittenBar,
    WrittenPart,
    WrittenPitch,
    WrittenScore,
    WrittenSymbol,
)

UNITS = {"half": 2, "quarter": 1, "eighth": Fraction(1, 2), "16th": Fraction(1, 4)}
UNITS |= {"whole": 4, "32nd": Fraction(1, 8), "64th": Fraction(1, 16), "128th": Fraction(1, 32)}


def sign(kind: str, name: str = "C4", *, dots=0, tie="", printed=None, ratio=None, **rest):
    """Return a symbol; `name` is like ``F#4``, or ``r``, and `tie` like ``<>``, from and to."""
    value = UNITS[kind] * (2 - Fraction(1, 2**dots)) * (Fraction(*ratio[::-1]) if ratio else 1)
    pitches = ()
    if name != "r":
        alter = {"#": 1, "b": -1}.get(name[1], 0)
        spelled = Spelling(name[0], alter, int(name[-1]))
        pitches = (WrittenPitch(spelled, printed, "<" in tie, ">" in tie),)
    return WrittenSymbol(Fraction(0), value, value, pitches, kind, ratio, **rest)


def row(*symbols):
    """Return symbols one after another."""
    laid, now = [], Fraction(0)
    for symbol in symbols:
        laid.append(replace(symbol, onset=now))
        now += symbol.duration
    return laid


def bar(*voices, meter=Meter(4, 4), key=Key(0), number="1", **rest):  # noqa: B008
    """Return a bar of voices on one staff, each a list of symbols."""
    numbered = {(0, str(i)): row(*voice) for i, voice in enumerate(voices, 1)}
    return WrittenBar(number, meter, key, numbered, {0: TREBLE}, **rest)


def score(*bars, final=True, **rest):
    """Return a score of one part in treble clef."""
    bars = [replace(one, number=str(i)) for i, one in enumerate(bars, 1)]
    bars[-1] = replace(bars[-1], is_final=final)
    return WrittenScore([WrittenPart("", bars, **rest)])


def found(check, *bars, **rest) -> list[tuple[int, str, str]]:
    """Return bar, voice and text of what a rule finds."""
    result = []
    for place, text in check(score(*bars, **rest)):
        assert isinstance(place, Place)
        result.append((place.bar, place.voice, text))
    return result
