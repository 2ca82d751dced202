"""Real pieces, dull ones and their evaluation, for several folders of tests."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from partimento import Event, Piece
from partimento.analysis.features.table import FEATURES

if TYPE_CHECKING:
    from partimento.evaluation.evaluate import Evaluation

ENTRIES = {name: feature.entries for name, feature in FEATURES.items() if feature.entries}


@pytest.fixture(scope="session")
def real() -> list[Piece]:
    from tests.conftest import small_piece

    return [small_piece(number, shift=number % 5) for number in range(12)]


@pytest.fixture(scope="session")
def dull() -> list[Piece]:
    """Return pieces of one chord per bar, always the same one."""
    return [
        Piece.from_events([Event((60, 64 + number % 2), Fraction(4))] * 16) for number in range(5)
    ]


@pytest.fixture(scope="session")
def found(real: list[Piece], dull: list[Piece]) -> Evaluation:
    """Return the evaluation of the dull pieces against the real ones."""
    from partimento.evaluation.evaluate import evaluate

    return evaluate(dull, real, draws=4)


def rows(found: Evaluation) -> dict[str, dict[str, object]]:
    """Return the rows of an evaluation by their names."""
    return {row["name"]: row for row in found.to_plain()["rows"]}
