"""A choir of four voices on two staves."""

from fractions import Fraction

import pytest
from tests.io.musicxml.documents import root_of
from tests.pieces import Q, melody

from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.notation.choir import shared_staves
from partimento.notation.graces import written_notes

SATB = tuple(map(Part, ("Soprano", "Alto", "Tenor", "Bass")))
TOGETHER, APART = ((0, 1), (2, 3)), ((0,), (1,), (2,), (3,))


def choir(parts=SATB, *, more=()) -> Piece:
    notes = [
        Note(Q * beat, Q, pitch, part=part)
        for part, pitch in enumerate((72, 65, 57, 48))
        for beat in range(4)
    ]
    return Piece([*notes, *more], parts=parts)


def staves_of(piece):
    return shared_staves(piece, written_notes(piece, "exact"))


@pytest.mark.parametrize(
    ("parts", "staves"),
    [
        (SATB, TOGETHER),
        (tuple(Part(name, 52) for name in "SATB"), TOGETHER),
        (tuple(Part(name, 19) for name in ("Sopran", "Alt", "Tenor", "Bass")), TOGETHER),
        (tuple(map(Part, ("Tenor 1", "Tenor II", "Baritone", "Bass"))), TOGETHER),
        (tuple(Part("", 53) for _ in range(4)), TOGETHER),
        (tuple(map(Part, ("Bass", "Tenor", "Alto", "Soprano"))), APART),
        (tuple(Part(name, 66) for name in ("Soprano", "Alto", "Tenor", "Baritone")), APART),
        (tuple(map(Part, ("Violin 1", "Violin 2", "Viola", "Cello"))), APART),
        (tuple(Part("", 0) for _ in range(4)), APART),
        ((*SATB[:3], Part("Bass", clef="bass")), APART),
        ((*SATB[:3], Part("Bass", None, True)), APART),
    ],
)
def test_a_choir_is_known_by_its_names_or_programs(parts, staves):
    assert staves_of(choir(parts)) == staves


def test_a_choir_has_one_note_at_a_time_in_each_part():
    assert staves_of(choir(more=[Note(Q, Q, 69, part=1)])) == APART
    assert staves_of(choir(more=[Note(Q / 2, Q, 69, part=1)])) == APART
    assert staves_of(choir().part("Alto")) == ((0,),)
    # Grace notes stand before a note of their own part, or the parts keep their own staves.
    grace = Note(Q - Fraction(1, 16), Fraction(1, 16), 74, grace=True)
    assert staves_of(choir(more=[grace])) == TOGETHER


def test_the_voices_of_a_staff_have_stems_up_and_down():
    root = root_of(choir())
    clefs = [(clef.findtext("sign"), clef.findtext("line")) for clef in root.iter("clef")]
    assert clefs == [("G", "2"), ("F", "4")]
    stems = [
        [(note.findtext("voice"), note.findtext("stem")) for note in part.iter("note")]
        for part in root.iter("part")
    ]
    assert stems == [[("1", "up")] * 4 + [("2", "down")] * 4] * 2


def test_a_silent_voice_has_rests_unless_its_whole_staff_is_silent():
    notes = [
        *melody(4, 4, start=Q * 4),
        *(Note(Q * 0, Q * 4, 60 - part, part=part) for part in (1, 2, 3)),
        Note(Q * 5, Q * 2, 60, part=1),
        Note(Q * 8, Q * 4, 55, part=2),
    ]
    rests = [
        [
            [
                (note.findtext("voice"), note.findtext("type"), note.get("print-object"))
                for note in measure.iter("note")
                if note.find("rest") is not None
            ]
            for measure in part.iter("measure")
        ]
        for part in root_of(Piece(notes, parts=SATB)).iter("part")
    ]
    whole = None  # a whole-bar rest states no type
    assert rests == [
        [[("1", whole, None)], [("2", "quarter", None)] * 2, [("2", whole, None)]],
        [[], [("1", whole, None)], [("2", whole, None)]],
    ]


@pytest.mark.parametrize("pitches", [(72, 65, 57, 48), (67, 58, 57, 48), (74, 67, 69, 55)])
def test_women_have_the_treble_clef_and_men_the_bass_clef(pitches):
    """Also with a low alto or a high tenor."""
    notes = [
        Note(Q * beat, Q, pitch, part=part)
        for part, pitch in enumerate(pitches)
        for beat in range(4)
    ]
    root = root_of(Piece(notes, parts=SATB))
    assert [clef.findtext("sign") for clef in root.iter("clef")] == ["G", "F"]
