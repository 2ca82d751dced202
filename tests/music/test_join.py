"""Pieces one after another."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento import Key, Meter, Note, Part, Piece, Tempo
from partimento.errors import PartimentoError
from partimento.music.join import join

THREE = Piece(
    [Note(Fraction(0), Fraction(1), 60), Note(Fraction(1), Fraction(5, 2), 62)],
    meters=(Meter(3, 4),),
    keys=(Key.from_name("D major"),),
    tempos=(Tempo.from_bpm(100),),
    pickup=Fraction(1),
)
FOUR = Piece([Note(Fraction(0), Fraction(1, 3), 64)], meters=(Meter(4, 4),))


def test_each_piece_begins_with_a_bar_and_a_pickup_stands_at_its_end() -> None:
    whole = join([THREE, FOUR], title="Both")
    onsets = [note.onset for note in whole.notes]
    assert onsets == [2, 3, 10]  # six quarters, a bar of rest in the meter of the second
    assert [(meter.onset, meter.numerator) for meter in whole.meters] == [(0, 3), (10, 4)]
    assert whole.keys[0].fifths == 2
    assert whole.notes[2].duration == Fraction(1, 3)
    assert whole.length == 14
    assert whole.title == "Both"


def test_pieces_with_different_parts_are_refused() -> None:
    two = Piece([Note(Fraction(0), Fraction(1), 60)], parts=(Part("a"), Part("b")))
    with pytest.raises(PartimentoError, match="same number of parts"):
        join([FOUR, two])
    with pytest.raises(PartimentoError):
        join([])
