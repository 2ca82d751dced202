"""A piece refers to its file, as long as it is the same music."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento import Note, Piece
from partimento.music.score_reference import ScoreReference, reference_after

SCORE = ScoreReference("a.musicxml", "", "0" * 64)


@pytest.fixture
def piece() -> Piece:
    return Piece([Note(Fraction(0), Fraction(1), 60)], title="Old", score=SCORE)


def test_json_keeps_the_reference(piece: Piece) -> None:
    moved = piece.transpose(2)
    assert Piece.from_json(moved.to_json()).score == moved.score
    assert ScoreReference.from_dict(SCORE.to_dict()) == SCORE
    assert "score" not in piece.replace(score=None).to_dict()


def test_changes_of_music_drop_the_reference(piece: Piece) -> None:
    assert piece.replace(notes=[Note(Fraction(0), Fraction(1), 61)]).score is None
    assert piece.replace(tempos=()).score is None
    assert piece.replace(notes=piece.notes, warnings=("one",)).score == SCORE


def test_texts_are_edits(piece: Piece) -> None:
    score = piece.replace(title="New", composer=piece.composer).score
    assert score is not None
    assert score.edits == (("title", "New"),)


def test_pieces_are_equal_whatever_their_files(piece: Piece) -> None:
    assert piece == piece.replace(score=None)


def test_no_reference_stays_none() -> None:
    assert reference_after(None, {}, {"title": "New"}) is None
