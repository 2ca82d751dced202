"""Plots of an evaluation, by what is in them."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from tests.evaluations import ENTRIES, rows

from partimento.analysis.features.table import FEATURES, SCALARS
from partimento.evaluation.evaluate import Evaluation
from partimento.plots.evaluation import overlap_plot, profile_plot, value_plot


def drawn_inside(figure: Figure) -> bool:
    """Whether all texts that are shown lie within the figure."""
    figure.draw_without_rendering()
    shown = [axes._left_title for axes in figure.axes]
    for axes in figure.axes:
        for axis, (low, high) in (
            (axes.xaxis, axes.get_xlim()),
            (axes.yaxis, sorted(axes.get_ylim())),
        ):
            shown += [
                tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high
            ]
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [text.get_window_extent() for text in shown]
    return all(
        box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1
        for box in boxes
        if box.width
    )


def test_plots_hold_what_they_are_given(found: Evaluation) -> None:
    told = found.to_plain()
    overlaps = overlap_plot(told["rows"], told["overlap"], told["ceiling"])
    (axes,) = overlaps.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == len(FEATURES) + 1 + len({feature.group for feature in FEATURES.values()})
    points = {
        labels[round(float(line.get_ydata()[0]))]: line.get_xdata()[0]
        for line in axes.lines
        if line.get_marker() == "o"
    }
    for row in told["rows"]:
        if row["overlap"] is not None:
            assert points[row["label"]] == row["overlap"]["mean"]
    scalars = [row for row in told["rows"] if row["name"] in SCALARS]
    values = value_plot(scalars, found.values)
    assert [
        axes.get_title(loc="left").partition(",")[0] for axes in values.axes[: len(scalars)]
    ] == [row["label"] for row in scalars]
    profiles = profile_plot([row for row in told["rows"] if row["name"] in ENTRIES], ENTRIES)
    heights = [patch.get_height() for patch in profiles.axes[0].patches]
    assert heights == pytest.approx(
        rows(found)["pitch_class_histogram"]["generated"]
        + rows(found)["pitch_class_histogram"]["real"]
    )
    assert all(map(drawn_inside, (overlaps, values, profiles)))
