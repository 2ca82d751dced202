"""A change of some bars: which notes go, which stay, and its text."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from partimento import Note, Part, Piece
from partimento.music.change import Change
from partimento.music.notes import Notes

ONE = Fraction(1)


def piece() -> Piece:
    notes = [Note(ONE * i, ONE, 60 + i) for i in range(8)]
    notes += [Note(ONE * 3, ONE * 2, 40, part=1), Note(ONE * 6, ONE, 41, part=1)]
    parts = (Part("Melody"), Part("Bass"))
    return Piece(notes, parts=parts, fermatas=(Fraction(5), Fraction(7)))


def change(
    parts: tuple[int, ...] = (0,), kept: frozenset[tuple[Fraction, int, int]] = frozenset()
) -> Change:
    new = Notes([Note(ONE * 4, Fraction(1, 3), 72), Note(ONE * 6, ONE, 74)])
    return Change(ONE * 4, ONE * 7, parts, new, kept, Fraction(8))


def test_only_notes_that_begin_in_the_span_are_replaced() -> None:
    before = piece()
    after = change().applied(before)
    rows = [(n.onset, n.pitch) for n in after.notes if n.part == 0]
    assert rows == [(0, 60), (1, 61), (2, 62), (3, 63), (4, 72), (6, 74), (7, 67)]
    assert [n for n in after.notes if n.part == 1] == [n for n in before.notes if n.part == 1]
    assert after.notes[0] == before.notes[0]


def test_notes_that_sound_on_are_kept() -> None:
    kept = frozenset([(Fraction(6), 41, 1)])
    bass = [n.pitch for n in change((0, 1), kept).applied(piece()).notes if n.part == 1]
    assert bass == [40, 41]
    assert [n.pitch for n in change((0, 1)).applied(piece()).notes if n.part == 1] == [40]


def test_fermatas_outside_of_the_span_stay() -> None:
    assert change().applied(piece()).fermatas == (Fraction(7),)
    other = replace(change(), fermatas=(Fraction(6),))
    assert other.applied(piece()).fermatas == (Fraction(6), Fraction(7))
    assert Change.from_text(other.to_text()).fermatas == (Fraction(6),)


def test_the_text_reads_back() -> None:
    kept = frozenset([(Fraction(19, 3), 41, 1)])
    one = change((0, 1), kept)
    again = Change.from_text(one.to_text())
    assert again.to_text() == one.to_text()
    assert again.applied(piece()).notes == one.applied(piece()).notes
    assert again.kept == kept
