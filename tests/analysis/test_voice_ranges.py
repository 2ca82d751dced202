from fractions import Fraction

from partimento import Note, Part, Piece
from partimento.analysis.voice_grid import voice_lines
from partimento.analysis.voice_ranges import INSTRUMENTS, SATB, program_range, voice_ranges
from partimento.music.instruments import PROGRAMS

Q = Fraction(1)


def ranges(*parts: Part) -> list[tuple[int, int] | None]:
    notes = [Note(Q * 0, Q, 72 - number, part=number) for number in range(len(parts))]
    piece = Piece(notes, parts=parts)
    return voice_ranges(piece, voice_lines(piece))


def test_four_equal_parts_are_a_choir():
    assert ranges(*[Part()] * 4) == list(SATB.values())
    assert ranges(*[Part(program=0)] * 4) == list(SATB.values())


def test_instruments_have_their_own_ranges():
    assert ranges(Part(program=40), Part(program=42)) == [(55, 100), (36, 81)]
    assert ranges(Part(), Part()) == [None, None]


def test_a_name_of_a_voice_wins():
    assert ranges(Part("ALTO", 40), Part("Violin", 40)) == [SATB["alto"], (55, 100)]


def test_every_instrument_is_one_of_general_midi():
    assert set(INSTRUMENTS) <= set(PROGRAMS)
    assert program_range(40) == (55, 100)
    assert program_range(127) is None
