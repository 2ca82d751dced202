"""Draw a map of the training windows in the latent space after one epoch.

Colors distinguish pieces or keys. For animations over the epochs, see `latent_history`.
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

SMALLEST = 0.05  # minimum half side of a map; in smaller ones, the tick labels would be too long
NAMED = 6  # maximum number of groups with their own color; black is reserved for the mean


class Groups(NamedTuple):
    """The groups of points in a latent space, with their colors and marks."""

    names: list[str]
    colors: list[str]
    triangle: list[bool]  # whether a group is drawn as triangles instead of discs
    of: np.ndarray  # (N,) int: the index of each point's group


def group_points(groups: Sequence[str]) -> Groups:
    """Choose colors for groups of points, such as pieces or keys.

    The six groups with the most points have their own colors; all others are grey. If there are
    more than six groups and all are keys, each key gets a color from the circle of fifths. A minor
    key has the color of its relative major, and triangles.
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
    """Parse all names as keys; return an empty dict if one is not a key with a mode."""
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

    With `prior`, the square includes two standard deviations around 0.

    Raises
    ------
    PartimentoError
        If there are no points, or a coordinate is not finite.
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
    center, half = (low + high) / 2, max(float((high - low).max()) * 0.53, SMALLEST)
    return (
        float(center[0] - half),
        float(center[0] + half),
        float(center[1] - half),
        float(center[1] + half),
    )


@dataclass(frozen=True)
class LatentArtists:
    """The parts of a latent map that change from frame to frame."""

    figure: Figure
    scatters: list[tuple[Any, np.ndarray]]  # a matplotlib collection, and the mask (N,) of points
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
        """All changing artists, in the order of drawing."""
        return [*(scatter for scatter, _ in self.scatters), self.trail, self.mean, self.caption]


def latent_artists(
    groups: Sequence[str], limits: tuple[float, float, float, float], *, prior: bool, title: str
) -> LatentArtists:
    """Draw an empty map of a latent space, in our style; see `latent_map`."""
    grouped = group_points(groups)
    figure = new_figure(8, 5.9)
    figure.set_layout_engine("none")  # otherwise captions of different lengths move the square
    axes = figure.add_axes((0.105, 0.115, 4.8 / 8, 4.8 / 5.9))
    axes.locator_params(nbins=5)  # few ticks, because a small range has long tick labels
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
    """Draw the prior as rings of one and two standard deviations around 0."""
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
    """Draw the latent points of the training windows after one epoch.

    Parameters
    ----------
    points : (N, 2) array
    groups : sequence of str, optional
        The group of each point, such as a title or a key; see `group_points`.
    trail : (F, 2) array, optional
        The means of the points after earlier epochs.
    prior : bool
        Whether to draw the prior of a VAE: rings of one and two standard deviations around 0.
    caption : str
        For example ``epoch 25``.

    Raises
    ------
    PartimentoError
        If `points` is not (N, 2) or not finite, or `groups` has another length.
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
