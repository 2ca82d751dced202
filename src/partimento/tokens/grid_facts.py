"""Describe what is known of each step of a grid before any note of it.

These facts are the place in the bar, the fermatas, the key, and the distances from the beginning
and from the end. A model of a grid is given them, and they cost nothing in its likelihood. Class 0
of every column stands for rows that are no steps.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from partimento.tokens.grid_grammar import FERMATA, HEADER
from partimento.tokens.plan import SIXTEENTHS_LEFT, class_of
from partimento.tokens.vocabulary import END

PLACE, STRENGTH, FERMATA_COLUMN, KEY_COLUMN, AFTER, LEFT = range(6)
PLACES = 64  # positions in a bar that are distinguished; later ones count as the last
NOT_KNOWN, NO_FERMATA, HAS_FERMATA = 1, 2, 3  # classes of FERMATA_COLUMN
BEAT = 3  # class of STRENGTH
KINDS = (PLACES + 1, 5, 4, 26, len(SIXTEENTHS_LEFT) + 2, len(SIXTEENTHS_LEFT) + 2)


def grid_facts(
    marks: np.ndarray, *, frame: Fraction, bar: Fraction, pickup: Fraction, key: int
) -> np.ndarray:
    """Return the facts of each row, ``(S, 6)`` int16.

    Parameters
    ----------
    marks : (S,) int
        The last field of the rows.
    frame, bar, pickup : Fraction
        The length of a step, of a bar and of the pickup, in quarters.
    key : int
        0 to 11 for major keys by their tonic, 12 to 23 for minor keys, 24 if it is unknown.

    Returns
    -------
    (S, 6) int16
        The place in the bar in steps. The strength of the place: 4 on the downbeat, 3 on another
        beat, 2 on half a beat, 1 elsewhere. The fermata and the key. Classes of the time since the
        beginning, and of the time until the end.
    """
    is_step = np.arange(len(marks)) >= HEADER
    is_step &= marks > END
    steps = np.flatnonzero(is_step)
    facts = np.zeros((len(marks), len(KINDS)), np.int16)
    if not len(steps):
        return facts
    number = np.arange(len(steps))
    # All times in one unit, so that they are integers.
    unit = np.lcm.reduce([t.denominator for t in (frame, bar, pickup, frame / 4)])
    length, whole = int(frame * unit), int(bar * unit)
    place = (number * length - int(pickup * unit)) % whole
    beat = int(unit) if bar.denominator == 1 else int(bar * unit) // max(bar.numerator, 1)
    strength = np.where(place % max(beat // 2, 1) == 0, 2, 1)
    strength = np.where(place % max(beat, 1) == 0, 3, strength)
    strength = np.where(place == 0, 4, strength)
    fermata = np.full(len(steps), NOT_KNOWN)
    if (marks[steps] == FERMATA).any():
        fermata = np.where(marks[steps] == FERMATA, HAS_FERMATA, NO_FERMATA)
    sixteenths = (number * length * 4) // int(unit)
    last = sixteenths[-1] + int(frame * 4)
    columns = (
        np.minimum(place // length, PLACES - 1) + 1,
        strength,
        fermata,
        np.full(len(steps), key + 1),
        class_of(sixteenths, SIXTEENTHS_LEFT) + 1,
        class_of(last - sixteenths, SIXTEENTHS_LEFT) + 1,
    )
    facts[steps] = np.stack(columns, axis=1)
    return facts


def on_beat(facts: np.ndarray) -> np.ndarray:
    """Return which steps ``(T,)`` of facts ``(T, 6)`` are on a beat."""
    return np.asarray(facts[:, STRENGTH] >= BEAT)
