"""Fermatas of pieces are written where a musician expects them, and read back."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest

from partimento import Note, Part, Piece, load_corpus
from partimento.io.musicxml.fermatas import ends_under_fermata
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.write import to_musicxml

F = Fraction
CHOIR = tuple(map(Part, ("Soprano", "Alto", "Tenor", "Bass")))


def chorale() -> Piece:
    """Four voices: the alto moves below the first fermata, and has one of its own."""
    lines = (
        [(72, 2), (74, 2), (72, 4)],
        [(64, 1), (65, 1), (65, 1), (67, 1), (64, 4)],
        [(55, 4), (55, 4)],
        [(48, 2), (43, 2), (48, 4)],
    )
    notes = []
    for part, line in enumerate(lines):
        now = F(0)
        for pitch, length in line:
            notes.append(Note(now, F(length), pitch, part=part))
            now += length
    return Piece(notes, parts=CHOIR, fermatas=(F(2), F(3), F(4)), phrase_ends=(F(4), F(8)))


def written(piece: Piece, **options: str) -> list[tuple[str, str, str]]:
    """Return part, id of the note and type of all fermatas."""
    root = ET.fromstring(to_musicxml(piece, **options).split("\n", 2)[2])
    return [
        (part.get("id", ""), note.get("id", ""), fermata.get("type", ""))
        for part in root.iter("part")
        for note in part.iter("note")
        for fermata in note.iter("fermata")
    ]


def again(piece: Piece) -> Piece:
    return piece_from_musicxml(to_musicxml(piece).encode())


def test_only_notes_that_end_a_phrase_are_under_its_fermata() -> None:
    piece = chorale()
    under = [piece.notes[i] for i in ends_under_fermata(piece)]
    assert [(n.onset, n.pitch) for n in under] == [
        (2, 43),
        (2, 74),
        (3, 67),
        *((4, pitch) for pitch in (48, 55, 64, 72)),
    ]
    lone = Piece([Note(F(0), F(1), 60), Note(F(0), F(2), 48)], phrase_ends=(F(2),))
    assert ends_under_fermata(lone) == {}
    odd = lone.replace(fermatas=(F(0), F(1, 3)), phrase_ends=(F(1, 3),))
    assert ends_under_fermata(odd) == {0: 2, 1: 1}


def test_two_voices_of_a_choir_share_a_fermata() -> None:
    piece = chorale()
    names = {f"n{i}": (n.onset, n.pitch) for i, n in enumerate(piece.notes)}
    assert sorted((part, *names[note], kind) for part, note, kind in written(piece)) == [
        ("P1", 2, 74, "upright"),
        ("P1", 3, 67, "inverted"),
        ("P1", 4, 72, "upright"),
        ("P2", 2, 43, "inverted"),
        ("P2", 4, 48, "inverted"),
    ]
    drawn = {names[note][1] for _, note, _ in written(piece, ornaments="grace")}
    assert drawn == {74, 72, 43, 48}  # the picture has one fermata at each end of a staff


def test_choirs_and_open_scores_keep_their_fermatas() -> None:
    for piece in (chorale(), chorale().replace(parts=tuple(map(Part, "abcd")))):
        found = again(piece)
        assert (found.fermatas, found.phrase_ends) == (piece.fermatas, piece.phrase_ends)
        assert found.notes == piece.notes


@pytest.mark.parametrize("fermatas", [(F(0),), (F(2), F(4)), (F(4), F(8))])
def test_a_keyboard_has_a_fermata_on_each_staff(fermatas: tuple[Fraction, ...]) -> None:
    notes = [
        *(Note(F(i), F(2), pitch) for i, pitch in ((0, 72), (2, 74), (4, 76), (6, 77), (8, 72))),
        *(Note(F(i), F(2), pitch) for i, pitch in ((0, 52), (2, 50), (8, 48))),
        Note(F(4), F(4), 43),
    ]
    piece = Piece(notes, parts=(Part("Piano", 0),), fermatas=fermatas)
    found = again(piece)
    assert (found.fermatas, found.phrase_ends) == (piece.fermatas, piece.phrase_ends)
    kinds = [kind for _, _, kind in written(piece)]
    assert kinds.count("inverted") == sum(time in (0, 2, 8) for time in fermatas)


def test_a_tied_note_has_its_fermata_at_the_end() -> None:
    piece = Piece([Note(F(3), F(3), 60)], fermatas=(F(3),))
    assert written(piece) == [("P1", "n0.2", "upright")]
    assert again(piece).fermatas == (3,)


def test_a_picture_has_fermatas_in_all_parts_that_end_together() -> None:
    upper = [Note(F(0), F(4), 72), Note(F(4), F(4), 74)]
    lower = [Note(F(i), F(2), 50 + i, part=1) for i in range(0, 8, 2)]
    piece = Piece([*upper, *lower], parts=(Part("Flute", 73), Part("Cello", 42)), fermatas=(F(0),))
    assert again(piece).fermatas == (0,)
    assert written(piece) == [("P1", "n1", "upright")]
    drawn = [(part, kind) for part, _, kind in written(piece, ornaments="grace")]
    assert drawn == [("P1", "upright"), ("P2", "upright")]


@pytest.mark.slow
def test_the_chorales_have_fermatas_and_keep_them() -> None:
    pieces = load_corpus("bundled:chorales").pieces
    assert (len(pieces), sum(bool(piece.fermatas) for piece in pieces)) == (364, 363)
    for piece in pieces:
        found = again(piece.replace(score=None))
        assert (found.fermatas, found.phrase_ends) == (piece.fermatas, piece.phrase_ends)
