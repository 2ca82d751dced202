"""Write one voice in one bar in note values that keep the meter visible.

The rules are those of engravers (Gould, *Behind Bars*, 2011, chapter 6; Read, *Music Notation*,
1969). A note value may cross a metrical boundary only if it begins or ends together with the span
around it. The plain syncopation short-long-short is the exception. No other note value inside a 4/4
bar crosses its middle, and none crosses a beat of 6/8. Otherwise the note is divided into tied
values. Rests are stricter: each fills a metrical span.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from partimento.notation.meter import Node

TYPES = (
    "1024th",
    "512th",
    "256th",
    "128th",
    "64th",
    "32nd",
    "16th",
    "eighth",
    "quarter",
    "half",
    "whole",
    "breve",
    "long",
)
QUARTER = TYPES.index("quarter")
# Ticks per quarter must be a multiple of this, so that a 256th note is a whole number of ticks.
SMALLEST = 64
# Numbers of notes in tuplets, in the order of preference: in spans that divide into two or three.
RATIOS_BINARY = (3, 5, 7, 9, 11, 13, 15)
RATIOS_TERNARY = (2, 4, 5, 7, 8, 10, 11)
TUPLET_DEPTHS = 4  # the notes of a tuplet may be whole, or divided into two, four or eight


@dataclass(frozen=True, slots=True)
class Tuplet:
    """A tuplet: `actual` notes in the time of `normal`.

    Attributes
    ----------
    start, end : int
        In ticks from the beginning of the bar.
    actual, normal : int
        3 and 2 for a triplet.
    unit : int
        The written length of one of these notes, in ticks.
    """

    start: int
    end: int
    actual: int
    normal: int
    unit: int


@dataclass(frozen=True, slots=True)
class Value:
    """One written note value.

    Attributes
    ----------
    start, end : int
        In ticks from the beginning of the bar.
    type : str
        One of `TYPES`.
    dots : int
    tuplet : Tuplet or None
    """

    start: int
    end: int
    type: str
    dots: int
    tuplet: Tuplet | None = None


def note_type(length: int, ticks: int) -> tuple[str, int] | None:
    """Return the note type and the dots that write a length in ticks, or None.

    Parameters
    ----------
    length : int
        In ticks.
    ticks : int
        Ticks per quarter.

    Examples
    --------
    >>> note_type(3, 2), note_type(5, 4)
    (('quarter', 1), None)
    """
    for dots, (num, den) in enumerate(((1, 1), (3, 2), (7, 4))):
        plain, rest = divmod(length * den, num)
        if rest:
            continue
        for power, name in enumerate(TYPES, -QUARTER):
            if plain == ticks << power if power >= 0 else plain << -power == ticks:
                return name, dots
    return None


def nearest_type(length: int, ticks: int) -> tuple[str, int]:
    """Return the note type and the dots that are nearest to a length in ticks."""
    sizes = [
        (abs(length - ticks * 2.0**power * (1.5 if dots else 1)), dots, name)
        for power, name in enumerate(TYPES, -QUARTER)
        for dots in (0, 1)
    ]
    _, dots, name = min(sizes)
    return name, dots


def find_tuplets(root: Node, cuts: Iterable[int], beat: int, ticks: int) -> list[Tuplet]:
    """Return the tuplets that one voice in one bar needs.

    Each covers the smallest metrical span at whose ends no note needs an unusual tie.

    Parameters
    ----------
    root : Node
        The bar as a tree of metrical spans.
    cuts : iterable of int
        The times at which notes of the voice start or end, in ticks.
    beat : int
        From `meter.beat_length`, in ticks.
    ticks : int
        Ticks per quarter.
    """
    inside = sorted(c for c in set(cuts) if root.start < c < root.end)
    grid = max(1, ticks // SMALLEST)
    off_grid = frozenset(c for c in inside if (c - root.start) % grid)
    return _tuplets_in(root, _Cuts(tuple(inside), off_grid), beat, ticks) if off_grid else []


class _Cuts(NamedTuple):
    """The times at which notes of a voice start or end, in ticks.

    `off_grid` are those that only a tuplet can reach.
    """

    times: tuple[int, ...]
    off_grid: frozenset[int]

    def within(self, node: Node) -> list[int]:
        return [time for time in self.times if node.start < time < node.end]


def _tuplets_in(node: Node, cuts: _Cuts, beat: int, ticks: int) -> list[Tuplet]:
    in_node = cuts.within(node)
    if cuts.off_grid.isdisjoint(in_node):
        return []
    children = node.children
    whole = _tuplet_over(node, in_node, ticks)
    depth = _depth(whole, in_node)
    if len(children) > 1 and _is_divisible(node, cuts, beat, depth):
        divided = [tuplet for child in children for tuplet in _tuplets_in(child, cuts, beat, ticks)]
        covered = {t for c in divided for t in in_node if c.start < t < c.end}
        if covered >= cuts.off_grid.intersection(in_node):
            return divided
    if whole is not None:
        return [whole]
    return (
        [tuplet for child in children for tuplet in _tuplets_in(child, cuts, beat, ticks)]
        if node.length > ticks // 8
        else []
    )


def _depth(tuplet: Tuplet | None, cuts: Sequence[int]) -> int:
    """Return how often the notes of a tuplet are halved to reach all `cuts`.

    A sextuplet is a triplet with halved notes.
    """
    if tuplet is None:
        return TUPLET_DEPTHS
    length, actual = tuplet.end - tuplet.start, 3 if tuplet.actual == 6 else tuplet.actual
    depths = range(TUPLET_DEPTHS)
    return next(
        depth
        for depth in depths
        if all((c - tuplet.start) * (actual << depth) % length == 0 for c in cuts)
    )


def _is_divisible(node: Node, cuts: _Cuts, beat: int, depth: int) -> bool:
    """Return whether the children can be written one by one, without a common tuplet.

    `depth` is that of the common tuplet, from `_depth`. If it is great, the tuplets of the children
    read better, even if a note between them needs a tie.
    """
    edges = {node.start, node.end, *cuts.within(node)}
    with_tuplet = [
        child for child in node.children if any(child.start < c < child.end for c in cuts.off_grid)
    ]
    if node.length <= beat:
        closed = all(child.start in edges and child.end in edges for child in with_tuplet)
        return closed and (len(with_tuplet) < len(node.children) or depth > 1)
    times = sorted(edges)
    # A note that crosses a boundary with both ends off the grid needs a tuplet over the whole span,
    # such as a triplet of quarter notes over two beats.
    for edge in node.edges[1:-1]:
        before = max(t for t in times if t <= edge)
        after = min(t for t in times if t >= edge)
        if before < edge < after and before in cuts.off_grid and after in cuts.off_grid:
            return depth > 1
    return True


def _tuplet_over(node: Node, cuts: Sequence[int], ticks: int) -> Tuplet | None:
    """Return the simplest tuplet over a whole span that has all `cuts`, or None."""
    is_ternary = node.length % 3 == 0 and note_type(node.length // 3, ticks)
    plain = note_type(node.length, ticks)
    if plain and plain[1] == 0:
        base, choices = 1, RATIOS_BINARY
    elif is_ternary:
        base, choices = 3, RATIOS_TERNARY
    else:
        return None
    for actual in choices:
        for depth in range(
            TUPLET_DEPTHS
        ):  # the notes of the tuplet may be divided into two, four or eight
            if all((c - node.start) * (actual << depth) % node.length == 0 for c in cuts):
                if actual == 3 and depth and len(cuts) > 3 and (node.start + node.end) // 2 in cuts:
                    actual = 6  # one sextuplet reads better than a triplet of halved notes
                normal = base
                while normal * 2 <= actual:
                    normal *= 2
                return Tuplet(node.start, node.end, actual, normal, node.length // normal)
    return None


def cut_note(root: Node, start: int, end: int, ticks: int) -> list[tuple[int, int]]:
    """Return the spans of the tied values that write a note outside tuplets.

    Parameters
    ----------
    root : Node
        The bar as a tree of metrical spans.
    start, end : int
        In ticks from the beginning of the bar.
    ticks : int
        Ticks per quarter.

    Returns
    -------
    list of (int, int)
        Start and end of each value; a single one if no tie is needed.
    """
    if note_type(end - start, ticks) and _may_stand(root, start, end, ticks):
        return [(start, end)]
    spans: list[tuple[int, int]] = []
    for child in root.children:
        low, high = max(start, child.start), min(end, child.end)
        if low < high:
            spans += cut_note(child, low, high, ticks)
    if not root.children or not spans:
        return [(start, end)]
    return _fuse(root, spans, ticks)


def _fuse(node: Node, spans: list[tuple[int, int]], ticks: int) -> list[tuple[int, int]]:
    fused = [spans[0]]
    for low, high in spans[1:]:
        whole = (fused[-1][0], high)
        if _short(whole[1] - whole[0], ticks) and _may_stand(node, *whole, ticks):
            fused[-1] = whole
        else:
            fused.append((low, high))
    return fused


def _short(length: int, ticks: int) -> bool:
    """Return whether one note value with at most one dot has this length.

    Two dots are only for notes that would be tied otherwise.
    """
    value = note_type(length, ticks)
    return value is not None and value[1] < 2


def _may_stand(node: Node, start: int, end: int, ticks: int) -> bool:
    """Return whether one note value from `start` to `end` keeps the meter visible."""
    edges = node.edges
    crossed = [edge for edge in edges if start < edge < end]
    if not crossed:
        inner = next(
            (child for child in node.children if child.start <= start and end <= child.end), None
        )
        return inner is None or inner.children == () or _may_stand(inner, start, end, ticks)
    value = note_type(end - start, ticks)
    if value is None or (value[1] == 2 and start != node.start):
        return False
    if node.is_above_ternary_beats:
        return start in edges and end in edges
    if start == node.start or end == node.end:
        return True
    if len(node.children) > 2:
        return (
            start in edges or end in edges or (len(crossed) == 1 and 2 * crossed[0] == start + end)
        )
    return (
        node.length <= 4 * ticks
        and 2 * (end - start) == node.length
        and start - node.start == node.end - end
    )


def cut_rest(node: Node, start: int, end: int, ticks: int) -> list[tuple[int, int]]:
    """Return the spans of the rests that fill `start` to `end` outside tuplets.

    Each rest fills one metrical span. Parameters and result are those of `cut_note`.
    """
    value = note_type(end - start, ticks)
    whole = (start, end) == (node.start, node.end)
    opens_ternary = (
        node.shape == (3,)
        and start == node.start
        and value is not None
        and 3 * (end - start) == 2 * node.length
    )
    if (
        value
        and value[1] < 2
        and (
            (whole and (value[1] == 0 or node.shape == (3,)))
            or (opens_ternary and node.length < 3 * ticks)
        )
    ):
        return [(start, end)]
    spans: list[tuple[int, int]] = []
    for child in node.children:
        low, high = max(start, child.start), min(end, child.end)
        if low < high:
            spans += cut_rest(child, low, high, ticks)
    return spans or [(start, end)]


def values_of(
    root: Node, start: int, end: int, tuplets: Sequence[Tuplet], ticks: int, *, rest: bool
) -> list[Value]:
    """Return the values, in and outside tuplets, that write one note or rest of a bar."""
    cut = cut_rest if rest else cut_note
    edges = sorted(
        {
            start,
            end,
            *(t for tuplet in tuplets for t in (tuplet.start, tuplet.end) if start < t < end),
        }
    )
    values: list[Value] = []
    for low, high in pairwise(edges):
        tuplet = next((t for t in tuplets if t.start <= low and high <= t.end), None)
        if tuplet is None:
            values += [_value(a, b, b - a, None, ticks) for a, b in cut(root, low, high, ticks)]
            continue
        inner = Node(
            0, tuplet.actual * tuplet.unit, (tuplet.actual,) if tuplet.actual != 6 else (2, 3)
        )
        scale, size = tuplet.actual * tuplet.unit, tuplet.end - tuplet.start
        spans = cut(
            inner,
            (low - tuplet.start) * scale // size,
            (high - tuplet.start) * scale // size,
            ticks,
        )
        now = low
        for a, b in spans:
            until = high if b == spans[-1][1] else tuplet.start + b * size // scale
            values.append(_value(now, until, b - a, tuplet, ticks))
            now = until
    return values


def _value(start: int, end: int, written: int, tuplet: Tuplet | None, ticks: int) -> Value:
    name, dots = note_type(written, ticks) or nearest_type(written, ticks)
    return Value(start, end, name, dots, tuplet)


def snap(times: Iterable[int], ticks: int) -> dict[int, int]:
    """Map the times at which notes of a bar start or end to the times that are drawn.

    Most are drawn where they sound. Ornaments in MIDI files cause times that no usual note value
    reaches (9/40 of an eighth before the beat). Such a time is drawn at the nearest free 32nd
    between its neighbors, else at the nearest 64th, and so on. This affects the picture only: the
    sounding durations stay exact.

    Parameters
    ----------
    times : iterable of int
        In ticks.
    ticks : int
        Ticks per quarter.
    """
    ordered = sorted(set(times))
    drawn = {t: t for t in ordered if is_usual(t, ticks)}
    for i, time in enumerate(ordered):
        if time in drawn:
            continue
        low = drawn[ordered[i - 1]] if i else time - 1
        high = next((drawn[t] for t in ordered[i + 1 :] if t in drawn), time + ticks)
        for step in (ticks // 8, ticks // 16, ticks // 32, ticks // 64):
            near = min(
                max((2 * time + step) // (2 * step) * step, (low // step + 1) * step),
                (high - 1) // step * step,
            )
            if low < near < high:
                drawn[time] = near
                break
        else:
            drawn[time] = time
    return drawn


def is_usual(time: int, ticks: int) -> bool:
    """Return whether a time is a multiple of a 128th note, or of a usual tuplet's.

    Usual tuplets divide a note into three, five, seven, nine, eleven, thirteen or fifteen.
    """
    return any(time * divisor % ticks == 0 for divisor in (32, 48, 40, 28, 36, 44, 52, 15))
