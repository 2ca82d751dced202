"""Sections and measures of MEI."""

from __future__ import annotations

from fractions import Fraction

from tests.io.mei.documents import STAFF, main_notes, measure, note, read

from partimento import Meter
from partimento.io.mei.read import piece_from_mei
from partimento.music.timelines import ChordSymbol

F = Fraction


def test_layers_of_a_measure_sound_together() -> None:
    piece = read(measure(note("c5", 1), note("e4", 2) + note("f4", 2)))
    assert main_notes(piece) == [(0, 2, 64), (0, 4, 72), (2, 2, 65)]


def test_measures_of_rest_last_as_long_as_their_meter() -> None:
    piece = read(
        measure("<mRest/>"),
        measure("<mSpace/>"),
        measure('<multiRest num="3"/>'),
        measure(note("c4", 1)),
        measure("<mRest/>", note("d4", 2)),
    )
    assert main_notes(piece) == [(20, 4, 60), (24, 2, 62)]
    assert len(piece.bars()) == 7


def test_a_whole_rest_alone_is_a_measure_rest() -> None:
    attributes = 'meter.count="3" meter.unit="4"'
    definition = f"</scoreDef><scoreDef {attributes}>{STAFF}"
    piece = read(measure('<rest dur="1"/>'), measure(note("c4", 2)), definition=definition)
    assert main_notes(piece) == [(3, 2, 60)]


def test_a_short_first_measure_is_a_pickup() -> None:
    piece = read(measure(note("c4"), attributes='metcon="false"'), measure(note("d4", 1)))
    assert piece.pickup == 1
    assert piece.meters == (Meter(4, 4),)


def test_most_layers_decide_the_length_of_a_measure() -> None:
    piece = read(
        measure(note("c4", 1), note("e4", 1), note("g4", 1) + note("a4", 8)), measure(note("d4", 1))
    )
    assert main_notes(piece)[-1] == (4, 4, 62)


def test_repeated_measures() -> None:
    music = note("c4", 2) + note("d4", 2)
    piece = read(measure(music), measure("<mRpt/>"), measure(note("e4", 1)), measure("<mRpt2/>"))
    assert [n[2] for n in main_notes(piece)] == [60, 62, 60, 62, 64, 60, 62]


def test_tempos_and_chord_symbols_have_places() -> None:
    piece = read(
        measure(
            note("c4", 1),
            after='<tempo tstamp="1" midi.bpm="90"/><harm tstamp="3">B♭7</harm>'
            '<harm tstamp="4">V</harm>',
        ),
        measure(note("d4", 1), after='<tempo tstamp="3" mm="60" mm.unit="4"/><tempo tstamp="x"/>'),
    )
    assert [(round(t.bpm), t.onset) for t in piece.tempos] == [(90, 0), (60, 6)]
    assert piece.chord_symbols == (ChordSymbol("Bb7", F(2)),)


def test_movements_follow_each_other_and_parts_sound_together() -> None:
    score = f"<score><scoreDef meter.count='4' meter.unit='4'>{STAFF}</scoreDef><section>"
    first = f"<mdiv>{score}{measure(note('c4', 1))}</section></score></mdiv>"
    part = score.replace("<score>", "<part>")
    parts = "".join(f"{part}{measure(note(n, 1))}</section></part>" for n in ("d4", "e4"))
    piece = piece_from_mei(f"<mei>{first}<mdiv><parts>{parts}</parts></mdiv></mei>".encode())
    assert main_notes(piece) == [(0, 4, 60), (4, 4, 62), (4, 4, 64)]
    assert len({n.part for n in piece.notes if n.onset == 4}) == 2


def test_impossible_marks_are_reported() -> None:
    piece = read(
        '<scoreDef meter.count="4" meter.unit="5"/>',
        measure(note("c4", 1), after='<tempo midi.bpm="0"/>'),
    )
    assert piece.warnings == (
        "measure 1: no such meter: 4/5",
        "measure 1: no such tempo: 0 quarter notes per minute",
    )
    assert piece.meters == (Meter(4, 4),)


def test_fermatas_and_breath_marks_of_notes_and_rests() -> None:
    first = note("c4").replace("/>", ' fermata="above"/>')
    named = note("d4").replace("/>", ' xml:id="a"/>')
    rest = '<rest dur="4" fermata="above"/>'
    last = note("e4").replace("/>", ' xml:id="b"/>')
    after = '<fermata startid="#a"/><breath startid="#b"/>'
    piece = read(measure(first + named + rest + last, after=after), measure(note("c4", 1)))
    assert (piece.fermatas, piece.phrase_ends) == ((0, 1), (1, 2, 3, 4))


def test_fermatas_and_breath_marks_at_times() -> None:
    music = note("c4") + note("d4") + note("e4") + note("f4")
    first = '<fermata tstamp="2" staff="1"/><caesura tstamp="4"/><fermata tstamp="3" staff="2"/>'
    piece = read(measure(music, after=first), measure(music, after='<fermata tstamp="5"/>'))
    assert (piece.fermatas, piece.phrase_ends) == ((1,), (2, 3, 8))


def test_layers_are_voices() -> None:
    piece = read(measure(note("c5", 1), note("e4", 2) + note("f4", 2)))
    assert [(n.pitch, n.voice) for n in piece.notes] == [(64, 1), (72, 0), (65, 1)]
