"""Color the notes of an engraved score by a value, with a legend and texts."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np

from partimento.short_repr import short_repr

# From low to high: darker to lighter, so that the order is visible without colors, too. The lowest
# value keeps the ink of the page. All are legible on white and on the dark page.
COLORS = ("", "#3b6fd4", "#9a4fc4", "#d6455d", "#ee8a16")
NOTE = re.compile(r'<g id="n(\d+)(?:\.\d+)?" class="note[^"]*"')
VIEW = re.compile(r'viewBox="([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+)"')
SIZE = 30  # of the legend's text, in tenths of a millimeter
WIDTH = 0.43  # of a letter, as a share of its size
GAP = 1.6  # between two entries, as a share of the size
FROM_BELOW = 55  # tenths of a millimeter between the legend and the lower edge of the page
INK = "#000000"


@short_repr
@dataclass(frozen=True)
class NoteColors:
    """Hold a value of each note, in levels that have a color each.

    Attributes
    ----------
    title : str
        Says what the colors mean, such as "Surprise".
    labels : tuple of str
        The meaning of each level, the lowest first; at most as many as `COLORS`.
    levels : (N,) int64
        The level of each note of the piece; -1 for none.
    texts : dict of str
        The text that a click on a note shows, by its index in the piece.
    record : dict
        The description of the colors that files carry, as JSON values.
    """

    title: str
    labels: tuple[str, ...]
    levels: np.ndarray
    texts: Mapping[int, str] = field(default_factory=dict)
    record: Mapping[str, object] = field(default_factory=dict)

    def color(self, note: int) -> str:
        """Return the color of a note; empty for the ink of the page."""
        level = int(self.levels[note]) if 0 <= note < len(self.levels) else -1
        return COLORS[level] if level > 0 else ""


def level_of(values: np.ndarray, bounds: Sequence[float]) -> np.ndarray:
    """Return the level of values: the number of bounds that they reach; -1 for NaN.

    >>> level_of(np.array([0.0, 1.0, 9.0, np.nan]), (1, 3)).tolist()
    [0, 1, 2, -1]
    """
    levels = np.searchsorted(np.array(bounds, float), np.nan_to_num(values), side="right")
    return np.where(np.isnan(values), -1, levels).astype(np.int64)


def color_page(svg: str, colors: NoteColors, *, legend: bool = True) -> str:
    """Color the notes of an engraved page.

    Parameters
    ----------
    svg : str
        A page of `svg.to_svg`, whose notes have the ids ``n0``, ``n1``, ….
    colors : NoteColors
    legend : bool
        Whether to write the legend at the bottom of the page.
    """

    def colored(match: re.Match[str]) -> str:
        note = int(match[1])
        color = colors.color(note)
        shown = f'{match[0]} color="{color}" fill="{color}"' if color else match[0]
        text = colors.texts.get(note)
        # The title of an element must be its first child, which comes after the tag.
        return f'{shown} data-text="{html.escape(text)}"' if text else shown

    page = NOTE.sub(colored, svg)
    page = re.sub(r' data-text="([^"]*)">', r"><title>\1</title>", page)
    return _with_legend(page, colors) if legend else page


def _with_legend(page: str, colors: NoteColors) -> str:
    view = VIEW.search(page)
    if view is None:
        return page
    left, top, width, height = (float(number) for number in view.groups())
    texts = [f"{colors.title}:", *colors.labels]
    # In units of the size of the text; an entry has a dot before its label.
    widths = [len(text) * WIDTH + GAP + (number > 0) for number, text in enumerate(texts)]
    size = min(SIZE, (width - 200) / sum(widths))
    starts = accumulate(widths[:-1], initial=0.0)
    x0, y = left + (width - sum(widths) * size) / 2, top + height - FROM_BELOW
    drawn = "".join(
        _entry(text, number, x0 + start * size, y, size)
        for number, (text, start) in enumerate(zip(texts, starts, strict=True))
    )
    fonts = re.search(r'font-family="([^"]*)"', page)
    family = f' font-family="{fonts[1]}"' if fonts else ""
    group = f'<g class="legend"{family} fill="{INK}">{drawn}</g>'
    end = page.rindex("</svg>")
    return page[:end] + group + page[end:]


def _entry(text: str, number: int, x: float, y: float, size: float) -> str:
    """Return an entry of the legend as SVG; number 0 is the title, which has no dot."""
    dot = ""
    if number:
        color = COLORS[number - 1] or INK
        place = f'cx="{x + 0.4 * size:.1f}" cy="{y - 0.32 * size:.1f}" r="{0.36 * size:.1f}"'
        dot = f'<circle {place} fill="{color}" style="stroke:none"/>'
        x += size
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}px"'
    return f"{dot}<text {place}>{html.escape(text)}</text>"


def legend_html(colors: NoteColors) -> str:
    """Return the legend of a web page, and the place for the text of a note."""
    entries = "".join(
        f'<li><span class="dot" style="background:{color or "currentColor"}"></span>'
        f"{html.escape(label)}</li>"
        for color, label in zip(COLORS, colors.labels, strict=False)
    )
    return (
        f'<div class="colors"><p>{html.escape(colors.title)}</p><ul>{entries}</ul>'
        '<p id="told" role="status" aria-live="polite">A click on a note says more.</p></div>'
    )
