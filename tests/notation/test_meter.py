"""Bars divided into metrical spans."""

from __future__ import annotations

from itertools import pairwise

import pytest

from partimento import Meter
from partimento.notation.meter import (
    Node,
    bar_tree,
    beam_spans,
    beat_length,
    is_compound,
    shape_of,
)

TICKS = 64


@pytest.mark.parametrize(
    ("meter", "edges"),
    [
        (Meter(4, 4), (0, 128, 256)),
        (Meter(3, 4), (0, 64, 128, 192)),
        (Meter(6, 8), (0, 96, 192)),
        (Meter(12, 8), (0, 192, 384)),
        (Meter(5, 8), (0, 96, 160)),
        (Meter(7, 8), (0, 64, 128, 224)),
        (Meter(8, 8), (0, 96, 192, 256)),
        (Meter(11, 8), (0, 64, 128, 192, 256, 352)),
        (Meter(1, 4), (0, 32, 64)),
        (Meter(8, 4), (0, 256, 512)),
        (Meter(9, 8), (0, 96, 192, 288)),
        (Meter(15, 8), (0, 96, 192, 288, 384, 480)),
        (Meter(10, 8), (0, 64, 128, 192, 256, 320)),
    ],
)
def test_bars_divide_as_their_meter_is_counted(meter: Meter, edges: tuple[int, ...]) -> None:
    root = bar_tree(meter, TICKS)
    assert root.edges == edges
    assert root.length == meter.bar_ql * TICKS


@pytest.mark.parametrize("denominator", [2, 4, 8, 16])
def test_the_spans_of_each_level_fill_the_bar(denominator: int) -> None:
    for numerator in range(1, 20):
        level = [bar_tree(Meter(numerator, denominator), TICKS)]
        end = level[0].end
        for _ in range(4):
            level = [child for node in level for child in node.children or (node,)]
            assert (level[0].start, level[-1].end) == (0, end)
            assert all(a.end == b.start for a, b in pairwise(level))


def test_a_span_that_ticks_cannot_divide_has_no_children() -> None:
    odd = Node(5, 8)
    assert odd.children == ()
    assert odd.edges == (5, 8)
    assert Node(5, 9).edges == (5, 7, 9)
    assert Node(0, 0).children == ()


@pytest.mark.parametrize(
    ("numerator", "denominator", "compound", "beat"),
    [
        (6, 8, True, 96),
        (3, 8, True, 96),
        (9, 16, True, 48),
        (6, 4, True, 192),
        (3, 4, False, 64),
        (6, 2, False, 64),
        (2, 2, False, 64),
        (5, 8, False, 64),
    ],
)
def test_compound_meters_have_beats_of_three(
    numerator: int, denominator: int, compound: bool, beat: int
) -> None:
    meter = Meter(numerator, denominator)
    assert is_compound(meter) is compound
    assert beat_length(meter, TICKS) == beat


def test_spans_above_beats_of_three_are_recognized() -> None:
    bar = bar_tree(Meter(6, 8), TICKS)
    assert bar.is_above_ternary_beats
    assert not bar.children[0].is_above_ternary_beats
    assert not bar_tree(Meter(3, 8), TICKS).is_above_ternary_beats
    assert not bar_tree(Meter(4, 4), TICKS).is_above_ternary_beats
    assert shape_of(Meter(9, 8)) == (3, 3)


@pytest.mark.parametrize(
    ("meter", "wide", "beats"),
    [
        (Meter(4, 4), [(0, 128), (128, 256)], [2, 2]),
        (Meter(3, 4), [(0, 192)], [3]),
        (Meter(6, 8), [(0, 96), (96, 192)], [1, 1]),
        (Meter(5, 8), [(0, 96), (96, 160)], [1, 1]),
        (Meter(5, 4), [(0, 192), (192, 320)], [1, 1]),
        (Meter(8, 8), [(0, 96), (96, 192), (192, 256)], [1, 1, 1]),
        (Meter(10, 8), [(0, 64), (64, 128), (128, 192), (192, 256), (256, 320)], [1] * 5),
        (Meter(4, 8), [(0, 128)], [2]),
        (Meter(2, 2), [(0, 128), (128, 256)], [2, 2]),
    ],
)
def test_beams_of_eighths_cover_whole_spans(
    meter: Meter, wide: list[tuple[int, int]], beats: list[int]
) -> None:
    spans = list(beam_spans(bar_tree(meter, TICKS), meter, TICKS))
    assert [(node.start, node.end) for node, _ in spans] == wide
    assert [len(narrow) for _, narrow in spans] == beats
    for node, narrow in spans:
        assert (narrow[0].start, narrow[-1].end) == (node.start, node.end)
