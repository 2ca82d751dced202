"""Features of rhythm: exact durations of notes, and syncopation against the meter."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np

from partimento.music.bars import BarNotes
from partimento.music.timelines import Meter

# Note values in quarters; all other durations are one further class.
DURATIONS = tuple(
    map(
        Fraction,
        ("1/8", "1/6", "1/4", "1/3", "3/8", "1/2", "2/3", "3/4", "1", "3/2", "2", "3", "4"),
    )
)
SIXTEENTH = Fraction(1, 4)


def duration_histogram(bars: BarNotes) -> np.ndarray:
    """Return the share of notes with each of `DURATIONS`, and with any other.

    Returns
    -------
    (14,) float64
        NaN without notes.
    """
    counts = [
        int((bars.duration * known.denominator == known.numerator * bars.grid).sum())
        for known in DURATIONS
    ]
    total = len(bars.duration)
    return (
        np.array([*counts, total - sum(counts)]) / total
        if total
        else np.full(len(DURATIONS) + 1, np.nan)
    )


@lru_cache(maxsize=256)
def metrical_weights(meter: Meter) -> tuple[Fraction, tuple[int, ...]]:
    """Return the metrical weight of each position of a bar: 0 at its start, then less.

    The weight is minus the number of the level of division at which the position first occurs.

    The bar is divided by the prime factors of its numerator, the smallest first (6/8 into two, then
    three). Then it is divided by two down to sixteenths, or to its denominator if that is shorter.

    Returns
    -------
    unit : Fraction
        Quarters from one position to the next.
    weights : tuple of int
        The weight of each position, from the bar's beginning.

    References
    ----------
    H. C. Longuet-Higgins and C. S. Lee, "The rhythmic interpretation of monophonic music", Music
    Perception 1, 1984.

    Examples
    --------
    >>> metrical_weights(Meter(3, 4))
    (Fraction(1, 4), (0, -3, -2, -3, -1, -3, -2, -3, -1, -3, -2, -3))
    """
    counts = [1]
    rest, factor = meter.numerator, 2
    while rest > 1:
        if rest % factor:
            factor += 1
            continue
        counts.append(counts[-1] * factor)
        rest //= factor
    while meter.bar_ql / counts[-1] > SIXTEENTH:
        counts.append(counts[-1] * 2)
    finest = counts[-1]
    levels = [
        next(level for level, count in enumerate(counts) if place * count % finest == 0)
        for place in range(finest)
    ]
    return meter.bar_ql / finest, tuple(-level for level in levels)


def syncopation(bars: BarNotes) -> float:
    """Return the mean syncopation per bar, for the onsets of all parts together.

    An onset is syncopated if there is a position of greater weight before the next onset (a rest or
    a tie). Its syncopation is the difference of the weights; the position of the greatest weight
    counts. An onset between positions (in a triplet, or off the sixteenths) has one less than the
    lowest weight. NaN without notes.

    The value is 0 without syncopation. Four offbeat eighths in every bar of 4/4, all held over,
    give 7. Source: Longuet-Higgins and Lee 1984, see `metrical_weights`.
    """
    if not len(bars.bar):
        return math.nan
    grid = math.lcm(
        bars.grid, *{metrical_weights(meter)[0].denominator for meter in set(bars.meters)}
    )
    scale = grid // bars.grid
    times, weights, lightest = _positions(bars, grid)
    onsets = np.unique((bars.start[bars.bar] + bars.inside) * scale)
    ends = np.append(onsets[1:], max(int(bars.start[-1]) * scale, int(onsets[-1]) + 1))
    first, last = (
        np.searchsorted(times, onsets, side="right"),
        np.searchsorted(times, ends, side="left"),
    )
    bar = np.searchsorted(bars.start * scale, onsets, side="right") - 1
    # The position at or before each onset. In a pickup there may be none: -1 is then the last
    # position of the piece, whose time differs, too.
    place = np.searchsorted(times, onsets, side="right") - 1
    own_weight = np.where(times[place] == onsets, weights[place], lightest[bar] - 1)
    strongest = np.array(
        [
            weights[a:b].max() if b > a else -(10**6)
            for a, b in zip(first.tolist(), last.tolist(), strict=True)
        ]
    )
    return float(np.maximum(strongest - own_weight, 0).sum() / max(int(bars.whole.sum()), 1))


def _positions(bars: BarNotes, grid: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all positions (times in steps, weights), and each bar's lowest weight.

    A pickup has the positions of the end of a bar.
    """
    times, weights, lightest = [], [], []
    scale = grid // bars.grid
    for start, end, whole, meter in zip(
        bars.start[:-1].tolist(),
        bars.start[1:].tolist(),
        bars.whole.tolist(),
        bars.meters,
        strict=True,
    ):
        unit, known = metrical_weights(meter)
        step = int(unit * grid)
        length, bar = (end - start) * scale, len(known) * step
        skipped = 0 if whole else (bar - length) % bar  # of a pickup's bar
        at = np.arange(-(-skipped // step), -(-(skipped + length) // step))
        times.append(start * scale + at * step - skipped)
        weights.append(np.array(known)[at % len(known)])
        lightest.append(min(known))
    return np.concatenate(times), np.concatenate(weights), np.array(lightest)


def rhythm_features(bars: BarNotes) -> dict[str, float | np.ndarray]:
    """Return all features of rhythm by name."""
    return {"duration_histogram": duration_histogram(bars), "syncopation": syncopation(bars)}
