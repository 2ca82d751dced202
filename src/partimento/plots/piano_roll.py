"""Draw a piece as a piano roll, with time in bars and one color per part."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.piece import Piece
from partimento.music.timelines import Bar
from partimento.plots.style import (
    BLACK_KEYS,
    COLORS,
    FAINT,
    INK,
    QUIET,
    keyboard,
    new_figure,
    plain_title,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 0.84  # height of a note in semitones
CAP = 0.002  # width of the dark edge at the onset of a note, as a share of the view
PALEST = 0.5  # opacity of the softest note
CONTRAST = 60  # the velocity range that uses all shades; smaller ranges use fewer


class Roll(NamedTuple):
    """The visible notes as arrays, with times in quarters."""

    start: np.ndarray  # (N,) float: clipped to the view
    end: np.ndarray
    pitch: np.ndarray
    part: np.ndarray
    struck: np.ndarray  # (N,) bool: False for a note that begins before the view
    shade: np.ndarray  # (N,) float: opacity by velocity, PALEST to 1
    height: np.ndarray  # (N,) float: in semitones


@styled
def piano_roll(
    piece: Piece, *, first_bar: int = 0, bars: int = 16, title: str | None = None
) -> Figure:
    """Draw `bars` bars of a piece, beginning with `first_bar`.

    Each note has a dark edge at its onset, so that held and repeated notes look different. Softer
    notes are paler. Grace notes are thin, and so are notes that another part has at the same time.
    Drums are omitted, unless there is nothing else.

    Parameters
    ----------
    piece : Piece
    first_bar : int
        Number of the first bar, as in `Piece.bars`; the pickup is 0.
    bars : int
        Maximum number of bars.
    title : str, optional
        By default that of the piece.

    Raises
    ------
    PartimentoError
        If the piece has no such bar.
    """
    known = piece.bars()
    view = [bar for bar in known if bar.number >= first_bar][:bars]
    if not view:
        raise PartimentoError(f"there is no bar {first_bar}: the piece has {known[-1].number}")
    start, end = float(view[0].onset), float(view[-1].onset + view[-1].duration)
    roll = _in_view(piece, start, end)
    low, high = (int(roll.pitch.min()), int(roll.pitch.max())) if len(roll.pitch) else (60, 71)
    low, high = low - 2, high + 2
    figure = new_figure(12, float(np.clip(1.5 + 0.115 * (high - low), 3.2, 8)))
    figure.get_layout_engine().set(wspace=0, w_pad=0.02)  # type: ignore[union-attr, call-arg]
    keys, axes = figure.subplots(1, 2, sharey=True, width_ratios=(1, 36))
    keyboard(keys, low, high, upright=True)
    _pitch_ticks(keys, low, high)
    _ground(axes, view, low, high)
    axes.set_xlim(start, end)
    axes.set_ylim(low - 0.5, high + 0.5)
    _notes(axes, piece, roll)
    figure.suptitle(
        plain_title(title if title is not None else _title(piece)),
        x=0.01,
        ha="left",
        fontsize=14,
        fontweight="bold",
    )
    axes.set_title(_about(piece, view, known), fontsize=11, fontweight="normal", color=QUIET, pad=6)
    return figure


def _in_view(piece: Piece, start: float, end: float) -> Roll:
    notes = piece.notes
    drums = piece.drums
    onset, off = notes.onset / notes.divisions, notes.end / notes.divisions
    chosen = (off > start) & (onset < end) & (~drums | drums.all())
    onset, off = onset[chosen], off[chosen]
    pitch, part, velocity = notes.pitch[chosen], notes.part[chosen], notes.velocity[chosen]
    softer = velocity.max(initial=1) - velocity
    shade = 1 - (1 - PALEST) * softer / softer.max(initial=CONTRAST)
    height = (
        np.where(notes.grace[chosen] == 1, 0.55, 1.0)
        * HEIGHT
        * 0.5 ** _beneath(onset, off, pitch, part)
    )
    return Roll(
        np.maximum(onset, start), np.minimum(off, end), pitch, part, onset >= start, shade, height
    )


def _beneath(start: np.ndarray, end: np.ndarray, pitch: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Count for each note the earlier parts that have the same pitch at the same time.

    The note is drawn thinner by this number, because it would hide them.
    """
    hidden = np.zeros(len(pitch), np.int64)
    for one in np.unique(pitch):
        (at,) = np.nonzero(pitch == one)
        over = (
            (start[at, None] < end[at]) & (start[at] < end[at, None]) & (part[at, None] > part[at])
        )
        hidden[at] = sum(
            over[:, part[at] == other].any(axis=1).astype(np.int64) for other in np.unique(part[at])
        )
    return hidden


def _notes(axes: Axes, piece: Piece, roll: Roll) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    colors = _colors(roll.part)
    order = np.lexsort((roll.part, -roll.height))  # slim ones on top
    roll = Roll(*(column[order] for column in roll))
    base = np.array([to_rgb(colors[part]) for part in roll.part.tolist()]).reshape(-1, 3)
    paint = 1 - (1 - base) * roll.shade[:, None]
    edges = np.where(
        roll.height < HEIGHT, 0.6, 0
    )  # around a slim one, to set it off from what it lies on
    axes.add_collection(
        PolyCollection(
            list(_boxes(roll, roll.end)),
            facecolors=paint,
            edgecolors="white",
            linewidths=edges,
            label="notes",
        )
    )
    caps = roll.start + np.minimum(
        CAP * (axes.get_xlim()[1] - axes.get_xlim()[0]), (roll.end - roll.start) * 0.4
    )
    axes.add_collection(
        PolyCollection(
            list(_boxes(roll, caps)[roll.struck]),
            facecolors=base[roll.struck] * 0.5,
            label="strikes",
        )
    )
    if len(colors) > 1:
        named = [part for part in colors if colors[part] != QUIET]
        handles = [Patch(color=colors[part], label=_part_name(piece, part)) for part in named]
        if others := len(colors) - len(named):
            handles.append(Patch(color=QUIET, label=f"{others} others"))
        axes.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=7,
            borderaxespad=0.2,
            fontsize=10.5,
            handlelength=1,
        )


