"""Place grace notes in time, in the same way for all formats.

A grace note takes no written time. Its onset and duration are those with which it is played: grace
notes stand in a row directly before their main note. Other notes keep their times.
"""

from __future__ import annotations

from fractions import Fraction

# The time in which a grace note is played, in quarters.
GRACE_QL = Fraction(1, 16)


def grace_onset(beat: int, back: int, count: int, step: int) -> int:
    """Return the time at which one of several grace notes in a row is played.

    Grace notes begin before the beat. At the start of a piece, the time before the beat may be too
    short. They then stand in a row from time 0 on, and sound together with their main note.

    Parameters
    ----------
    beat : int
        The onset of the main note, or the end of the last note for grace notes after it, in steps.
    back : int
        The place of the grace note, counted from the last of the row: 1 to `count`.
    count : int
        The number of grace notes in the row; those of a chord count once.
    step : int
        The duration of a grace note, in steps.

    Examples
    --------
    >>> [grace_onset(96, back, 2, 4) for back in (2, 1)], [grace_onset(0, b, 2, 4) for b in (2, 1)]
    ([88, 92], [0, 4])
    """
    return max(beat - count * step, 0) + (count - back) * step
