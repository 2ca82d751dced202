"""Durations, metrical weights and syncopation that can be counted by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from partimento import Event, Meter, Note, Part, Piece
from partimento.analysis.features.rhythm import (
    DURATIONS,
    duration_histogram,
    metrical_weights,
    syncopation,
)
from partimento.music.bars import notes_by_bar

Q = Fraction(1)


def test_durations_are_compared_exactly() -> None:
    events = [
        Event((60,), Q),
        Event((62,), Q),
        Event((64,), Fraction(1, 3)),
        Event((65,), Q - Fraction(1, 1000)),
    ]
    found = duration_histogram(notes_by_bar(Piece.from_events(events)))
    assert found[DURATIONS.index(Q)] == 1 / 2
    assert found[DURATIONS.index(Fraction(1, 3))] == 1 / 4
    assert found[-1] == 1 / 4
    assert found.sum() == 1
    assert np.isnan(duration_histogram(notes_by_bar(Piece([])))).all()


@pytest.mark.parametrize(
    ("meter", "weights"),
    [
        (Meter(4, 4), [0, -4, -3, -4, -2, -4, -3, -4, -1, -4, -3, -4, -2, -4, -3, -4]),
        (Meter(6, 8), [0, -3, -2, -3, -2, -3, -1, -3, -2, -3, -2, -3]),
        (Meter(2, 2), [0, -4, -3, -4, -2, -4, -3, -4, -1, -4, -3, -4, -2, -4, -3, -4]),
        (Meter(5, 8), [0, -2, -1, -2, -1, -2, -1, -2, -1, -2]),
        (Meter(3, 32), [0, -1, -1]),
    ],
)
def test_metrical_weights(meter: Meter, weights: list[int]) -> None:
    unit, found = metrical_weights(meter)
    assert list(found) == weights
    assert unit * len(weights) == meter.bar_ql


def rhythm(text: str, *, unit: Fraction = Fraction(1, 4), **more: object) -> float:
    """The syncopation of ``x`` (an onset) and ``.`` (none), a sign a sixteenth."""
    notes = [Note(place * unit, unit, 60) for place, sign in enumerate(text) if sign == "x"]
    return syncopation(notes_by_bar(Piece(notes, length=len(text) * unit, **more)))


def test_syncopation_equals_counts_by_hand() -> None:
    assert rhythm("x...x...x...x...") == 0
    assert rhythm("x...............") == 0
    assert rhythm("x.xxx.xxx.xxx.xx") == 0
    # The son clave: 3 passes over beat 2 (-4 to -2), 6 over the half bar (-3 to -1).
    assert rhythm("x..x..x...x.x...") == 2 + 2
    # Offbeat eighths: over beats 2, 3 and 4, and over the next bar's beginning where there is one.
    assert rhythm("..x...x...x...x.") == 1 + 2 + 1
    assert rhythm("..x...x...x...x." * 2) == (1 + 2 + 1 + 3 + 1 + 2 + 1) / 2
    assert rhythm("x.....x.....", meters=(Meter(6, 8),)) == 0
    assert (
        rhythm("x...x.......", meters=(Meter(6, 8),)) == 1
    )  # a third eighth held over the second beat
    assert math.isnan(rhythm("...."))


def test_triplet_onsets_lie_between_the_positions() -> None:
    """Onsets at 0, 1/3 and 2/3 of a quarter: the first passes over none but sixteenths, the others
    over nothing, then over beat 2.
    """
    assert rhythm("xxx" + "." * 9, unit=Fraction(1, 3)) == pytest.approx(
        (-3 + 5) + (-4 + 5) * 0 + (-1 + 5)
    )


def test_syncopation_follows_meter_and_pickup() -> None:
    assert rhythm("..x.x...x...x...x...", pickup=Q) == 0
    assert rhythm("..x.....x...x...x...", pickup=Q) == 3
    assert (
        rhythm("x.....x...x.x...", meters=(Meter(3, 4),))
        == rhythm("x.....x...x.x...x.......", meters=(Meter(3, 4),))
        == (1 + 0) / 2
    )


def test_onsets_of_all_parts_count_together() -> None:
    """What one part ties over, another one strikes."""
    over = [Note(Q / 2, 2 * Q, 60), Note(0 * Q, Q / 2, 60)]
    beats = [Note(t * Q, Q, 48, part=1) for t in range(4)]
    assert syncopation(notes_by_bar(Piece(over, length=4 * Q))) == 2
    assert syncopation(notes_by_bar(Piece([*over, *beats], parts=(Part(), Part())))) == 0
