"""Read constraints from options of the command line, such as ``--range E2:B5``.

An option has the name of its constraint: ``--step-leap`` makes a `StepLeap`. Its value holds the
parameters in their order, separated by colons.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from partimento.errors import PartimentoError
from partimento.generate.constraints.base import NAMES, Constraint
from partimento.generate.constraints.borrowed import MaxBorrowed
from partimento.generate.constraints.ends import End
from partimento.generate.constraints.fixed import OTHERS, FixedNotes
from partimento.generate.constraints.harmony import ChordProgression
from partimento.generate.constraints.lines import PartWriting, StepLeap
from partimento.generate.constraints.pitch import InKey, InScale, Range
from partimento.generate.constraints.playable import Playable
from partimento.generate.constraints.returns import BarsReturn
from partimento.generate.constraints.rhythm import Density, Durations, InMeter, Rhythm
from partimento.generate.constraints.texture import ChordSize, MaxVoices
from partimento.music.piece import Piece

Reader = Callable[[str], Piece]
OWN_KEY = "own"  # the key of the piece
TIES = "no-ties"
PICARDY = "picardy"
WITHOUT_WORDS = {"PartRanges", "PartRhythm", "PhraseEnds"}  # verbs derive them from a score
NO_HAND = ("Playable", "no")  # the value of an option by which the demand is switched off


def constraints_from_options(
    options: Mapping[str, str | int | None], read: Reader
) -> list[Constraint]:
    """Return the constraints that options ask for.

    Parameters
    ----------
    options : mapping
        The value of each option by the name of its constraint; None if it is not given.
    read : callable
        Returns the piece of a score file.

    Raises
    ------
    PartimentoError
        If a value is invalid.
    """
    return [
        constraint_from_words(name, str(value), read)
        for name, value in options.items()
        if value is not None and (name, value) != NO_HAND
    ]


def asks_for_hand(options: Mapping[str, str | int | None]) -> bool:
    """Return whether the demand of playable guitar music is not switched off."""
    return options.get(NO_HAND[0]) != NO_HAND[1]


def constraint_from_words(name: str, text: str, read: Reader) -> Constraint:
    """Return a constraint by its name and its parameters as text.

    >>> constraint_from_words("Range", "E2:B5", read=lambda path: Piece([]))
    Range(low=40, high=83)
    """
    words = [word.strip() for word in text.split(":")]
    try:
        return _MAKERS[name](words, read)
    except (ValueError, IndexError, TypeError) as error:
        option = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
        raise PartimentoError(
            f"--{option} {text!r} is not valid: write, for example, --{option} {EXAMPLES[name]!r}"
        ) from error


EXAMPLES = {
    "BarsReturn": "5-8=1-4 9~1",
    "ChordProgression": "Dm | Gm A7 | Dm:90",
    "ChordSize": "2:4",
    "Density": "2:8",
    "Durations": "1/2 1 2",
    "End": "cadence",
    "FixedNotes": "melody.mid:below",
    "InKey": "d minor",
    "InMeter": "3/4:no-ties",
    "InScale": "D:dorian",
    "MaxBorrowed": "8:scores/",
    "MaxVoices": "3",
    "PartWriting": "outer",
    "Playable": "guitar",
    "Range": "E2:B5",
    "Rhythm": "1/2 1/2 1",
    "StepLeap": "7:melody",
}


def _numbers(words: list[str]) -> list[int]:
    return [int(word) for word in words]


def _fixed(words: list[str], read: Reader) -> Constraint:
    *path, last = words
    others = last if path and last in OTHERS else "free"
    name = ":".join(path) if path and last in OTHERS else ":".join(words)
    return FixedNotes.of(read(name), others=others)


def _rhythm(words: list[str], read: Reader) -> Constraint:
    text = ":".join(words)
    if re.fullmatch(r"[-\d/\s]+", text):
        return Rhythm(text.split())
    return Rhythm.of(read(text))


def _meter(words: list[str]) -> Constraint:
    meters = [word for word in words if word not in (TIES, OWN_KEY)]
    return InMeter(meters[0] if meters else None, TIES not in words)


def _key(word: str) -> str | None:
    return None if word == OWN_KEY else word


def _chords(words: list[str]) -> Constraint:
    return ChordProgression(words[0], int(words[1]) if len(words) > 1 else 100)


def _end(words: list[str]) -> Constraint:
    plain = [word for word in words if word != PICARDY]
    end = End(*plain)  # type: ignore[arg-type]
    return replace(end, picardy=PICARDY in words)


_MAKERS: dict[str, Callable[[list[str], Reader], Constraint]] = {
    "BarsReturn": lambda words, _: BarsReturn(words[0]),
    "ChordProgression": lambda words, _: _chords(words),
    "ChordSize": lambda words, _: ChordSize(*_numbers(words if len(words) > 1 else words * 2)),
    "Density": lambda words, _: Density(*_numbers(words)),
    "Durations": lambda words, _: Durations(words[0].split()),
    "End": lambda words, _: _end(words),
    "FixedNotes": _fixed,
    "InKey": lambda words, _: InKey(_key(words[0])),
    "InMeter": lambda words, _: _meter(words),
    "InScale": lambda words, _: InScale(*words),
    "MaxBorrowed": lambda words, _: MaxBorrowed(int(words[0]), ":".join(words[1:])),
    "MaxVoices": lambda words, _: MaxVoices(*_numbers(words)),
    "PartWriting": lambda words, _: PartWriting(*words),  # type: ignore[arg-type]
    "Playable": lambda words, _: Playable(words[0]),
    "Range": lambda words, _: Range(*words),
    "Rhythm": _rhythm,
    "StepLeap": lambda words, _: StepLeap(int(words[0]), *words[1:]),  # type: ignore[arg-type]
}
assert set(EXAMPLES) == set(_MAKERS) <= set(NAMES)
