"""Detect guitar music whose pitches in a file are an octave too high.

Guitar music is written an octave higher than it sounds. If the clef of a score does not say so, a
file made from it plays an octave too high. Such a file has two properties. No note is below D3,
which is the lowest string, tuned down to D, an octave too high. The mean pitch is higher than that
of guitar music.
"""

from __future__ import annotations

import re

import numpy as np

from partimento.music.piece import Piece

PROGRAMS = range(24, 32)  # General MIDI's guitars
GUITAR = re.compile(r"guit|gitar|chitar|kytar", re.IGNORECASE)
# Words that may stand beside the word guitar in a description of guitar music.
OTHER_WORDS = (
    "acoustic",
    "and",
    "classical",
    "duet",
    "duo",
    "lute",
    "or",
    "quartet",
    "solo",
    "spanish",
    "three",
    "trio",
    "two",
    "vihuela",
)
LOWEST = 50  # D3, an octave above D2, the lowest note of usual tunings
# Mean pitch. Among pieces that never go below D3, those at sounding pitch have a mean below 60, and
# those an octave too high one above 62.
HIGH = 62
STRINGS = (64, 59, 55, 50, 45, 40)  # MIDI pitches of the open strings
FEWEST = 24  # notes; fewer do not suffice to decide


def guitar_parts(piece: Piece, *, instrument: str = "") -> tuple[int, ...]:
    """Return the indices of the parts that are guitars.

    A part's program decides. A part without a program, or with program 0, is a guitar if its name
    or the description says so.

    Parameters
    ----------
    piece : Piece
    instrument : str
        A collection's description of the players (``"2 Guitars"``). It counts if it names guitars
        alone.
    """
    words = re.findall(r"\w+", instrument.lower())
    guitars_alone = any(map(GUITAR.match, words)) and all(
        GUITAR.match(word) or word in OTHER_WORDS or word.isdigit() for word in words
    )
    return tuple(
        number
        for number, part in enumerate(piece.parts)
        if not part.is_drum
        and (
            part.program in PROGRAMS
            or (
                part.program in (None, 0)
                and (guitars_alone or GUITAR.search(part.name) is not None)
            )
        )
    )


def octave_notated(piece: Piece, *, instrument: str = "") -> bool:
    """Return whether the guitars of a piece are notated an octave above their sound.

    Parameters
    ----------
    piece, instrument
        As in `guitar_parts`.

    Returns
    -------
    bool
        False also if there is no guitar, or too few notes to decide.
    """
    guitars = _are_guitars(piece, instrument)
    if _sounds_as_fretted(piece, guitars):
        return False
    pitch = piece.notes.pitch[guitars]
    return len(pitch) >= FEWEST and int(pitch.min()) >= LOWEST and float(pitch.mean()) >= HIGH


def _sounds_as_fretted(piece: Piece, guitars: np.ndarray) -> bool:
    """Return whether the strings and frets of most notes give the pitches of the file.

    Scordatura and a capo change the pitches of strings by less than half an octave.
    """
    notes = piece.notes
    known = guitars & (notes.fret >= 0) & (notes.string >= 1) & (notes.string <= len(STRINGS))
    if not known.any():
        return False
    strings = np.array(STRINGS)[notes.string[known] - 1]
    return bool(np.median(notes.pitch[known] - notes.fret[known] - strings) < 6)


def to_sounding(piece: Piece, *, instrument: str = "") -> Piece:
    """Lower the guitars of a piece by an octave if they are notated too high."""
    if not octave_notated(piece, instrument=instrument):
        return piece
    notes = piece.notes
    pitch = notes.pitch - 12 * _are_guitars(piece, instrument)
    return piece.replace(notes=notes.replace(pitch=pitch))


def _are_guitars(piece: Piece, instrument: str) -> np.ndarray:
    """Return which notes belong to a guitar: (N,) bool."""
    is_guitar = np.zeros(len(piece.parts), bool)
    is_guitar[list(guitar_parts(piece, instrument=instrument))] = True
    mask: np.ndarray = is_guitar[piece.notes.part]
    return mask
