"""Pictures of what a model learns: its losses, its latent space, its map of chords.

Each function takes plain numbers and gives a matplotlib `Figure`; `figure.write_plot` writes it. What moves is in `animation`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from partimento.config import UserError
from partimento.piece import Key
from partimento.write.figure import COLOURS, FAINT, FIFTHS_COLOURS, INK, QUIET, new_figure, plain_title, spread, styled
from partimento.write.words import key_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

Curve = tuple[Sequence[float], Sequence[float]]  # x and y
NOT_LOSSES = frozenset({"epoch", "seconds", "events_per_s", "learning_rate", "beta"})  # columns of a history that are no losses
DECADES = 1.5  # a curve that spans more of them has a logarithmic axis
NAMED = 6  # groups of windows with a colour of their own; black is left to the mean


class End(NamedTuple):
    """A curve's name and where the curve ends."""

    text: str
    x: float
    y: float
    colour: str


@styled
def loss_curves(history: Mapping[str, Sequence[float | None]], *, unit: str = "", title: str = "Loss") -> Figure:
    """The losses of one run by epoch, the best epoch marked; the terms that they are made of stand in a panel beside them.

    Parameters
    ----------
    history : mapping
        Name of a column → a number an epoch (None or NaN where there is none): ``epoch`` (else 1, 2, …), ``loss``, ``val_loss``, and
        any other as a term (``chord``, ``val_chord``, ``kl``, ``discriminator`` …), but for those that are known to be no losses.
    unit : str
        Of the losses, as ``nats an event``.

    Raises
    ------
    UserError
        If there is no loss, or the columns differ in length.
    """
    columns = {name: np.array([np.nan if v is None else v for v in values], float) for name, values in history.items()}
    if len({len(values) for values in columns.values()}) > 1:
        raise UserError("the columns of a history differ in length")
    losses = {name: values for name, values in columns.items() if name not in NOT_LOSSES and np.isfinite(values).any()}
    if not losses:
        raise UserError("no loss to draw: the history is empty")
    epochs = columns.get("epoch", np.arange(1, 1 + len(next(iter(losses.values())))))
    whole = [(name, losses.pop(name)) for name in ("loss", "val_loss") if name in losses]
    figure = new_figure(11 if whole and losses else 7.5, 4.4)
    panels = list(figure.subplots(1, 1 + bool(whole and losses), squeeze=False)[0])
    if whole:
        axes = panels.pop(0)
        names = {"loss": "training", "val_loss": "validation"}
        ends = [_curve(axes, epochs, values, names[name], COLOURS[name == "val_loss"]) for name, values in whole]
        _best(axes, epochs, whole[-1][1])
        _finish_losses(axes, ends, unit, title)
    if losses:
        _terms(panels[0], epochs, losses, unit, "Its terms" if whole else title)
    return figure


def _terms(axes: Axes, epochs: np.ndarray, terms: Mapping[str, np.ndarray], unit: str, title: str) -> None:
    """A colour a term; where it was measured in training and in validation, training is dashed."""
    both = [name for name in terms if f"val_{name}" in terms]
    bases = list(dict.fromkeys(name.removeprefix("val_") for name in terms))
    ends = []
    for base, colour in zip(bases, _colours(len(bases)), strict=True):
        if base in both:
            _curve(axes, epochs, terms[base], base, colour, dashed=True)
        name = f"val_{base}" if f"val_{base}" in terms else base
        ends.append(_curve(axes, epochs, terms[name], base.replace("_", " "), colour))
    about = "dashed in training, solid in validation" if both else "in validation" if all(n.startswith("val_") for n in terms) else ""
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
    """One loss of several runs, each with its best value.

    Parameters
    ----------
    runs : mapping
        Name of a run → epochs or seconds, and the loss at each.
    levels : mapping, optional
        Name → the loss of what was not trained step by step, a dashed line (a Markov chain's).

    Raises
    ------
    UserError
        If there is nothing to draw.
    """
    curves = {name: (np.asarray(x, float), np.asarray(y, float)) for name, (x, y) in runs.items()}
    curves = {name: (x, y) for name, (x, y) in curves.items() if np.isfinite(y).any()}
    if not curves:
        raise UserError("no loss to draw: no run has one")
    figure = new_figure(8.5, 4.6)
    axes = figure.subplots()
    ends = []
    for (name, (x, y)), colour in zip(curves.items(), _colours(len(curves)), strict=True):
        best = int(np.nanargmin(y))
        axes.plot(x[best], y[best], "o", color=colour, markersize=7, markeredgecolor="white", zorder=4)
        ends.append(_curve(axes, x, y, f"{name}: {y[best]:.3g}", colour))
    last = max(x[-1] for x, _ in curves.values())
    for name, level in (levels or {}).items():
        axes.axhline(level, color=QUIET, linewidth=1.2, dashes=(4, 3), zorder=1)
        ends.append(End(f"{name}: {level:.3g}", last, level, QUIET))
    lasts = [x[-1] for x, _ in curves.values()]
    if min(min(x) for x, _ in curves.values()) > 0 and max(lasts) > 30 * min(lasts):
        axes.set_xscale("log")  # else the quick runs would be lines straight down
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    _finish_losses(axes, [end._replace(x=last) for end in ends], unit, title, x_label)
    return figure


