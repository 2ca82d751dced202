"""Compare composed pieces with the corpus from which their model learned.

The best composed piece also stands alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from partimento.evaluation.part_writing import common_method, figures, measure_all
from partimento.music.piece import Piece
from partimento.progress import Progress, silent
from partimento.short_repr import short_repr

# The measures by their names in `part_writing.MEASURES`. A rate per 1,000 is named with its unit.
RATES = {
    "parallel_fifths": "parallel fifths per 1,000 moves",
    "parallel_octaves": "parallel octaves per 1,000 moves",
    "crossings": "crossings per 1,000 pairs of neighboring voices",
}
SHARES = {
    "in_key": "notes in the key",
    "closes": "ends on its tonic with a cadence",
}
OF_WHOLE_PIECES = ("closes",)  # true or false for a single piece


@short_repr
class Beside(NamedTuple):
    """One measure of the best piece, of all composed pieces and of the corpus.

    Attributes
    ----------
    name, label : str
    best, composed, real : float
        Rates per 1,000, or shares between 0 and 1; NaN where undefined.
    """

    name: str
    label: str
    best: float
    composed: float
    real: float

    def cells(self) -> tuple[str, str, str]:
        """Return the three values as text."""
        best, composed, real = map(self._text, (self.best, self.composed, self.real))
        if self.name in OF_WHOLE_PIECES:
            best = "yes" if self.best else "no"
        return best, composed, real

    def _text(self, value: float) -> str:
        if math.isnan(value):
            return "–"
        if self.name in OF_WHOLE_PIECES:
            return f"{value:.0%}"
        return f"{value:.1%}" if self.name in SHARES else f"{value:.1f}"

    def line(self, author: str) -> str:
        """Return the values of the composed pieces and of the corpus as one line.

        >>> Beside("parallel_fifths", "parallel fifths", 0.0, 4.12, 2.4).line("Bach")
        'parallel fifths: 4.1; Bach 2.4'
        """
        _, composed, real = self.cells()
        return f"{self.label}: {composed}; {author} {real}"


def beside_corpus(
    composed: Sequence[Piece], real: Sequence[Piece], *, progress: Progress = silent
) -> tuple[Beside, ...]:
    """Measure part-writing, key and ending of composed and of real pieces.

    Parallels are counted as in `analysis.part_writing`: a move is a pair of voices of which both
    move from one eighth to the next. The key of each piece is estimated.

    Parameters
    ----------
    composed : sequence of Piece
        The best first.
    real : sequence of Piece
        The pieces of the corpus.
    progress : Progress, optional

    Returns
    -------
    tuple of Beside
        Without measures that are undefined for one of them, such as the crossings of pieces without
        voices.
    """
    method = common_method(composed, real)
    rows = measure_all(composed, method=method)
    values = [figures(rows[:1]), figures(rows)]
    values.append(figures(measure_all(real, method=method, progress=progress)))
    return tuple(
        Beside(name, label, *(row[name] for row in values))
        for name, label in {**RATES, **SHARES}.items()
        if not any(math.isnan(row[name]) for row in values[1:])
    )


def as_table(rows: Sequence[Beside], columns: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    """Return the measures as rows of a table with these headings."""
    return [dict(zip(columns, (row.label, *row.cells()), strict=True)) for row in rows]
