"""Structure of pieces whose figures can be counted by hand."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from partimento import Event, Meter, Note, Part, Piece
from partimento.analysis.features.structure import (
    bar_similarity,
    longest_bar_run,
    repeated_bars,
    repeated_rhythms,
    self_similarity,
    similarity_by_lag,
    structure_features,
)
from partimento.corpus import read_piece
from partimento.music.bars import first_bars, notes_by_bar

Q = Fraction(1)
A, B, C = (60, 62, 64, 65), (67, 65, 64, 62), (60, 62, 64, 67)


def bars_of(*bars: tuple[int, ...], **more: object) -> Piece:
    """Each bar's pitches in quarters; 0 is a rest."""
    return Piece.from_events(
        [Event((pitch,) if pitch else (), Q) for bar in bars for pitch in bar], **more
    )


def test_the_longest_run_of_one_bar() -> None:
    rest = (0, 0, 0, 0)
    assert longest_bar_run(notes_by_bar(bars_of(A, A, B, A, A, A, C))) == 3
    assert longest_bar_run(notes_by_bar(bars_of(A, A, rest, A))) == 2
    assert longest_bar_run(notes_by_bar(Piece([]))) == 0


def test_repeated_bars_equal_counts_by_hand() -> None:
    found = notes_by_bar(bars_of(A, B, A, C, A, (0, 0, 0, 0), (0, 0, 0, 0)))
    assert repeated_bars(found) == 2 / 5  # empty bars are none
    assert repeated_rhythms(found) == 4 / 5


def test_a_bar_counts_as_repeated_only_if_all_of_it_is_equal() -> None:
    def shares(*notes: Note, meters: tuple[Meter, ...] = (Meter(2, 4),)) -> tuple[float, float]:
        found = notes_by_bar(Piece(notes, meters=meters))
        return repeated_bars(found), repeated_rhythms(found)

    first = Note(0 * Q, Q, 60)
    assert shares(first, Note(2 * Q, Q, 60)) == (1 / 2, 1 / 2)
    assert shares(first, Note(2 * Q, Q, 61)) == (0, 1 / 2)
    assert shares(first, Note(2 * Q, Q - Fraction(1, 1000), 60)) == (0, 0)
    assert shares(first, Note(2 * Q + Fraction(1, 1000), Q, 60)) == (0, 0)
    assert shares(first, Note(2 * Q, Q, 60), Note(2 * Q, Q, 64)) == (0, 1 / 2)
    assert shares(first, Note(2 * Q, Q, 60), meters=(Meter(2, 4), Meter(3, 4, onset=2 * Q))) == (
        0,
        0,
    )  # a longer bar
    assert shares(first, Note(2 * Q, Q, 60), Note(4 * Q, Q, 60)) == (2 / 3, 2 / 3)


def test_pickup_drums_and_sustained_notes_are_ignored() -> None:
    notes = [Note(t * Q, Q, 60) for t in range(5)]
    whole = notes_by_bar(Piece(notes, meters=(Meter(2, 4),), pickup=Q))
    assert repeated_bars(whole) == 1 / 2
    kit = [Note(t * Q, Q / 2, 36 + t, part=1) for t in range(5)]
    both = Piece(
        [*notes, *kit], meters=(Meter(2, 4),), pickup=Q, parts=(Part(), Part("Kit", is_drum=True))
    )
    assert repeated_bars(notes_by_bar(both)) == 1 / 2
    tied = [Note(0 * Q, 3 * Q, 48), *(Note(t * Q, Q, 60) for t in range(6))]
    assert (
        repeated_bars(notes_by_bar(Piece(tied, meters=(Meter(2, 4),)))) == 1 / 3
    )  # the second bar is the third, not the first


def test_similarity_equals_counts_by_hand() -> None:
    found = bar_similarity(notes_by_bar(bars_of(A, C, B, A)))
    assert found[0, 1] == pytest.approx(3 / 5)  # three of the five notes that are in either
    assert found[0, 2] == pytest.approx(1 / 7)  # the third note is the same
    assert found[0, 3] == 1
    assert found == pytest.approx(found.T)
    assert np.diag(found) == pytest.approx(1)
    expected = np.array([np.mean([3 / 5, found[1, 2], found[2, 3]]), np.mean([1 / 7, 3 / 5]), 1])
    assert similarity_by_lag(found, 4)[:3] == pytest.approx(expected)
    assert math.isnan(similarity_by_lag(found, 4)[3])
    assert self_similarity(found) == pytest.approx(
        (3 / 5 + 1 / 7 + 1 + found[1, 2] + 3 / 5 + found[2, 3]) / 6
    )


def test_empty_bars_are_similar_to_no_bar() -> None:
    rest = (0, 0, 0, 0)
    found = bar_similarity(notes_by_bar(bars_of(A, rest, A, rest, B)))
    assert found[0, 1] == 0
    assert math.isnan(found[1, 3])
    assert similarity_by_lag(found, 2)[1] == pytest.approx(
        (1 + 1 / 7) / 2
    )  # of bars 1 and 3, 3 and 5


@pytest.mark.parametrize(
    "piece", [Piece([]), bars_of(A), Piece([Note(Q, Q, 36)], parts=(Part("Kit", is_drum=True),))]
)
def test_pieces_without_bars_to_compare_give_nan(piece: Piece) -> None:
    found = structure_features(notes_by_bar(piece))
    assert math.isnan(float(found["self_similarity"]))
    assert np.isnan(found["similarity_by_lag"]).all()
    assert math.isnan(float(found["repeated_bars"])) == (piece != bars_of(A))


def test_structure_of_real_music_equals_plain_counting(data_folder: Path) -> None:
    paths = sorted((data_folder / "mutopia-guitar" / "SorF").glob("*.mid"))[:4]
    if not paths:
        pytest.skip("no mutopia-guitar")
    for path in paths:
        piece = first_bars(read_piece(path), 24)
        bars, notes = [bar for bar in piece.bars() if bar.number > 0], tuple(piece.notes)
        contents = [
            frozenset(
                (n.onset - bar.onset, n.pitch, n.duration)
                for n in notes
                if bar.onset <= n.onset < bar.onset + bar.duration
            )
            for bar in bars
        ]
        keys = [(bar.duration, content) for bar, content in zip(bars, contents, strict=True)]
        again = [key in keys[:place] for place, key in enumerate(keys) if key[1]]
        found = notes_by_bar(piece)
        assert repeated_bars(found) == pytest.approx(sum(again) / len(again))
        plain = [frozenset((onset, pitch) for onset, pitch, _ in content) for content in contents]
        similarity = bar_similarity(found)
        for i, j in ((0, 1), (1, 4), (2, 7)):
            assert similarity[i, j] == pytest.approx(
                len(plain[i] & plain[j]) / len(plain[i] | plain[j])
            )
