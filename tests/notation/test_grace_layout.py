"""Where grace notes are drawn: before chords and rests, and before bar lines."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.notation.layouts import layout_of
from tests.pieces import GUITAR, Q, melody

from partimento.music.grace_placement import GRACE_QL
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.notation.layout import ticks_for


def grace(end: Fraction, pitch: int = 62, *, back: int = 1) -> Note:
    return Note(end - back * GRACE_QL, GRACE_QL, pitch, grace=True)


def drawn(piece: Piece) -> list[tuple[int, int, Fraction, list[int], list[int]]]:
    """Bar, staff, onset, and the pitches of the grace notes before and after each symbol."""
    layout, pitch = layout_of(piece), piece.notes.pitch.tolist()
    ticks = ticks_for(piece)
    return [
        (
            number,
            place,
            Fraction(symbol.onset, ticks),
            [pitch[i] for i in symbol.graces],
            [pitch[i] for i in symbol.graces_after],
        )
        for number, bar in enumerate(layout.bars)
        for place, staff in enumerate(bar)
        for voice in staff.voices
        for symbol in voice
        if symbol.graces or symbol.graces_after
    ]


@pytest.mark.parametrize(
    ("notes", "length", "expected"),
    [
        pytest.param(
            [*melody(1, 3), grace(Q, 64, back=2), grace(Q)],
            4,
            [(0, 0, Q, [64, 62], [])],
            id="a row before a note",
        ),
        pytest.param(
            [*melody(1, 3), Note(Q * 0, GRACE_QL, 62, grace=True)],
            4,
            [(0, 0, Q * 0, [62], [])],
            id="at the start",
        ),
        pytest.param(
            [*melody(1), *melody(2, start=2 * Q), grace(Q)],
            4,
            [(0, 0, Q, [62], [])],
            id="before a rest",
        ),
        pytest.param(
            [*melody(4), grace(4 * Q)], 4, [(0, 0, Q * 0, [], [62])], id="after the last note"
        ),
        pytest.param(
            [*melody(4), grace(4 * Q)],
            8,
            [(0, 0, Q * 0, [], [62])],
            id="before a bar line and a bar of rest",
        ),
        pytest.param(
            [*melody(1), grace(4 * Q)], 8, [(1, 0, 4 * Q, [62], [])], id="before a bar of rest"
        ),
        pytest.param(
            [*melody(4), grace(2 * Q)], 4, [(0, 0, 2 * Q, [62], [])], id="during a held note"
        ),
        pytest.param(
            [*melody(8), grace(4 * Q)], 8, [(1, 0, 4 * Q, [62], [])], id="over a tied bar line"
        ),
    ],
)
def test_grace_notes_stand_before_what_follows(notes, length, expected):
    assert drawn(Piece(notes, length=Q * length, parts=(GUITAR,))) == expected


def test_each_of_two_chords_gets_a_row_that_ends_at_the_beat():
    notes = [Note(Q, Q, 76), Note(Q, 2 * Q, 48), grace(Q, 50, back=2), grace(Q, 74)]
    # The low grace note would be read as the last one of its row if it stood before the low note.
    assert drawn(Piece(notes, parts=(Part("Piano", 0),))) == [(0, 0, Q, [50, 74], [])]
    both = [*notes, grace(Q, 47)]
    assert drawn(Piece(both, parts=(Part("Piano", 0),))) == [
        (0, 0, Q, [74], []),
        (0, 1, Q, [50, 47], []),
    ]


def test_a_loose_grace_note_stands_on_the_staff_of_the_note_before_it():
    piano = (Part("Piano", 0),)
    notes = [Note(Q * 0, Q, 76), Note(Q * 0, Q, 40), grace(Q, 45)]
    assert drawn(Piece(notes, length=Q * 4, parts=piano)) == [(0, 1, Q, [45], [])]
    silent = [Note(Q * 0, Q, 76), Note(Q * 0, Q, 40), grace(3 * Q, 45)]
    assert drawn(Piece(silent, length=Q * 4, parts=piano)) == [(0, 1, 3 * Q, [45], [])]
