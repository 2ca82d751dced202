"""What a model is shown (`note_grammar.COLUMNS`) as numbers of few kinds: pitches by themselves,
from the tonic, and as intervals.

The same array operations run on NumPy and on Keras' `ops`; shapes are those of what is shown, ``(…,
WIDTH)``, without its last axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from partimento.tokens import note_grammar as g
from partimento.tokens.note_grammar import KEYS, NONE, NOTE, PITCHES, Layout

SPAN = 24  # semitones either way within which intervals are told apart
INTERVALS = 2 * SPAN + 2  # the last: none
DEGREES = 13  # semitones above the tonic; the last: no pitch, or no key
ANCHORS = ("last", "above", "below")  # columns from which the interval to the next note is foretold


def input_features(
    layout: Layout,
    shown: Any,
    xp: Any,
    *,
    places: int,
    repeats: bool,
    slots: int = g.SLOTS,
    notes: int | None = None,
) -> list[tuple[Any, int]]:
    """Numbers, each with how many kinds there are of it.

    Parameters
    ----------
    places : int
        In a bar.
    repeats : bool
        Whether the repeat is shown.
    slots : int
        Pitches that are shown after COLUMNS.
    notes : int, optional
        One past the last token that has a pitch; by default, the first duration.
    """
    notes = notes or layout.duration
    token, last, above, below, key, again = (
        shown[..., column] for column in (g.TOKEN, g.LAST, g.ABOVE, g.BELOW, g.KEY, g.AGAIN)
    )
    here = xp.where(last < NONE, last, above)  # where the voices move from

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
        (shown[..., g.COUNT], g.SLOTS + 1),
        (shown[..., g.PLACE], places),
        (shown[..., g.BAR], layout.pickup - layout.bar + 1),
        (key, KEYS),
        (shown[..., g.DURATION], layout.bar - layout.duration + 1),
        (shown[..., g.AGE], len(g.AGES) + 1),
    ]
    if repeats:
        numbers += [
            (shown[..., g.LENGTH], len(g.LENGTHS) + 1),
            (again, layout.stop),
            (interval(pitch(again), here, xp), INTERVALS),
        ]
    for slot in range(len(g.COLUMNS), len(g.COLUMNS) + slots):
        numbers += [
            (shown[..., slot], PITCHES + 1),
            (interval(shown[..., slot], here, xp), INTERVALS),
        ]
    return numbers


def interval_features(shown: Any, xp: Any) -> tuple[list[Any], Any]:
    """For every pitch P that may come: its interval from each of ANCHORS, and its degree, ``(…,
    P)`` each.
    """
    pitches = np.arange(PITCHES, dtype="int32")
    anchors = [
        interval(pitches, shown[..., column : column + 1], xp)
        for column in (g.LAST, g.ABOVE, g.BELOW)
    ]
    return anchors, _degree(pitches, shown[..., g.KEY : g.KEY + 1], xp)


def interval(pitch: Any, start: Any, xp: Any) -> Any:
    """Semitones from `start` up to `pitch`, numbered from 0; the last number where either is none."""
    known = xp.logical_and(start < NONE, pitch < NONE)
    return xp.where(known, xp.clip(xp.subtract(pitch, start), -SPAN, SPAN) + SPAN, INTERVALS - 1)


def _degree(pitch: Any, key: Any, xp: Any) -> Any:
    """Semitones from the tonic up, 0 to 11; the last number where there is no pitch or no key."""
    known = xp.logical_and(pitch < NONE, key < KEYS - 1)
    return xp.where(known, (xp.subtract(pitch, key) + 12) % 12, DEGREES - 1)
