"""Estimate the key of a piece from its notes; declared keys are in `Piece.keys`."""

from __future__ import annotations

import numpy as np

from partimento.music.piece import Piece
from partimento.music.timelines import Key, Mode

# Weights of the twelve pitch classes, from the tonic up, in major and minor: Aarden's profiles from
# the Essen folk songs (B. Aarden, Dynamic Melodic Expectancy, dissertation, Ohio State University,
# 2003).
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
    """Return the profiles of all keys, normalized to mean 0 and length 1: (24, 12).

    Rows are the major keys on C, C sharp and so on, then the minor keys. The product of a row with
    durations normalized in the same way is their correlation.
    """
    rows = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    rows -= rows.mean(axis=1, keepdims=True)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


PROFILES = _profiles()


def analyze_key(piece: Piece) -> tuple[Key, float]:
    """Estimate the key by the Krumhansl–Schmuckler method with Aarden's profiles.

    The estimate is the key whose profile correlates best with the durations of the pitch classes.
    It agrees with music21's ``analyze("key")`` on nearly every piece.

    Parameters
    ----------
    piece : Piece

    Returns
    -------
    key : Key
    correlation : float
        The correlation of durations and profile, at most 1. It is 0 if all pitch classes have the
        same total duration, as in an empty piece; the key is then C major.

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
    durations = np.bincount(notes.pitch % 12, notes.duration * ~piece.drums, minlength=12)
    centered = durations - durations.mean()
    norm = float(np.linalg.norm(centered))
    if norm == 0:
        return Key(), 0.0
    correlations = PROFILES @ (centered / norm)
    best = int(correlations.argmax())
    mode: Mode = "minor" if best >= 12 else "major"
    return Key.from_tonic(best % 12, mode), float(correlations[best])
