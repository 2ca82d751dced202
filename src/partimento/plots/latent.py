"""Draw the latent space at one time: a map of the training windows.

Pieces or keys are distinguished by color. For its change over the epochs see `latent_history`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.timelines import Key
from partimento.plots.style import (
    COLORS,
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
    from matplotlib.text import Text

SMALLEST = 0.05  # half a side; with less, the numbers at the axes are long and cut off
NAMED = 6  # groups of windows with a color of their own; black is left to the mean


class Groups(NamedTuple):
    """The groups of points in a latent space, with their colors and marks."""

    names: list[str]
    colors: list[str]
    triangle: list[bool]  # else a disc
    of: np.ndarray  # (N,) int: the group of each point


def group_points(groups: Sequence[str]) -> Groups:
    """Choose colors for the groups (pieces, keys) that points belong to.

    Up to six groups have colors of their own. If there are more, the six with the most points have
    colors, and the others are grey. Keys all have colors, around the circle of fifths: a minor key
    has the color of its relative major, and triangles.
    """
    counts = Counter(groups)
    keys = _as_keys(counts)
    if keys and len(counts) > NAMED:
        names = sorted(counts, key=lambda name: (keys[name].mode, keys[name].fifths))
        return Groups(
            [keys[name].name for name in names],
            [FIFTHS_COLORS[keys[name].fifths % 12] for name in names],
            [keys[name].mode == "minor" for name in names],
            np.array([names.index(name) for name in groups], int),
        )
    names = sorted(counts, key=lambda name: (-counts[name], name))[:NAMED]
    of = np.array([names.index(name) if name in names else NAMED for name in groups], int)
    others = len(counts) - len(names)
    shown = [keys[name].name if keys else name for name in names] + (
        [f"{others} other{'s' * (others > 1)}"] if others else []
    )
    return Groups(
        shown, [*COLORS[: len(names)], *([QUIET] if others else [])], [False] * len(shown), of
    )


def _as_keys(names: Collection[str]) -> dict[str, Key]:
    """Parse all names as keys; return nothing if one is no key or lacks its mode."""
    try:
        return (
            {name: Key.from_name(name) for name in names}
            if all(" " in name for name in names)
            else {}
        )
    except ValueError:
        return {}


def square_limits(points: np.ndarray, *, prior: bool = False) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top of a square around all points (..., 2).

    With `prior` the square also includes two standard deviations about 0.

    Raises
    ------
    PartimentoError
        If there are no points, or one is no pair of finite numbers.
    """
    points = np.asarray(points, float)
    if points.shape[-1:] != (2,) or not points.size:
        raise PartimentoError(f"a latent map needs points of shape (..., 2), not {points.shape}")
    flat = points.reshape(-1, 2)
    if not np.isfinite(flat).all():
        raise PartimentoError("a latent point is not finite: the training has diverged")
    low, high = flat.min(axis=0), flat.max(axis=0)
    if prior:
        low, high = np.minimum(low, -2), np.maximum(high, 2)
    centre, half = (low + high) / 2, max(float((high - low).max()) * 0.53, SMALLEST)
    return (
        float(centre[0] - half),
        float(centre[0] + half),
        float(centre[1] - half),
        float(centre[1] + half),
    )


@dataclass(frozen=True)
class LatentArtists:
    """The parts of a latent map that change from frame to frame."""

    figure: Figure
    scatters: list[tuple[Any, np.ndarray]]  # a collection, and which points (N,) are its
    mean: Any
    trail: Any
    caption: Text

    def show(self, points: np.ndarray, trail: np.ndarray, caption: str) -> None:
        """Move the points to (N, 2), and the mean to the end of its trail (F, 2)."""
        for scatter, own in self.scatters:
            scatter.set_offsets(points[own])
        self.trail.set_data(trail[:, 0], trail[:, 1])
        self.mean.set_data(trail[-1:, 0], trail[-1:, 1])
        self.caption.set_text(caption)

    @property
    def moving(self) -> list[Any]:
        """In the order of drawing."""
        return [*(scatter for scatter, _ in self.scatters), self.trail, self.mean, self.caption]


