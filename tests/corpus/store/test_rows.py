"""Rows of a store: one piece each."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento import Note, Piece
from partimento.corpus.store.columns import ARRAYS
from partimento.corpus.store.rows import Origin, pack_row, row_of, unpack_row
from partimento.corpus.store.schema import table_of


def test_a_store_refuses_what_it_would_lose():
    piece = Piece([Note(Fraction(0), Fraction(1), 60, voice=1)])
    with pytest.raises(ValueError, match="voices within a part"):
        row_of(piece, piece, Origin())


def test_a_row_comes_back_whole(row):
    again = unpack_row(pack_row(row))
    assert again.plain == row.plain
    for name in ARRAYS:
        np.testing.assert_array_equal(again.arrays[name], row.arrays[name])
    assert table_of([again]).num_rows == 1
