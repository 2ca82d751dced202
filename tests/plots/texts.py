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


def words(figure: Figure) -> list[str]:
    """Everything written in it, once laid out."""
    figure.draw_without_rendering()
    found: list[str] = []
    for axes in figure.axes:
        ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()]
        found += [
            text.get_text()
            for text in (
                *axes.texts,
                *ticks,
                axes.title,
                axes._left_title,
                axes.xaxis.label,
                axes.yaxis.label,
            )
        ]
        found += [
            text.get_text() for text in (axes.get_legend().get_texts() if axes.get_legend() else ())
        ]
    return [word for word in (*found, *(text.get_text() for text in figure.texts)) if word]


def fits(figure: Figure) -> bool:
    """Whether all that is drawn lies within the page."""
    figure.draw_without_rendering()
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    return bool(
        box.x0 >= -0.02 and box.y0 >= -0.02 and box.x1 <= width + 0.02 and box.y1 <= height + 0.02
    )
