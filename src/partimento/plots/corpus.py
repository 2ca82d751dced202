"""Draw statistics of a corpus: keys, durations, pitches, coverage, vocabulary.

Each function takes plain counts and returns a matplotlib `Figure`; `write_plot` writes it. For a
single piece see `piano_roll`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from partimento.music.names import duration_name, pitch_name
from partimento.music.timelines import Key
from partimento.plots.style import (
    BLACK_KEYS,
    COLORS,
    INK,
    QUIET,
    keyboard,
    log_axis,
    new_figure,
    plain_title,
    styled,
    write_plot,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "chord_coverage",
    "duration_histogram",
    "key_histogram",
    "pitch_histogram",
    "share",
    "vocabulary_growth",
    "write_plot",
]
Line = tuple[Sequence[float], Sequence[float]]  # x and y of a curve


@styled
def key_histogram(keys: Mapping[str, int], *, title: str = "Keys") -> Figure:
    """Draw how many pieces are in each of the 24 keys, in the order of fifths.

    A major key stands beside its relative minor.

    Parameters
    ----------
    keys : mapping
        Name of a key as `Key.code` has it (``B- major``, ``f# minor``) → number of pieces.
    """
    counts = {"major": [0] * 12, "minor": [0] * 12}
    for name, count in keys.items():
        key = Key.from_name(name)
        counts[key.mode][(key.fifths + 5) % 12] += count
    figure = new_figure(10, 4.2)
    axes = figure.subplots()
    positions = np.arange(12)
    for side, (mode, color) in zip((-0.21, 0.21), zip(counts, COLORS, strict=False), strict=True):
        bars = axes.bar(positions + side, counts[mode], 0.4, color=color, label=mode)
        axes.bar_label(
            bars, [str(n) if n else "" for n in counts[mode]], padding=2, fontsize=9.5, color=QUIET
        )
    major = ("D♭", "A♭", "E♭", "B♭", "F", "C", "G", "D", "A", "E", "B", "F♯/G♭")
    minor = ("B♭m", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F♯m", "C♯m", "G♯m", "D♯m/E♭m")
    signs = [f"{-n}♭" if n < 0 else f"{n}♯" if n else "♮" for n in range(-5, 6)] + ["6♯/6♭"]
    axes.set_xticks(
        positions,
        [f"{a}\n{b}\n{c}" for a, b, c in zip(major, minor, signs, strict=True)],
        linespacing=1.4,
    )
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, 11.6)
    axes.legend(loc="upper right")
    _counted(axes, "pieces")
    axes.set_title(plain_title(title))
    return figure


@styled
def duration_histogram(
    durations: Mapping[str, int], *, most: int = 16, title: str = "Durations of events"
) -> Figure:
    """Draw how many events have each duration, the longest on top.

    The `most` most frequent note values have a row each. Below them are the other note values, and
    durations that are no note value, which ornaments and played timing cause.

    Parameters
    ----------
    durations : mapping
        Quarter lengths (as ``1/2``, or a Fraction) → number of events.
    """
    counts = {Fraction(duration): count for duration, count in durations.items()}
    total = sum(counts.values())
    named = sorted(
        (duration for duration in counts if duration_name(duration)),
        key=lambda duration: (-counts[duration], duration),
    )
    named, rare = [
        [d for d in named if (counts[d] >= total / 1000) is common] for common in (True, False)
    ]
    shown = sorted(named[:most], reverse=True)
    names, values = (
        [duration_name(duration) for duration in shown],
        [counts[duration] for duration in shown],
    )
    unnamed = [duration for duration in counts if not duration_name(duration)]
    for what, rest in (
        ("other note values", named[most:] + rare),
        ("off the note values", unnamed),
    ):
        if rest:
            names.append(f"{what} ({len(rest)})")
            values.append(sum(counts[duration] for duration in rest))
    colors = [COLORS[0]] * len(shown) + [QUIET] * (len(names) - len(shown))
    figure = new_figure(8, 1.2 + 0.3 * len(names))
    axes = figure.subplots()
    bars = axes.barh(np.arange(len(names)), values, 0.72, color=colors)
    labels = [f"{value:,}  ({share(value, total)})" for value in values]
    axes.bar_label(bars, labels, padding=4, fontsize=10, color=QUIET)
    axes.set_yticks(np.arange(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, max(values, default=1) * 1.22)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines["bottom"].set_visible(False)
    axes.set_title(plain_title(title))
    return figure


@styled
def pitch_histogram(pitches: Mapping[int, int], *, title: str = "Pitches") -> Figure:
    """Draw how many notes have each pitch, over a keyboard.

    Parameters
    ----------
    pitches : mapping
        MIDI pitch → number of notes.
    """
    low, high = (min(pitches), max(pitches)) if pitches else (60, 71)
    low, high = (
        low - min(low % 12, (low - 5) % 12),
        high + min((4 - high) % 12, (11 - high) % 12),
    )  # from C or F to E or B
    figure = new_figure(10, 4.2)
    figure.get_layout_engine().set(hspace=0, h_pad=0.03)  # type: ignore[union-attr, call-arg]
    axes, keys = figure.subplots(2, 1, sharex=True, height_ratios=(7, 1))
    axes.bar(
        list(pitches),
        list(pitches.values()),
        0.8,
        color=[INK if p % 12 in BLACK_KEYS else COLORS[0] for p in pitches],
    )
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.grid(axis="x", visible=False)
    _counted(axes, "notes")
    axes.set_title(plain_title(title))
    keyboard(keys, low, high)
    keys.set_xlim(low - 0.5, high + 0.5)
    octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
    keys.set_xticks(octaves, [pitch_name(octave) for octave in octaves])
    return figure


@styled
def chord_coverage(
    commonest: Mapping[str, Line],
    held_out: Mapping[str, Sequence[float]] | None = None,
    *,
    title: str = "",
) -> Figure:
    """Draw which share of all events the most frequent chords make up.

    With `held_out`, also draw which share of unseen events a vocabulary lacks.

    Parameters
    ----------
    commonest : mapping
        Name of a vocabulary → numbers of most frequent chords, and the share of all events that
        they make up.
    held_out : mapping, optional
        Name of a vocabulary → the share of held-out events that it lacks, in each of several
        splits.
    """
    figure = (
        new_figure(11, max(4.2, 1.2 + 0.74 * len(held_out))) if held_out else new_figure(7, 4.2)
    )
    left, *more = figure.subplots(1, 2, width_ratios=(3, 2)) if held_out else [figure.subplots()]
    for (name, (x, y)), color in zip(commonest.items(), COLORS, strict=False):
        left.plot(x, np.asarray(y) * 100, color=color, linewidth=2, label=name)
    log_axis(left, "x")
    left.minorticks_off()
    left.set_ylim(0, 103)
    left.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
    left.grid(visible=True)
    left.set_xlabel("commonest chords")
    if commonest:
        left.legend(loc="upper left")
    left.set_title("Events covered by the most frequent chords", fontsize=12)
    if held_out:
        _splits(more[0], held_out)
    if title:
        figure.suptitle(plain_title(title), x=0.01, ha="left", fontweight="bold", fontsize=14)
    return figure


def _splits(axes: Axes, held_out: Mapping[str, Sequence[float]]) -> None:
    """Draw a row per vocabulary: one dot per split, and the mean."""
    for row, shares in enumerate(held_out.values()):
        values = np.asarray(shares) * 100
        axes.plot(
            values,
            np.full(len(values), row),
            "o",
            color=COLORS[0],
            alpha=0.45,
            markersize=6,
            markeredgewidth=0,
        )
        if len(values):
            axes.plot(values.mean(), row, "|", color=INK, markersize=22, markeredgewidth=2)
            axes.annotate(
                share(values.mean(), 100),
                (values.mean(), row),
                (0, 14),
                textcoords="offset points",
                ha="center",
                fontweight="bold",
            )
    axes.set_yticks(range(len(held_out)), list(held_out))
    axes.set_ylim(len(held_out) - 0.5, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(
        0, max([10.0, *(100 * max(shares, default=0) for shares in held_out.values())]) * 1.1
    )
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    axes.grid(axis="x", visible=True)
    axes.set_xlabel("of events; one dot per held-out tenth")
    axes.set_title("Unknown in held-out pieces", fontsize=12)


@styled
def vocabulary_growth(
    curves: Mapping[str, Line],
    *,
    title: str = "Growth of the vocabulary",
    what: str = "distinct chords",
) -> Figure:
    """Draw how the number of distinct symbols grows with the number of pieces.

    Parameters
    ----------
    curves : mapping
        Name of a vocabulary → numbers of pieces, and the expected number of distinct symbols in
        each.
    what : str
        A plural noun for the symbols.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(7, 4.2)
    axes = figure.subplots()
    for (name, (x, y)), color in zip(curves.items(), COLORS, strict=False):
        label = f"{name}: {y[-1]:,.0f}" if len(y) else name
        axes.plot([0, *x], [0, *y], color=color, linewidth=2, label=label)
    axes.set_xlim(0, None)
    axes.set_ylim(0, None)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    _counted(axes, what)
    axes.grid(axis="x", visible=True)
    axes.set_xlabel("pieces")
    if curves:
        axes.legend(loc="upper left")
    axes.set_title(plain_title(title))
    return figure


def share(part: float, whole: float) -> str:
    """Format a share in percent, with its significant digits only.

    >>> share(1, 3), share(1, 300), share(1, 3000), share(0, 3)
    ('33 %', '0.3 %', '< 0.1 %', '0 %')
    """
    percent = 100 * part / whole if whole else 0.0
    if percent in (0, 100) or 10 <= percent < 99.5:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if percent >= 0.1 else "< 0.1 %"


def _counted(axes: Axes, what: str) -> None:
    """Make the y axis count in whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", visible=True)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylabel(what)
