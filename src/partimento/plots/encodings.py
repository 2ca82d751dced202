"""Draw many-hot and one-hot vectors of notes and chords, as in the tutorial."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.names import pitch_name
from partimento.plots.style import COLORS, FAINT, INK, QUIET, new_figure, plain_title, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def all_notes_and_pairs() -> list[tuple[int, ...]]:
    """Return the 128 MIDI notes, then all 8,128 chords of two notes.

    This is the tutorial's vocabulary of one-hot vectors.
    """
    return [*((pitch,) for pitch in range(128)), *combinations(range(128), 2)]


@styled
def encodings_figure(
    chords: Sequence[Sequence[int]] = ((60,), (62,), (60, 62)),
    *,
    vocabulary: Sequence[Sequence[int]] | None = None,
    title: str = "",
) -> Figure:
    """Draw the same chords as many-hot and as one-hot vectors, side by side.

    Most zeros are omitted, and a gap is shown instead.

    Parameters
    ----------
    chords : sequence of sequences of int
        MIDI pitches of each chord; C4, D4 and both by default, as in the tutorial's "Note and Chord
        Encoding".
    vocabulary : sequence of sequences of int, optional
        The chords of the one-hot vectors; by default all notes and chords of two notes.

    Raises
    ------
    PartimentoError
        If there is no chord, a pitch is outside 0 to 127, or the vocabulary lacks a chord.
    """
    wanted = [tuple(sorted(set(chord))) for chord in chords]
    if not wanted or any(not 0 <= pitch <= 127 for chord in wanted for pitch in chord):
        raise PartimentoError(
            "to draw an encoding, pass at least one chord with MIDI pitches from 0 to 127"
        )
    known = [
        tuple(sorted(chord))
        for chord in (all_notes_and_pairs() if vocabulary is None else vocabulary)
    ]
    row_of = {chord: number for number, chord in enumerate(known)}
    missing = [chord for chord in wanted if chord not in row_of]
    if missing:
        raise PartimentoError(f"the vocabulary does not have the chord {_chord_name(missing[0])}")
    names = [_chord_name(chord) for chord in wanted]
    many = np.zeros((128, len(wanted)), int)
    one = np.zeros((len(known), len(wanted)), int)
    for column, chord in enumerate(wanted):
        many[list(chord), column] = 1
        one[row_of[chord], column] = 1
    panels = [
        ("Many-hot", many, [f"{pitch_name(pitch)}  {pitch}" for pitch in range(128)]),
        ("One-hot", one, [f"{_chord_name(chord)}  {number}" for number, chord in enumerate(known)]),
    ]
    shown = [_rows(vectors) for _, vectors, _ in panels]
    room = max(len(name.split("\n")[0]) for name in names)
    unit = 0.34
    figure = new_figure(
        2 * (2.1 + len(wanted) * max(0.62, 0.095 * room)), 1.7 + unit * max(map(len, shown))
    )
    for axes, rows, (kind, vectors, labels) in zip(
        figure.subplots(1, 2), shown, panels, strict=True
    ):
        _vectors(axes, vectors, rows, labels, names)
        axes.set_ylim(max(map(len, shown)) - 0.4, -0.6)  # cells of one size
        axes.set_title(f"{kind}: {len(vectors):,} elements", fontsize=12.5, pad=26)
    if title:
        figure.suptitle(plain_title(title), x=0.01, ha="left", fontweight="bold", fontsize=14)
    return figure


def _chord_name(chord: Sequence[int]) -> str:
    return " + ".join(pitch_name(pitch) for pitch in chord) or "rest"


def _rows(vectors: np.ndarray) -> list[int | None]:
    """Return the indices of the elements to draw, the highest first; None for a gap.

    These are the first and last element, those with a one, and their neighbors.
    """
    ones = np.flatnonzero(vectors.any(axis=1)).tolist()
    last = len(vectors) - 1
    kept = sorted(
        {row for one in ones for row in (one - 1, one, one + 1) if 0 <= row <= last} | {0, last},
        reverse=True,
    )
    rows: list[int | None] = [kept[0]]
    for before, row in pairwise(kept):
        rows += [] if before - row == 1 else [row + 1] if before - row == 2 else [None]
        rows.append(row)
    return rows


def _vectors(
    axes: Any,
    vectors: np.ndarray,
    rows: Sequence[int | None],
    labels: Sequence[str],
    names: Sequence[str],
) -> None:
    """Draw vectors with one column per chord and one cell per element."""
    from matplotlib.patches import Rectangle

    for y, row in enumerate(rows):
        for x in range(len(names)):
            if row is None:
                axes.text(x, y, "⋮", ha="center", va="center", color=QUIET, fontsize=12)
                continue
            hot = bool(vectors[row, x])
            face, ink = (COLORS[0], "white") if hot else ("#F7F7F5", "#AAAAAA")
            axes.add_patch(
                Rectangle(
                    (x - 0.46, y - 0.46), 0.92, 0.92, facecolor=face, edgecolor=FAINT, linewidth=0.7
                )
            )
            axes.text(
                x,
                y,
                int(hot),
                ha="center",
                va="center",
                fontsize=10,
                color=ink,
                fontweight="bold" if hot else "normal",
            )
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_yticks(range(len(rows)), ["" if row is None else labels[row] for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set(fontsize=10, color=INK if row is not None and vectors[row].any() else QUIET)
    axes.set_xticks(
        range(len(names)),
        [name.replace(" + ", "\n+ ") for name in names],
        fontsize=10.5,
        fontweight="bold",
    )
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
