"""Convert chords to names such as ``Am7``, and parse such names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from partimento.music.names import pitch_name

Chord = tuple[int, ...]

# Usual spellings of the roots of major chords (flats) and of minor ones (sharps).
FLATS = ("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
SHARPS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B")
# Suffix after the root: the intervals above the root in semitones, and the spellings of the root.
# The order matters: a chord that fits several names gets the first one.
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
NAME_OF_CLASSES: dict[frozenset[int], str] = {}
for _name, _classes in CLASSES.items():
    NAME_OF_CLASSES.setdefault(_classes, _name)
# Chords whose notes divide the octave equally: any of them may be the root.
SYMMETRIC = ("aug", "dim7")
# Other common ways to write a quality.
QUALITY_ALIASES = {
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
ALTERATIONS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}  # semitones


def chord_name(chord: Sequence[int]) -> str:
    """Return the usual name of a chord, whatever its inversion and octaves.

    Augmented triads and diminished seventh chords, which may have any of their notes as the root,
    are named after their lowest note. Chords without a usual name are listed as pitch classes, from
    the lowest note up.

    >>> [chord_name(chord) for chord in ((48, 64, 67), (45, 60, 64), (50, 55, 59, 65), (52, 55))]
    ['C', 'Am', 'G7', 'E+G']
    >>> [chord_name(chord) for chord in ((56, 59, 62, 65), (64, 68, 72))]
    ['G♯dim7', 'Eaug']
    >>> [chord_name(chord) for chord in ((48, 50, 64), (60, 72), ())]
    ['C+D+E', 'C alone', 'rest']
    """
    classes = frozenset(pitch % 12 for pitch in chord)
    if name := NAME_OF_CLASSES.get(classes):
        quality = next((quality for quality in SYMMETRIC if name.endswith(quality)), "")
        return QUALITIES[quality][1][min(chord) % 12] + quality if quality else name
    if len(classes) < 2:
        return f"{FLATS[chord[0] % 12]} alone" if classes else "rest"
    low = min(chord)
    return "+".join(
        FLATS[(low + above) % 12]
        for above in sorted((pitch_class - low) % 12 for pitch_class in classes)
    )


def spelling(chord: Sequence[int]) -> str:
    """Return the note names of a chord, joined by plus signs; `voicing` parses this.

    >>> spelling((52, 60, 67))
    'E3+C4+G4'
    """
    return "+".join(map(pitch_name, chord)) or "rest"


def classes_named(text: str) -> frozenset[int] | None:
    """Return the pitch classes of a chord name such as ``F#m7b5``, or None.

    >>> same = classes_named("F#m7b5") == classes_named("F♯ø")
    >>> sorted(classes_named("Bbm")), same, classes_named("C4")
    ([1, 5, 10], True, None)
    """
    match = re.fullmatch(r"([A-G])([#♯b♭]?)(.*)", text.strip())
    quality = QUALITY_ALIASES.get(match[3], match[3]) if match else ""
    if not match or quality not in QUALITIES:
        return None
    root = FLATS.index(match[1]) + ALTERATIONS[match[2]]
    return frozenset((root + step) % 12 for step in QUALITIES[quality][0])


def voicing(text: str) -> Chord | None:
    """Return the MIDI pitches of a chord such as ``E3+C4+G4``, or None.

    Each note is a name with its octave, or a MIDI pitch: ``52+60+67``.

    >>> voicing("E3+C4+G4"), voicing("52+60+67"), voicing("Bb3"), voicing("Am")
    ((52, 60, 67), (52, 60, 67), (58,), None)
    """
    pitches = []
    for note in text.split("+"):
        match = re.fullmatch(r"([A-G])([#♯b♭]?)(-1|\d)|(\d{1,3})", note.strip())
        if not match:
            return None
        pitches.append(
            int(match[4])
            if match[4]
            else FLATS.index(match[1]) + ALTERATIONS[match[2]] + 12 * int(match[3]) + 12
        )
    return tuple(sorted(set(pitches)))
