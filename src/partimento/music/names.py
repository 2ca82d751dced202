"""Names of pitches and durations as musicians use them."""

from __future__ import annotations

import re
from fractions import Fraction

NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
VALUES = {
    Fraction(16): "longa",
    Fraction(8): "breve",
    Fraction(4): "whole",
    Fraction(2): "half",
    Fraction(1): "quarter",
    Fraction(1, 2): "eighth",
    Fraction(1, 4): "sixteenth",
    Fraction(1, 8): "32nd",
    Fraction(1, 16): "64th",
    Fraction(1, 32): "128th",
}
# Factor of the note value, name, and the shortest duration that is written this way.
DOTS = (
    (Fraction(3, 2), "dotted", Fraction(1, 8)),
    (Fraction(7, 4), "double-dotted", Fraction(1, 4)),
)
SHORTEST_TIED = Fraction(1, 8)
TUPLETS = {3: "triplet", 5: "quintuplet", 7: "septuplet"}


def pitch_name(pitch: int) -> str:
    """Return the usual name and octave of a MIDI pitch; 60 is C4, middle C.

    >>> pitch_name(60), pitch_name(66), pitch_name(70)
    ('C4', 'F♯4', 'B♭4')
    """
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def pitch_from_name(name: str) -> int:
    """Return the MIDI pitch of a name such as ``E2``, ``F#4`` or ``Bb3``; C4 is 60.

    Raises
    ------
    ValueError
        If it is not the name of a MIDI pitch.

    >>> [pitch_from_name(name) for name in ("C4", "f♯4", "Bb4", "C-1")]
    [60, 66, 70, 0]
    """
    match = re.fullmatch(r"([A-Ga-g])([#♯b♭]?)(-?\d+)", name.strip())
    if match:
        letter, accidental, octave = match.groups()
        step = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}[accidental]
        pitch = 12 * (int(octave) + 1) + NAMES.index(letter.upper()) + step
        if 0 <= pitch <= 127:
            return pitch
    raise ValueError(f"{name!r} is not a pitch: write, for example, E2, F#4 or Bb3")


def duration_name(duration: Fraction) -> str:
    """Return the name of a duration in quarters: one note value, or two tied ones.

    Returns an empty string if no such name exists.

    >>> [duration_name(Fraction(text)) for text in ("1/2", "3/2", "1/3", "1/5", "9/40")]
    ['eighth', 'dotted quarter', 'eighth triplet', 'sixteenth quintuplet', '']
    >>> duration_name(Fraction("5/4"))
    'quarter + sixteenth'
    """
    if name := _simple(duration):
        return name
    for value, longer in VALUES.items():
        rest = duration - value
        if value >= rest >= SHORTEST_TIED and (name := _simple(rest)):
            return f"{longer} + {name}"
    return ""


def _simple(duration: Fraction) -> str:
    """Return the name of a single note value, or an empty string."""
    if duration in VALUES:
        return VALUES[duration]
    for factor, dotted, shortest in DOTS:
        if duration / factor in VALUES and duration / factor >= shortest:
            return f"{dotted} {VALUES[duration / factor]}"
    for actual, tuplet in TUPLETS.items():
        normal = 1 << actual.bit_length() - 1  # 3 notes in the time of 2, 5 and 7 in that of 4
        written = duration * actual / normal
        if written in VALUES:
            return f"{VALUES[written]} {tuplet}"
    return ""
