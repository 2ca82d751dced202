"""Drums as unpitched notes."""

from pathlib import Path

from tests.io.musicxml.documents import root_of
from tests.pieces import Q, melody

from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Part

CASE = Path(__file__).parents[2] / "cases" / "eng-e14-drums.musicxml"


def test_drums_are_unpitched_notes_on_a_percussion_staff():
    root = root_of(piece_from_musicxml(CASE.read_bytes()))
    assert root.find(".//clef/sign").text == "percussion"
    assert root.find(".//pitch") is None
    assert root.find(".//accidental") is None
    places = [
        note.findtext("unpitched/display-step") + note.findtext("unpitched/display-octave")
        for note in root.iter("note")
        if note.find("unpitched") is not None
    ]
    assert sorted(places) == ["A5", "C5", "F4", "G5", "G5"]
    heads = [note.findtext("notehead") for note in root.iter("note")]
    assert heads.count("x") == 3


def read_again(piece):
    return piece_from_musicxml(to_musicxml(piece).encode())


def test_every_pitch_is_read_back():
    kit = Part("", 8, True)
    piece = Piece(melody(*[Q] * 128, pitches=range(128)), parts=(kit,), keys=(Key(2),))
    back = read_again(piece)
    assert back.notes == piece.notes
    assert back.parts == (kit,)
    assert back.keys == piece.keys


def test_a_kit_beside_another_part_has_no_key_signature():
    notes = [*melody(1, 1, pitches=(36, 42)), *(Note(Q * n, Q, 60, part=1) for n in (0, 1))]
    parts = (Part("Kit", None, True), Part("Guitar", 24))
    piece = Piece(notes, parts=parts, keys=(Key(-3),))
    back = read_again(piece)
    assert (back.notes, back.parts, back.keys) == (piece.notes, piece.parts, piece.keys)
    hidden = [key.get("print-object") for key in root_of(piece).iter("key")]
    assert hidden == ["no", None]


def test_a_flam_is_a_grace_note_of_the_same_instrument():
    flam = Note(Q - Q / 16, Q / 16, 38, grace=True)
    piece = Piece([Note(Q * 0, Q, 36), flam, Note(Q, Q, 38)], parts=(Part("Kit", None, True),))
    graces = [note for note in root_of(piece).iter("note") if note.find("grace") is not None]
    assert [note.find("instrument").get("id") for note in graces] == ["P1-I39"]
    assert read_again(piece).notes == piece.notes
