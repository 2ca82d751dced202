"""Compare generated pieces with real ones by measures of music and a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partimento.evaluation.part_writing import (
    MEASURES,
    PieceMeasures,
    common_method,
    figures,
    measure_all,
)
from partimento.evaluation.two_sample import (
    LEAST,
    TwoSampleTest,
    piece_features,
    real_halves,
    two_sample_test,
)
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr
from partimento.tables import markdown_table


@short_repr
@dataclass(frozen=True)
class MusicRow:
    """One measure for all sets of pieces; NaN where it is undefined.

    Attributes
    ----------
    name, label, unit : str
        From `MEASURES`.
    generated, real : float
    halves : tuple of float
        The values for two random halves of the real pieces.
    """

    name: str
    label: str
    unit: str
    generated: float
    real: float
    halves: tuple[float, float]


@short_repr
@dataclass(frozen=True)
class MusicComparison:
    """Generated and real pieces compared by measures of music.

    Attributes
    ----------
    method : str
        How voices were found in all pieces: see `analysis.part_writing`.
    rows : tuple of MusicRow
        One per measure that is defined for any set.
    classifier, classifier_real : TwoSampleTest or None
        How well a classifier separates generated from real pieces, and two halves of the real
        pieces from each other. None with fewer than ten pieces of a kind.
    """

    method: str
    rows: tuple[MusicRow, ...]
    classifier: TwoSampleTest | None
    classifier_real: TwoSampleTest | None

    def __str__(self) -> str:
        header = ("measure", "generated", "real", "half of real", "other half")
        rows = [
            (row.label, *map(_short, (row.generated, row.real, *row.halves))) for row in self.rows
        ]
        return (
            f"{markdown_table(header, rows, numbers=True)}\nclassifier:"
            f" {self.classifier or 'too few pieces'}; of real pieces:"
            f" {self.classifier_real or 'too few pieces'}"
        )


def compare_music(
    generated: Sequence[Piece],
    real: Sequence[Piece],
    scalars: tuple[np.ndarray, np.ndarray],
    *,
    bars: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> MusicComparison:
    """Measure part-writing, cadences and structure, and train a classifier.

    Parameters
    ----------
    generated, real : sequence of Piece
        Whole pieces.
    scalars : tuple of (pieces, features) float64
        The scalar features of the first `bars` bars of generated and of real pieces, from
        `analysis.features.table.scalar_table`.
    bars : int, optional
        Measure only this number of bars. The last chord and the cadences are those of the whole
        piece.
    seed : int
        Seed of the halves and of the classifier.
    progress : Progress, optional
    """
    method = common_method(generated, real)
    rows: list[list[PieceMeasures]] = [
        measure_all(pieces, bars=bars, method=method, progress=progress)
        for pieces in (generated, real)
    ]
    halves = real_halves(len(real), len(real), seed)
    values = [figures(rows[0]), figures(rows[1])]
    values += [figures([rows[1][number] for number in half.tolist()]) for half in halves]
    music = tuple(
        MusicRow(
            name, measure.label, measure.unit, values[0][name], values[1][name],
            (values[2][name], values[3][name]),
        )
        for name, measure in MEASURES.items()
        if any(np.isfinite(v[name]) for v in values)
    )  # fmt: skip
    (mine, names), (other, _) = (
        piece_features(table, measures) for table, measures in zip(scalars, rows, strict=True)
    )
    progress("classifier", 0, 1)
    test = two_sample_test(mine, other, names, seed=seed) if _enough(mine, other) else None
    first, second = (other[half] for half in real_halves(len(real), len(generated), seed))
    of_real = two_sample_test(first, second, names, seed=seed) if _enough(first, second) else None
    progress("classifier", 1, 1)
    return MusicComparison(method, music, test, of_real)


def _short(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "–"


def _enough(*tables: np.ndarray) -> bool:
    return min(map(len, tables)) >= LEAST
