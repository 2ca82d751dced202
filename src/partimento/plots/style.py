"""Define the style of all pictures, draw a keyboard, and write figures to files.

matplotlib's global settings are changed only within the context `style`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec

from partimento.errors import PartimentoError
from partimento.export.fonts import drawable
from partimento.files import refuse_existing, write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")

# M. Okabe and K. Ito, Color Universal Design, 2008: color-blind readers can distinguish them.
# Yellow is left out, because it is too pale on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, QUIET, FAINT = "#222222", "#666666", "#DDDDDD"  # text, secondary text, grid lines
# Twelve hues of equal lightness (OKLCH 0.64, 0.15) around the circle of fifths. They begin with red
# for C, as in Scriabin's clavier à lumières.
FIFTHS_COLORS = (
    "#D8625C",
    "#CF6F19",
    "#B08505",
    "#8A9500",
    "#47A34E",
    "#05A388",
    "#199EAA",
    "#0497D2",
    "#5F87E7",
    "#9477DD",
    "#B969BE",
    "#D06091",
)
BLACK_KEYS = frozenset({1, 3, 6, 8, 10})  # pitch classes
STYLE: dict[str, Any] = {
    "font.family": [
        "DejaVu Sans",
        "STIXGeneral",
        "DejaVu Serif",
    ],  # bundled with matplotlib; the next one is used for missing characters
    "font.size": 11,
    "text.parse_math": False,  # titles may contain dollar signs
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 14,
    "axes.titleweight": "bold",
    "axes.titlepad": 12,
    "axes.axisbelow": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "savefig.dpi": 150,
    "pdf.fonttype": 42,  # embed fonts as TrueType, so that text can be searched and copied
    "svg.hashsalt": "partimento",  # a fixed salt, so that equal figures give equal bytes
}
# Metadata to omit, so that equal figures give equal bytes.
PLOT_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@contextmanager
def style() -> Iterator[None]:
    """Use our style within the context, whatever the user's matplotlib settings are."""
    from matplotlib.style import context

    with context(["default", STYLE]):
        yield


def styled(plot: Callable[P, Figure]) -> Callable[P, Figure]:
    """Wrap a plot function so that it draws in our `style`."""

    @wraps(plot)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with style():
            return plot(*args, **kwargs)

    return drawn


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, without pyplot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def write_plot(figure: Figure, path: Path | str, *, force: bool = False) -> Path:
    """Write a figure as PNG, SVG or PDF, by the suffix of `path`.

    The file appears complete or not at all. Equal figures give equal bytes.

    Raises
    ------
    PartimentoError
        If the suffix is unknown, or the file already exists and `force` is not set.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in PLOT_METADATA:
        raise PartimentoError(f"a plot must be a .png, .svg or .pdf file, not {path}")
    refuse_existing(path, force=force)
    data = io.BytesIO()
    with style():
        figure.savefig(data, format=suffix[1:], metadata=PLOT_METADATA[suffix])
    return write_atomically(path, data.getvalue())


def log_axis(axes: Axes, name: Literal["x", "y"]) -> None:
    """Make an axis logarithmic, with plain numbers at 1, 2 and 5.

    Over three or more decades, only powers of 10 are labeled.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis = axes.xaxis if name == "x" else axes.yaxis
    (axes.set_xscale if name == "x" else axes.set_yscale)("log")
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def plain_title(text: str, most: int = 70) -> str:
    """Shorten a title to one line that the fonts can draw."""
    text = drawable(" ".join(text.split()))
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def spread(wanted: Sequence[float], room: Sequence[float]) -> list[float]:
    """Move ascending positions as little as possible until neighbors do not overlap.

    Each position needs `room`, half of it on either side. The sum of squared moves is minimal
    (isotonic regression by the pool adjacent violators algorithm).

    >>> spread([0, 0.1, 5], [1, 1, 1])
    [-0.45, 0.55, 5.0]
    """
    edges = [0.0]
    for before, after in pairwise(room):
        edges.append(edges[-1] + (before + after) / 2)
    # Mean and size of each pool. Subtracting the minimum distance from the first position turns the
    # problem into isotonic regression.
    pools: list[tuple[float, int]] = []
    for position, edge in zip(wanted, edges, strict=False):
        mean, size = float(position - edge), 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, size = (mean * size + other * more) / (size + more), size + more
        pools.append((mean, size))
    means = [mean for mean, size in pools for _ in range(size)]
    return [round(mean + edge, 9) for mean, edge in zip(means, edges, strict=False)]


def keyboard(axes: Axes, low: int, high: int, *, upright: bool = False) -> None:
    """Draw the keys from pitch `low` to `high`, with equally wide semitones.

    Keys lie along x or, with `upright`, along y.
    """
    from matplotlib.collections import LineCollection, PolyCollection

    def at(pitch: float, depth: float) -> tuple[float, float]:
        return (1 - depth, pitch) if upright else (pitch, depth)

    black = [pitch for pitch in range(low, high + 1) if pitch % 12 in BLACK_KEYS]
    keys = [
        [at(p + x, y) for x, y in ((-0.42, 0.38), (0.42, 0.38), (0.42, 1.0), (-0.42, 1.0))]
        for p in black
    ]
    gaps = [(p + 0.5, 1.0) for p in range(low, high) if p % 12 in (4, 11)] + [
        (float(p), 0.4) for p in black
    ]
    axes.add_collection(
        LineCollection([[at(x, 0.0), at(x, y)] for x, y in gaps], colors=QUIET, linewidths=0.7)
    )
    axes.add_collection(PolyCollection(keys, facecolors=INK))
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_linewidth(0.7)
    (axes.set_xlim if upright else axes.set_ylim)(0, 1)
    (axes.set_xticks if upright else axes.set_yticks)([])
    axes.tick_params(length=0)
