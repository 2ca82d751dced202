"""Draw the architecture of a network: one box per layer, one arrow per connection."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.plots.style import COLORS, QUIET, new_figure, plain_title, spread, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Sizes in inches.
NARROW, WIDE = 2.5, 5.0  # minimum and maximum width of a box; boxes side by side are narrower
TALL, GAP, BESIDE = 0.62, 0.48, 0.35  # height of a box; distance of layers; distance of boxes
LANE = 0.3  # width of the space for an arrow that passes beside a box
# Regular expression for the kind of a layer → its color; the first match is used.
HUES = (
    ("input", QUIET),
    ("embedding", COLORS[2]),
    ("lstm|gru|rnn|recurrent|bidirectional|attention|transformer", COLORS[0]),
    ("sampling|latent|noise|gaussian", COLORS[3]),
    ("dense|conv|linear", COLORS[1]),
)


@dataclass(frozen=True)
class Node:
    """A layer of a network.

    Parameters
    ----------
    name : str
        Unique among the nodes.
    kind : str
        For example ``LSTM``.
    shape : str
        The output shape without the batch, for example ``(32, 267)``. It determines the width of
        the box.
    parameters : int
        Number of weights.
    inputs : tuple of str
        Names of the nodes whose outputs this one reads.
    group : str
        The part of the network to which it belongs, for example ``encoder``. Each group has a
        background of its own.
    """

    name: str
    kind: str
    shape: str = ""
    parameters: int = 0
    inputs: tuple[str, ...] = ()
    group: str = ""

    @property
    def size(self) -> int:
        """The number of outputs."""
        return math.prod(int(number) for number in re.findall(r"\d+", self.shape))

    @property
    def about(self) -> str:
        weights = (
            f"{self.parameters:,} weight{'s' * (self.parameters != 1)}" if self.parameters else ""
        )
        return "  ·  ".join(part for part in (self.kind, self.shape, weights) if part)


@dataclass(frozen=True)
class Box:
    """The position of a node in inches, with y growing downwards.

    A box without a node is a lane, on which an arrow passes a layer.
    """

    node: Node | None
    x: float
    layer: int
    width: float

    @property
    def top(self) -> float:
        return self.layer * (TALL + GAP)

    @property
    def bottom(self) -> float:
        return self.top + TALL


@styled
def architecture(nodes: Sequence[Node], *, title: str = "") -> Figure:
    """Draw a network, with its inputs at the top and its outputs at the bottom.

    The width of a box shows the number of outputs of its layer, on a logarithmic scale.

    Raises
    ------
    PartimentoError
        If there is no node, two have the same name, an input is unknown, or there is a cycle.
    """
    boxes, ways = lay_out(nodes)
    left = min(box.x - box.width / 2 for box in boxes) - 0.5
    right = max(box.x + box.width / 2 for box in boxes) + 0.5
    low = max(box.bottom for box in boxes) + 0.3
    width = max(right - left, 4.5)
    figure = new_figure(width, low + 1.0)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    middle = (left + right) / 2
    axes.set_xlim(middle - width / 2, middle + width / 2)
    axes.set_ylim(low, -1.0)
    axes.axis("off")
    _frames(axes, [box for box in boxes if box.node])
    for way in ways:
        _arrow(axes, way)
    for box in boxes:
        if box.node:
            _box(axes, box, box.node)
    weights = sum(node.parameters for node in nodes)
    edge = middle - width / 2 + 0.25
    axes.text(
        edge, -0.68, plain_title(title, int(width * 7)), fontsize=14, fontweight="bold", va="center"
    )
    if weights:
        axes.text(edge, -0.38, f"{weights:,} weights", fontsize=10.5, color=QUIET, va="center")
    return figure


def lay_out(nodes: Sequence[Node]) -> tuple[list[Box], list[list[Box]]]:
    """Lay out the boxes, and the path of each arrow from box to box.

    An arrow has a lane in every layer that it crosses. A node's layer is its longest distance from
    an input. Within a layer, boxes are ordered by the mean position of their neighbors (K. Sugiyama
    et al., 1981).
    """
    by_name = {node.name: node for node in nodes}
    if not nodes:
        raise PartimentoError("a diagram needs at least one node")
    if len(by_name) < len(nodes):
        raise PartimentoError("two nodes of a diagram have the same name")
    layer = _layers(by_name)
    rows: list[list[str]] = [[] for _ in range(1 + max(layer.values()))]
    above: dict[str, list[str]] = {}  # for each entry: those in the layer above, connected to it
    ways: list[list[str]] = []
    for node in nodes:
        rows[layer[node.name]].append(node.name)
    for node in nodes:
        above.setdefault(node.name, [])
        for source in node.inputs:
            lanes = [
                f"{source}\0{node.name}\0{row}"
                for row in range(layer[source] + 1, layer[node.name])
            ]
            for row, lane in enumerate(lanes, layer[source] + 1):
                rows[row].append(lane)
            ways.append([source, *lanes, node.name])
            for upper, lower in pairwise(ways[-1]):
                above.setdefault(lower, []).append(upper)
    widths = _widths(nodes, rows)
    x = _places(rows, above, widths)
    layer |= {entry: row for row, entries in enumerate(rows) for entry in entries}
    boxes = {
        entry: Box(by_name.get(entry), x[entry], layer[entry], widths[entry])
        for entries in rows
        for entry in entries
    }
    return list(boxes.values()), [[boxes[entry] for entry in way] for way in ways]


def _layers(by_name: Mapping[str, Node]) -> dict[str, int]:
    """Return the layer of each node: its longest distance from an input."""
    layer: dict[str, int] = {}
    waiting = dict(by_name)
    while waiting:
        ready = [
            node for node in waiting.values() if all(source in layer for source in node.inputs)
        ]
        if not ready:
            lost = next(
                (
                    source
                    for node in waiting.values()
                    for source in node.inputs
                    if source not in by_name
                ),
                None,
            )
            raise PartimentoError(
                f"no node of the diagram has the name {lost}"
                if lost
                else f"the diagram has a cycle with the node {next(iter(waiting))}"
            )
        for node in ready:
            layer[node.name] = max((layer[source] + 1 for source in node.inputs), default=0)
            del waiting[node.name]
    return layer


def _widths(nodes: Sequence[Node], rows: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the width of each entry, by the logarithm of the layer's outputs.

    A box is at least as wide as its text.
    """
    names = {node.name for node in nodes}
    beside = max(sum(entry in names for entry in row) for row in rows)
    wide = max(NARROW + 1.0, WIDE - 0.8 * (beside - 1))
    sizes = [math.log(max(node.size, 1)) for node in nodes]
    widths = {entry: LANE for row in rows for entry in row}
    for node, size in zip(nodes, sizes, strict=True):
        text = max(0.095 * len(node.name), 0.07 * len(node.about)) + 0.35
        widths[node.name] = max(NARROW + (wide - NARROW) * size / max(max(sizes), 1e-9), text)
    return widths


