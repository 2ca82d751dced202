"""Which notes share a beam."""

from tests.io.musicxml.documents import root_of
from tests.notation.layouts import layout_of
from tests.pieces import GUITAR, Q, melody

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
