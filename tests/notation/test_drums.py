"""Where the instruments of a drum kit are written, and how long."""

from fractions import Fraction

import pytest
from tests.io.musicxml.documents import root_of
from tests.notation.layouts import layout_of
from tests.pieces import Q

from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.notation.drums import DRUMS, FEET, drum_of, drum_voices, with_drum_values
from partimento.notation.graces import written_notes
from partimento.notation.voices import LOWER, UPPER, Span

KIT = Part("Kit", None, True)


@pytest.mark.parametrize(
    ("pitch", "place", "head"),
    [
        (36, "F4", "normal"),  # kick: first space
        (38, "C5", "normal"),  # snare: third space
        (42, "G5", "x"),  # hi-hat: above the staff
        (46, "G5", "circle-x"),
        (44, "D4", "x"),
        (49, "A5", "x"),
        (51, "F5", "x"),
        (41, "A4", "normal"),
        (50, "F5", "normal"),
        (99, "B4", "normal"),  # no instrument of General MIDI
    ],
)
def test_instruments_stand_on_their_usual_lines(pitch, place, head):
    drum = drum_of(pitch)
    assert (f"{drum.step}{drum.octave}", drum.head) == (place, head)


def test_all_of_general_midis_instruments_have_a_name_and_a_place():
    assert set(range(35, 82)) <= set(DRUMS)
    assert len({drum.name for drum in DRUMS.values()}) == len(DRUMS)
    assert all(-6 <= drum.place <= 9 for drum in DRUMS.values())


def test_feet_have_stems_down_and_hands_have_stems_up():
    spans = [Span(0, 4, pitch, i) for i, pitch in enumerate((36, 42, 44, 38))]
    assert drum_voices(spans) == {0: LOWER, 1: UPPER, 2: LOWER, 3: UPPER}
    notes = [Note(Q * 0, Q, 36), Note(Q * 0, Q, 42), Note(Q, Q, 38)]
    root = root_of(Piece(notes, parts=(KIT,)))
    stems = {
        note.findtext("unpitched/display-step"): note.findtext("stem") for note in root.iter("note")
    }
    assert stems == {"F": "down", "G": "up", "C": "up", None: None}


def test_hands_alone_have_stems_up_and_their_rests_hide_while_the_feet_play():
    (bar,) = layout_of(Piece([Note(Q, Q, 42)], parts=(KIT,))).bars
    assert bar[0].stems
    (bar,) = layout_of(Piece([Note(Q * 0, Q, 36), Note(Q, Q, 42)], parts=(KIT,))).bars
    assert [(bool(s.notes), s.hidden) for s in bar[0].voices[0]][:2] == [
        (False, True),
        (True, False),
    ]


def durations(*notes):
    piece = Piece(notes, parts=(KIT,))
    written = with_drum_values(written_notes(piece, "exact"), piece)
    steps = (written.end - written.onset).tolist()
    return [Fraction(step, piece.notes.divisions) for step in steps]


def test_short_hits_are_written_up_to_the_next_one_or_the_next_beat():
    short = Q / 10
    eighths = [Note(Q * n / 2, short, 42) for n in range(4)]
    assert durations(*eighths) == [Q / 2] * 4
    assert durations(Note(Q * 0, short, 38), Note(Q * 3, short, 38)) == [Q, Q]
    # feet and hands have durations of their own, chords a common one
    kick = [Note(Q * 0, short, 36), Note(Q * 0, short / 2, 42), Note(Q * 0, Q * 2, 49)]
    assert durations(*kick, Note(Q * 3, short, 42)) == [Q, Q * 2, Q * 2, Q]
    # a long one ends where the next one of its voice begins
    assert durations(Note(Q * 0, Q * 4, 49), Note(Q, short, 38)) == [Q, Q]


def test_other_parts_keep_their_durations():
    piece = Piece([Note(Q * 0, Q / 10, 60)], parts=(Part("Piano", 0),))
    written = written_notes(piece, "exact")
    assert with_drum_values(written, piece).end.tolist() == written.end.tolist()
    assert min(FEET) == 35