def _places(
    rows: list[list[str]], above: Mapping[str, list[str]], widths: Mapping[str, float]
) -> dict[str, float]:
    """Return the horizontal center of each entry; this also sorts the rows in place."""
    below: dict[str, list[str]] = {}
    for lower, uppers in above.items():
        for upper in uppers:
            below.setdefault(upper, []).append(lower)
    x = {entry: float(place) for row in rows for place, entry in enumerate(row)}
    for sweep in range(12):
        joined, order = (above, rows[1:]) if sweep % 2 == 0 else (below, rows[-2::-1])
        for row in order:
            wanted = {
                entry: float(np.mean([x[other] for other in joined.get(entry) or [entry]]))
                for entry in row
            }
            row.sort(key=wanted.__getitem__)
            x |= dict(
                zip(
                    row,
                    spread(
                        [wanted[entry] for entry in row], [widths[entry] + BESIDE for entry in row]
                    ),
                    strict=True,
                )
            )
        if sweep == 0:  # the first row still has ranks: convert them to inches
            x |= dict(
                zip(
                    rows[0],
                    spread([0.0] * len(rows[0]), [widths[entry] + BESIDE for entry in rows[0]]),
                    strict=True,
                )
            )
    return x


def _box(axes: Axes, box: Box, node: Node) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.patches import FancyBboxPatch

    hue = next((color for kinds, color in HUES if re.search(kinds, node.kind.lower())), QUIET)
    tint = tuple(1 - 0.14 * (1 - part) for part in to_rgb(hue))
    corner = (box.x - box.width / 2, box.top)
    style = "round,pad=0,rounding_size=0.1"
    axes.add_patch(
        FancyBboxPatch(
            corner,
            box.width,
            TALL,
            style,
            facecolor=tint,
            edgecolor=hue,
            linewidth=1.4,
            zorder=3,
            label=node.name,
        )
    )
    axes.text(
        box.x,
        box.top + 0.21,
        plain_title(node.name, 40),
        ha="center",
        va="center",
        fontsize=11,
        fontweight="bold",
        zorder=4,
    )
    axes.text(
        box.x,
        box.top + 0.43,
        plain_title(node.about, 70),
        ha="center",
        va="center",
        fontsize=9,
        color=QUIET,
        zorder=4,
    )


def _arrow(axes: Axes, way: Sequence[Box]) -> None:
    """Draw a smooth arrow through boxes, vertical at each of them."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Outline

    first, last = way[0], way[-1]
    limit = last.width / 2 - 0.25
    # Arrows from different sides end at different points.
    aim = last.x + min(max((way[-2].x - last.x) * 0.3, -limit), limit)
    stops = [
        (first.x, first.bottom),
        *((lane.x, y) for lane in way[1:-1] for y in (lane.top, lane.bottom)),
        (aim, last.top),
    ]
    points, codes = [stops[0]], [Outline.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(stops):
        middle = (y0 + y1) / 2
        points += [(x0, middle), (x1, middle), (x1, y1)]
        codes += [Outline.CURVE4] * 3
    looks: dict[str, Any] = {
        "arrowstyle": "-|>",
        "mutation_scale": 13,
        "color": QUIET,
        "linewidth": 1.3,
        "joinstyle": "miter",
    }
    axes.add_patch(
        FancyArrowPatch(
            path=Outline(points, codes), zorder=2, label="arrow", capstyle="butt", **looks
        )
    )


def _frames(axes: Axes, boxes: Sequence[Box]) -> None:
    """Draw a pale background behind each group, with its name."""
    from matplotlib.patches import FancyBboxPatch

    for group in dict.fromkeys(box.node.group for box in boxes if box.node and box.node.group):
        own = [box for box in boxes if box.node and box.node.group == group]
        left, right = (
            min(box.x - box.width / 2 for box in own) - 0.3,
            max(box.x + box.width / 2 for box in own) + 0.3,
        )
        top, bottom = min(box.top for box in own) - 0.17, max(box.bottom for box in own) + 0.17
        style = "round,pad=0,rounding_size=0.15"
        axes.add_patch(
            FancyBboxPatch(
                (left, top),
                right - left,
                bottom - top,
                style,
                facecolor="#F4F4F2",
                edgecolor="none",
                zorder=0,
                label=group,
            )
        )
        axes.text(
            left + 0.13,
            (top + bottom) / 2,
            group,
            rotation=90,
            ha="center",
            va="center",
            fontsize=10,
            color=QUIET,
            zorder=1,
        )
