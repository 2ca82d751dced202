"""Find the playing order of a Humdrum file from expansion lists or repeat signs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from partimento.errors import InvalidScoreError
from partimento.io.musicxml.repeats import playing_order
from partimento.io.musicxml.turns import Turns
from partimento.io.written import Span, order_of_bars

EXPANSION = re.compile(r"\*>([A-Za-z]\w*)?\[([^\]]*)\]")
LABEL = re.compile(r"\*>([^\[\]]+)")
MOST_PASSAGES = 10_000


class Expansions:
    """The expansion lists, labels and repeat signs of a file.

    Attributes
    ----------
    lists : dict of str to list of str
        The labels in playing order. The list without a name has the key ``""``.
    labels : dict of str to int
        The time at which the passage with this label begins.
    backward, forward : set of int
        The times of repeat signs.
    """

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {}
        self.labels: dict[str, int] = {}
        self.backward: set[int] = set()
        self.forward: set[int] = set()

    def read(self, token: str, time: int) -> None:
        """Read an expansion list or a label."""
        if match := EXPANSION.fullmatch(token):
            names = [name.strip() for name in match[2].split(",") if name.strip()]
            self.lists.setdefault(match[1] or "", names)
        elif match := LABEL.fullmatch(token):
            self.labels.setdefault(match[1].strip(), time)

    def order(self, bars: Sequence[int], length: int) -> list[Span] | None:
        """Return the passages in playing order; None if nothing is repeated.

        Parameters
        ----------
        bars : sequence of int
            The beginning of each bar.
        length : int
            The end of the last bar.

        Raises
        ------
        InvalidScoreError
            If the result is longer than any score.
        """
        names = self.lists.get("") or []
        if names and all(name in self.labels for name in names):
            if len(names) > MOST_PASSAGES:
                raise InvalidScoreError(f"with its repeats it is longer than {MOST_PASSAGES} bars")
            return _labelled(names, self.labels, length)
        if not self.backward:
            return None
        starts = sorted({0, *bars, *self.forward, *self.backward} - {length})
        turns = {
            i: Turns(forward=start in self.forward, times=2 * (end in self.backward))
            for i, (start, end) in enumerate(zip(starts, [*starts[1:], length], strict=True))
        }
        return order_of_bars(starts, length, playing_order(turns, len(starts)))


def _labelled(names: Sequence[str], labels: Mapping[str, int], length: int) -> list[Span]:
    """Return the passages of labels; music before the first label is played once."""
    starts = sorted({*labels.values(), length})
    end = dict(zip(starts, [*starts[1:], length], strict=True))
    spans = [(0, starts[0])] if starts[0] else []
    return spans + [(labels[name], end[labels[name]]) for name in names]
