"""A change of some bars: which notes go, which stay, and its text."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from partimento import Note, Part, Piece
from partimento.music.change import Change, changes_between
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


def test_the_changes_between_two_pieces_are_whole_bars_of_the_parts_that_differ() -> None:
    before = piece()  # two bars of 4/4; a bass note sounds over the bar line
    assert changes_between(before, before) == []
    notes = [replace(n, pitch=n.pitch + 1) if n.onset == 5 else n for n in before.notes]
    notes = [replace(n, velocity=33) for n in notes]
    (one,) = changes_between(before, before.replace(notes=Notes(notes)))
    assert (one.begin, one.end, one.parts, one.fermatas) == (4, 8, (0,), (5, 7))
    assert [n.pitch for n in one.applied(before).notes if n.part == 0] == [
        60, 61, 62, 63, 64, 66, 66, 67,
    ]  # fmt: skip


def test_a_changed_note_over_a_bar_line_changes_both_bars() -> None:
    before = piece()
    notes = [replace(n, pitch=43) if n.pitch == 40 else n for n in before.notes]
    notes[0] = replace(notes[0], pitch=59)
    after = before.replace(notes=Notes(notes))
    first, both = changes_between(before, after)
    assert (first.begin, first.end, first.parts) == (0, 4, (0,))
    assert (both.begin, both.end, both.parts) == (0, 8, (1,))
    assert both.applied(first.applied(before)).notes == after.notes


def test_notes_that_sound_on_after_a_changed_bar_are_kept() -> None:
    before = piece()
    notes = [*before.notes, Note(ONE * 0, ONE, 38, part=1)]
    after = before.replace(notes=Notes(sorted(notes, key=lambda n: (n.onset, n.part, n.pitch))))
    (one,) = changes_between(before, after)
    assert one.kept == {(Fraction(3), 40, 1)}
    assert one.applied(before).notes == after.notes


def test_pieces_that_differ_otherwise_have_no_changes() -> None:
    before = piece()
    assert changes_between(before, before.replace(length=Fraction(12))) is None
    grace = Notes([*before.notes, Note(ONE * 7, ONE / 4, 69, grace=True)])
    assert changes_between(before, before.replace(notes=grace)) is None
