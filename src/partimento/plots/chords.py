"""Draw chord embeddings on a plane, colored by the circle of fifths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.plots.latent import square_limits
from partimento.plots.style import (
    FAINT,
    FIFTHS_COLORS,
    INK,
    QUIET,
    new_figure,
    plain_title,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox


@styled
def chord_map(
    points: np.ndarray,
    labels: Sequence[str],
    weights: Sequence[float] | None = None,
    *,
    tonics: Sequence[str] = ("C", "Am"),
    title: str = "Map of the chords",
) -> Figure:
    """Draw chord embeddings on a plane, colored by root on the circle of fifths.

    Every chord is a dot, whose size shows how frequent it is. Names are written where there is
    space, those of frequent chords first.

    Parameters
    ----------
    points : (N, 2) array
    labels : sequence of str
        The names of the chords, which begin with the root: ``C``, ``F♯m7``, ``Bb/D``. Chords with
        other names are grey.
    weights : sequence of float, optional
        The frequency of each chord.
    tonics : sequence of str
        Names of chords to emphasize.

    Raises
    ------
    PartimentoError
        If `points` is not (N, 2), or `labels` or `weights` differ from it in length.
    """
    points = np.asarray(points, float)
    square_limits(points)  # raises PartimentoError if the shape is wrong or a value is not finite
    weight = np.ones(len(points)) if weights is None else np.asarray(weights, float)
    if not len(points) == len(labels) == len(weight):
        raise PartimentoError(
            f"{len(points)} points, {len(labels)} names and {len(weight)} weights: pass one name"
            " and one weight per chord"
        )
    figure = new_figure(9.2, 7.6)
    figure.set_layout_engine("none")
    axes, wheel = (
        figure.add_axes((0.02, 0.02, 0.83, 0.9)),
        figure.add_axes((0.845, 0.73, 0.15, 0.2)),
    )
    roots = [root_of(label) for label in labels]
    colors = [QUIET if root is None else FIFTHS_COLORS[root * 7 % 12] for root in roots]
    size = (
        np.full(len(points), 45.0)
        if weights is None
        else 10 + 190 * np.sqrt(weight / max(weight.max(), 1e-12))
    )
    order = np.argsort(-weight, kind="stable")
    x, y = points.T
    axes.scatter(
        x[order],
        y[order],
        s=size[order],
        c=np.array(colors)[order],
        alpha=0.85,
        edgecolors="white",
        linewidths=0.7,
        zorder=2,
    )
    loud = np.array([label in tonics for label in labels], bool)
    axes.scatter(
        x[loud],
        y[loud],
        s=size[loud] + 130,
        facecolors="none",
        edgecolors=INK,
        linewidths=1.6,
        zorder=3,
    )
    axes.margins(0.07)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(plain_title(title))
    _wheel(wheel, {root for root in roots if root is not None})
    _name_dots(
        axes,
        points,
        [plain_title(label, 16) for label in labels],
        size + 130 * loud,
        (weight, loud),
    )
    return figure


def root_of(label: str) -> int | None:
    """Return the pitch class of a chord name's root, or None without a root.

    >>> [root_of(name) for name in ("C", "F♯m7", "Bb/D", "E-maj7", "rest")]
    [0, 6, 10, 3, None]
    """
    root = re.match(r"([A-G])([#♯b♭-]?)", label)
    if not root:
        return None
    alter = {"#": 1, "♯": 1, "": 0}.get(root[2], -1)
    return int({"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[root[1]] + alter) % 12


def _wheel(axes: Axes, present: set[int]) -> None:
    """Draw the circle of fifths as a color legend; roots that do not occur are pale."""
    from matplotlib.patches import Wedge

    names = ("C", "G", "D", "A", "E", "B", "F♯", "D♭", "A♭", "E♭", "B♭", "F")
    for fifth, (name, color) in enumerate(zip(names, FIFTHS_COLORS, strict=True)):
        middle = 90 - 30 * fifth
        known = fifth * 7 % 12 in present
        axes.add_patch(
            Wedge(
                (0, 0),
                1,
                middle - 15,
                middle + 15,
                width=0.34,
                facecolor=color if known else FAINT,
                edgecolor="white",
            )
        )
        at = 1.26 * np.cos(np.radians(middle)), 1.26 * np.sin(np.radians(middle))
        axes.text(
            *at, name, ha="center", va="center", fontsize=9.5, color=INK if known else "#AAAAAA"
        )
    axes.text(0, 0, "root", ha="center", va="center", fontsize=9.5, color=QUIET)
    axes.set_xlim(-1.5, 1.5)
    axes.set_ylim(-1.5, 1.5)
    axes.set_aspect("equal", anchor="N")
    axes.axis("off")


def _name_dots(
    axes: Axes,
    points: np.ndarray,
    labels: Sequence[str],
    size: np.ndarray,
    rank: tuple[np.ndarray, np.ndarray],
) -> None:
    """Write names beside their dots, where they do not overlap other names or dots.

    Emphasized names come first, then frequent ones. Each is tried at several offsets, and omitted
    if it does not fit anywhere. Emphasized names may cover dots if necessary.
    """
    from matplotlib.figure import Figure
    from matplotlib.patheffects import withStroke
    from matplotlib.transforms import Bbox

    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    scale = figure.dpi / 72
    dots = axes.transData.transform(points)
    radius = np.sqrt(size / np.pi) * scale
    inside, taken = axes.get_window_extent(renderer).padded(8 * scale), np.empty((0, 4))
    weight, loud = rank
    halo = [withStroke(linewidth=2.5, foreground="white")]
    for chord in np.lexsort((-weight, ~loud)):
        text = axes.annotate(
            labels[chord],
            points[chord],
            (0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            zorder=5,
            color=INK,
            fontsize=13 if loud[chord] else 9.5,
            fontweight="bold" if loud[chord] else "normal",
            path_effects=halo,
        )
        box = text.get_window_extent(renderer)
        offsets = _name_offsets(box.width / 2, box.height / 2, float(radius[chord]), scale)
        for keep_off, (dx, dy) in product(
            (radius * 0.8, radius * 0) if loud[chord] else (radius * 0.8,), offsets
        ):
            x, y = dots[chord] + (dx, dy)
            wanted = Bbox.from_extents(
                x - box.width / 2, y - box.height / 2, x + box.width / 2, y + box.height / 2
            )
            if (
                _is_free(wanted, taken, dots, keep_off, int(chord))
                and inside.containsx(x)
                and inside.containsy(y)
            ):
                taken = np.concatenate([taken, [wanted.extents]])
                text.xyann = (dx / scale, dy / scale)
                break
        else:
            text.remove()


def _name_offsets(
    half_width: float, half_height: float, radius: float, scale: float
) -> list[tuple[float, float]]:
    """Return the possible offsets of a name from its dot, best first.

    The order is right, left, above, below, the corners, and then the same farther away.
    """
    offsets = []
    for gap in (2.0 * scale, 9.0 * scale):
        x, y = radius + gap + half_width, radius + gap / 2 + half_height
        offsets += [
            (x, 0.0),
            (-x, 0.0),
            (0.0, y),
            (0.0, -y),
            *((side * x * 0.8, up * y * 0.8) for up in (1, -1) for side in (1, -1)),
        ]
    return offsets


def _is_free(box: Bbox, taken: np.ndarray, dots: np.ndarray, radius: np.ndarray, own: int) -> bool:
    """Return True if a box overlaps no other name and no other dot."""
    x0, y0, x1, y1 = box.extents
    if ((taken[:, 0] < x1) & (taken[:, 2] > x0) & (taken[:, 1] < y1) & (taken[:, 3] > y0)).any():
        return False
    nearest = np.stack([np.clip(dots[:, 0], x0, x1), np.clip(dots[:, 1], y0, y1)], axis=1)
    covered = ((nearest - dots) ** 2).sum(axis=1) < radius**2
    covered[own] = False
    return not bool(covered.any())
