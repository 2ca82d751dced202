"""Describe the plan of a piece: the features that say where the music is going.

A composer knows how long a piece will be, its mode, and where its phrases end. A model can use
this, too. Each feature has a class 0 for "unknown", which is also trained.

- The countdown is the time until the end. It is only known when composing, and in some of the
  training copies. In likelihoods it is always unknown, because it would reveal the future.
- The phrase features only use phrase ends that have been written already.

Shapes: B pieces or candidates, V tokens, D durations (those that end a phrase included).
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

import numpy as np

from partimento.short_repr import short_repr

# Lower bounds of the classes of the time until the end, in sixteenths.
SIXTEENTHS_LEFT = (
    *(1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64),
    *(80, 96, 128, 160, 192, 256, 384, 512),
)
BARS_LEFT = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 32, 48, 64)  # in begun bars
# Lower bounds of the classes of the length of a phrase, in eighths.
EIGHTHS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 64)
MAX_DENOMINATOR = 8  # the shortest plain value that is always written: a thirty-second
FINEST_TUPLET = 12  # parts of a quarter: thirty-seconds in triplets
HALF = Fraction(1, 2)


@short_repr
class Plan(NamedTuple):
    """Hold which features of a plan a tokenizer has.

    Attributes
    ----------
    modes : bool
        Whether the key in the header distinguishes major and minor.
    countdown : bool
        Whether the features include the time until the end, in sixteenths and in bars.
    phrases : bool
        Whether events can end a phrase. The features then include the time since the last phrase
        end, and the length of the phrase before.
    """

    modes: bool = False
    countdown: bool = False
    phrases: bool = False

    @property
    def columns(self) -> int:
        """Return the number of feature columns."""
        return 2 * (self.countdown + self.phrases)

    @property
    def kinds(self) -> list[int]:
        """Return the number of classes of each column, class 0 (unknown) included."""
        countdown = [len(SIXTEENTHS_LEFT) + 2, len(BARS_LEFT) + 2]
        return countdown * self.countdown + [len(EIGHTHS) + 2] * 2 * self.phrases


def class_of(value: Any, bounds: tuple[int, ...], xp: Any = np) -> Any:
    """Return the class of a value: how many of the `bounds` it reaches."""
    return xp.sum(xp.where(xp.expand_dims(value, -1) >= np.array(bounds, "int32"), 1, 0), axis=-1)


def countdown(left: Any, bar: Any, grid: int, xp: Any = np) -> list[Any]:
    """Return the classes of the time until the end, in sixteenths and in begun bars.

    Parameters
    ----------
    left : (…,) int
        Steps until the end; negative if it is unknown.
    bar : (…,) int
        Steps per bar.
    grid : int
        Steps per quarter.
    xp : module
        `numpy` or `keras.ops`.
    """
    known = left >= 0
    sixteenths = class_of(left * 4 // grid, SIXTEENTHS_LEFT, xp)
    bars = class_of((left + bar - 1) // bar, BARS_LEFT, xp)
    return [xp.where(known, number + 1, 0) for number in (sixteenths, bars)]


def phrase_classes(since: Any, previous: Any, grid: int, xp: Any = np) -> list[Any]:
    """Return the classes of the phrase so far and of the phrase before.

    Parameters
    ----------
    since : (…,) int
        Steps since the last phrase end, or since the beginning.
    previous : (…,) int
        Steps of the phrase before; 0 if there is none.
    grid : int
        Steps per quarter.
    xp : module
        `numpy` or `keras.ops`.
    """
    now = class_of(since * 2 // grid, EIGHTHS, xp) + 1
    before = class_of(previous * 2 // grid, EIGHTHS, xp) + 1
    return [now, xp.where(previous > 0, before, 0)]


# ---------------------------------------------------------------------- notated rhythm


def is_plain(length: Fraction) -> bool:
    """Return True if a time lies on a binary grid of at most a thirty-second."""
    return MAX_DENOMINATOR % length.denominator == 0


def is_notated(start: Fraction, duration: Fraction) -> bool:
    """Return True if an event with this start and duration can be written plainly.

    An event off the grid of eighths ends within its quarter, and one off the grid of sixteenths
    within its eighth. Longer ones would move all that follows off the beat. Otherwise, start and
    end are both on the grid of thirty-seconds, or both belong to one tuplet. A tuplet fills a
    quarter or an eighth. Ties into or out of a tuplet are thus excluded.

    Parameters
    ----------
    start : Fraction
        Position within a quarter, at least 0 and less than 1.
    duration : Fraction
        In quarters.

    Examples
    --------
    >>> third, quarter = Fraction(1, 3), Fraction(1, 4)
    >>> is_notated(Fraction(0), third), is_notated(quarter, third), is_notated(2 * third, third)
    (True, False, True)
    """
    end = start + duration
    if is_plain(start) and is_plain(end):
        return start.denominator <= 2 or end <= -(-start // _step(start)) * _step(start)
    if end > 1 or lcm(start.denominator, end.denominator) > FINEST_TUPLET:
        return False
    if is_plain(start):
        return start in (0, HALF)
    if is_plain(end):
        return end in (HALF, 1)
    return True


def _step(start: Fraction) -> Fraction:
    """Return the beat within which an event off the grid of eighths must end."""
    return Fraction(1) if start.denominator == 4 else HALF


def notated_table(steps: np.ndarray, grid: int) -> np.ndarray:
    """Return ``(grid, D)`` bool: which durations can be written from each position.

    Parameters
    ----------
    steps : (D,) int
        The durations in steps.
    grid : int
        Steps per quarter.
    """
    table = [
        [is_notated(Fraction(place, grid), Fraction(int(step), grid)) for step in steps]
        for place in range(grid)
    ]
    return np.array(table, bool).reshape(grid, len(steps))
