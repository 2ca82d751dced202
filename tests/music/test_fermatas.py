"""Fermatas of pieces, and the phrases that end with them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento import Note, Part, Piece
from partimento.music.fermatas import checked_times, ends_under_fermatas
from partimento.music.notes import Notes

F = Fraction
# Soprano: a half and a quarter. Bass: four eighths and a quarter.
NOTES = [
    Note(F(0), F(2), 72),
    Note(F(2), F(1), 74),
    *(Note(F(i, 2), F(1, 2), 48 + i, part=1) for i in range(4)),
    Note(F(2), F(1), 55, part=1),
]
PARTS = (Part("S"), Part("B"))


def test_the_highest_note_under_a_fermata_ends_the_phrase() -> None:
    assert ends_under_fermatas(Notes(NOTES), [F(0), F(3, 2), F(1, 7), F(9)]) == (F(2),)
    assert ends_under_fermatas(Notes(NOTES), [F(2)]) == (F(3),)
    grace = Note(F(0), F(1, 16), 80, grace=True)
    assert ends_under_fermatas(Notes([grace, *NOTES]), [F(0)]) == (F(2),)


def test_phrase_ends_are_derived_only_if_none_are_given() -> None:
    piece = Piece(NOTES, parts=PARTS, fermatas=(F(2), F(0), F(2)))
    assert (piece.fermatas, piece.phrase_ends) == ((0, 2), (2, 3))
    assert Piece(NOTES, parts=PARTS, fermatas=(F(0),), phrase_ends=(F(1),)).phrase_ends == (1,)


def test_times_after_the_end_are_dropped_and_impossible_ones_refused() -> None:
    piece = Piece(NOTES, parts=PARTS, phrase_ends=(F(3), F(4)), fermatas=(F(7),))
    assert (piece.fermatas, piece.phrase_ends) == ((), (3,))
    with pytest.raises(ValueError, match="a fermata is before the piece begins"):
        Piece(NOTES, parts=PARTS, fermatas=(F(-1),))
    with pytest.raises(ValueError, match="cannot end where the piece begins"):
        Piece(NOTES, parts=PARTS, phrase_ends=(F(0),))
    assert checked_times([F(2), F(1), F(2)], "fermata", F(2)) == (1, 2)


def test_a_part_keeps_its_own_fermatas_and_all_phrase_ends() -> None:
    piece = Piece(NOTES, parts=PARTS, fermatas=(F(0), F(3, 2)))
    assert piece.phrase_ends == (2,)
    soprano, bass = piece.part("S"), piece.part("B")
    assert (soprano.fermatas, bass.fermatas) == ((0,), (0, F(3, 2)))
    assert soprano.phrase_ends == bass.phrase_ends == (2,)
    assert piece.transpose(2).phrase_ends == piece.phrase_ends


def test_excerpts_keep_the_phrases_that_end_inside() -> None:
    notes = [Note(F(i), F(1), 60) for i in range(12)]
    piece = Piece(notes, fermatas=(F(3), F(7), F(11)), phrase_ends=(F(4), F(6), F(8), F(12)))
    assert (piece.cut(2).fermatas, piece.cut(2).phrase_ends) == ((3, 7), (2, 4, 8))
    assert (piece.cut(1, 1).fermatas, piece.cut(1, 1).phrase_ends) == ((3,), (4,))
