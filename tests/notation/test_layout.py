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


def test_rests_of_a_second_voice_are_shown():
    piece = Piece([*melody(1, 1, 1, 1, pitches=(72, 74)), Note(Q, Q * 2, 50)], parts=(GUITAR,))
    ((staff,),) = layout_of(piece).bars
    assert staff.stems
    upper, lower = staff.voices
    assert all(symbol.notes for symbol in upper)
    assert [(bool(symbol.notes), symbol.hidden) for symbol in lower if not symbol.notes] == [
        (False, False),
        (False, False),
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


def test_two_triplets_in_a_row_have_a_bracket_each():
    piece = Piece(melody(*[Q / 3] * 6, 2), parts=(GUITAR,))
    symbols = layout_of(piece).bars[0][0].voices[0][:6]
    assert [symbol.tuplet_starts for symbol in symbols] == [True, False, False] * 2
    assert [symbol.tuplet_stops for symbol in symbols] == [False, False, True] * 2


def test_grace_notes_stand_before_the_nearest_chord_that_is_struck():
    step = Fraction(1, 16)
    notes = [
        Note(Q * 0, Q * 2, 40),  # sustained: nothing leads to it
        Note(Q * 0, Q, 76),
        Note(Q - step, step, 74, grace=True),
        Note(Q, Q, 72),
        Note(Q, Q, 52),
    ]
    piece = Piece(notes, parts=(GUITAR,))
    graces = {
        symbol.onset: symbol.graces
        for voice in layout_of(piece).bars[0][0].voices
        for symbol in voice
        if symbol.graces
    }
    (index,) = (n for n, note in enumerate(piece.notes) if note.grace)
    assert graces == {ticks_for(piece): (index,)}


def test_a_note_over_a_bar_line_is_tied_and_one_that_ends_there_is_not():
    piece = Piece([Note(Q * 2, Q * 2, 60), Note(Q * 5, Q * 5, 64)], parts=(GUITAR,))
    bars = [bar[0].voices[0] for bar in layout_of(piece).bars]
    ties = [[symbol.notes for symbol in voice if symbol.notes] for voice in bars]
    assert ties[0] == [((0, False, False),)]
    assert [notes[0][1:] for notes in ties[1]] == [(False, True)]
    assert [notes[0][1:] for notes in ties[2]] == [(True, False)]
    assert [len(voice) for voice in ties] == [1, 1, 1]


def test_a_length_that_no_value_shows_gets_the_nearest_one():
    piece = Piece([Note(Q * 0, Fraction(96, 97), 60)], parts=(GUITAR,))
    first = layout_of(piece).bars[0][0].voices[0][0]
    assert (first.value.type, first.value.dots) in (("quarter", 0), ("eighth", 1))
    assert first.duration == Fraction(96, 97) * ticks_for(piece)


def test_rests_of_a_tuplet_are_drawn_in_a_lower_voice_too():
    upper = melody(1, 1, 2, pitches=(72,))
    lower = [Note(Q / 3, Q / 3, 52), Note(Q * 2 / 3, Q / 3, 52), Note(Q * 2, Q, 52)]
    (bar,) = layout_of(Piece([*upper, *lower], parts=(GUITAR,))).bars
    symbols = bar[0].voices[1]
    assert [(bool(s.notes), s.hidden) for s in symbols] == [
        (False, False),
        (True, False),
        (True, False),
        (False, False),
        (True, False),
        (False, False),
    ]
    assert [s.tuplet_starts for s in symbols] == [True, *[False] * 5]


def test_the_last_bar_lacks_what_the_pickup_took():
    notes = melody(1, 4, 3, pitches=(60,))
    assert [bar.duration for bar in bars_of(Piece(notes, pickup=Q))] == [1, 4, 3]
    shorter = bars_of(Piece([*notes[:2], Note(Q * 5, Q * 2, 60)], pickup=Q))
    assert [bar.duration for bar in shorter] == [1, 4, 4]
    assert [bar.duration for bar in bars_of(Piece(notes))] == [4, 4]
