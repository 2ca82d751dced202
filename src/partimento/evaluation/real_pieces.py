"""Measure the criteria of real pieces, with which candidates are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from partimento.analysis.bar_returns import bar_returns
from partimento.generate.criteria import Criteria, measure
from partimento.models.base import NextModel
from partimento.training.dataset import Dataset, TransposedPiece
from partimento.training.real_pieces import FEWEST, RealPieces, Spread

if TYPE_CHECKING:
    from partimento.models.base import Model

BARS = 16  # measured of each piece: pieces of other lengths would have other loops
MOST = 300  # pieces to measure
EXAMPLES = 100  # of them, whose features are kept
FORMS = 150  # of them, of which it is kept which bars return
LONGEST = 64  # bars of a form
SHARE = 0.95
# The least deviations: a corpus of almost equal pieces must not exclude all candidates.
IN_KEY, PARALLELS, NATS = 0.01, 2.0, 0.1
STYLE = 0.02  # of each feature, as a share of its mean


def real_pieces(data: Dataset, model: Model | None = None) -> RealPieces:
    """Measure the pieces of a data set; the defaults if there are too few.

    Criteria are measured on the first 16 bars of training and validation pieces. The likelihood is
    that of the validation pieces, which the model has not learned.

    Parameters
    ----------
    data : Dataset
    model : Model, optional
        The trained model, for the likelihoods.
    """
    items = [item for item in (*data.valid, *data.train) if len(item.piece.notes)][:MOST]
    if len(items) < FEWEST:
        return RealPieces()
    rows = [_measured(item) for item in items]
    style = _spreads([row.style for row in rows])
    return RealPieces(
        in_key=Spread.of([row.in_key for row in rows], IN_KEY),
        parallels=Spread.of([row.parallels for row in rows], PARALLELS),
        nats=_nats(data, model),
        style=style,
        examples=tuple(_rounded(row.style) for row in rows[:: -(-len(rows) // EXAMPLES)]),
        forms=tuple(bar_returns(item.piece, LONGEST) for item in items[:: -(-len(items) // FORMS)]),
        loop=float(np.quantile([row.loop for row in rows], SHARE)),
        repeated_bar=int(np.quantile([row.repeated_bar for row in rows], SHARE)),
        pieces=len(rows),
    )


def _measured(item: TransposedPiece) -> Criteria:
    piece = item.piece
    numbers = [bar.number for bar in piece.bars()]
    last = min(numbers[-1], numbers[0] + BARS - 1)
    return measure(piece.cut(numbers[0], last), item.key)


def _spreads(rows: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    """Return the spread of each feature; without those that no piece defines."""
    found = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row[name] for row in rows if math.isfinite(row.get(name, math.nan))]
        if len(values) >= FEWEST:
            found[name] = Spread.of(values, max(STYLE * abs(float(np.mean(values))), 1e-6))
    return found


def _rounded(style: Mapping[str, float]) -> dict[str, float]:
    """Round the features, and leave out those that are not defined."""
    return {name: round(value, 4) for name, value in style.items() if math.isfinite(value)}


def _nats(data: Dataset, model: Model | None) -> Spread:
    """Return the nats per event of the validation pieces, if the model has them."""
    default = RealPieces().nats
    if not isinstance(model, NextModel):
        return default
    tokens = data.tokens("valid")
    events = [max(data.tokenizer.events_in(piece.ids[1:]), 1) for piece in tokens]
    nats = [
        float(row.sum()) / count
        for row, count in zip(model.piece_nats(tokens), events, strict=True)
    ]
    finite = [value for value in nats if math.isfinite(value)]
    return Spread.of(finite, NATS) if len(finite) >= FEWEST else default
