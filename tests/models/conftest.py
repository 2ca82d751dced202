"""Data that the tests of several models share."""

from __future__ import annotations

import pytest
from tests.models.small_models import small_data

from partimento import Piece
from partimento.training.dataset import Dataset


@pytest.fixture(scope="session")
def data(pieces: list[Piece]) -> Dataset:
    """Return `pieces` by chords, in three splits."""
    return small_data(pieces)
