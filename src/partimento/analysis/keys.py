"""The key a piece is in, by what sounds; a declared key is `Piece.keys`."""

from __future__ import annotations

import numpy as np

from partimento.music.piece import Piece
from partimento.music.timelines import Key

# How well each of the twelve pitch classes, from the tonic up, fits major and minor: Aarden's
# profiles of the Essen folk songs
# (B. Aarden, Dynamic Melodic Expectancy, dissertation, Ohio State University, 2003).
MAJOR = (
    17.7661,
    0.145624,
    14.9265,
    0.160186,
    19.8049,
    11.3587,
    0.291248,
    22.062,
    0.145624,
    8.15494,
    0.232998,
    4.95122,
)
MINOR = (
    18.2648,
    0.737619,
    14.0499,
    16.8599,
    0.702494,
    14.4362,
    0.702494,
    18.6161,
    4.56621,
    1.93186,
    7.37619,
    1.75623,
)


def _profiles() -> np.ndarray:
    """Return profiles whose product with durations is a correlation: (24, 12).

    Major keys on C, C sharp and so on come first, then minor keys. Each has mean 0 and length 1.
    """
    rows = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    rows -= rows.mean(axis=1, keepdims=True)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


PROFILES = _profiles()


def analyze_key(piece: Piece) -> tuple[Key, float]:
    """Return the key whose profile fits best how long each pitch class sounds.

    This is the Krumhansl–Schmuckler method with Aarden's profiles. music21's ``analyze("key")``
    gives the same key on nearly every piece.

    Parameters
    ----------
    piece : Piece

    Returns
    -------
    key : Key
    correlation : float
        Between the durations and the profile, at most 1. It is 0 if all pitch classes sound equally
        long or none sounds.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from partimento import Note, Piece
    >>> tune = [60, 62, 64, 65, 67, 64, 60, 69, 67, 71, 72]
    >>> piece = Piece([Note(Fraction(i), Fraction(1), pitch) for i, pitch in enumerate(tune)])
    >>> analyze_key(piece)[0].name
    'C major'
    """
    notes = piece.notes
    sounding = np.bincount(notes.pitch % 12, notes.duration * ~piece.drums, minlength=12)
    centred = sounding - sounding.mean()
    size = float(np.linalg.norm(centred))
    if size == 0:
        return Key(), 0.0
    fits = PROFILES @ (centred / size)
    best = int(fits.argmax())
    return Key.from_tonic(best % 12, "minor" if best >= 12 else "major"), float(fits[best])
