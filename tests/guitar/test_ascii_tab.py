"""Tablature as plain text."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.guitar.scores import GUITAR, line, study

from partimento import Meter, Note, PartimentoError, Piece
from partimento.guitar.ascii_tab import to_ascii, tuning_text
from partimento.guitar.fingerings import fingering

STUDY_TAB = """\
Study
A Learner
C major, 3/4, 120 quarters per minute
Tuning: standard, E A D G B E

  1             2
   E E E E E E   E E E E E E
e|-------0-----|-------0-----|
B|-----1---1---|-----1---1---|
G|---0-------0-|---0-------0-|
D|-------------|-------------|
A|-3-----------|-3-----------|
E|-------------|-------------|
"""


def test_a_study_as_guitarists_write_it() -> None:
    assert to_ascii(fingering(study())) == STUDY_TAB


def test_longer_notes_take_more_room() -> None:
    quarter, half = Fraction(1), Fraction(2)
    notes = [Note(0, half, 64), Note(half, quarter, 65), Note(half + 1, quarter, 67)]
    text = to_ascii(fingering(Piece(notes, parts=(GUITAR,))))
    assert "   H   Q Q" in text
    assert "e|-0---1-3-|" in text


def test_frets_of_two_digits_stay_aligned() -> None:
    notes = [Note(0, 1, 81), Note(0, 1, 45), Note(1, 1, 83)]
    rows = to_ascii(fingering(Piece(notes, parts=(GUITAR,)))).splitlines()[-6:]
    assert len({len(row) for row in rows}) == 1
    assert "17-19" in rows[0]


def test_lines_are_wrapped_between_bars() -> None:
    text = to_ascii(fingering(study(9)), width=60)
    rows = [row for row in text.splitlines() if row.startswith("e|")]
    assert len(rows) == 3
    assert max(map(len, rows)) <= 60


def test_capo_and_tuning_are_stated() -> None:
    text = to_ascii(fingering(line(66, 68), capo=2, tuning="dadgad"))
    assert "Tuning: dadgad, D A D G A D" in text
    assert "Capo: fret 2" in text
    assert "d|" in text


def test_a_change_of_meter_is_stated() -> None:
    piece = study().replace(meters=(Meter(3, 4), Meter(2, 4, Fraction(3))))
    assert " 2/4" in to_ascii(fingering(piece))


def test_a_piece_without_frets_is_refused() -> None:
    with pytest.raises(PartimentoError, match="find a fingering first"):
        to_ascii(study())


def test_unknown_tunings_are_written_by_their_pitches() -> None:
    assert tuning_text((62, 57, 53, 48, 43, 36)) == "C2 G2 C3 F3 A3 D4"