def _colours(count: int) -> list[str]:
    """Colours for so many curves; grey once they are used up."""
    return [*COLOURS, *[QUIET] * max(0, count - len(COLOURS))][:count]


def _curve(axes: Axes, x: np.ndarray, y: np.ndarray, name: str, colour: str, *, dashed: bool = False) -> End:
    known = np.flatnonzero(np.isfinite(y))
    marker = "o" if len(known) < 3 else ""
    if dashed:
        axes.plot(x, y, color=colour, linewidth=1.2, dashes=(3, 2), marker=marker, markersize=4, label=f"{name} in training")
    else:
        axes.plot(x, y, color=colour, linewidth=2, marker=marker, markersize=5, label=name)
    return End(name, float(x[known[-1]]), float(y[known[-1]]), colour)


def _best(axes: Axes, epochs: np.ndarray, loss: np.ndarray) -> None:
    """Mark the epoch with the least loss."""
    place = int(np.nanargmin(loss))
    x, y = float(epochs[place]), float(loss[place])
    late = place > 0.5 * len(epochs)
    axes.axvline(x, color=FAINT, linewidth=1, zorder=0)
    axes.plot(x, y, "o", color=INK, markersize=7, markeredgecolor="white", zorder=5, label="best")
    axes.annotate(
        f"best: {y:.4g} in epoch {x:g}", (x, 1), (-5 if late else 5, 0), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="right" if late else "left", va="top", fontsize=10, color=INK,
    )  # fmt: skip
    axes.margins(y=0.1)


def _finish_losses(axes: Axes, ends: Sequence[End], unit: str, title: str, x_label: str = "epoch") -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    values = np.concatenate([np.asarray(line.get_ydata(), float) for line in axes.lines if len(np.asarray(line.get_ydata()))])
    values = values[np.isfinite(values)]
    if values.min() > 0 and np.log10(values.max() / values.min()) > DECADES:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
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
    """Write each curve's name where it ends, to the right of the axes, no two over one another."""
    from matplotlib.figure import Figure

    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    points = 72 / figure.dpi
    ends = sorted(ends, key=lambda end: end.y)
    heights = [float(axes.transData.transform((end.x, end.y))[1]) * points for end in ends]
    right = float(axes.get_xlim()[1])
    for end, height, place in zip(ends, heights, spread(heights, [size * 1.3] * len(ends)), strict=True):
        axes.annotate(
            plain_title(end.text, 40), (right, end.y), (6, place - height), textcoords="offset points",
            va="center", fontsize=size, fontweight="bold", color=end.colour, annotation_clip=False,
        )  # fmt: skip


class Groups(NamedTuple):
    """How the points of a latent space are told apart."""

    names: list[str]
    colours: list[str]
    triangle: list[bool]  # else a disc
    of: np.ndarray  # (N,) int: whose each point is


def group_points(groups: Sequence[str]) -> Groups:
    """Colours for the groups (pieces, keys) that points belong to.

    Up to six have colours of their own; of more, the six with the most points, and the others are grey. But if they are keys, all have
    colours, around the circle of fifths; a minor key that of its relative major, and triangles.
    """
    counts = Counter(groups)
    keys = _as_keys(counts)
    if keys and len(counts) > NAMED:
        names = sorted(counts, key=lambda name: (keys[name].mode, keys[name].fifths))
        return Groups(
            [key_name(keys[name].name) for name in names],
            [FIFTHS_COLOURS[keys[name].fifths % 12] for name in names],
            [keys[name].mode == "minor" for name in names],
            np.array([names.index(name) for name in groups], int),
        )
    names = sorted(counts, key=lambda name: (-counts[name], name))[:NAMED]
    of = np.array([names.index(name) if name in names else NAMED for name in groups], int)
    others = len(counts) - len(names)
    shown = [key_name(name) if keys else name for name in names] + ([f"{others} other{'s' * (others > 1)}"] if others else [])
    return Groups(shown, [*COLOURS[: len(names)], *([QUIET] if others else [])], [False] * len(shown), of)


