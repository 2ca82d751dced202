"""Print and draw which chords have similar vectors: ``partimento neighbours``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from partimento.cli import progress, screen
from partimento.cli.screen import Column
from partimento.errors import PartimentoError
from partimento.evaluation.neighbours import (
    ChordVectors,
    Fifths,
    chord_vectors,
    fifths,
    map_of_names,
    neighbours,
)
from partimento.files import refuse_existing


def run_neighbours(
    run: Path,
    chord_names: Sequence[str] = (),
    *,
    out: Path | None = None,
    most: int = 6,
    force: bool = False,
    as_json: bool = False,
) -> None:
    """Print the nearest neighbors of chords, and draw a map.

    Parameters
    ----------
    run : Path
        Run folder of the model ``embeddings``.
    chord_names : sequence of str
        Chords; see `evaluation.neighbours.neighbours`.
    out : Path, optional
        Picture to write, a map of the chords: ``.png`` or ``.svg``.
    most : int
        Number of neighbors per chord.
    force : bool
        Replace an existing picture.
    as_json : bool
        Print JSON instead of the table.

    Raises
    ------
    PartimentoError
        If the run has no chord vectors, a chord did not occur in training, or the picture cannot
        be written.
    """
    if out is not None:
        if out.suffix.lower() not in (".png", ".svg"):
            raise PartimentoError(f"{out}: the map must be a .png or .svg file")
        refuse_existing(out, force=force)
    if most < 1:
        raise PartimentoError("--most must be at least 1")
    with progress.stages(quiet=as_json) as stages, stages.during("start"):
        vectors = chord_vectors(run)
    nearest, circle = neighbours(vectors, chord_names, most=most), fifths(vectors)
    if out is not None:
        _write_map(vectors, out, force=force)
    if as_json:
        measured = {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in asdict(circle).items()
        }
        chords = [
            {**chord._asdict(), "near": [near._asdict() for near in chord.near]}
            for chord in nearest
        ]
        screen.print_json(
            {
                "run": str(run),
                "chords": chords,
                "fifths": measured,
                "map": str(out) if out else None,
            }
        )
        return
    rows = [
        (
            chord.name,
            f"{chord.times:,}",
            ",  ".join(f"{near.name}\u00a0{near.cosine:.2f}" for near in chord.near),
        )
        for chord in nearest
    ]
    columns = (Column("chord", 0, "name"), Column("times", 1), Column("nearest first", 0, "prose"))
    screen.print_table("Nearest chords (cosine similarity of their vectors)", columns, rows)
    screen.out().print(in_words(circle))
    if out is not None:
        screen.out().print(f"Map in {out}")


def in_words(circle: Fifths) -> str:
    """Describe how closely the vectors follow the circle of fifths.

    >>> from textwrap import fill
    >>> print(fill(in_words(Fifths(0.97, 0.9, 12, 9, {"C": ("Am", "relative"), "F": ("Fm", "parallel")})), 90))
    Distance and steps of fifths: Spearman 0.97 (12 major triads), 0.90 (9 minor). Nearest
    minor triad: 1 parallel, 1 relative.
    """  # noqa: E501
    correlations = [
        f"{value:.2f} ({count} {what})"
        for value, count, what in (
            (circle.major, circle.majors, "major triads"),
            (circle.minor, circle.minors, "minor"),
        )
        if not math.isnan(value)
    ]
    words = (
        [f"Distance and steps of fifths: Spearman {', '.join(correlations)}."]
        if correlations
        else []
    )
    if circle.nearest_minor:
        words.append(
            "Nearest minor triad:"
            f" {', '.join(f'{count} {relation}' for relation, count in circle.relations.items())}."
        )
    return " ".join(words) or "Too few triads to compare with the circle of fifths."


def _write_map(vectors: ChordVectors, out: Path, *, force: bool) -> None:
    from partimento.plots.chords import chord_map
    from partimento.plots.style import write_plot

    points, shown = map_of_names(vectors)
    write_plot(chord_map(points, shown.names, shown.counts.tolist()), out, force=force)
