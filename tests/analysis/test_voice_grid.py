from fractions import Fraction

import numpy as np

from partimento import Note, Part, Piece
from partimento.analysis.voice_grid import voice_grid, voice_lines

Q = Fraction(1)
PARTS = (Part("Soprano"), Part("Bass"))


def test_the_voices_of_a_piece_are_sampled_in_the_order_of_the_score():
    notes = [Note(Q * 0, Q, 72), Note(Q * 0, Q / 2, 48, part=1), Note(Q, Q, 74, part=1)]
    grid = voice_grid(Piece(notes, parts=PARTS))
    assert grid.method == "voices"
    # The last note stands above the first voice, and stays in its own column.
    assert grid.pitch.tolist() == [[72, 48], [72, -1], [-1, 74], [-1, 74]]
    assert grid.comparable.all()


def test_a_score_with_the_bass_first_is_reversed():
    notes = [Note(Q * 0, Q, 48), Note(Q * 0, Q, 72, part=1)]
    assert [line.part for line in voice_lines(Piece(notes, parts=PARTS))] == [1, 0]


def test_voices_of_one_part_are_lines():
    notes = [Note(Q * 0, Q, 72), Note(Q * 0, Q * 2, 48, voice=1), Note(Q, Q, 71)]
    lines = voice_lines(Piece(notes))
    assert [(line.voice, line.pitch.tolist()) for line in lines] == [(0, [72, 71]), (1, [48])]


def test_chords_in_a_part_are_sorted_by_pitch():
    notes = [Note(Q * 0, Q, pitch) for pitch in (48, 64, 72)] + [Note(Q, Q, 50), Note(Q, Q, 62)]
    grid = voice_grid(Piece(notes), step=Q)
    assert grid.method == "chords"
    assert not voice_lines(Piece(notes))
    assert grid.pitch.tolist() == [[72, 64, 48], [62, 50, -1]]
    assert grid.comparable.tolist() == [False]


def test_more_than_eight_lines_are_chords():
    notes = [Note(Q * 0, Q, 40 + 2 * part, part=part) for part in range(9)]
    piece = Piece(notes, parts=tuple(Part(str(n)) for n in range(9)))
    assert voice_grid(piece).method == "chords"
    assert voice_grid(piece).pitch.shape == (2, 9)


def test_grace_notes_and_drums_are_left_out():
    notes = [
        Note(Q * 0, Q, 60),
        Note(Q * 0, Q / 8, 61, grace=True),
        Note(Q * 0, Q, 36, part=1),
    ]
    grid = voice_grid(Piece(notes, parts=(Part(), Part(is_drum=True))))
    assert grid.pitch.tolist() == [[60], [60]]


def test_rests_and_pieces_without_notes():
    assert voice_grid(Piece([])).pitch.shape == (0, 0)
    rest_after_chord = Piece([Note(Q * 0, Q, 60), Note(Q * 0, Q, 64)], length=Q * 2)
    assert voice_grid(rest_after_chord).pitch.tolist() == [[64, 60]] * 2 + [[-1, -1]] * 2


def test_a_grid_finer_than_the_notes_and_triplets():
    triplets = [Note(Q / 3 * n, Q / 3, 60 + n) for n in range(3)]
    grid = voice_grid(Piece(triplets), step=Q / 4)
    assert np.array_equal(grid.pitch[:, 0], [60, 60, 61, 62])
