"""Ornaments that are written small, before the note they lead to."""

from fractions import Fraction

import numpy as np
from tests.io.musicxml.documents import root_of
from tests.pieces import Q

from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.notation.graces import by_target, written_notes


def test_flagged_graces_are_always_small_and_played_ones_only_in_pictures():
    main = Note(Q, Q, 67)
    grace = Note(Q - Fraction(1, 16), Fraction(1, 16), 69, grace=True)
    root = root_of(Piece([Note(Q * 0, Q, 60), grace, main]))
    assert [
        note.find("grace") is not None
        for note in root.iter("note")
        if note.find("pitch") is not None
    ] == [False, True, False]
    played = Piece(
        [Note(Q * 0, Fraction(341, 384), 60), Note(Fraction(341, 384), Fraction(43, 384), 69), main]
    )
    assert len(root_of(played).findall(".//grace")) == 0
    picture = root_of(played, ornaments="grace")
    assert len(picture.findall(".//grace")) == 1
    assert [note.findtext("type") for note in picture.iter("note")][:3] == [
        "quarter",
        "eighth",
        "quarter",
    ]


def test_graces_that_lead_to_graces_lead_to_the_main_note():
    step = Fraction(1, 16)
    notes = [Note(Q - 2 * step, step, 71, grace=True), Note(Q - step, step, 69, grace=True)]
    piece = Piece([*notes, Note(Q, Q, 67), Note(Q * 0, Q / 2, 60)])
    written = written_notes(piece, "exact")
    assert written.is_grace.tolist() == [False, True, True, False]
    main = int(piece.notes.onset[3])
    assert dict(written.leads_to) == {1: main, 2: main}
    assert by_target(written, piece.notes.part.tolist(), 0) == {main: [1, 2]}
    assert by_target(written, piece.notes.part.tolist(), 1) == {}


def test_a_grace_note_before_a_rest_or_after_the_last_note_leads_to_its_own_end():
    step = Fraction(1, 16)
    piece = Piece([Note(Q * 0, Q, 60), Note(Q - step, step, 64, grace=True)], length=Q * 4)
    written = written_notes(piece, "exact")
    assert written.is_grace.tolist() == [False, True]
    assert dict(written.leads_to) == {1: 16}
    assert (written.end == piece.notes.end).all()


def test_the_note_before_a_played_ornament_gets_its_time_back():
    ornament = Fraction(43, 384)
    notes = [Note(Q * 0, Q - ornament, 60), Note(Q - ornament, ornament, 69), Note(Q, Q, 67)]
    piece = Piece(notes)
    written = written_notes(piece, "grace")
    assert written.is_grace.tolist() == [False, True, False]
    assert int(written.end[0]) == piece.notes.divisions
    assert written_notes(piece, "exact").is_grace.tolist() == [False] * 3
    # A short note at a usual time is a note.
    plain = Piece([Note(Q * 0, Q * 7 / 8, 60), Note(Q * 7 / 8, Q / 8, 69), Note(Q, Q, 67)])
    assert not written_notes(plain, "grace").is_grace.any()


def test_an_ornament_that_ends_a_tick_early_still_leads_to_its_note():
    ticks = 384
    onset, duration = np.array([0, 341, 384]), np.array([341, 42, 384])  # the last tick is lost
    notes = Notes.from_columns(ticks, onset, duration, np.array([60, 69, 67]))
    written = written_notes(Piece(notes), "grace")
    assert dict(written.leads_to) == {1: 384}
    assert int(written.end[0]) == 384
    late = Notes.from_columns(ticks, onset, np.array([341, 36, 384]), np.array([60, 69, 67]))
    assert not written_notes(Piece(late), "grace").is_grace.any()


def test_a_note_struck_again_by_the_ornament_gets_no_time_back():
    ornament = Fraction(43, 384)
    notes = [Note(Q * 0, Q - ornament, 69), Note(Q - ornament, ornament, 69), Note(Q, Q, 67)]
    written = written_notes(Piece(notes), "grace")
    assert written.is_grace.tolist() == [False, True, False]
    assert Fraction(int(written.end[0]), 384) == Q - ornament


def test_graces_of_another_part_are_not_those_of_this_one():
    step = Fraction(1, 16)
    piece = Piece(
        [Note(Q - step, step, 69, grace=True, part=1), Note(Q, Q, 67), Note(Q, Q, 72, part=1)],
        parts=(Part("A"), Part("B")),
    )
    written = written_notes(piece, "exact")
    part = piece.notes.part.tolist()
    assert by_target(written, part, 0) == {}
    assert list(by_target(written, part, 1).values()) == [[0]]
    alone = piece.replace(notes=[note for note in piece.notes if note.part != 1 or note.grace])
    lonely = written_notes(alone, "exact")
    assert dict(lonely.leads_to) == {0: alone.notes.divisions}  # no note of its part follows
