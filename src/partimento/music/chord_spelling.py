"""Transpose the names of chords on the line of fifths, which keeps their spelling."""

from __future__ import annotations

import re

LINE = "FCGDAEB"  # the letters on the line of fifths; F is -1 and C is 0
ACCIDENTALS = {"b": -1, "♭": -1, "#": 1, "♯": 1, "𝄫": -2, "𝄪": 2}
ROOT = re.compile(r"(?P<letter>[A-G])(?P<accidental>[b♭#♯𝄫𝄪]*)(?P<rest>(?:[^/]|/(?=9))*)")
BASS = re.compile(r"/(?P<letter>[A-G])(?P<accidental>[b♭#♯𝄫𝄪]*)")
FARTHEST = 15  # places from C on the line of fifths; names farther away are respelled


def place_of(letter: str, alter: int) -> int:
    """Return the place of a note name on the line of fifths; C is 0, F -1, G 1.

    >>> place_of("C", 0), place_of("B", -1), place_of("F", 1)
    (0, -2, 6)
    """
    return LINE.index(letter) - 1 + 7 * alter


def name_at(place: int) -> tuple[str, int]:
    """Return the letter and the alteration at a place on the line of fifths.

    >>> name_at(-2), name_at(6)
    (('B', -1), ('F', 1))
    """
    alter, letter = divmod(place + 1, 7)
    return LINE[letter], alter


def moved_place(place: int, fifths: int) -> int:
    """Return a place moved along the line of fifths, not too far from C."""
    moved = place + fifths
    while moved > FARTHEST:
        moved -= 12
    while moved < -FARTHEST:
        moved += 12
    return moved


def transposed_chord(text: str, fifths: int) -> str:
    """Return a chord symbol moved by `fifths` on the line of fifths.

    >>> transposed_chord("Dm7/C", 2), transposed_chord("N.C.", 2), transposed_chord("G6/9", -1)
    ('Em7/D', 'N.C.', 'C6/9')
    """
    root = ROOT.match(text)
    if root is None:
        return text
    rest = text[root.end() :]
    bass = BASS.fullmatch(rest)
    return (
        _moved(root, fifths)
        + root["rest"]
        + (f"/{_moved(bass, fifths)}" if bass is not None else rest)
    )


def _moved(match: re.Match[str], fifths: int) -> str:
    alter = sum(ACCIDENTALS[sign] for sign in match["accidental"])
    letter, moved = name_at(moved_place(place_of(match["letter"], alter), fifths))
    return letter + ("b" * -moved if moved < 0 else "#" * moved)
