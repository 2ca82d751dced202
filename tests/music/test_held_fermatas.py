"""Fermatas are held: the tempo is slower until the phrase ends, and then as before."""

from __future__ import annotations

from fractions import Fraction

from partimento import Note, Piece
from partimento.music.held_fermatas import hold_fermatas
from partimento.music.timelines import Tempo

F = Fraction
SECOND = Tempo(1_000_000)  # a quarter per second


def piece_of(*lengths: Fraction | int, fermatas: tuple[int, ...], **more: object) -> Piece:
    """Return a melody of these lengths with fermatas on the notes of these numbers."""
    onsets = [F(sum(lengths[:n])) for n in range(len(lengths))]
    notes = [Note(onset, F(length), 60) for onset, length in zip(onsets, lengths, strict=True)]
    times = tuple(onsets[n] for n in fermatas)
    return Piece(notes, **{"fermatas": times, "tempos": (SECOND,), **more})  # type: ignore[arg-type]


def test_each_fermata_lasts_a_quarter_longer_and_the_last_one_two() -> None:
    piece = piece_of(1, 1, 2, 2, 2, fermatas=(1, 2, 4))
    held = hold_fermatas(piece)
    assert held.notes == piece.notes
    spans = [end - start for start, end in held.note_seconds()]
    assert spans == [1, 2, 3, 2, 4]
    assert [mark.us_per_quarter for mark in piece.tempos] == [1_000_000]


def test_the_tempo_of_a_phrase_is_kept_with_its_changes() -> None:
    faster = Tempo(500_000, F(3))  # within the note under the fermata
    held = hold_fermatas(piece_of(2, 2, 2, fermatas=(1,), tempos=(SECOND, faster)))
    assert [(mark.onset, mark.us_per_quarter) for mark in held.tempos] == [
        (0, 1_000_000),
        (2, 1_500_000),
        (3, 750_000),
        (4, 500_000),
    ]


def test_only_the_last_fermata_of_a_phrase_is_held() -> None:
    piece = piece_of(1, 1, 2, fermatas=(0, 1), phrase_ends=(F(2), F(4)))
    assert [end - start for start, end in hold_fermatas(piece).note_seconds()] == [1, 2, 2]


def test_a_short_note_and_a_slow_tempo_have_limits() -> None:
    held = hold_fermatas(piece_of(F(1, 4), 1, fermatas=(0,), tempos=(Tempo(2**24 - 1),)))
    assert {mark.us_per_quarter for mark in held.tempos} == {2**24 - 1}
    short = hold_fermatas(piece_of(F(1, 4), 1, fermatas=(0,)))
    assert short.note_seconds()[0][1] == F(3, 4)


def test_pieces_without_fermatas_stay_as_they_are() -> None:
    piece = piece_of(1, 1, fermatas=())
    assert hold_fermatas(piece) == piece
    assert hold_fermatas(Piece([])).seconds == 0
