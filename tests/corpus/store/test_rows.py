"""Rows of a store: one piece each."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from partimento import Event, Key, Meter, Note, Piece, Tempo
from partimento.corpus.store.columns import ARRAYS
from partimento.corpus.store.rows import (
    FACTS,
    Origin,
    facts_of,
    pack_row,
    piece_of,
    row_of,
    unpack_row,
)
from partimento.corpus.store.schema import table_of


def test_voices_and_phrases_survive():
    third = Fraction(1, 3)
    notes = [Note(third, 2 * third, 60, voice=1), Note(third, Fraction(1), 60)]
    piece = Piece(notes, fermatas=(third,), phrase_ends=(Fraction(1), Fraction(4, 3)))
    row = unpack_row(pack_row(row_of(piece, piece, Origin())))
    again = piece_of(row.plain, row.arrays)
    assert again == piece
    assert again.notes.voice.tolist() == [0, 1]


def test_a_row_survives_packing(row):
    again = unpack_row(pack_row(row))
    assert again.plain == row.plain
    for name in ARRAYS:
        np.testing.assert_array_equal(again.arrays[name], row.arrays[name])
    assert table_of([again]).num_rows == 1


def test_all_times_share_one_grid_and_survive():
    piece = Piece(
        [Note(Fraction(1, 3), Fraction(1, 2), 60)],
        meters=(Meter(3, 4, Fraction(1, 5)),),
        keys=(Key(-3, "minor", Fraction(1, 7)),),
        tempos=(Tempo(666_666, Fraction(1, 11)),),
        pickup=Fraction(1, 13),
        length=Fraction(5, 2),
        title="Étude",
        composer="Sor",
    )
    row = row_of(piece, piece, Origin("ab", 10, ".MID"), pickup=Fraction(1, 17))
    assert row.plain["divisions"] % (2 * 3 * 5 * 7 * 11 * 13 * 17) == 0
    assert piece_of(row.plain, row.arrays) == piece
    assert Fraction(row.plain["pickup_inferred"], row.plain["divisions"]) == Fraction(1, 17)


def test_facts_equal_the_columns_of_a_row():
    piece = Piece.from_events([Event((60, 64, 67), Fraction(1)), Event((62,), Fraction(1))])
    facts = facts_of(piece, piece, "Gitarre")
    row = row_of(piece, piece, Origin(instrument="Gitarre"))
    assert set(facts) == set(FACTS)
    assert facts == {name: row.plain[name] for name in FACTS}
    assert (facts["events"], facts["solo"], facts["instruments"]) == (2, True, ["guitar"])


def test_invalid_bytes_are_refused(row):
    good = pack_row(row)
    for bad in (good[:-1], good + b"\0", b'{"row": {}, "sizes": []}\n', b"words"):
        with pytest.raises(ValueError, match=r"row|buffer|Expecting"):
            unpack_row(bad)
