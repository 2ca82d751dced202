"""Staves and clefs, by instrument and range."""

from pathlib import Path

import numpy as np
import pytest
from tests.io.musicxml.documents import root_of
from tests.pieces import GUITAR, Q, melody

from partimento.io.musicxml.read import piece_from_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.notation.staves import (
    BASS,
    PERCUSSION,
    TREBLE,
    clef_of,
    instrument_of,
    texture_of,
)

G, G8, F, F8 = ("G", "2", None), ("G", "2", "-1"), ("F", "4", None), ("F", "4", "-1")
ALTO, TENOR = ("C", "3", None), ("C", "4", None)


def clefs_of(piece):
    return [
        (c.findtext("sign"), c.findtext("line"), c.findtext("clef-octave-change"))
        for c in root_of(piece).iter("clef")
    ]


@pytest.mark.parametrize(
    ("part", "pitches", "clefs"),
    [
        (GUITAR, (40, 52, 64), [("G", "2", "-1")]),
        (Part("Bass", 33), (40, 43), [("F", "4", "-1")]),
        (Part("Viola", 41), (60,), [("C", "3", None)]),
        (Part("Flute", 73), (72, 84), [("G", "2", None)]),
        (Part("Cello", 42), (40, 50), [("F", "4", None)]),
        (Part("Piano", 0), (36, 84), [("G", "2", None), ("F", "4", None)]),
        (Part("Piano", 0), (60, 84), [("G", "2", None)]),
        (Part("Gitarre"), (45, 67), [G8]),
        (Part("Guitar", 0), (45, 67), [G8]),
        (Part("Electric bass"), (28, 40), [F8]),
        (Part("Bass"), (48, 60), [F]),  # a singer
        (Part("Tenor"), (50, 64), [G8]),
        (Part("Tenore", 52), (60, 69), [G8]),
        (Part("Alto", 0), (53, 60), [G]),
        (Part("Baritone", 52), (45, 64), [F]),
        (Part("Soprano"), (62, 77), [G]),
        (Part("Violoncello"), (36, 60), [F]),
        (Part("Violoncello"), (60, 67), [TENOR]),
        (Part("Viola"), (55, 70), [ALTO]),
        (Part("Piccolo"), (86, 96), [("G", "2", "1")]),
        (Part("Harp"), (36, 84), [G, F]),
        (Part("Right hand", 0), (57, 62, 76, 79), [G]),
        (Part(), (53, 57, 60, 65), [G]),  # a melody
        (Part(), (36, 84), [G, F]),
    ],
)
def test_clefs_follow_instrument_and_range(part, pitches, clefs):
    assert clefs_of(Piece(melody(1, 1, 1, 1, pitches=pitches), parts=(part,))) == clefs


def columns(*rows):
    return tuple(np.array(column) for column in zip(*rows, strict=True))


@pytest.mark.parametrize(
    ("part", "rows", "texture"),
    [
        (Part("Organ", 19), [(0, 4, p) for p in (48, 55, 64, 72)], "lines"),
        (Part("Piano", 0), [(0, 4, 40), (0, 2, 72), (2, 4, 74)], "hands"),
        (Part("", None), [(0, 4, 40), (0, 2, 72), (2, 4, 74)], "hands"),
        (Part("Piano", 0), [(0, 4, 60), (0, 4, 72)], "single"),
        (Part("Guitar", 24), [(0, 4, p) for p in (40, 55, 64, 72)], "single"),
        (Part("Kit", None, True), [(0, 4, p) for p in (36, 55, 64, 72)], "single"),
    ],
)
def test_the_texture_follows_instrument_and_range(part, rows, texture):
    assert texture_of(part, *columns(*rows)) == texture


def test_a_part_without_notes_has_one_staff_in_treble_clef():
    nothing = np.zeros(0, np.int64)
    assert texture_of(Part("Piano", 0), nothing, nothing, nothing) == "single"
    assert clef_of(Part("Piano", 0), nothing, nothing) == TREBLE
    assert clef_of(Part("Kit", 24, True), nothing, nothing) == PERCUSSION


def test_a_theme_of_a_guitar_has_one_staff_in_an_octave_clef():
    case = Path(__file__).parents[1] / "cases" / "w-theme-dminor.musicxml"
    piece = piece_from_musicxml(case.read_bytes())
    assert clefs_of(piece) == [G8]
    assert [key.findtext("fifths") for key in root_of(piece).iter("key")] == ["-1"]


def test_a_part_with_one_staff_in_its_score_keeps_one():
    notes = [*melody(1, 1, pitches=(72, 76)), *melody(2, pitches=(48,))]
    assert clefs_of(Piece(notes, parts=(Part("Piano", 0),))) == [G, F]
    assert clefs_of(Piece(notes, parts=(Part("Piano", 0, staves=1),))) == [G]
    back = piece_from_musicxml(
        b"<score-partwise><part-list><score-part id='P'><part-name>Piano</part-name></score-part>"
        b"</part-list><part id='P'><measure><attributes><divisions>1</divisions><staves>2</staves>"
        b"</attributes><note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration>"
        b"</note></measure></part></score-partwise>"
    )
    assert back.parts[0].staves == 2
    assert back.parts == (Part("Piano"),)


def test_the_hands_of_a_piano_may_be_two_parts_of_one_staff_each():
    right = melody(*[1] * 8, pitches=(57, 72, 76, 79))
    left = [Note(n.onset, n.duration, n.pitch - 24, part=1) for n in right]
    left += [Note(n.onset, Q, n.pitch - 5, part=1) for n in left]
    parts = (Part("Piano", 0), Part("Piano", 0))
    assert clefs_of(Piece([*right, *left], parts=parts)) == [G, F]


def test_a_name_counts_more_than_program_0():
    assert instrument_of(Part("Violin", 0)) == "violin"
    assert instrument_of(Part("Violin", 24)) == "guitar"
    assert instrument_of(Part("Right hand", 0)) == "piano"
    assert instrument_of(Part("Flute and Guitar")) == ""


def test_the_average_pitch_decides_between_treble_and_bass():
    pitch = np.array([48, 72])
    assert clef_of(Part(), pitch, np.array([1, 3])) == TREBLE
    assert clef_of(Part(), pitch, np.array([3, 1])) == BASS
