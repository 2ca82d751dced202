"""Keep the exact time in a bar whose durations are rounded."""

from __future__ import annotations


class Clock:
    """The time in a bar whose durations are rounded: as written, and exact.

    Parameters
    ----------
    now : int
        The time in the bar, in ticks.
    division : int
        The unit of the written durations, in ticks.
    """

    def __init__(self, now: int, division: int) -> None:
        self.written, self.now, self.division = now, now, division
        self.exact_by_written = {0: 0, now: now}

    def advance(self, written: int, now: int) -> None:
        """Add a written duration; `now` is the exact time after it."""
        self.written, self.now = self.written + written, now
        self.exact_by_written.setdefault(self.written, now)

    def skip(self, ticks: int) -> int:
        """Return the exact time after a ``forward``.

        A very short one makes up for rounding, and leads to the written time.
        """
        is_filler = ticks <= 2 * self.division
        self.advance(ticks, self.written + ticks if is_filler else self.now + ticks)
        return self.now

    def back(self, ticks: int) -> int:
        """Return the exact time after a ``backup``, which may be rounded or exact."""
        target = self.written - ticks
        if self.now == ticks or target <= 0:
            self.written = self.now = 0
            return 0
        near = min(self.exact_by_written, key=lambda written: abs(written - target))
        if abs(near - target) <= self.division:
            self.written, self.now = near, self.exact_by_written[near]
        else:
            self.written = self.now = target
        return self.now
