"""The index finds the same longest passages as the plainest search."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partimento import Event, Piece
from partimento.analysis.similarity.sequences import PieceSequence, sequences_of
from partimento.analysis.similarity.suffix_index import index_of, suffix_ranks

QUARTER = Fraction(1)
Chords = Sequence[tuple[int, ...]]
# Few pitches, so that runs are shared; rests, repeats and octaves among them.
chords = st.sampled_from([(), (60,), (62,), (60, 64), (62, 66), (72, 76), (60, 63)])
music = st.lists(chords, max_size=14)


def struck(line: Chords) -> Piece:
    """A chord a quarter, every note struck."""
    return Piece.from_events([Event(chord, QUARTER) for chord in line])


def line_of(chords: Chords) -> PieceSequence:
    """Every chord as it stands, rests in a row among them."""
    reference = np.array([chord[0] if chord else -1 for chord in chords], np.int64)
    shapes = [bytes(p - chord[0] for p in chord) for chord in chords]
    time = np.arange(len(chords))
    return PieceSequence(shapes, reference, time, time // 4 + 1, 1)


def same(a: Chords, b: Chords) -> bool:
    """Whether the chords are the same up to one transposition; neither is empty."""
    semitones = {
        q - p for one, other in zip(a, b, strict=True) for p, q in zip(one, other, strict=False)
    }
    return [len(chord) for chord in a] == [len(chord) for chord in b] and len(semitones) == 1


def longest(
    query: Chords, start: int, corpus: Sequence[Chords]
) -> tuple[int, list[tuple[int, int]]]:
    """Return the longest passage from `start` that begins and ends with sound, and its places."""
    for length in range(len(query) - start, 0, -1):
        run = query[start : start + length]
        if run[0] and run[-1]:
            ends = [
                (n, at)
                for n, piece in enumerate(corpus)
                for at in range(len(piece) - length + 1)
                if same(run, piece[at : at + length])
            ]
            if ends:
                return length, ends
    return 0, []


@settings(max_examples=300, deadline=None)
@given(st.lists(music, min_size=1, max_size=5), music, st.sets(st.integers(0, 4)))
def test_matches_equal_those_of_a_plain_search(
    corpus: list[list[tuple[int, ...]]], query: list[tuple[int, ...]], left_out: set[int]
) -> None:
    index = index_of(map(line_of, corpus)).without(left_out)
    found = index.matches(line_of(query))
    kept = [() if number in left_out else piece for number, piece in enumerate(corpus)]
    for start in range(len(query)):
        length, places = longest(query, start, kept)
        assert found.length[start] == length
        wanted = [int(index.first[number]) + at for number, at in places]
        if length:
            assert found.place[start] in wanted
            assert index.places(line_of(query), start, length).tolist() == wanted
            assert [index.piece[place] for place in wanted] == [number for number, _ in places]
        else:
            assert found.place[start] == -1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=60))
def test_suffixes_are_ranked_as_python_sorts_them(text: list[int]) -> None:
    order = sorted(range(len(text)), key=lambda start: text[start:])
    assert suffix_ranks(np.array(text, np.int64)).tolist() == np.argsort(order).tolist()


def test_a_long_passage_is_found_whole() -> None:
    tune = [(60 + t * t % 11, 72 + t % 5) for t in range(400)]
    index = index_of([line_of(tune[100:]), line_of(tune), line_of(tune[:50])])
    found = index.matches(line_of([tuple(p + 5 for p in chord) for chord in tune]))
    assert found.length.tolist() == list(range(400, 0, -1))
    assert set(index.without({1}).matches(line_of(tune)).length[100:].tolist()) == set(
        range(1, 301)
    )


def test_an_empty_corpus_has_no_matches() -> None:
    for lines in ([], [line_of([])], [line_of([(), ()])]):
        found = index_of(lines).matches(line_of([(60,), (), (64,)]))
        assert found.length.tolist() == [0, 0, 0]
    assert len(index_of([line_of([(60,)])]).matches(line_of([])).length) == 0


def test_a_passage_does_not_span_two_pieces() -> None:
    index = index_of([line_of([(60,), (61,)]), line_of([(64,), (69,)])])
    assert index.matches(line_of([(60,), (61,), (64,), (69,)])).length.tolist() == [2, 1, 2, 1]


@pytest.mark.parametrize("shift", [0, 7, -12])
def test_chords_and_melody_are_the_same_in_every_key(shift: int) -> None:
    tune = [(48, 64), (50, 65), (52, 67), (53, 69, 72), (48, 64)]
    moved = [tuple(p + shift for p in chord) for chord in tune]
    for here, there in zip(sequences_of(struck(tune)), sequences_of(struck(moved)), strict=True):
        assert index_of([there]).matches(here).length.tolist() == [5, 4, 3, 2, 1]
