"""All passages that a piece shares with a corpus."""

from __future__ import annotations

from fractions import Fraction

from tests.pieces import melody

from partimento.analysis.similarity.borrowing import index_corpus, shared_with
from partimento.analysis.similarity.passages import longest_of_notes, shared_passages
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part

THEME = (60, 62, 67, 65, 64, 69, 71, 60, 61)
OTHER = (70, 55, 71, 50, 72, 49)


def line(*pitches: int) -> Piece:
    return Piece(melody(*[1] * len(pitches), pitches=pitches))


def test_passages_are_found_in_another_key_and_their_notes() -> None:
    corpus = index_corpus([line(*OTHER, *THEME)])
    piece = line(48, *(pitch + 3 for pitch in THEME[:6]), 40)
    passages = shared_passages(corpus, piece)
    assert {(p.line, p.shared.length) for p in passages} == {("chords", 6), ("melody", 6)}
    assert passages[0].onsets == tuple(Fraction(i) for i in range(1, 7))
    assert passages[0].shared.semitones == -3
    longest = longest_of_notes(piece, passages)
    assert [0 if each is None else each.shared.length for each in longest] == [0, *[6] * 6, 0]


def test_the_longest_is_the_one_of_the_report() -> None:
    pieces = [line(*OTHER, *THEME), line(*THEME[2:7], *OTHER[::-1])]
    corpus, piece = index_corpus(pieces), line(*THEME[1:8], 33, *OTHER[1:5])
    passages = [p.shared for p in shared_passages(corpus, piece) if p.line == "melody"]
    assert max(passages, key=lambda p: p.length) == shared_with(corpus, piece).melody.longest


def test_a_shorter_passage_inside_a_longer_one_is_left_out() -> None:
    corpus = index_corpus([line(*THEME), line(*THEME[3:8])])
    lengths = [p.shared.length for p in shared_passages(corpus, line(*THEME)) if p.line == "melody"]
    assert lengths == [len(THEME)]


def test_ignored_pieces_and_drums() -> None:
    corpus = index_corpus([line(*THEME), line(*OTHER)])
    assert not shared_passages(corpus, line(*THEME), in_corpus=[0])
    piece = Piece(
        [*melody(*[1] * 9, pitches=THEME), Note(Fraction(0), Fraction(1), 40, part=1)],
        parts=(Part(), Part("", is_drum=True)),
    )
    longest = longest_of_notes(piece, shared_passages(corpus, piece))
    assert [each is None for each in longest] == [note.part == 1 for note in piece.notes]
