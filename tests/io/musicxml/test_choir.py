"""A choir in MusicXML: two staves, and four parts when it is read back."""

from fractions import Fraction

import pytest
from tests.io.musicxml.documents import root_of
from tests.notation.test_choir import SATB, choir
from tests.pieces import Q

from partimento.collect import chorales
from partimento.corpus import read_piece
from partimento.io.musicxml.own_documents import says_only_notes
from partimento.io.musicxml.read import parse, piece_from_musicxml
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part


def rows(piece):
    return [(n.part, n.onset, n.duration, n.pitch) for n in piece.notes]


def test_two_staves_under_a_bracket_name_their_singers():
    root = root_of(choir())
    names = [name.text for name in root.iter("part-name")]
    assert names == ["Soprano\nAlto", "Tenor\nBass"]
    assert root.findtext("part-list/part-group/group-symbol") == "bracket"
    assert [len(part.findall("measure")) for part in root.iter("part")] == [1, 1]
    # A reference from each note would make MuseScore announce a change of instruments.
    assert next(root.iter("instrument"), None) is None


@pytest.mark.parametrize(
    "parts", [SATB, tuple(Part(part.name, 52 + i % 2) for i, part in enumerate(SATB))]
)
def test_four_parts_are_read_back(parts):
    silent = Note(Fraction(8), Fraction(2), 50, part=3)  # the others rest
    piece = choir(parts, more=[silent])
    text = to_musicxml(piece)
    back = piece_from_musicxml(text.encode())
    assert rows(back) == rows(piece)
    assert back.parts == piece.parts
    assert back.length == Fraction(12)
    assert says_only_notes(parse(text.encode()))


def test_two_parts_are_read_from_the_documents_of_other_programs():
    text = to_musicxml(choir()).replace("<software>Partimento", "<software>MuseScore 3")
    back = piece_from_musicxml(text.encode())
    assert len(back.parts) == 2
    assert sorted((n.onset, n.pitch) for n in back.notes) == sorted(
        (n.onset, n.pitch) for n in choir().notes
    )


def test_a_unison_of_two_voices_stays_two_notes():
    notes = [Note(Q * beat, Q, 65, part=part) for part in (0, 1) for beat in range(4)]
    notes += [Note(Q * 0, Q * 4, 50, part=part) for part in (2, 3)]
    piece = Piece(notes, parts=SATB)
    assert rows(piece_from_musicxml(to_musicxml(piece).encode())) == rows(piece)


@pytest.mark.parametrize("stem", ["bwv66.6", "bwv269", "bwv363"])
def test_chorales_of_bach_are_read_back(stem):
    (path,) = [path for path in chorales() if path.stem == stem]
    piece = read_piece(path).replace(score=None)
    back = piece_from_musicxml(to_musicxml(piece).encode())
    assert rows(back) == rows(piece)
    assert back.parts == piece.parts
    assert back.pickup == piece.pickup


def test_every_note_has_its_id():
    piece = choir()
    ids = {note.get("id") for note in root_of(piece).iter("note")}
    assert ids == {f"n{i}" for i in range(len(piece.notes))}
