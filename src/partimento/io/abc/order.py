"""Find the playing order of the bars of an ABC tune: repeats, endings and parts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from partimento.io.musicxml.repeats import playing_order
from partimento.io.musicxml.turns import Turns

MOST_PARTS = 1000  # parts in the order that the header states
MOST_TIMES = 99
GROUP = re.compile(r"\(([^()]*)\)(\d{0,2})|([A-Z])(\d{1,2})")


def order_of_tune(
    turns: Mapping[int, Turns],
    bars: int,
    parts: str,
    part_bars: Mapping[str, int],
) -> list[int]:
    """Return the indices of the bars of a tune in playing order.

    Parameters
    ----------
    turns : mapping of int to Turns
        The repeats by index of the bar.
    bars : int
        Number of written bars.
    parts : str
        The order of parts that the header states, such as ``A(AB)2``; empty if it states none.
    part_bars : mapping of str to int
        The bar with which each part begins.
    """
    labels = [label for label in expand(parts) if label in part_bars]
    if not labels:
        return playing_order(turns, bars)
    starts = sorted({*part_bars.values(), bars})
    order: list[int] = []
    for label in labels:
        start = part_bars[label]
        end = next(bar for bar in starts if bar > start) if start < bars else bars
        inside = {bar - start: turn for bar, turn in turns.items() if start <= bar < end}
        if start < end:
            order += [start + bar for bar in playing_order(inside, end - start)]
    return order or playing_order(turns, bars)


def expand(parts: str) -> Sequence[str]:
    """Write out an order of parts; letters that repeat are counted.

    >>> "".join(expand("A2(BC)2.D"))
    'AABCBCD'
    """
    text = re.sub(r"[^A-Z0-9()]", "", parts)[:200]
    for _ in range(20):
        new = GROUP.sub(_repeated, text)
        new = new[: MOST_PARTS * 4]
        if new == text:
            break
        text = new
    return re.sub(r"[^A-Z]", "", text)[:MOST_PARTS]


def _repeated(match: re.Match[str]) -> str:
    part, times = (match[1], match[2]) if match[1] is not None else (match[3], match[4])
    return part * min(int(times or 1), MOST_TIMES)
