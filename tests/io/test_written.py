"""Pieces from written scores."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.pieces import spans

from partimento import Key, Meter, Part
from partimento.errors import InvalidScoreError
from partimento.io.written import (
    MOST_WARNINGS,
    TIE_START,
    TIE_STOP,
    WrittenNote,
    WrittenScore,
    checked_mark,
    common_grid,
    order_of_bars,
    piece_of_written,
    unfolded,
)
from partimento.music.fermatas import BREATH, FERMATA

F = Fraction


def score(*notes: WrittenNote, **fields: object) -> WrittenScore:
    written = WrittenScore(grid=16, notes=list(notes), parts=[Part(), Part()])
    written.length = max(note.onset + note.duration for note in notes)
    for name, value in fields.items():
        setattr(written, name, value)
    return written


def test_the_grid_represents_all_durations_and_grace_notes() -> None:
    assert common_grid({F(1, 3): 1, F(1, 5): 1}) == 240
    assert common_grid({}) == 16


def test_rare_and_odd_durations_do_not_make_the_grid_absurd() -> None:
    odd = {F(1, prime): 1 for prime in (9973, 9967, 9949)}
    assert common_grid({F(1, 12): 10, **odd}) == 48 * 9973


def test_ties_prefer_the_same_voice() -> None:
    piece = piece_of_written(
        score(
            WrittenNote(0, 16, 60, voice=0, ties=TIE_START),
            WrittenNote(8, 8, 60, voice=1, ties=TIE_START),
            WrittenNote(16, 16, 60, voice=0, ties=TIE_STOP),
            WrittenNote(32, 16, 60, voice=0, ties=TIE_STOP),
        )
    )
    assert sorted(spans(piece)) == [(0, F(1, 2), 60), (F(1, 2), F(1, 2), 60), (2, 1, 60)]


def test_grace_notes_stand_before_their_note_in_the_order_of_the_file() -> None:
    piece = piece_of_written(
        score(
            WrittenNote(0, 16, 60),
            WrittenNote(16, 0, 64),
            WrittenNote(16, 0, 62),
            WrittenNote(16, 0, 65, ties=-1),  # a chord with the one before
            WrittenNote(16, 16, 60),
        )
    )
    graces = [(note.onset, note.pitch) for note in piece.notes if note.grace]
    assert graces == [(F(14, 16), 64), (F(15, 16), 62), (F(15, 16), 65)]


def test_irregular_bars_repeat_the_meter() -> None:
    notes = [WrittenNote(16 * i, 16, 60) for i in range(11)]
    written = score(*notes, bars=[0, 16, 80, 128], meters={0: Meter(4, 4)})
    piece = piece_of_written(written)
    assert piece.pickup == 1
    assert piece.meters == (Meter(4, 4), Meter(4, 4, F(8)))
    assert [bar.onset for bar in piece.bars()] == [0, 1, 5, 8]


def test_the_meter_of_the_first_whole_bar_is_that_of_the_pickup() -> None:
    notes = [WrittenNote(16 * i, 16, 60) for i in range(10)]
    piece = piece_of_written(score(*notes, bars=[0, 16, 64], meters={16: Meter(3, 4)}))
    assert (piece.pickup, piece.meters) == (1, (Meter(3, 4),))


def test_a_meter_change_within_a_bar_counts_from_there() -> None:
    notes = [WrittenNote(16 * i, 16, 60) for i in range(10)]
    written = score(*notes, bars=[0, 64, 112], meters={0: Meter(4, 4), 64: Meter(3, 4)})
    assert piece_of_written(written).meters == (Meter(4, 4), Meter(3, 4, F(4)))


def test_passages_take_their_marks_along() -> None:
    written = score(
        WrittenNote(0, 64, 60),
        WrittenNote(64, 64, 62),
        WrittenNote(128, 0, 64),
        bars=[0, 64],
        keys={0: Key(0), 64: Key(2)},
    )
    piece = piece_of_written(written, [(0, 64), (64, 128), (0, 64), (64, 128)])
    assert piece.keys == tuple(Key(n, "major", F(4 * i)) for i, n in enumerate((0, 2, 0, 2)))
    assert [note.pitch for note in piece.notes if note.grace] == [64, 64]
    assert len(piece.bars()) == 4


def test_a_huge_number_of_passages_is_refused() -> None:
    written = score(*[WrittenNote(i, 1, 60) for i in range(1000)])
    with pytest.raises(InvalidScoreError, match="more than 200000 are not read"):
        unfolded(written, [(0, 1000)] * 1000)


def test_bars_in_a_row_are_one_passage() -> None:
    assert order_of_bars([0, 4, 8], 12, [0, 1, 0, 2]) == [(0, 8), (0, 4), (8, 12)]


def test_warnings_are_limited_and_not_repeated() -> None:
    written = WrittenScore()
    for i in range(3 * MOST_WARNINGS):
        written.warn(f"fault {i // 2}")
    assert len(written.warnings) == MOST_WARNINGS + 1
    assert written.warnings[-1] == "there are more such faults"
    assert checked_mark(written, lambda: Meter(0, 4), "bar 1") is None


def test_a_tied_note_has_the_marks_of_all_its_parts() -> None:
    notes = [
        WrittenNote(0, 16, 60, ties=TIE_START),
        WrittenNote(16, 16, 60, ties=TIE_STOP, mark=FERMATA),
        WrittenNote(16, 8, 64, part=1, mark=BREATH),
        WrittenNote(32, 0, 67, mark=FERMATA),  # a grace note
        WrittenNote(32, 16, 72),
    ]
    piece = piece_of_written(score(*notes, breaks={0, 40}))
    assert (piece.fermatas, piece.phrase_ends) == ((0,), (F(3, 2), 2, F(5, 2)))


def test_each_repeat_ends_its_phrase() -> None:
    written = score(WrittenNote(0, 16, 60), WrittenNote(16, 16, 62), breaks={16, 32})
    piece = piece_of_written(written, [(0, 16), (0, 16), (16, 32)])
    assert piece.phrase_ends == (1, 2, 3)


def test_voices_are_numbered_part_by_part() -> None:
    notes = [
        WrittenNote(0, 16, 72, voice=2),
        WrittenNote(0, 16, 60, voice=5),
        WrittenNote(0, 16, 48, part=1, voice=7),
        WrittenNote(16, 16, 72, voice=2),
        WrittenNote(16, 32, 72, voice=5),  # a unison is one note, of the voice that holds it
    ]
    piece = piece_of_written(score(*notes))
    assert [(n.pitch, n.voice, n.duration) for n in piece.notes] == [
        (48, 0, 1),
        (60, 1, 1),
        (72, 0, 1),
        (72, 1, 2),
    ]