def latent_artists(
    groups: Sequence[str], limits: tuple[float, float, float, float], *, prior: bool, title: str
) -> LatentArtists:
    """Draw an empty map of a latent space, in our style; see `latent_map`."""
    grouped = group_points(groups)
    figure = new_figure(8, 5.9)
    figure.set_layout_engine("none")  # captions must not move the square
    axes = figure.add_axes((0.105, 0.115, 4.8 / 8, 4.8 / 5.9))
    axes.locator_params(nbins=5)  # a narrow space has long tick labels
    axes.set_xlim(limits[:2])
    axes.set_ylim(limits[2:])
    axes.axhline(0, color=FAINT, linewidth=0.9, zorder=0)
    axes.axvline(0, color=FAINT, linewidth=0.9, zorder=0)
    if prior:
        _prior(axes)
    colors = np.array([*grouped.colors, QUIET])[grouped.of if len(groups) else []]
    triangle = np.array([*grouped.triangle, False])[grouped.of if len(groups) else []]
    scatters = []
    for shape, size, own in (("o", 22, ~triangle), ("^", 26, triangle)):
        if own.any():
            nowhere = np.full(int(own.sum()), np.nan)
            scatter = axes.scatter(
                nowhere,
                nowhere,
                s=size,
                c=colors[own],
                marker=shape,
                alpha=0.75,
                linewidths=0,
                zorder=2,
            )
            scatters.append((scatter, own))
    (trail,) = axes.plot([], [], color=INK, alpha=0.45, linewidth=1.2, zorder=3)
    (mean,) = axes.plot([], [], "+", color=INK, markersize=13, markeredgewidth=1.8, zorder=4)
    caption = axes.text(
        1, 1.025, "", transform=axes.transAxes, ha="right", va="bottom", fontsize=12, color=QUIET
    )
    axes.set_xlabel("first latent dimension")
    axes.set_ylabel("second latent dimension")
    axes.set_title(plain_title(title, 40))
    _latent_legend(axes, grouped)
    return LatentArtists(figure, scatters, mean, trail, caption)


def _prior(axes: Axes) -> None:
    """Draw rings one and two standard deviations about 0: the prior of latent states."""
    from matplotlib.patches import Circle
    from matplotlib.patheffects import withStroke

    for radius in (1, 2):
        axes.add_patch(
            Circle(
                (0, 0),
                radius,
                fill=False,
                edgecolor="#AAAAAA",
                linewidth=1,
                linestyle=(0, (4, 3)),
                zorder=1,
            )
        )
        axes.annotate(
            f"{radius} σ",
            (0, radius),
            (3, 2),
            textcoords="offset points",
            fontsize=9,
            color=QUIET,
            zorder=5,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )


def _latent_legend(axes: Axes, grouped: Groups) -> None:
    from matplotlib.lines import Line2D

    def mark(shape: str, color: str, label: str, size: float = 6.5) -> Line2D:
        return Line2D(
            [],
            [],
            marker=shape,
            color=color,
            linestyle="",
            markersize=size,
            label=plain_title(label, 24),
        )

    if len(grouped.names) > 1:
        handles = [
            mark("^" if tri else "o", color, name)
            for name, color, tri in zip(*grouped[:3], strict=True)
        ]
        if any(grouped.triangle):  # many keys: one legend line per key signature
            lines: dict[str, list[str]] = {}
            for name, color in zip(grouped.names, grouped.colors, strict=True):
                lines.setdefault(color, []).append(
                    name.replace(" major", "").replace(" minor", "m")
                )
            handles = [mark("o", color, ", ".join(names)) for color, names in lines.items()]
            handles += [mark("o", QUIET, "major"), mark("^", QUIET, "minor")]
    else:
        handles = []
    handles.append(mark("+", INK, "mean and its path", 10))
    axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        fontsize=9.5,
        handletextpad=0.2,
        labelspacing=0.55,
    )


@styled
def latent_map(
    points: np.ndarray,
    groups: Sequence[str] | None = None,
    *,
    trail: np.ndarray | None = None,
    prior: bool = False,
    caption: str = "",
    title: str = "Latent space",
) -> Figure:
    """Draw the latent states of the training windows at one time.

    Parameters
    ----------
    points : (N, 2) array
    groups : sequence of str, optional
        The group of each point, a piece's title or a key's name; see `group_points`.
    trail : (F, 2) array, optional
        The means of earlier times.
    prior : bool
        Draw rings one and two standard deviations about 0: the prior of a variational autoencoder.
    caption : str
        For example ``epoch 25``.

    Raises
    ------
    PartimentoError
        If points are no pairs of numbers, or `groups` differs from them in length.
    """
    points = np.asarray(points, float)
    limits = square_limits(points, prior=prior)
    artists = latent_artists(check_groups(groups, len(points)), limits, prior=prior, title=title)
    mean = points.mean(axis=0, keepdims=True)
    artists.show(points, mean if trail is None else np.concatenate([trail, mean]), caption)
    return artists.figure


def check_groups(groups: Sequence[str] | None, count: int) -> Sequence[str]:
    """Return the groups of `count` points; without groups, one for all points."""
    if groups is None:
        return ["windows"] * count
    if len(groups) != count:
        raise PartimentoError(f"{count} points, but {len(groups)} names of groups")
    return groups
