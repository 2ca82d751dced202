"""Planted passages are found where they were planted."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.analysis.similarity.passages import moved, noise, piece

from partimento import Piece
from partimento.analysis.similarity.borrowing import LONG, index_corpus, shared_with
from partimento.errors import PartimentoError

QUARTER = Fraction(1)


def test_a_planted_passage_is_found_with_its_places() -> None:
    tune = noise(1, 60)
    corpus = index_corpus(
        [
            piece(noise(2, 40), name="a"),
            piece(tune, name="b"),
            piece(noise(3, 40) + tune[20:30], name="c"),
        ]
    )
    found = shared_with(
        corpus, piece(noise(4, 9) + moved(tune[20:32], 3) + noise(5, 9), name="mine")
    )
    run = found.chords.longest
    assert run is not None
    assert (run.length, run.bar, run.title, run.path, run.corpus_bar) == (12, 3, "B", "b.mid", 6)
    assert run.corpus_last_bar > run.corpus_bar
    assert (run.semitones, run.same_rhythm, run.pieces) == (-3, True, 1)
    assert found.chords.elements == 30
    assert found.chords.share == pytest.approx(12 / 30)
    assert found.melody.longest is not None
    assert found.melody.longest.length >= 12


def test_the_place_with_the_same_rhythm_is_reported_first() -> None:
    tune = noise(1, 10)
    eighths, quarters = piece(tune, name="a", duration=QUARTER / 2), piece(tune, name="b")
    run = shared_with(index_corpus([eighths, quarters]), piece(tune, name="mine")).chords.longest
    assert run is not None
    assert (run.path, run.same_rhythm, run.pieces) == ("b.mid", True, 2)
    run = shared_with(index_corpus([eighths]), piece(tune, name="mine")).chords.longest
    assert run is not None
    assert (run.path, run.same_rhythm, run.pieces) == ("a.mid", False, 1)


@pytest.mark.parametrize(("length", "share"), [(LONG - 1, 0.0), (LONG, LONG / 32)])
def test_only_long_passages_count_as_borrowed(length: int, share: float) -> None:
    tune = noise(1, 32)
    found = shared_with(
        index_corpus([piece(tune)]),
        piece(noise(2, 8) + tune[:length] + noise(3, 24 - length), name="mine"),
    )
    assert found.chords.elements == 32
    assert found.chords.length == length
    assert found.chords.share == share


def test_pieces_with_nothing_in_common_share_no_passage() -> None:
    found = shared_with(index_corpus([piece([(60, 64, 67)] * 3)]), piece([(60, 61)] * 3))
    assert found.chords.longest is None
    assert (found.chords.length, found.chords.share) == (0, 0.0)
    silent = shared_with(index_corpus([piece([(60, 64, 67)] * 3)]), Piece([], length=Fraction(4)))  # type: ignore[arg-type]
    assert (silent.chords.elements, silent.melody.elements, silent.melody.longest) == (0, 0, None)


def test_a_piece_is_known_by_its_file_and_can_be_left_out() -> None:
    tune = noise(1, 20)
    corpus = index_corpus([piece(noise(2, 20), name="a"), piece(tune, name="b")])
    mine = piece(tune, name="b")
    assert corpus.places_of(mine) == [1]
    assert corpus.places_of(piece(tune, name="other")) == []
    assert index_corpus([piece(tune)]).places_of(piece(tune)) == []  # no file, no name
    found = shared_with(corpus, mine, in_corpus=[1])
    assert found.in_corpus == ("b.mid",)
    assert found.chords.length < 4
    assert shared_with(corpus, mine).chords.length == 20


def test_an_empty_corpus_is_refused() -> None:
    with pytest.raises(PartimentoError, match="empty corpus"):
        index_corpus([])
