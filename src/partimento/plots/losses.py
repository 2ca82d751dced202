"""Draw loss curves: one run with the terms of its loss, or several runs together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.plots.style import (
    COLORS,
    FAINT,
    INK,
    QUIET,
    log_axis,
    new_figure,
    plain_title,
    spread,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = tuple[Sequence[float], Sequence[float]]  # x and y
# Columns of a history that are not losses.
NOT_LOSSES = frozenset({"epoch", "seconds", "events_per_s", "learning_rate", "beta"})
DECADES = 1.5  # curves that span more decades get a logarithmic axis


class End(NamedTuple):
    """A curve's name and where the curve ends."""

    text: str
    x: float
    y: float
    color: str


@styled
def loss_curves(
    history: Mapping[str, Sequence[float | None]],
    *,
    unit: str = "",
    title: str = "Loss",
    mark_best: bool = True,
) -> Figure:
    """Draw the losses of one run by epoch, with the best epoch marked.

    The terms of the loss are drawn in a second panel.

    Parameters
    ----------
    history : mapping
        Name of a column → one number per epoch (None or NaN if missing). Special columns are
        ``epoch`` (by default 1, 2, …), ``loss`` and ``val_loss``. All other columns are terms
        (``chord``, ``val_chord``, ``kl``, ``discriminator`` …), except those in `NOT_LOSSES`.
    unit : str
        The unit of the losses, for example ``nats per event``.
    mark_best : bool
        Mark the epoch with the lowest validation loss.

    Raises
    ------
    PartimentoError
        If there is no loss, or the columns differ in length.
    """
    columns = {
        name: np.array([np.nan if v is None else v for v in values], float)
        for name, values in history.items()
    }
    if len({len(values) for values in columns.values()}) > 1:
        raise PartimentoError("the columns of a history differ in length")
    losses = {
        name: values
        for name, values in columns.items()
        if name not in NOT_LOSSES and np.isfinite(values).any()
    }
    if not losses:
        raise PartimentoError("no loss to draw: the history is empty")
    epochs = columns.get("epoch", np.arange(1, 1 + len(next(iter(losses.values())))))
    whole = [(name, losses.pop(name)) for name in ("loss", "val_loss") if name in losses]
    figure = new_figure(11 if whole and losses else 7.5, 4.4)
    panels = list(figure.subplots(1, 1 + bool(whole and losses), squeeze=False)[0])
    if whole:
        axes = panels.pop(0)
        names = {"loss": "training", "val_loss": "validation"}
        ends = [
            _curve(axes, epochs, values, names[name], COLORS[name == "val_loss"])
            for name, values in whole
        ]
        if mark_best:
            _best(axes, epochs, whole[-1][1])
        _finish_losses(axes, ends, unit, title)
    if losses:
        _terms(panels[0], epochs, losses, unit, "Its terms" if whole else title)
    return figure


def _terms(
    axes: Axes, epochs: np.ndarray, terms: Mapping[str, np.ndarray], unit: str, title: str
) -> None:
    """Draw each term in its own color; training is dashed if validation is drawn too."""
    both = [name for name in terms if f"val_{name}" in terms]
    bases = list(dict.fromkeys(name.removeprefix("val_") for name in terms))
    ends = []
    for base, color in zip(bases, _colors(len(bases)), strict=True):
        if base in both:
            _curve(axes, epochs, terms[base], base, color, dashed=True)
        name = f"val_{base}" if f"val_{base}" in terms else base
        ends.append(_curve(axes, epochs, terms[name], base.replace("_", " "), color))
    about = (
        "dashed in training, solid in validation"
        if both
        else "in validation"
        if all(n.startswith("val_") for n in terms)
        else ""
    )
    _finish_losses(axes, ends, unit, f"{title}, {about}" if about else title)


