"""Rows of a store: one piece each."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento import Note, Piece
from partimento.corpus.store.rows import Origin, row_of


def test_a_store_refuses_what_it_would_lose():
    piece = Piece([Note(Fraction(0), Fraction(1), 60, voice=1)])
    with pytest.raises(ValueError, match="voices within a part"):
        row_of(piece, piece, Origin())
