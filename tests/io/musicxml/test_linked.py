"""Notation and tablature of the same notes, on two staves or in two parts."""

from pathlib import Path

import pytest
from tests.io.musicxml.documents import (
    CHORD,
    GRACE,
    START,
    F,
    attributes,
    back,
    note,
    read,
    tie,
    time_,
)

from partimento.io.musicxml.read import piece_from_musicxml

CASES = Path(__file__).parents[2] / "cases"
NAMES = ["E4", "G4", "A4", "E4", "C5", "B4", "A4", "G4"]
PLACES = [(1, 0), (1, 3), (1, 5), (1, 0), (1, 8), (1, 7), (1, 5), (1, 3)]


def tab(name, duration, string, fret, **more):
    technical = f"<notations><technical><string>{string}</string><fret>{fret}</fret>"
    text = note(name, duration, **more)
    return text.replace("</note>", f"{technical}</technical></notations></note>")


def notation(**more):
    return "".join(note(name, 2, **more) for name in NAMES)


def tablature(**more):
    return "".join(
        tab(name, 2, string, fret, **more)
        for name, (string, fret) in zip(NAMES, PLACES, strict=True)
    )


def positions(piece):
    return [(n.onset * 2, n.string, n.fret) for n in piece.notes]


EXPECTED = [(F(i), string, fret) for i, (string, fret) in enumerate(PLACES)]


def test_the_case_is_one_note_with_its_position():
    piece = piece_from_musicxml((CASES / "t-linked-tab.musicxml").read_bytes())
    assert [(n.pitch, n.duration, n.string, n.fret) for n in piece.notes] == [(64, 4, 1, 0)]


@pytest.mark.parametrize("order", [1, -1])
def test_linked_staves_are_joined_in_any_order(order):
    staves = [notation(staff=1), tablature(staff=2, voice=5)][::order]
    piece = read([attributes(time_(4), "<staves>2</staves>") + back(16).join(staves)])
    assert positions(piece) == EXPECTED


@pytest.mark.parametrize("order", [1, -1])
def test_linked_parts_are_joined_in_any_order(order):
    listed = (
        '<score-part id="P0"><part-name>A</part-name></score-part><score-part id="P1">'
        '<part-name>B</part-name><midi-instrument id="I"><midi-program>25</midi-program>'
        "</midi-instrument></score-part>"
    )
    tempo = '<sound tempo="60"/>'
    parts = [[START + notation()], [START + tempo + tablature()]][::order]
    piece = read(*parts, listed=listed)
    assert positions(piece) == EXPECTED
    assert [part.program for part in piece.parts] == [24]
    assert piece.parts[0].name == ("A" if order == 1 else "B")
    assert [tempo.bpm for tempo in piece.tempos] == [60]


def test_ties_chords_and_grace_notes_of_linked_staves():
    head = attributes(time_(4), "<staves>2</staves>")
    first = (
        note("D4", None, head=GRACE, staff=1)
        + note("E4", 16, staff=1, tail=tie("start"))
        + note("G4", 16, head=CHORD, staff=1)
    )
    second = (
        tab("D4", None, 2, 3, head=GRACE, staff=2, voice=5)
        + tab("E4", 16, 1, 0, staff=2, voice=5, tail=tie("start"))
        + tab("G4", 16, 2, 8, head=CHORD, staff=2, voice=5)
    )
    after = note("E4", 16, tail=tie("stop"), staff=1) + back(16)
    hidden = tab("E4", 16, 1, 0, tail=tie("stop"), staff=2, voice=5)
    piece = read([head + first + back(16) + second, after + hidden])
    assert [(n.pitch, n.onset, n.duration, n.string, n.fret, n.grace) for n in piece.notes] == [
        (62, 0, F(1, 16), 2, 3, True),
        (64, 0, 8, 1, 0, False),
        (67, 0, 4, 2, 8, False),
    ]


def test_tablature_that_plays_something_else_stays_a_part():
    other = "".join(tab("C4", 2, 2, 1) for _ in NAMES)
    assert len(read([START + notation()], [START + other]).parts) == 2
    few = [START + notation()], [START + tablature(), tablature(), tablature()]
    assert len(read(*few).parts) == 2
    two = read([START + tablature()], [START + tablature()])
    assert len(two.parts) == 2  # two guitars in unison


def test_a_unison_of_a_fretted_and_another_note_keeps_its_position():
    bar = (
        START
        + note("C4", 16)
        + back(16)
        + tab("C4", 8, 2, 1, voice=2)
        + tab("D4", 8, 2, 3, voice=2)
    )
    notes = read([bar]).notes
    assert [(n.pitch, n.duration, n.string) for n in notes] == [(60, 4, 2), (62, 2, 2)]
