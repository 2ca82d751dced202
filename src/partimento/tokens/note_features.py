"""Turn features (`note_grammar.COLUMNS`) into categories that a network can embed.

Pitches are given as they are, relative to the tonic, and as intervals. The same array operations
run on NumPy and on `keras.ops`. Shapes are those of the features ``(…, WIDTH)`` without the last
axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from partimento.tokens import note_grammar as g
from partimento.tokens.note_grammar import KEYS, NONE, NOTE, PITCHES, Layout

SPAN = 24  # semitones; intervals are clipped to this range, up and down
INTERVALS = 2 * SPAN + 2  # categories of an interval; the last stands for "no interval"
ANCHORS = ("last", "above", "below")  # pitches from which intervals to the next note are measured


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
    """Return the features as categories, each with the number of categories.

    Parameters
    ----------
    layout : Layout
    features : (…, WIDTH) int
        See `note_grammar.features`.
    xp : module
        `numpy` or `keras.ops`.
    places : int
        Number of positions in a bar.
    repeats : bool
        Whether to include the features of the longest repeat (`note_grammar.repeated`).
    slots : int
        Number of columns with pitches after COLUMNS.
    notes : int, optional
        One past the last token that has a pitch; by default, the first duration.

    Returns
    -------
    list of (array, int)
        Arrays ``(…,)`` int of categories from 0, and the number of categories of each.
    """
    notes, keys = notes or layout.duration, layout.keys
    token, last, above, below, key, repeat_token = (
        features[..., column]
        for column in (g.TOKEN, g.LAST, g.ABOVE, g.BELOW, g.KEY, g.REPEAT_TOKEN)
    )
    here = xp.where(last < NONE, last, above)  # the pitch that the next note moves from

    def pitch(number: Any) -> Any:
        return xp.where(
            xp.logical_and(number >= NOTE, number < notes), (number - NOTE) % PITCHES, NONE
        )

    numbers = [
        (token, layout.stop),
        (_degree(pitch(token), key, xp, keys), keys),
        *((anchor, PITCHES + 1) for anchor in (last, above, below)),
        (interval(above, last, xp), INTERVALS),
        (interval(below, last, xp), INTERVALS),
        (features[..., g.COUNT], g.SLOTS + 1),
        (features[..., g.PLACE], places),
        (features[..., g.BAR], layout.pickup - layout.bar + 1),
        (key, keys),
        (features[..., g.DURATION], layout.bar - layout.duration + 1),
        (features[..., g.AGE], len(g.AGES) + 1),
    ]
    if repeats:
        numbers += [
            (features[..., g.REPEAT_LENGTH], len(g.REPEAT_LENGTHS) + 1),
            (repeat_token, layout.stop),
            (interval(pitch(repeat_token), here, xp), INTERVALS),
        ]
    sounding = features[..., len(g.COLUMNS) : len(g.COLUMNS) + slots]
    intervals = interval(sounding, xp.expand_dims(here, -1), xp)
    for slot in range(slots):
        numbers += [(sounding[..., slot], PITCHES + 1), (intervals[..., slot], INTERVALS)]
    plan = layout.plan
    first = features.shape[-1] - plan.columns
    return numbers + [(features[..., first + i], kinds) for i, kinds in enumerate(plan.kinds)]


def interval_features(features: Any, xp: Any, *, keys: int = KEYS) -> tuple[list[Any], Any]:
    """Return the intervals from ANCHORS to every pitch, and every scale degree.

    All arrays are ``(…, P)``: one interval array per anchor, and one array of degrees. If `keys`
    has major and minor keys, they have degrees of their own: there are as many degrees as keys.
    """
    pitches = np.arange(PITCHES, dtype="int32")
    anchors = [
        interval(pitches, features[..., column : column + 1], xp)
        for column in (g.LAST, g.ABOVE, g.BELOW)
    ]
    return anchors, _degree(pitches, features[..., g.KEY : g.KEY + 1], xp, keys)


def interval(pitch: Any, start: Any, xp: Any) -> Any:
    """Return the category of the interval from `start` to `pitch`.

    Category 0 is -SPAN semitones or less. The last one means that a pitch is missing.
    """
    known = xp.logical_and(start < NONE, pitch < NONE)
    # On NumPy, these functions are much faster than `clip`.
    near = xp.minimum(xp.maximum(xp.subtract(pitch, start), -SPAN), SPAN)
    return xp.where(known, near + SPAN, INTERVALS - 1)


def _degree(pitch: Any, key: Any, xp: Any, keys: int) -> Any:
    """Return the semitones above the tonic; the last category without a pitch or key.

    In minor keys, 12 is added.
    """
    known = xp.logical_and(pitch < NONE, key < keys - 1)
    degree = (xp.subtract(pitch, key) + 24) % 12 + 12 * (key // 12)
    return xp.where(known, degree, keys - 1)
