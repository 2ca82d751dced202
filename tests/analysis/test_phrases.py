"""Phrases: stated by a score, or estimated from notes and bars."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from benchmarks.phrases import boundaries, equal, local_boundaries, marked, measure

from partimento import Meter, Note, Part, Piece
from partimento.analysis.phrases import (
    Phrase,
    boundary_strengths,
    estimate_phrase_ends,
    melody_of,
    phrases,
)
from partimento.io.abc.read import piece_from_abc

F = Fraction
# Four phrases of two bars: six quarters and a half.
LENGTHS = [F(1)] * 6 + [F(2)]
ENDS = (F(8), F(16), F(24), F(32))


def song(*, start: int = 0, parts: int = 1) -> Piece:
    notes, now = [], F(start)
    for phrase in range(4):
        for i, length in enumerate(LENGTHS):
            pitch = 60 + (5 * i + phrase) % 12
            notes += [Note(now, length, pitch - 7 * part, part=part) for part in range(parts)]
            now += length
    return Piece(notes, parts=(Part(),) * parts, pickup=F(start % 4))


@pytest.mark.parametrize("parts", [1, 3])
def test_phrases_end_with_long_notes_and_whole_bars(parts: int) -> None:
    assert estimate_phrase_ends(song(parts=parts)) == ENDS


def test_a_pickup_is_a_place_in_the_bar() -> None:
    piece = song(start=3)
    assert estimate_phrase_ends(piece) == tuple(end + 3 for end in ENDS)
    assert phrases(piece)[0] == Phrase(F(3), F(11))


def test_stated_phrase_ends_come_first() -> None:
    piece = song().replace(phrase_ends=(F(4), F(20)))
    assert phrases(piece) == [(0, 4), (4, 20), (20, 32)]
    assert estimate_phrase_ends(piece) == ENDS


def test_long_stretches_between_stated_ends_are_divided() -> None:
    notes = [
        Note(32 * i + note.onset, note.duration, note.pitch)
        for i in range(3)
        for note in song().notes
    ]
    piece = Piece(notes, phrase_ends=(F(28), F(96)))
    assert [phrase.end for phrase in phrases(piece)] == [28, *range(32, 97, 8)]


def test_rests_belong_to_no_phrase() -> None:
    notes = [Note(F(i), F(1), 60) for i in (1, 2, 5, 6, 9)]
    piece = Piece(notes, phrase_ends=(F(1, 2), F(3), F(4), F(7)))
    assert phrases(piece) == [(1, 3), (5, 7), (9, 10)]
    assert phrases(Piece([])) == []
    assert estimate_phrase_ends(Piece([])) == ()


def test_one_note_is_one_phrase() -> None:
    piece = Piece([Note(F(1, 3), F(5), 60)])
    assert estimate_phrase_ends(piece) == (F(16, 3),)
    assert phrases(piece) == [(F(1, 3), F(16, 3))]


def test_drums_and_grace_notes_are_no_melody() -> None:
    notes = [Note(F(0), F(1), 60), Note(F(1), F(1), 62), Note(F(0), F(2), 40, part=1)]
    grace = Note(F(15, 16), F(1, 16), 90, grace=True)
    piece = Piece([*notes, grace], parts=(Part(), Part(is_drum=True)))
    melody = melody_of(piece)
    assert (melody.onset / melody.grid).tolist() == [0, 1]
    assert estimate_phrase_ends(piece) == (2,)


def test_the_melody_is_the_highest_sounding_line() -> None:
    notes = [Note(F(0), F(3), 72), Note(F(1), F(1), 60), Note(F(2), F(2), 74), Note(F(4), F(1), 62)]
    melody = melody_of(Piece(notes, meters=(Meter(1, 8),)))
    assert (melody.grid, melody.onset.tolist(), melody.end.tolist()) == (2, [0, 4, 8], [4, 8, 10])


def test_voices_that_wait_for_each_other_are_a_gap() -> None:
    upper = [Note(F(i), F(1), 72) for i in range(4)]
    lower = [Note(F(i, 2), F(1, 2), 48, part=1) for i in range(8) if i != 5]
    piece = Piece([*upper, *lower], parts=(Part(), Part()))
    strengths = boundary_strengths(piece, melody_of(piece))
    assert int(np.argmax(strengths)) == 3


def test_the_benchmark_counts_boundaries() -> None:
    piece = song().replace(phrase_ends=ENDS)
    assert boundaries(piece, piece.phrase_ends) == {7, 14, 21}
    assert measure(lambda _: {7, 15}, [piece]) == (0.5, 1 / 3, pytest.approx(0.4))
    assert equal(piece) == {8, 16, 24}
    assert local_boundaries(0.3)(piece) >= {7, 14, 21}
    tune = piece_from_abc(marked("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|\nG4|\n").encode())
    assert tune.phrase_ends == (4, 8)
