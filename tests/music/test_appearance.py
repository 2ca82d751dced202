"""Instruments and clefs of pieces are changed, and drums stay."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento import Note, Part, PartimentoError, Piece
from partimento.music.appearance import name_with_program

PARTS = (Part("Piano", 0, staves=2), Part("Melody"), Part("Kit", is_drum=True))
PIECE = Piece([Note(Fraction(0), Fraction(1), 60, part=i) for i in range(3)], parts=PARTS)


def test_programs_of_all_parts_but_drums() -> None:
    changed = PIECE.with_program(24)
    assert [part.program for part in changed.parts] == [24, 24, None]
    assert changed.parts[0].name != "Piano"
    assert changed.parts[1].name == "Melody"


def test_names_that_name_no_instrument_stay() -> None:
    assert name_with_program("Solo", 24) == "Solo"


def test_clefs() -> None:
    assert [part.clef for part in PIECE.with_clef("treble-8").parts] == ["treble-8"] * 2 + [""]


def test_a_clef_is_drawn(tmp_path) -> None:
    alone = Piece([Note(Fraction(0), Fraction(1), p) for p in (40, 80)]).with_clef("alto")
    text = alone.save(tmp_path / "a.musicxml")[0].read_text()
    assert text.count("<clef") == 1
    assert "<sign>C</sign>" in text


def test_wrong_words() -> None:
    with pytest.raises(PartimentoError, match="no such clef"):
        PIECE.with_clef("violin")
    with pytest.raises(ValueError, match="from 0 to 127"):
        PIECE.with_program(128)
