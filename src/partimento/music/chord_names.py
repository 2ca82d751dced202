"""Name chords as musicians do, and read their names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from partimento.music.names import pitch_name

Chord = tuple[int, ...]

FLATS = ("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")  # roots of major chords
SHARPS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B")  # roots of minor ones
# What is written after the root, the pitch classes above it, and how the root is spelt; of two
# names that fit, the first (C6 is Am7).
QUALITIES = {
    "": ((0, 4, 7), FLATS),
    "m": ((0, 3, 7), SHARPS),
    "dim": ((0, 3, 6), SHARPS),
    "aug": ((0, 4, 8), FLATS),
    "sus4": ((0, 5, 7), FLATS),
    "7": ((0, 4, 7, 10), FLATS),
    "maj7": ((0, 4, 7, 11), FLATS),
    "m7": ((0, 3, 7, 10), SHARPS),
    "m7♭5": ((0, 3, 6, 10), SHARPS),
    "dim7": ((0, 3, 6, 9), SHARPS),
}
CLASSES = {
    roots[root] + quality: frozenset((root + step) % 12 for step in steps)
    for quality, (steps, roots) in QUALITIES.items()
    for root in range(12)
}
NAMED: dict[frozenset[int], str] = {}
for _name, _classes in CLASSES.items():
    NAMED.setdefault(_classes, _name)
WRITTEN = {
    "maj": "",
    "min": "m",
    "-": "m",
    "M7": "maj7",
    "min7": "m7",
    "m7b5": "m7♭5",
    "ø": "m7♭5",
    "°": "dim",
    "°7": "dim7",
    "+": "aug",
}
ALTER = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}


def chord_name(chord: Sequence[int]) -> str:
    """Name the pitch classes of a chord.

    Chords without a name are spelled from the lowest note up.

    >>> [chord_name(chord) for chord in ((48, 64, 67), (45, 60, 64), (50, 55, 59, 65), (52, 55))]
    ['C', 'Am', 'G7', 'E+G']
    >>> [chord_name(chord) for chord in ((48, 50, 64), (60, 72), ())]
    ['C+D+E', 'C alone', 'rest']
    """
    classes = frozenset(pitch % 12 for pitch in chord)
    if classes in NAMED:
        return NAMED[classes]
    if len(classes) < 2:
        return f"{FLATS[chord[0] % 12]} alone" if classes else "rest"
    low = min(chord)
    return "+".join(
        FLATS[(low + above) % 12]
        for above in sorted((pitch_class - low) % 12 for pitch_class in classes)
    )


def spelling(chord: Sequence[int]) -> str:
    """Spell a chord note by note, as `voicing` reads it.

    >>> spelling((52, 60, 67))
    'E3+C4+G4'
    """
    return "+".join(map(pitch_name, chord)) or "rest"


def classes_named(text: str) -> frozenset[int] | None:
    """Return the pitch classes of a chord's name as usually typed, or None.

    >>> same = classes_named("F#m7b5") == classes_named("F♯ø")
    >>> sorted(classes_named("Bbm")), same, classes_named("C4")
    ([1, 5, 10], True, None)
    """
    found = re.fullmatch(r"([A-G])([#♯b♭]?)(.*)", text.strip())
    quality = WRITTEN.get(found[3], found[3]) if found else ""
    if not found or quality not in QUALITIES:
        return None
    root = FLATS.index(found[1]) + ALTER[found[2]]
    return frozenset((root + step) % 12 for step in QUALITIES[quality][0])


def voicing(text: str) -> Chord | None:
    """Return the pitches of a chord spelled note by note, or None.

    Notes are names with an octave or MIDI pitches.

    >>> voicing("E3+C4+G4"), voicing("52+60+67"), voicing("Bb3"), voicing("Am")
    ((52, 60, 67), (52, 60, 67), (58,), None)
    """
    pitches = []
    for note in text.split("+"):
        found = re.fullmatch(r"([A-G])([#♯b♭]?)(-1|\d)|(\d{1,3})", note.strip())
        if not found:
            return None
        pitches.append(
            int(found[4])
            if found[4]
            else FLATS.index(found[1]) + ALTER[found[2]] + 12 * int(found[3]) + 12
        )
    return tuple(sorted(set(pitches)))
