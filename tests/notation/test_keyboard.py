"""The hands of a keyboard in two parts, and their clefs."""

import pytest
from tests.io.musicxml.documents import root_of
from tests.notation.layouts import layout_of
from tests.pieces import Q, melody

from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.notation.keyboard import has_hands
from partimento.notation.staves import BASS, TREBLE

PIANO = Part("", 0)


def hands(*, right=(72, 76, 79, 84), left=(48, 43, 36, 55), parts=(PIANO, PIANO), more=()):
    upper = melody(1, 1, 1, 1, pitches=right)
    lower = [Note(n.onset, n.duration, n.pitch, part=1) for n in melody(1, 1, 1, 1, pitches=left)]
    return Piece([*upper, *lower, *more], parts=parts)


@pytest.mark.parametrize(
    ("piece", "are_hands"),
    [
        (hands(), True),
        (hands(parts=(PIANO, Part())), True),  # programs often stand in the first track alone
        (hands(parts=(Part("Cembalo"), Part("Cembalo"))), True),
        (hands(right=(72, 48, 79, 45)), True),  # the hands cross
        (hands(right=(48, 43), left=(72, 76)), False),
        (hands(right=(72, 76), left=(67, 69)), False),
        (hands(parts=(Part("Flute", 0), PIANO)), False),
        (hands(parts=(PIANO, Part("", 6))), False),
        (hands(parts=(Part("Piano", 0, staves=2), Part("Piano", 0, staves=2))), False),
        (hands(parts=(Part("", 0, clef="treble"), PIANO)), False),
        (hands(more=[Note(Q * 0, Q * 4, 40)]), False),  # no hand reaches so far
        (hands().part(0), False),
    ],
)
def test_hands_are_known_by_instrument_place_and_reach(piece, are_hands):
    assert has_hands(piece) == are_hands


def test_hands_have_a_staff_each_under_a_brace():
    # Its range alone would give the right hand two staves.
    piece = hands(right=(72, 48, 79, 84))
    root = root_of(piece)
    assert root.findtext("part-list/part-group/group-symbol") == "brace"
    signs = [[c.findtext("sign") for c in part.iter("clef")] for part in root.iter("part")]
    assert signs == [["G"], ["F"]]
    assert next(root.iter("staves"), None) is None
    assert piece_from_musicxml(to_musicxml(piece).encode()).notes == piece.notes


def test_a_clef_changes_for_several_notes_far_away_and_not_for_one():
    high = [Note(Q * (8 + i) / 2, Q / 2, 79, part=1) for i in range(8)]
    back = [Note(Q * (8 + i), Q, 36 + 43 * (i == 1), part=1) for i in range(8)]
    piece = hands(more=[*high, *back])
    assert [bar[0].clef for bar in layout_of(piece, 1).bars] == [BASS, TREBLE, BASS, BASS]
    assert {bar[0].clef for bar in layout_of(piece).bars} == {TREBLE}
    changes = [
        [(clef.findtext("sign"), clef.get("number")) for clef in measure.iter("clef")]
        for measure in root_of(piece).findall("part")[1].iter("measure")
    ]
    assert changes == [[("F", None)], [("G", None)], [("F", None)], []]


def test_a_staff_of_a_system_changes_its_clef_by_number():
    # One part: both hands jump into the treble.
    notes = [Note(Q * i, Q, p) for i in range(4) for p in (36, 40, 74)]
    notes += [Note(Q * (4 + i), Q, p) for i in range(4) for p in (72, 76, 79, 84, 91, 96)]
    root = root_of(Piece(notes, parts=(PIANO,)))
    first, second = root.iter("measure")
    assert [clef.findtext("sign") for clef in first.iter("clef")] == ["G", "F"]
    assert [(c.findtext("sign"), c.get("number")) for c in second.iter("clef")] == [("G", "2")]
