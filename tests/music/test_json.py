"""A piece as JSON: nothing is lost."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from tests.music.strategies import pieces

from partimento import Piece
from partimento.music.json import fields_from_dict
from partimento.music.notes import Note


@given(pieces)
def test_a_piece_survives_conversion_to_dict_and_json(piece):
    assert Piece.from_json(piece.to_json()) == piece
    plain = piece.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert Piece.from_dict(plain) == piece


def test_voices_are_written_only_if_a_part_has_several():
    piece = Piece([Note(Fraction(0), Fraction(1), 60, voice=1), Note(Fraction(0), Fraction(1), 60)])
    assert Piece.from_json(piece.to_json()) == piece
    assert '"voice": [0, 1]' in piece.to_json().replace('":[', '": [').replace("[0,1]", "[0, 1]")
    assert "voice" not in Piece([Note(Fraction(0), Fraction(1), 60)]).to_json()


def test_fermatas_and_phrase_ends_are_written_only_if_there_are_any():
    notes = [Note(Fraction(1, 3), Fraction(1), 60)]
    piece = Piece(notes, fermatas=(Fraction(1, 3),), phrase_ends=(Fraction(4, 3), Fraction(1)))
    assert Piece.from_json(piece.to_json()) == piece
    assert piece.phrase_ends == (1, Fraction(4, 3))
    assert "fermatas" not in Piece(notes).to_json()
    assert Piece.from_json(Piece(notes).to_json()) == Piece(notes) != piece


def test_json_without_voices_is_read_and_invalid_json_refused():
    plain = Piece([Note(Fraction(0), Fraction(1), 60)]).to_dict()
    assert "voice" not in plain["notes"]
    assert fields_from_dict(plain)["notes"].voice.tolist() == [0]
    with pytest.raises(KeyError, match="pickup"):
        fields_from_dict({name: value for name, value in plain.items() if name != "pickup"})
    with pytest.raises(ValueError, match="no such meter"):
        fields_from_dict({**plain, "meters": [{"numerator": 0, "denominator": 4, "onset": "0"}]})
    with pytest.raises(ValueError, match="third"):
        fields_from_dict({**plain, "length": "a third"})
