"""Turn features (`note_grammar.COLUMNS`) into numbers of few kinds for a network.

Pitches are given by themselves, from the tonic, and as intervals. The same array operations run on
NumPy and on Keras' `ops`. Shapes are those of the features ``(…, WIDTH)`` without the last axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from partimento.tokens import note_grammar as g
from partimento.tokens.note_grammar import KEYS, NONE, NOTE, PITCHES, Layout

SPAN = 24  # semitones; larger intervals, up or down, are one kind
INTERVALS = 2 * SPAN + 2  # the last: none
DEGREES = 13  # semitones above the tonic; the last: no pitch, or no key
ANCHORS = (
    "last",
    "above",
    "below",
)  # pitches from which the interval to the next note is predicted


def input_features(
    layout: Layout,
    features: Any,
    xp: Any,
    *,
    places: int,
    repeats: bool,
    slots: int = g.SLOTS,
    notes: int | None = None,
) -> list[tuple[Any, int]]:
    """Return arrays of numbers, each with how many kinds it has.

    Parameters
    ----------
    places : int
        Places in a bar.
    repeats : bool
        Whether to include what followed where the same tokens occurred before.
    slots : int
        Number of pitches after COLUMNS.
    notes : int, optional
        One past the last token that has a pitch; by default, the first duration.
    """
    notes = notes or layout.duration
    token, last, above, below, key, again = (
        features[..., column] for column in (g.TOKEN, g.LAST, g.ABOVE, g.BELOW, g.KEY, g.AGAIN)
    )
    here = xp.where(last < NONE, last, above)  # the pitch that the next note moves from

    def pitch(number: Any) -> Any:
        return xp.where(
            xp.logical_and(number >= NOTE, number < notes), (number - NOTE) % PITCHES, NONE
        )

    numbers = [
        (token, layout.stop),
        (_degree(pitch(token), key, xp), DEGREES),
        *((each, PITCHES + 1) for each in (last, above, below)),
        (interval(above, last, xp), INTERVALS),
        (interval(below, last, xp), INTERVALS),
        (features[..., g.COUNT], g.SLOTS + 1),
        (features[..., g.PLACE], places),
        (features[..., g.BAR], layout.pickup - layout.bar + 1),
        (key, KEYS),
        (features[..., g.DURATION], layout.bar - layout.duration + 1),
        (features[..., g.AGE], len(g.AGES) + 1),
    ]
    if repeats:
        numbers += [
            (features[..., g.LENGTH], len(g.LENGTHS) + 1),
            (again, layout.stop),
            (interval(pitch(again), here, xp), INTERVALS),
        ]
    for slot in range(len(g.COLUMNS), len(g.COLUMNS) + slots):
        numbers += [
            (features[..., slot], PITCHES + 1),
            (interval(features[..., slot], here, xp), INTERVALS),
        ]
    return numbers


def interval_features(features: Any, xp: Any) -> tuple[list[Any], Any]:
    """Return for every pitch its interval from each of ANCHORS, and its degree.

    They are ``(…, P)`` each.
    """
    pitches = np.arange(PITCHES, dtype="int32")
    anchors = [
        interval(pitches, features[..., column : column + 1], xp)
        for column in (g.LAST, g.ABOVE, g.BELOW)
    ]
    return anchors, _degree(pitches, features[..., g.KEY : g.KEY + 1], xp)


def interval(pitch: Any, start: Any, xp: Any) -> Any:
    """Number the interval from `start` to `pitch`.

    Numbers begin at 0 for -SPAN semitones; the last stands for no interval.
    """
    known = xp.logical_and(start < NONE, pitch < NONE)
    return xp.where(known, xp.clip(xp.subtract(pitch, start), -SPAN, SPAN) + SPAN, INTERVALS - 1)


def _degree(pitch: Any, key: Any, xp: Any) -> Any:
    """Return the semitones above the tonic, or the last number if one is missing."""
    known = xp.logical_and(pitch < NONE, key < KEYS - 1)
    return xp.where(known, (xp.subtract(pitch, key) + 12) % 12, DEGREES - 1)
