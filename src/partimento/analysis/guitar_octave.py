"""Detect guitar music that is an octave above its sound in a file.

Guitar music is written an octave above its sound. A file made from a score whose clef does not say
so plays it an octave high. Nothing then goes below D3, the sixth string tuned down to D and up an
octave. The mean pitch is then higher than that of guitars.
"""

from __future__ import annotations

import re

import numpy as np

from partimento.music.piece import Piece

PROGRAMS = range(24, 32)  # General MIDI's guitars
GUITAR = re.compile(r"guit|gitar|chitar|kytar", re.IGNORECASE)
BESIDE = (
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
LOWEST = 50  # D3: D2, the lowest note of usual tunings, an octave high
# mean pitch: the means of pieces at sounding pitch that never go below D3 lie under 60, those of
# pieces an octave high above 62
HIGH = 62
FEWEST = 24  # notes: of fewer, nothing can be said


def guitar_parts(piece: Piece, *, instrument: str = "") -> tuple[int, ...]:
    """Return the parts that are guitars.

    Programs decide; names of parts count where no program does, and a collection's description
    last.

    Parameters
    ----------
    piece : Piece
    instrument : str
        A collection's description of the players (``"2 Guitars"``). If it names guitars alone,
        every part without another program is one.
    """
    words = re.findall(r"\w+", instrument.lower())
    guitars_alone = any(map(GUITAR.match, words)) and all(
        GUITAR.match(word) or word in BESIDE or word.isdigit() for word in words
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
    """Return whether the guitars of a piece are an octave above their sound.

    Parameters
    ----------
    piece, instrument
        As in `guitar_parts`.

    Returns
    -------
    bool
        False also if there is no guitar, or too little music to decide.
    """
    pitch = piece.notes.pitch[_are_guitars(piece, instrument)]
    return len(pitch) >= FEWEST and int(pitch.min()) >= LOWEST and float(pitch.mean()) >= HIGH


def to_sounding(piece: Piece, *, instrument: str = "") -> Piece:
    """Lower the guitars of a piece by an octave if they are notated too high."""
    if not octave_notated(piece, instrument=instrument):
        return piece
    notes = piece.notes
    pitch = notes.pitch - 12 * _are_guitars(piece, instrument)
    return piece.replace(notes=notes.replace(pitch=pitch))


def _are_guitars(piece: Piece, instrument: str) -> np.ndarray:
    """Return which notes belong to a guitar: (N,) bool."""
    of_part = np.zeros(len(piece.parts), bool)
    of_part[list(guitar_parts(piece, instrument=instrument))] = True
    found: np.ndarray = of_part[piece.notes.part]
    return found