@styled
def loss_comparison(
    runs: Mapping[str, Curve],
    *,
    levels: Mapping[str, float] | None = None,
    x_label: str = "epoch",
    unit: str = "",
    title: str = "Validation loss",
) -> Figure:
    """Draw one loss of several runs, each with its best value.

    Parameters
    ----------
    runs : mapping
        Name of a run → epochs or seconds, and the loss at each.
    levels : mapping, optional
        Name → the loss of a model that was not trained by gradient, such as a Markov chain. It is
        drawn as a dashed line.

    Raises
    ------
    PartimentoError
        If there is nothing to draw.
    """
    curves = {name: (np.asarray(x, float), np.asarray(y, float)) for name, (x, y) in runs.items()}
    curves = {name: (x, y) for name, (x, y) in curves.items() if np.isfinite(y).any()}
    if not curves:
        raise PartimentoError("no loss to draw: no run has losses")
    figure = new_figure(8.5, 4.6)
    axes = figure.subplots()
    ends = []
    for (name, (x, y)), color in zip(curves.items(), _colors(len(curves)), strict=True):
        best = int(np.nanargmin(y))
        axes.plot(
            x[best], y[best], "o", color=color, markersize=7, markeredgecolor="white", zorder=4
        )
        ends.append(_curve(axes, x, y, f"{name}: {y[best]:.3g}", color))
    last = max(x[-1] for x, _ in curves.values())
    for name, level in (levels or {}).items():
        axes.axhline(level, color=QUIET, linewidth=1.2, dashes=(4, 3), zorder=1)
        ends.append(End(f"{name}: {level:.3g}", last, level, QUIET))
    lasts = [x[-1] for x, _ in curves.values()]
    if min(min(x) for x, _ in curves.values()) > 0 and max(lasts) > 30 * min(lasts):
        log_axis(axes, "x")  # on a linear axis, short runs would look like vertical lines
    _finish_losses(axes, [end._replace(x=last) for end in ends], unit, title, x_label)
    return figure


def _colors(count: int) -> list[str]:
    """Return `count` colors for curves, grey once the palette is used up."""
    return [*COLORS, *[QUIET] * max(0, count - len(COLORS))][:count]


def _curve(
    axes: Axes, x: np.ndarray, y: np.ndarray, name: str, color: str, *, dashed: bool = False
) -> End:
    known = np.flatnonzero(np.isfinite(y))
    marker = "o" if len(known) < 3 else ""
    if dashed:
        axes.plot(
            x,
            y,
            color=color,
            linewidth=1.2,
            dashes=(3, 2),
            marker=marker,
            markersize=4,
            label=f"{name} in training",
        )
    else:
        axes.plot(x, y, color=color, linewidth=2, marker=marker, markersize=5, label=name)
    return End(name, float(x[known[-1]]), float(y[known[-1]]), color)


def _best(axes: Axes, epochs: np.ndarray, loss: np.ndarray) -> None:
    """Mark the epoch with the lowest loss."""
    best = int(np.nanargmin(loss))
    x, y = float(epochs[best]), float(loss[best])
    late = best > 0.5 * len(epochs)
    axes.axvline(x, color=FAINT, linewidth=1, zorder=0)
    axes.plot(x, y, "o", color=INK, markersize=7, markeredgecolor="white", zorder=5, label="best")
    axes.annotate(
        f"best: {y:.4g} in epoch {x:g}",
        (x, 1),
        (-5 if late else 5, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if late else "left",
        va="top",
        fontsize=10,
        color=INK,
    )
    axes.margins(y=0.1)


def _finish_losses(
    axes: Axes, ends: Sequence[End], unit: str, title: str, x_label: str = "epoch"
) -> None:
    from matplotlib.ticker import MaxNLocator

    values = np.concatenate(
        [
            np.asarray(line.get_ydata(), float)
            for line in axes.lines
            if len(np.asarray(line.get_ydata()))
        ]
    )
    values = values[np.isfinite(values)]
    if values.min() > 0 and np.log10(values.max() / values.min()) > DECADES:
        log_axis(axes, "y")
    if axes.get_xscale() == "linear":
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
        axes.margins(x=0.01)
        if axes.dataLim.width == 0:  # one epoch
            axes.set_xlim(ends[0].x - 1, ends[0].x + 1)
    axes.grid(axis="y", visible=True)
    axes.set_xlabel(x_label)
    axes.set_ylabel(unit)
    axes.set_title(plain_title(title), fontsize=13)
    _name_ends(axes, ends)


def _name_ends(axes: Axes, ends: Sequence[End], size: float = 10.5) -> None:
    """Write each curve's name at its end, right of the axes, without overlaps."""
    from matplotlib.figure import Figure

    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    points = 72 / figure.dpi
    ends = sorted(ends, key=lambda end: end.y)
    heights = [float(axes.transData.transform((end.x, end.y))[1]) * points for end in ends]
    right = float(axes.get_xlim()[1])
    for end, height, position in zip(
        ends, heights, spread(heights, [size * 1.3] * len(ends)), strict=True
    ):
        axes.annotate(
            plain_title(end.text, 40),
            (right, end.y),
            (6, position - height),
            textcoords="offset points",
            va="center",
            fontsize=size,
            fontweight="bold",
            color=end.color,
            annotation_clip=False,
        )
