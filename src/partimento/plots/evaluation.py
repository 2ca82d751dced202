"""Draw the results of an evaluation: generated pieces in blue, real ones in grey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.plots.style import COLORS, FAINT, QUIET, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GENERATED, REAL, PALE = COLORS[0], "#8A8A8A", "#CFCFCF"
COLUMNS = 4  # histograms side by side
BINS = 18  # maximum number of bins of a histogram
MEAN = "mean of all"
Row = Mapping[str, Any]


@styled
def overlap_plot(
    rows: Sequence[Row],
    overlap: float | None,
    ceiling: float | None,
    *,
    title: str = "Overlapping area",
) -> Figure:
    """Draw the overlapping area of each feature, for generated and for real pieces.

    A line connects both values, and bars show their standard deviations over the draws.

    Parameters
    ----------
    rows : sequence of mappings
        With ``label``, ``group``, ``overlap`` and ``ceiling``. The latter two have ``mean`` and
        ``deviation``, or are None.
    overlap, ceiling : float or None
        The means over all features, drawn in the first row.
    """
    groups = {row["group"] for row in rows}
    lines: list[tuple[str, Any, Any]] = []
    if overlap is not None:
        lines.append((MEAN, {"mean": overlap, "deviation": 0}, {"mean": ceiling, "deviation": 0}))
    for group, members in groupby(rows, key=lambda row: row["group"]):
        lines.append((group, None, None))
        lines += [(row["label"], row["overlap"], row["ceiling"]) for row in members]
    figure = new_figure(9, 1.3 + 0.265 * len(lines))
    axes = figure.subplots()
    for line_number, (label, near, far) in enumerate(lines):
        _overlap_line(axes, line_number, near, far, bold=label == MEAN)
    axes.set_yticks(range(len(lines)), [label for label, *_ in lines])
    for (name, near, _), text in zip(lines, axes.get_yticklabels(), strict=True):
        if name in groups and near is None:
            text.set(fontstyle="italic", color=QUIET)
        elif name == MEAN:
            text.set(fontweight="bold")
    axes.tick_params(axis="y", length=0, labelsize=10)
    axes.set_ylim(len(lines) - 0.4, -0.7)
    least = min((line.get_xdata().min() for line in axes.lines), default=0)  # type: ignore[union-attr]
    axes.set_xlim(max(0, np.floor(5 * least - 0.1) / 5), 1.01)
    axes.grid(axis="x", visible=True)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("overlapping area; bars: standard deviation over the draws")
    axes.set_title(title)
    axes.legend(
        *_keys("generated to real", "real to real"),
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=2,
        borderaxespad=0.2,
    )
    return figure


def _overlap_line(axes: Axes, line_number: int, near: Any, far: Any, *, bold: bool) -> None:
    if near is None or far is None or near["mean"] is None or far["mean"] is None:
        return
    axes.plot(
        [near["mean"], far["mean"]],
        [line_number, line_number],
        color=FAINT,
        linewidth=3.5,
        solid_capstyle="round",
        zorder=1,
    )
    for value, color, shape in ((far, REAL, "D"), (near, GENERATED, "o")):
        low, high = (
            max(value["mean"] - value["deviation"], 0),
            min(value["mean"] + value["deviation"], 1),
        )
        axes.plot([low, high], [line_number, line_number], color=color, linewidth=1.3, zorder=2)
        size = (6 if shape == "D" else 8) + 1.5 * bold
        axes.plot(
            value["mean"],
            line_number,
            shape,
            color=color,
            markersize=size,
            markeredgecolor="white",
            markeredgewidth=0.8,
            zorder=3,
        )


def _keys(generated: str, real: str) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], marker=shape, color=color, linestyle="")
        for shape, color in (("o", GENERATED), ("D", REAL))
    ]
    return marks, [generated, real]


@styled
def value_plot(
    rows: Sequence[Row],
    values: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    title: str = "Values per piece",
) -> Figure:
    """Draw a small histogram per feature, for generated and for real pieces.

    The histogram of the real pieces is filled, that of the generated ones is an outline. Triangles
    at the top mark the means.

    Parameters
    ----------
    rows : sequence of mappings
        With ``name``, ``label`` and ``unit``.
    values : mapping
        Name → values of the generated and of the real pieces, each of shape ``(pieces, 1)``.
    """
    from matplotlib.patches import Patch

    height = max(-(-len(rows) // COLUMNS), 1)
    figure = new_figure(11, 0.9 + 1.75 * height)
    figure.get_layout_engine().set(h_pad=0.1, w_pad=0.1)  # type: ignore[union-attr, call-arg]
    grid = figure.subplots(height, COLUMNS, squeeze=False).ravel()
    for axes, row in zip(grid, rows, strict=False):
        _histogram(axes, row, *(table[:, 0] for table in values[row["name"]]))
    for axes in grid[len(rows) :]:
        axes.set_axis_off()
    keys = [Patch(facecolor="white", edgecolor=GENERATED, linewidth=1.8), Patch(facecolor=PALE)]
    _heading(figure, title)
    figure.legend(keys, ["generated", "real"], loc="outside upper right", ncols=2, frameon=False)
    return figure


def _histogram(axes: Axes, row: Row, generated: np.ndarray, real: np.ndarray) -> None:
    sets = [values[np.isfinite(values)] for values in (generated, real)]
    edges = _edges(np.concatenate(sets))
    for values, filled in ((sets[1], True), (sets[0], False)):
        if len(values):
            shares = np.histogram(values, edges)[0] / len(values)
            look: dict[str, Any] = (
                {"fill": True, "color": PALE} if filled else {"color": GENERATED, "linewidth": 1.5}
            )
            axes.stairs(shares, edges, zorder=1 + (not filled), **look)
            axes.plot(
                values.mean(),
                0.95,
                "v",
                color=REAL if filled else GENERATED,
                markersize=6,
                transform=axes.get_xaxis_transform(),
            )
    axes.set_ylim(0, axes.get_ylim()[1] * 1.14)  # room for the means
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", labelsize=9)
    axes.locator_params(axis="x", nbins=4)
    axes.set_title(
        row["label"] + (f", {row['unit']}" if row["unit"] else ""),
        fontsize=10,
        fontweight="normal",
        pad=5,
    )


def _edges(values: np.ndarray) -> np.ndarray:
    """Return histogram edges for values of both sets.

    Integers in a small range get one bin each.
    """
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    if (values == np.round(values)).all():
        step = max(1, -(-int(high - low + 1) // BINS))
        return np.arange(low - 0.5, high + 0.5 + step, step)
    return np.linspace(low, high, BINS + 1)


@styled
def profile_plot(
    rows: Sequence[Row], entries: Mapping[str, Sequence[str]], *, title: str = "Means of histograms"
) -> Figure:
    """Draw the mean histograms of generated and real pieces, two bars per entry.

    Parameters
    ----------
    rows : sequence of mappings
        With ``name``, ``label``, ``generated`` and ``real`` (a mean per entry, or None).
    entries : mapping
        Name → names of the entries.
    """
    from matplotlib.patches import Patch

    height = max(-(-len(rows) // 2), 1)
    figure = new_figure(11, 0.8 + 2.9 * height)
    grid = figure.subplots(height, 2, squeeze=False).ravel()
    for axes, row in zip(grid, rows, strict=False):
        names = list(entries[row["name"]])
        means = [
            np.array([np.nan if value is None else value for value in row[kind]], float)
            for kind in ("generated", "real")
        ]
        positions = np.arange(len(names))
        for side, values, color in ((-0.2, means[0], GENERATED), (0.2, means[1], REAL)):
            axes.bar(positions + side, np.nan_to_num(values), 0.4, color=color)
        tilted = max(map(len, names)) > 3
        axes.set_xticks(
            positions,
            names,
            rotation=45 if tilted else 0,
            ha="right" if tilted else "center",
            rotation_mode="anchor",
        )
        axes.tick_params(axis="x", length=0, labelsize=9)
        axes.tick_params(axis="y", length=0, labelsize=9)
        axes.locator_params(axis="y", nbins=5)
        axes.grid(axis="y", visible=True)
        axes.spines["left"].set_visible(False)
        axes.set_title(
            row["label"] + (f", {row['unit']}" if row["unit"] else ""),
            fontsize=11,
            fontweight="normal",
            pad=8,
        )
    for axes in grid[len(rows) :]:
        axes.set_axis_off()
    _heading(figure, title)
    figure.legend(
        [Patch(facecolor=GENERATED), Patch(facecolor=REAL)],
        ["generated", "real"],
        loc="outside upper right",
        ncols=2,
        frameon=False,
    )
    return figure


def _heading(figure: Figure, title: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=14, fontweight="bold")
