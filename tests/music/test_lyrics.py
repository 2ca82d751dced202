"""Words stay with a piece."""

from __future__ import annotations

from fractions import Fraction

from tests.pieces import chorale

from partimento.music.lyrics import Syllable
from partimento.music.piece import Piece

WORDS = (Syllable("Lo-"), Syllable("bet ", Fraction(1)), Syllable("Gott\n", Fraction(4)))


def test_words_stay_in_json_and_in_an_excerpt() -> None:
    piece = chorale().replace(lyrics=WORDS)
    assert Piece.from_json(piece.to_json()).lyrics == WORDS
    assert "lyrics" not in chorale().to_dict()
    assert piece.cut(2).lyrics == (Syllable("Gott\n", Fraction(0)),)
    assert piece.transpose(3).lyrics == WORDS
