"""Completing a piece: what is known stays, note for note."""

from __future__ import annotations

import pytest
from tests.generate.grids import Q, flat_run, trio

from partimento.errors import PartimentoError
from partimento.generate.complete import complete, completes, place, unknown_cells
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.lines import PartWriting
from partimento.generate.constraints.pitch import Range
from partimento.generate.gibbs import Schedule
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Part

QUICK = Schedule(rounds=3, sweeps=1, apart=2)


def rows(piece: Piece, part: int | None = None) -> list[tuple]:
    return [(n.onset, n.duration, n.pitch, n.part) for n in piece.notes if part in (None, n.part)]


def test_other_voices_are_written_under_a_melody() -> None:
    run = flat_run()
    melody = trio().replace(
        notes=[n for n in trio().notes if n.part == 0], parts=(Part("Flute", 73),)
    )
    placed = place(run, melody)
    assert placed.parts == (0,)
    found = complete(run, placed, unknown_cells(run, placed), candidates=2, schedule=QUICK)
    assert len(found) == 2
    for piece in found:
        assert rows(piece, 0) == rows(melody, 0)
        assert {n.part for n in piece.notes} == {0, 1, 2}
        assert [part.name for part in piece.parts] == ["Flute", "Alto", "Bass"]
        assert piece.length == melody.length
    assert rows(found[0]) != rows(found[1])


def test_a_bass_may_be_given_instead() -> None:
    run = flat_run()
    notes = [n for n in trio().notes if n.part == 2]
    bass = trio().replace(
        notes=[Note(n.onset, n.duration, n.pitch) for n in notes], parts=(Part("Bass"),)
    )
    placed = place(run, bass, [2])
    piece = complete(run, placed, unknown_cells(run, placed), schedule=QUICK)[0]
    assert [row[:3] for row in rows(piece, 2)] == [row[:3] for row in rows(bass)]
    assert {n.part for n in piece.notes} == {0, 1, 2}


def test_bars_are_filled_and_all_other_notes_stay() -> None:
    run = flat_run(frame="1/4")
    piece = trio()
    placed = place(run, piece)
    unknown = unknown_cells(run, placed, bars=slice(2, 4), keep=[0])
    filled = complete(run, placed, unknown, schedule=QUICK)[0]
    assert rows(filled, 0) == rows(piece, 0)
    outside = [row for row in rows(piece) if not 4 <= row[0] < 12]
    assert [row for row in rows(filled) if not 4 <= row[0] < 12] == outside
    assert rows(filled) != rows(piece)


def test_notes_that_reach_into_the_gap_are_cut_there() -> None:
    notes = [Note(Q * 0, Q * 16, 72), Note(Q * 0, Q * 16, 60, part=1), Note(Q * 0, Q, 48, part=2)]
    piece = trio().replace(notes=notes)
    run = flat_run()
    placed = place(run, piece)
    unknown = unknown_cells(run, placed, bars=slice(2, 3), keep=[0, 2])
    filled = complete(run, placed, unknown, schedule=QUICK)[0]
    assert rows(filled, 0) == [(0, 16, 72, 0)]
    alto = rows(filled, 1)
    assert alto[0] == (0, 4, 60, 1)
    assert alto[-1] == (8, 8, 60, 1)
    assert all(4 <= onset < 8 for onset, *_ in alto[1:-1])


def test_constraints_hold_in_what_is_written() -> None:
    run = flat_run()
    placed = place(run, trio())
    unknown = unknown_cells(run, placed, bars=slice(1, 5), keep=[0])
    rules = [Range(50, 76), PartWriting("all")]
    for piece in complete(run, placed, unknown, candidates=2, constraints=rules, schedule=QUICK):
        new = [n.pitch for n in piece.notes if n.part > 0]
        assert min(new) >= 50
        assert max(new) <= 76


def test_repeated_notes_follow_the_given_voice_on_the_beat() -> None:
    run = flat_run(repeated_notes=True)
    placed = place(run, trio())
    unknown = unknown_cells(run, placed, bars=slice(1, 5), keep=[0])
    piece = complete(run, placed, unknown, schedule=QUICK)[0]
    assert all(duration <= 1 for _, duration, _, _ in rows(piece, 2))


def test_a_piece_in_another_octave_is_moved_and_comes_back() -> None:
    run = flat_run()
    high = trio().replace(notes=[Note(n.onset, n.duration, n.pitch + 24, part=n.part)
                                 for n in trio().notes])  # fmt: skip
    placed = place(run, high)
    assert placed.shift == -24
    unknown = unknown_cells(run, placed, bars=slice(1, 2), keep=[0, 1])
    piece = complete(run, placed, unknown, schedule=QUICK)[0]
    assert rows(piece, 0) == rows(high, 0)
    assert min(n.pitch for n in piece.notes) >= run.tokenizer.low + 24


def test_bad_input_is_refused_in_one_line() -> None:
    run = flat_run()
    with pytest.raises(PartimentoError, match="no notes"):
        place(run, Piece([]))
    with pytest.raises(PartimentoError, match="writes 3 voices"):
        place(run, trio(), [0, 1, 3])
    with pytest.raises(PartimentoError, match="different voices"):
        place(run, trio(), [0, 1, 1])
    wide = trio().replace(notes=[Note(Q * 0, Q, 0), Note(Q, Q, 127)])
    with pytest.raises(PartimentoError, match="too wide"):
        place(run, wide)
    placed = place(run, trio())
    with pytest.raises(PartimentoError, match="no bars 9 to 9"):
        unknown_cells(run, placed, bars=slice(9, 10))
    with pytest.raises(PartimentoError, match="no notes can meet"):
        complete(run, placed, unknown_cells(run, placed, bars=slice(1, 2)),
                 constraints=[FixedNotes([(0, 1, 120, 1)])])  # fmt: skip
    run.model_class.capabilities = ()
    assert not completes(run)
    with pytest.raises(PartimentoError, match="cannot complete"):
        place(run, trio())