def _colors(parts: np.ndarray) -> dict[int, str]:
    """Choose a color for each part that sounds.

    If there are more parts than colors, those with the fewest notes are grey.
    """
    sounding, counts = np.unique(parts, return_counts=True)
    most = len(COLORS) if len(sounding) <= len(COLORS) else len(COLORS) - 1
    own = sorted(sounding[np.argsort(-counts, kind="stable")[:most]].tolist())
    return {part: COLORS[own.index(part)] if part in own else QUIET for part in sounding.tolist()}


def _part_name(piece: Piece, part: int) -> str:
    name = plain_title(piece.parts[part].name.strip(" :"), 24)
    return f"part {part + 1}" if not name or name.isdecimal() else name


def _boxes(roll: Roll, end: np.ndarray) -> np.ndarray:
    """Return the corners (N, 4, 2) of the notes."""
    low, high = roll.pitch - roll.height / 2, roll.pitch + roll.height / 2
    corners = [
        np.stack(corner, axis=1)
        for corner in ((roll.start, low), (end, low), (end, high), (roll.start, high))
    ]
    return np.stack(corners, axis=1)


def _ground(axes: Axes, view: list[Bar], low: int, high: int) -> None:
    """Draw the rows of the black keys, octave lines and bar lines."""
    for pitch in range(low, high + 1):
        if pitch % 12 in BLACK_KEYS:
            axes.axhspan(pitch - 0.5, pitch + 0.5, color="#F4F4F4", linewidth=0, zorder=0)
    for pitch in range(low + 1, high + 1):
        if pitch % 12 == 0:
            axes.axhline(pitch - 0.5, color="#B0B0B0", linewidth=0.9, zorder=0.5)
    beats = [
        float(bar.onset + beat * bar.meter.bar_ql / bar.meter.numerator)
        for bar in view
        for beat in range(1, int(bar.duration * bar.meter.numerator / bar.meter.bar_ql))
    ]
    if len(beats) <= 80:
        axes.vlines(beats, low - 0.5, high + 0.5, color=FAINT, linewidth=0.5, zorder=0.4)
    lines = [float(bar.onset) for bar in view]
    axes.vlines(
        lines,
        low - 0.5,
        high + 0.5,
        color="#8C8C8C",
        linewidth=0.9 if len(view) <= 40 else 0.4,
        zorder=0.6,
    )
    for before, bar in pairwise(view):
        if (bar.meter.numerator, bar.meter.denominator) != (
            before.meter.numerator,
            before.meter.denominator,
        ):
            text = f" {bar.meter.numerator}/{bar.meter.denominator}"
            axes.text(
                float(bar.onset),
                high + 0.3,
                text,
                va="top",
                fontsize=9.5,
                fontweight="bold",
                color=QUIET,
            )
    step = next(step for step in (1, 2, 4, 8, 16, 32, 64, 128, 10**9) if len(view) <= 28 * step)
    labelled = [bar for index, bar in enumerate(view) if index % step == 0]
    axes.set_xticks(
        [float(bar.onset) for bar in labelled], [str(bar.number) for bar in labelled], ha="left"
    )
    axes.tick_params(axis="x", length=0)
    axes.tick_params(axis="y", left=False, labelleft=False)
    axes.set_xlabel("bar")
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#B0B0B0")


def _pitch_ticks(axes: Axes, low: int, high: int) -> None:
    """Label every C, or all natural notes where there is room."""
    roomy = high - low <= 46
    ticks = [
        pitch
        for pitch in range(low, high + 1)
        if pitch % 12 == 0 or (roomy and pitch % 12 not in BLACK_KEYS)
    ]
    axes.set_yticks(
        ticks,
        [
            f"C{pitch // 12 - 1}" if pitch % 12 == 0 else "CDDEEFGGAABB"[pitch % 12]
            for pitch in ticks
        ],
    )
    for pitch, label in zip(ticks, axes.get_yticklabels(), strict=True):
        label.set(
            fontsize=10.5 if pitch % 12 == 0 else 7.5, color=INK if pitch % 12 == 0 else QUIET
        )


def _title(piece: Piece) -> str:
    return " · ".join(
        word
        for word in (piece.title or Path(piece.source.path).stem or "Untitled", piece.composer)
        if word
    )


def _about(piece: Piece, view: list[Bar], known: list[Bar]) -> str:
    """Describe the meter, the tempo and the visible bars."""
    meter = view[-1].meter if view[0].number == 0 else view[0].meter
    tempo = [mark for mark in piece.tempos if mark.onset <= view[0].onset][-1:]
    words = [f"{meter.numerator}/{meter.denominator}", *(f"♩ = {mark.bpm:.0f}" for mark in tempo)]
    whole = len(view) == len(known)
    first, last, of = view[0].number, view[-1].number, known[-1].number
    words.append(
        f"{of} bar{'s' * (of != 1)}"
        if whole
        else f"bars {first} to {last} of {of}"
        if last > first
        else f"bar {first} of {of}"
    )
    return "   ".join(words)
