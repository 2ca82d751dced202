"""Divide bars into metrical spans.

A bar of 4/4 has halves, quarters and eighths; one of 6/8 has two dotted quarters of three eighths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from partimento.music.timelines import Meter

Shape = tuple[int | tuple[int, ...], ...]


@dataclass(frozen=True)
class Node:
    """A metrical span from `start` to `end`, in ticks from the beginning of the bar.

    `shape` describes the levels below, from the top. An integer is a number of equal parts, a tuple
    the weights of unequal parts. Below the last level every span is halved.
    """

    start: int
    end: int
    shape: Shape = ()

    @property
    def length(self) -> int:
        return self.end - self.start

    @cached_property
    def children(self) -> tuple[Node, ...]:
        """The spans one level down; none if the ticks cannot be divided further."""
        division, below = (self.shape[0], self.shape[1:]) if self.shape else (2, ())
        weights = division if isinstance(division, tuple) else (1,) * division
        unit, rest = divmod(self.length, sum(weights))
        if rest or not unit:
            return ()
        nodes, now = [], self.start
        for weight in weights:
            shape: Shape = (weight,) if isinstance(division, tuple) and weight > 1 else below
            nodes.append(Node(now, now + weight * unit, shape))
            now += weight * unit
        return tuple(nodes)

    @property
    def edges(self) -> tuple[int, ...]:
        """The start, the boundaries between children, and the end."""
        return (
            (self.start, *(child.end for child in self.children))
            if self.children
            else (self.start, self.end)
        )

    @property
    def is_above_ternary_beats(self) -> bool:
        """Whether it contains beats that divide into three, as a bar of 6/8 does."""
        return len(self.shape) > 1 and self.shape[-1] == 3


def is_compound(meter: Meter) -> bool:
    """Return whether beats divide into three (6/8, 9/8, 12/8, 6/4, 3/8)."""
    return (
        meter.numerator % 3 == 0
        and (meter.numerator > 3 or meter.denominator >= 8)
        and (meter.denominator, meter.numerator) != (2, 6)
    )


def shape_of(meter: Meter) -> Shape:
    """Return the levels into which a bar of this meter divides.

    >>> shape_of(Meter(4, 4)), shape_of(Meter(6, 8)), shape_of(Meter(7, 8))
    ((2, 2), (2, 3), ((2, 2, 3),))
    """
    n = meter.numerator
    if is_compound(meter):
        beats = n // 3
        return {1: (3,), 2: (2, 3), 3: (3, 3), 4: (2, 2, 3)}.get(beats, (beats, 3))
    eight: Shape = ((3, 3, 2),) if meter.denominator >= 8 else (2, 2, 2)
    known: dict[int, Shape] = {
        1: (),
        2: (2,),
        3: (3,),
        4: (2, 2),
        5: ((3, 2),),
        7: ((2, 2, 3),),
        8: eight,
    }
    if n in known:
        return known[n]
    odd = n % 2
    return ((2,) * ((n - 3 * odd) // 2) + (3,) * odd,)


def bar_tree(meter: Meter, ticks: int, start: int = 0) -> Node:
    """Return the tree of metrical spans of one bar; `ticks` is ticks per quarter."""
    return Node(start, start + int(meter.bar_ql * ticks), shape_of(meter))


def beat_length(meter: Meter, ticks: int) -> int:
    """Return the length of the beat for beams and tuplets, in ticks.

    The beat is a quarter note. In compound meters it is three units (three eighths in 6/8).
    """
    return 3 * (4 * ticks // meter.denominator) if is_compound(meter) else ticks


def beam_spans(root: Node, meter: Meter, ticks: int) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Yield the spans that a beam of plain eighth notes may cover, with their beats.

    All other beams stay within one of these beats.
    """
    if is_compound(meter):
        yield from ((node, (node,)) for node in _nodes_of(root, beat_length(meter, ticks)))
    elif meter.numerator in (5, 7, 8) or (meter.numerator > 4 and meter.denominator >= 8):
        yield from ((node, (node,)) for node in root.children)
    elif root.length <= 3 * ticks:
        yield root, tuple(_nodes_of(root, ticks))
    else:
        for node in root.children:
            yield node, tuple(_nodes_of(node, ticks))


def _nodes_of(node: Node, length: int) -> Iterator[Node]:
    if node.length <= length or not node.children:
        yield node
    else:
        for child in node.children:
            yield from _nodes_of(child, length)
