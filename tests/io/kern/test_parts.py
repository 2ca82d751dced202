"""Parts of a Humdrum file."""

from __future__ import annotations

from partimento.io.kern.parts import Staves, read_name
from partimento.io.kern.spines import Column
from partimento.io.written import WrittenNote
from partimento.music.timelines import Part


def column(number: int, *tokens: str) -> Column:
    result = Column("**kern", number)
    for token in tokens:
        read_name(token, result)
    return result


def parts(*columns: Column) -> list[Part]:
    return Staves().parts(columns, [])[1]


def test_the_rightmost_staff_comes_first() -> None:
    result = parts(column(0, "*Icello"), column(1, '*I"Violin 1', "*Ivioln", "*I#1"))
    assert result == [Part("Violin 1", 40), Part("Cello", 42)]


def test_staves_of_one_part_are_one_part() -> None:
    columns = (column(0, "*part2"), column(1, "*part2", "*Iorgan"), column(2, "*part1"))
    notes = [WrittenNote(0, 4, 60, number, voice) for number, voice in ((0, 0), (1, 1), (1, 0))]
    placed, result = Staves().parts(columns, notes)
    assert result == [Part(), Part("Organ", 19)]
    assert [(note.part, note.voice) for note in placed] == [(1, 2), (1, 1), (1, 0)]


def test_two_staves_of_a_keyboard_are_one_part_and_two_violins_are_two() -> None:
    assert len(parts(column(0, "*Ipiano"), column(1, "*Ipiano"))) == 1
    assert len(parts(column(0, "*Ivioln"), column(1, "*Ivioln"))) == 2
    assert len(parts(column(0, "*Ipiano", "*part2"), column(1, "*Ipiano", "*part1"))) == 2


def test_a_bass_beside_a_soprano_is_a_voice() -> None:
    result = parts(column(0, "*I:[BASSO]"), column(1, "*I:[SOPRANO]"))
    assert [part.program for part in result] == [52, 52]


def test_percussion() -> None:
    assert parts(column(0, "*clefX")) == [Part("", None, True)]
    assert parts(column(0, "*Isdrum", '*I"Snare')) == [Part("Snare", None, True)]
    assert parts(column(0, "*ICbras")) == [Part("", 57)]