def _as_keys(names: Collection[str]) -> dict[str, Key]:
    """The names as keys, or nothing if one is none or does not say its mode."""
    try:
        return {name: Key.from_name(name) for name in names} if all(" " in name for name in names) else {}
    except ValueError:
        return {}


def square_limits(points: np.ndarray, *, prior: bool = False) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of a square around all points (..., 2) and, with `prior`, around two standard deviations about 0.

    Raises
    ------
    UserError
        If there are no points, or one is no pair of numbers.
    """
    points = np.asarray(points, float)
    if points.shape[-1:] != (2,) or not points.size:
        raise UserError(f"a latent map takes points of two dimensions, not an array of shape {points.shape}")
    flat = points.reshape(-1, 2)
    if not np.isfinite(flat).all():
        raise UserError("a latent point is no number: the training has diverged")
    low, high = flat.min(axis=0), flat.max(axis=0)
    if prior:
        low, high = np.minimum(low, -2), np.maximum(high, 2)
    centre, half = (low + high) / 2, max(float((high - low).max()) * 0.53, 1e-6)
    return float(centre[0] - half), float(centre[0] + half), float(centre[1] - half), float(centre[1] + half)


@dataclass(frozen=True)
class LatentArtists:
    """What changes from frame to frame on a latent map."""

    figure: Figure
    scatters: list[tuple[Any, np.ndarray]]  # a collection, and which points (N,) are its
    mean: Any
    trail: Any
    caption: Text

    def show(self, points: np.ndarray, trail: np.ndarray, caption: str) -> None:
        """Move the points to (N, 2), and the mean along its trail (F, 2), the last being now."""
        for scatter, own in self.scatters:
            scatter.set_offsets(points[own])
        self.trail.set_data(trail[:, 0], trail[:, 1])
        self.mean.set_data(trail[-1:, 0], trail[-1:, 1])
        self.caption.set_text(caption)

    @property
    def moving(self) -> list[Any]:
        """In the order of drawing."""
        return [*(scatter for scatter, _ in self.scatters), self.trail, self.mean, self.caption]


def latent_artists(groups: Sequence[str], limits: tuple[float, float, float, float], *, prior: bool, title: str) -> LatentArtists:
    """An empty map of a latent space, in our style; see `latent_map`."""
    told = group_points(groups)
    figure = new_figure(8, 5.9)
    figure.set_layout_engine("none")  # a square that no caption moves
    axes = figure.add_axes((0.105, 0.115, 4.8 / 8, 4.8 / 5.9))
    axes.set_xlim(limits[:2])
    axes.set_ylim(limits[2:])
    axes.axhline(0, color=FAINT, linewidth=0.9, zorder=0)
    axes.axvline(0, color=FAINT, linewidth=0.9, zorder=0)
    if prior:
        _prior(axes)
    colours = np.array([*told.colours, QUIET])[told.of if len(groups) else []]
    triangle = np.array([*told.triangle, False])[told.of if len(groups) else []]
    scatters = []
    for shape, size, own in (("o", 22, ~triangle), ("^", 26, triangle)):
        if own.any():
            nowhere = np.full(int(own.sum()), np.nan)
            scatter = axes.scatter(nowhere, nowhere, s=size, c=colours[own], marker=shape, alpha=0.75, linewidths=0, zorder=2)
            scatters.append((scatter, own))
    (trail,) = axes.plot([], [], color=INK, alpha=0.45, linewidth=1.2, zorder=3)
    (mean,) = axes.plot([], [], "+", color=INK, markersize=13, markeredgewidth=1.8, zorder=4)
    caption = axes.text(1, 1.025, "", transform=axes.transAxes, ha="right", va="bottom", fontsize=12, color=QUIET)
    axes.set_xlabel("first latent dimension")
    axes.set_ylabel("second latent dimension")
    axes.set_title(plain_title(title, 40))
    _latent_legend(axes, told)
    return LatentArtists(figure, scatters, mean, trail, caption)


def _prior(axes: Axes) -> None:
    """Rings one and two standard deviations about 0, whence latent states are drawn."""
    from matplotlib.patches import Circle
    from matplotlib.patheffects import withStroke

    for radius in (1, 2):
        axes.add_patch(Circle((0, 0), radius, fill=False, edgecolor="#AAAAAA", linewidth=1, linestyle=(0, (4, 3)), zorder=1))
        axes.annotate(
            f"{radius} σ", (0, radius), (3, 2), textcoords="offset points", fontsize=9, color=QUIET, zorder=5,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip


def _latent_legend(axes: Axes, told: Groups) -> None:
    from matplotlib.lines import Line2D

    def mark(shape: str, colour: str, label: str, size: float = 6.5) -> Line2D:
        return Line2D([], [], marker=shape, color=colour, linestyle="", markersize=size, label=plain_title(label, 24))

    if len(told.names) > 1:
        handles = [mark("^" if tri else "o", colour, name) for name, colour, tri in zip(*told[:3], strict=True)]
        if any(told.triangle):  # many keys: a line a signature
            lines: dict[str, list[str]] = {}
            for name, colour in zip(told.names, told.colours, strict=True):
                lines.setdefault(colour, []).append(name.replace(" major", "").replace(" minor", "m"))
            handles = [mark("o", colour, ", ".join(names)) for colour, names in lines.items()]
            handles += [mark("o", QUIET, "major"), mark("^", QUIET, "minor")]
    else:
        handles = []
    handles.append(mark("+", INK, "mean and its path", 10))
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9.5, handletextpad=0.2, labelspacing=0.55)


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
    """The latent states of the training windows at one time.

    Parameters
    ----------
    points : (N, 2) array
    groups : sequence of str, optional
        Whose each point is, a piece's title or a key's name; see `group_points`.
    trail : (F, 2) array, optional
        The means of earlier times.
    prior : bool
        Draw rings one and two standard deviations about 0: whence a variational autoencoder's states are drawn.
    caption : str
        As ``epoch 25``.

    Raises
    ------
    UserError
        If points are no pairs of numbers, or `groups` are not as many.
    """
    points = np.asarray(points, float)
    limits = square_limits(points, prior=prior)
    artists = latent_artists(check_groups(groups, len(points)), limits, prior=prior, title=title)
    mean = points.mean(axis=0, keepdims=True)
    artists.show(points, mean if trail is None else np.concatenate([trail, mean]), caption)
    return artists.figure


def check_groups(groups: Sequence[str] | None, count: int) -> Sequence[str]:
    """The groups of `count` points; one for all if none are given."""
    if groups is None:
        return ["windows"] * count
    if len(groups) != count:
        raise UserError(f"{count} points, but {len(groups)} names of groups")
    return groups


@styled
def chord_map(
    points: np.ndarray,
    labels: Sequence[str],
    weights: Sequence[float] | None = None,
    *,
    tonics: Sequence[str] = ("C", "Am"),
    title: str = "Map of the chords",
) -> Figure:
    """Embeddings of chords on a plane, coloured by their roots around the circle of fifths.

    Every chord is a dot, the larger the commoner it is. Names are written as long as there is room, those of common chords first.

    Parameters
    ----------
    points : (N, 2) array
    labels : sequence of str
        A name each, which begins with its root: ``C``, ``F♯m7``, ``Bb/D``; what begins otherwise is grey.
    weights : sequence of float, optional
        How common each is.
    tonics : sequence of str
        Names that stand out: of the tonic triads.

    Raises
    ------
    UserError
        If points are no pairs of numbers, or not as many as names and weights.
    """
    points = np.asarray(points, float)
    square_limits(points)  # refuses what is no map
    weight = np.ones(len(points)) if weights is None else np.asarray(weights, float)
    if not len(points) == len(labels) == len(weight):
        raise UserError(f"{len(points)} points, {len(labels)} names and {len(weight)} weights: a chord has one of each")
    figure = new_figure(9.2, 7.6)
    figure.set_layout_engine("none")
    axes, wheel = figure.add_axes((0.02, 0.02, 0.83, 0.9)), figure.add_axes((0.845, 0.73, 0.15, 0.2))
    roots = [root_of(label) for label in labels]
    colours = [QUIET if root is None else FIFTHS_COLOURS[root * 7 % 12] for root in roots]
    size = np.full(len(points), 45.0) if weights is None else 10 + 190 * np.sqrt(weight / max(weight.max(), 1e-12))
    order = np.argsort(-weight, kind="stable")
    x, y = points.T
    axes.scatter(x[order], y[order], s=size[order], c=np.array(colours)[order], alpha=0.85, edgecolors="white", linewidths=0.7, zorder=2)
    loud = np.array([label in tonics for label in labels], bool)
    axes.scatter(x[loud], y[loud], s=size[loud] + 130, facecolors="none", edgecolors=INK, linewidths=1.6, zorder=3)
    axes.margins(0.07)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(plain_title(title))
    _wheel(wheel, {root for root in roots if root is not None})
    _name_dots(axes, points, [plain_title(label, 16) for label in labels], size + 130 * loud, (weight, loud))
    return figure


def root_of(label: str) -> int | None:
    """The pitch class of a chord's name.

    >>> [root_of(name) for name in ("C", "F♯m7", "Bb/D", "E-maj7", "rest")]
    [0, 6, 10, 3, None]
    """
    found = re.match(r"([A-G])([#♯b♭-]?)", label)
    if not found:
        return None
    alter = {"#": 1, "♯": 1, "": 0}.get(found[2], -1)
    return int({"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[found[1]] + alter) % 12


def _wheel(axes: Axes, present: set[int]) -> None:
    """The circle of fifths as a key to the colours; roots that do not occur are pale."""
    from matplotlib.patches import Wedge

    names = ("C", "G", "D", "A", "E", "B", "F♯", "D♭", "A♭", "E♭", "B♭", "F")
    for fifth, (name, colour) in enumerate(zip(names, FIFTHS_COLOURS, strict=True)):
        middle = 90 - 30 * fifth
        known = fifth * 7 % 12 in present
        axes.add_patch(Wedge((0, 0), 1, middle - 15, middle + 15, width=0.34, facecolor=colour if known else FAINT, edgecolor="white"))
        at = 1.26 * np.cos(np.radians(middle)), 1.26 * np.sin(np.radians(middle))
        axes.text(*at, name, ha="center", va="center", fontsize=9.5, color=INK if known else "#AAAAAA")
    axes.text(0, 0, "root", ha="center", va="center", fontsize=9.5, color=QUIET)
    axes.set_xlim(-1.5, 1.5)
    axes.set_ylim(-1.5, 1.5)
    axes.set_aspect("equal", anchor="N")
    axes.axis("off")


def _name_dots(axes: Axes, points: np.ndarray, labels: Sequence[str], size: np.ndarray, rank: tuple[np.ndarray, np.ndarray]) -> None:
    """Write names beside their dots, in the order of rank, each at the first of several places where it covers nothing; else not at all.

    The loud ones come first, and may cover dots if they must.
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
    for place in np.lexsort((-weight, ~loud)):
        text = axes.annotate(
            labels[place], points[place], (0, 0), textcoords="offset points", ha="center", va="center", zorder=5, color=INK,
            fontsize=13 if loud[place] else 9.5, fontweight="bold" if loud[place] else "normal", path_effects=halo,
        )  # fmt: skip
        box = text.get_window_extent(renderer)
        places = _places(box.width / 2, box.height / 2, float(radius[place]), scale)
        for keep_off, (dx, dy) in product((radius * 0.8, radius * 0) if loud[place] else (radius * 0.8,), places):
            x, y = dots[place] + (dx, dy)
            wanted = Bbox.from_extents(x - box.width / 2, y - box.height / 2, x + box.width / 2, y + box.height / 2)
            if _is_free(wanted, taken, dots, keep_off, int(place)) and inside.containsx(x) and inside.containsy(y):
                taken = np.concatenate([taken, [wanted.extents]])
                text.xyann = (dx / scale, dy / scale)
                break
        else:
            text.remove()


def _places(half_width: float, half_height: float, radius: float, scale: float) -> list[tuple[float, float]]:
    """Where a name may stand beside its dot: right, left, above, below, then at the corners, then the same a little farther off."""
    found = []
    for gap in (2.0 * scale, 9.0 * scale):
        x, y = radius + gap + half_width, radius + gap / 2 + half_height
        found += [(x, 0.0), (-x, 0.0), (0.0, y), (0.0, -y), *((side * x * 0.8, up * y * 0.8) for up in (1, -1) for side in (1, -1))]
    return found


def _is_free(box: Bbox, taken: np.ndarray, dots: np.ndarray, radius: np.ndarray, own: int) -> bool:
    """Whether a box covers no other name and no other dot."""
    x0, y0, x1, y1 = box.extents
    if ((taken[:, 0] < x1) & (taken[:, 2] > x0) & (taken[:, 1] < y1) & (taken[:, 3] > y0)).any():
        return False
    nearest = np.stack([np.clip(dots[:, 0], x0, x1), np.clip(dots[:, 1], y0, y1)], axis=1)
    covered = ((nearest - dots) ** 2).sum(axis=1) < radius**2
    covered[own] = False
    return not bool(covered.any())
