"""Played music is quantized so that it can be read."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from partimento import Meter, Note, Piece, Tempo, read
from partimento.analysis.beats import Beats
from partimento.analysis.quantize import estimate_meter, quantize
from partimento.corpus import read_piece
from partimento.music.notes import Notes

F = Fraction
CASES = Path(__file__).parents[1] / "cases"


def test_the_case_of_a_bug_report():
    expected = [F(1), F(1, 2), F(1, 2), F(3, 2), F(1, 2), F(2), F(1, 3), F(1, 3), F(1, 3), F(1)]
    for piece in (
        quantize(read_piece(CASES / "notes-played.mid")),
        read(CASES / "notes-played.mid", quantize=True),
    ):
        assert [note.duration for note in piece.notes] == expected
        assert [note.onset for note in piece.notes] == [sum(expected[:i]) for i in range(10)]
        assert (piece.meters, piece.tempos) == ((Meter(),), (Tempo(),))


@pytest.mark.parametrize(
    ("places", "division"),
    [
        ([0, 1], [0, 1]),
        ([0, 0.52], [0, F(1, 2)]),
        ([0, 0.31, 0.68], [0, F(1, 3), F(2, 3)]),
        ([0.02, 0.26, 0.49, 0.77], [0, F(1, 4), F(1, 2), F(3, 4)]),
        ([0, 0.73], [0, F(3, 4)]),
        ([0, 0.17, 0.34, 0.5, 0.66, 0.84], [F(i, 6) for i in range(6)]),
    ],
)
def test_the_simplest_division_that_fits_is_chosen(places, division):
    onset = np.round(np.array([*places, 2.0]) * 1000).astype(np.int64)
    notes = Notes.from_columns(
        1000, onset, np.full(len(onset), 100), np.arange(60, 60 + len(onset))
    )
    found = quantize(Piece(notes), Beats(np.arange(5.0), own=True))
    assert [note.onset for note in found.notes][:-1] == division


def test_notes_that_nearly_last_to_the_next_one_do():
    notes = [Note(F(0), F(8, 10), 60), Note(F(1), F(3, 10), 62), Note(F(2), F(1), 64)]
    found = quantize(Piece(notes), Beats(np.arange(5.0), own=True))
    assert [note.duration for note in found.notes] == [1, F(1, 2), 1]


def test_beats_that_are_not_the_files_own_give_meter_and_tempo():
    beats = np.arange(40) * 0.8 + 0.1
    notes = [
        Note(
            F(float(time)).limit_denominator(1000),
            F(1, 2),
            40 if i % 3 == 0 else 70,
            100 if i % 3 == 0 else 60,
        )
        for i, time in enumerate(beats[:-2])
    ]
    found = quantize(Piece(notes), Beats(beats, own=False))
    assert found.meters == (Meter(3, 4),)
    assert found.pickup == 0
    assert [round(tempo.bpm) for tempo in found.tempos] == [150]
    assert [note.onset for note in found.notes][:4] == [0, 1, 2, 3]


@pytest.mark.parametrize(("size", "phase"), [(4, 0), (4, 1), (3, 0), (3, 2), (2, 1)])
def test_the_meter_is_that_of_the_strong_notes(size, phase):
    strong = np.arange(48) % size == phase
    notes = Notes.from_columns(
        1,
        np.arange(48),
        np.ones(48, int),
        np.where(strong, 36, 72),
        velocity=np.where(strong, 110, 50),
    )
    meter, found = estimate_meter(notes)
    assert (meter.numerator, found) == (size, phase)


def test_short_and_empty_pieces():
    assert quantize(Piece([])) == Piece([])
    one = quantize(Piece([Note(F(1, 7), F(1, 3), 60)]))
    assert len(one.notes) == 1


def test_fermatas_stay_on_their_notes():
    notes = [Note(F(i) + F(i % 3, 50), F(9, 10), 60 + i % 5) for i in range(16)]
    ends = tuple(notes[i].end for i in (3, 15))
    piece = Piece(notes, fermatas=(notes[3].onset, notes[15].onset), phrase_ends=ends)
    found = quantize(piece)
    assert (found.fermatas, found.phrase_ends) == ((3, 15), (4, 16))
