"""Which notes share a beam."""

from pathlib import Path

import pytest
from tests.io.musicxml.documents import root_of
from tests.notation.layouts import layout_of
from tests.pieces import GUITAR, Q, melody

from partimento.io.musicxml.read import piece_from_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Meter
from partimento.notation.beams import flags


def test_beams_keep_to_half_bars_and_dotted_beats():
    def groups(piece: Piece) -> list[str]:
        return [note.findtext("beam") for note in root_of(piece).iter("note")]

    assert groups(Piece(melody(*[Q / 2] * 8))) == ["begin", "continue", "continue", "end"] * 2
    assert (
        groups(Piece(melody(*[Q / 2] * 6), meters=(Meter(6, 8),)))
        == ["begin", "continue", "end"] * 2
    )
    assert groups(Piece(melody(*[Q / 2] * 6), meters=(Meter(3, 4),))) == [
        "begin",
        *["continue"] * 4,
        "end",
    ]
    assert groups(Piece(melody(Q * 3 / 4, Q / 4, 1, 2))) == ["begin", "end", None, None]


def beams(*lengths):
    (symbols,) = layout_of(Piece(melody(*lengths), parts=(GUITAR,))).bars[0][0].voices
    return [symbol.beams for symbol in symbols]


def test_sixteenths_have_two_beams_within_their_beat():
    assert beams(*[Q / 4] * 4, 1, 2)[:5] == [
        ("begin", "begin"),
        ("continue", "continue"),
        ("continue", "continue"),
        ("end", "end"),
        (),
    ]
    assert beams(*[Q / 4] * 8, 2)[3:5] == [("end", "end"), ("begin", "begin")]


def test_a_lone_short_note_points_to_its_partner():
    assert beams(Q * 3 / 4, Q / 4, 3)[:2] == [("begin",), ("end", "backward hook")]
    assert beams(Q / 4, Q * 3 / 4, 3)[:2] == [("begin", "forward hook"), ("end",)]


def test_no_beam_crosses_a_rest_and_none_is_alone():
    notes = [Note(Q * 0, Q / 2, 60), Note(Q, Q / 2, 62), Note(Q * 3 / 2, Q / 2, 64)]
    (symbols,) = layout_of(Piece(notes, parts=(GUITAR,))).bars[0][0].voices
    assert [s.beams for s in symbols][:4] == [(), (), ("begin",), ("end",)]
    assert [flags(s) for s in symbols][:2] == [1, 1]


def brackets(piece: Piece) -> list[str]:
    return [
        tuplet.get("bracket") for tuplet in root_of(piece).iter("tuplet") if tuplet.get("bracket")
    ]


def test_a_tuplet_has_a_bracket_unless_one_beam_covers_it_exactly():
    case = Path(__file__).parents[1] / "cases" / "eng-e01-triplet-rests-1780.musicxml"
    assert brackets(piece_from_musicxml(case.read_bytes())) == ["yes"]
    assert brackets(Piece(melody(*[Q / 3] * 3, *[Q / 5] * 5, 2, pitches=(72,)))) == ["no", "no"]
    assert brackets(Piece(melody(*[Q * 2 / 3] * 3, 2))) == ["yes"]


@pytest.mark.parametrize("silent", range(5))
def test_a_quintuplet_with_a_rest_has_a_bracket_over_the_rest(silent):
    notes = melody(*[Q / 5] * 5, 3)
    root = root_of(Piece([note for i, note in enumerate(notes) if i != silent]))
    marks = [[m.get("type") for m in note.iter("tuplet")] for note in root.iter("note")]
    assert marks[:5] == [["start"], [], [], [], ["stop"]]
    assert [m.get("bracket") for m in root.iter("tuplet")] == ["yes", None]
