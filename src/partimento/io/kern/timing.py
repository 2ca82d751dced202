"""Find the times of lines and bar lines, even where spines do not agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from partimento.io.kern.tokens import duration_of, read_token
from partimento.io.written import common_grid


def grid_of(lines: Sequence[tuple[int, str]]) -> int:
    """Return steps per quarter that represent the durations of a piece.

    Parameters
    ----------
    lines : sequence of (int, str)
        The lines with their numbers in the file.
    """
    data = [line for _, line in lines if line and line[0] not in "!*="]
    texts = Counter(token for line in data for token in line.split("\t"))
    durations: Counter[Fraction] = Counter()
    for text, count in texts.items():
        if text[:1] not in ("", ".", "="):
            for duration in {read_token(text).duration, duration_of(text)}:
                durations[duration] += count
    return common_grid(durations)


def time_of_line(ends: Sequence[int], now: int) -> int:
    """Return the time of a line with notes.

    Parameters
    ----------
    ends : sequence of int
        The ends of the notes that the tokens of the line follow. Where these differ, the file is
        wrong or has gaps. Most of them then decide, and the earliest if several are equally
        frequent.
    now : int
        The next time at which a note of any spine ends.

    Examples
    --------
    >>> time_of_line([4, 4], 4), time_of_line([4, 6, 6], 4), time_of_line([4, 6], 4)
    (4, 6, 4)
    """
    if not ends:
        return now
    counts = Counter(ends)
    return min(counts, key=lambda end: (-counts[end], end))


def time_of_barline(ends: Sequence[int], now: int, target: int) -> int:
    """Return the time of a bar line, at which the spines should have ended together.

    Parameters
    ----------
    ends : sequence of int
        The ends of the last notes of all spines.
    now : int
        The next time at which a note ends.
    target : int
        The time at which the bar should end by its meter.

    Examples
    --------
    >>> time_of_barline([4, 4], 4, 8), time_of_barline([7, 8], 7, 8), time_of_barline([9, 8], 8, 8)
    (4, 8, 8)
    """
    if not ends or min(ends) == max(ends):
        return max([now, *ends])
    within = [end for end in ends if now <= end <= target]
    if within:
        return max(within)
    counts = Counter(end for end in ends if end >= now)
    return min(counts, key=lambda end: (-counts[end], end), default=now)
