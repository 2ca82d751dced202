"""A part laid out bar by bar."""

from collections import Counter
from fractions import Fraction

import pytest
from tests.notation.layouts import layout_of
from tests.pieces import GUITAR, PIECES, Q, melody

from partimento.errors import PartimentoError
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Meter
from partimento.notation.layout import bars_of, ticks_for


def test_absurdly_long_pieces_are_refused():
    with pytest.raises(PartimentoError, match="too long to engrave"):
        to_musicxml(Piece([Note(Fraction(10**6), Q, 60)]))


@pytest.mark.parametrize("name", [name for name in PIECES if len(PIECES[name].notes)])
def test_every_voice_fills_its_bar_and_every_note_is_written_once(name):
    piece = PIECES[name]
    ticks, bars = ticks_for(piece), bars_of(piece)
    begun = Counter()
    for part in range(len(piece.parts)):
        for bar, staves in zip(bars, layout_of(piece, part).bars, strict=True):
            for symbols in (voice for staff in staves for voice in staff.voices):
                assert symbols[0].onset == bar.onset * ticks
                end = (bar.onset + bar.duration) * ticks
                assert [s.onset + s.duration for s in symbols] == [
                    *(s.onset for s in symbols[1:]),
                    end,
                ]
                for symbol in symbols:
                    begun.update(index for index, tied, _ in symbol.notes if not tied)
    assert begun == Counter(range(len(piece.notes)))


def test_a_silent_bar_has_one_rest_of_its_own():
    piece = Piece([Note(Q * 6, Q, 60)], meters=(Meter(3, 4),), parts=(GUITAR,))
    silent, _, sounding = (bar[0].voices for bar in layout_of(piece).bars)
    assert [(s.whole_bar, s.notes, s.value.type) for s in silent[0]] == [(True, (), "whole")]
    assert not any(symbol.whole_bar for symbol in sounding[0])


def test_rests_of_a_second_voice_are_hidden():
    piece = Piece([*melody(1, 1, 1, 1, pitches=(72, 74)), Note(Q, Q * 2, 50)], parts=(GUITAR,))
    ((staff,),) = layout_of(piece).bars
    assert staff.stems
    upper, lower = staff.voices
    assert all(symbol.notes for symbol in upper)
    assert [(bool(symbol.notes), symbol.hidden) for symbol in lower if not symbol.notes] == [
        (False, True),
        (False, True),
    ]


def test_a_pickup_is_counted_from_the_end_of_a_whole_bar():
    piece = Piece(melody(Q / 2, Q / 2, 1, 2, pitches=(60,)), pickup=Q, parts=(GUITAR,))
    first, ticks = layout_of(piece).bars[0][0].voices[0], ticks_for(piece)
    assert [(s.value.type, s.value.start, s.beams) for s in first] == [
        ("eighth", 3 * ticks, ("begin",)),
        ("eighth", 3 * ticks + ticks // 2, ("end",)),
    ]


def test_ticks_carry_every_time_of_the_piece():
    piece = Piece(melody(Q / 7, Q / 5), pickup=Q / 3, length=Q * 4)
    assert ticks_for(piece) % (3 * 5 * 7 * 64) == 0
    assert ticks_for(Piece([])) % 256 == 0
