"""The texts of a figure, and whether they cover one another."""

from __future__ import annotations

from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def names(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def overlaps(figure: Figure, axes: Axes) -> list[tuple[str, str]]:
    """Which pairs of the written names cover one another."""
    figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in axes.texts if text.get_text()]
    return [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if one.overlaps(other)]
