"""Bars are filled by models of a grid, and what is locked stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.generate.grids import Q, fill_run, trio

from partimento import read
from partimento.errors import PartimentoError
from partimento.generate.around import Gap, view_of
from partimento.generate.constraints.fixed import FixedNotes
from partimento.generate.constraints.lines import PartWriting
from partimento.generate.constraints.parts import PartRanges
from partimento.generate.constraints.pitch import InKey, Range
from partimento.generate.constraints.rhythm import Rhythm
from partimento.generate.fill import fill_candidates
from partimento.generate.fill_request import FillRequest
from partimento.generate.gibbs import Schedule
from partimento.generate.grid_fill import GridFill, gap_nats
from partimento.generate.grid_gap import read_gap
from partimento.generate.provenance import compose_again
from partimento.generate.sampler import Sampling
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, Part
from partimento.tokens.grid_grammar import FIRST_PITCH

QUICK = GridFill(schedule=Schedule(rounds=3, sweeps=1, apart=2))


def rows(piece: Piece, part: int | None = None) -> list[tuple[Any, ...]]:
    return [(n.onset, n.duration, n.pitch, n.part) for n in piece.notes if part in (None, n.part)]


def filled(
    run: Any,
    piece: Piece,
    begin: int | Fraction = 4,
    end: int | Fraction = 8,
    *,
    parts: Sequence[int] = (0, 1, 2),
    count: int = 2,
    seed: int = 1,
    constraints: Sequence[Any] = (),
) -> list[Piece]:
    gap = Gap(Fraction(begin), Fraction(end), tuple(parts), piece.length)
    view = view_of(run, piece, gap)
    request = FillRequest(view, Sampling(), count, tuple(constraints))
    changes = QUICK.fill(run, request, seed).changes
    return [view.sounding(change).applied(piece) for change in changes]


@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.parametrize("parts", [(0, 1, 2), (1, 2), (0,)])
def test_only_the_composed_parts_of_the_gap_change(hold: bool, parts: tuple[int, ...]) -> None:
    piece = trio(6)
    for result in filled(fill_run(hold=hold, repeated_notes=hold), piece, 8, 16, parts=parts):
        for part in range(3):
            outside = [row for row in rows(piece, part) if not 8 <= row[0] < 16]
            assert [row for row in rows(result, part) if not 8 <= row[0] < 16] == outside
            new = [row for row in rows(result, part) if 8 <= row[0] < 16]
            old = [row for row in rows(piece, part) if 8 <= row[0] < 16]
            assert (new == old) == (part not in parts)
        assert result.length == piece.length
        assert all(n.end <= 16 for n in result.notes if 8 <= n.onset < 16)


def test_notes_over_the_edges_stay_and_new_ones_touch_them() -> None:
    kept = [Note(Q * 3, Fraction(7, 3), 64, part=1), Note(Fraction(22, 3), Q * 2, 65, part=1)]
    others = [n for n in trio().notes if n.part != 1]
    piece = trio().replace(notes=[*others, *kept])
    run = fill_run(hold=True)
    view = view_of(run, piece, Gap(Q * 4, Q * 8, (1,), piece.length))
    known = ~read_gap(run, view).unknown[:, 1]
    # Onsets and ends between two steps of an eighth count from the next one.
    assert np.flatnonzero(~known).tolist() == [11, 12, 13, 14]
    new_ends = set()
    for result in filled(run, piece, parts=(1,), count=8):
        own = rows(result, 1)
        assert rows(result.replace(notes=[n for n in result.notes if n in kept])) == rows(
            piece.replace(notes=kept)
        )
        new = [row for row in own if Fraction(16, 3) <= row[0] < Fraction(22, 3)]
        assert all(row[0] + row[1] <= Fraction(22, 3) for row in new)
        new_ends |= {(min(row[0] for row in new), max(row[0] + row[1] for row in new))}
    # The first new note begins where the kept one ends, if it is no rest.
    assert (Fraction(16, 3), Fraction(22, 3)) in new_ends


def test_a_fermata_stays_on_a_new_note() -> None:
    piece = trio().replace(fermatas=(Q * 6,))
    for result in filled(fill_run(), piece, count=4):
        onsets = {n.onset for n in result.notes if n.part == 0}
        assert len(result.fermatas) <= 1
        assert set(result.fermatas) <= onsets
    assert filled(fill_run(), piece, parts=(1, 2))[0].fermatas == (6,)


def test_no_note_is_held_over_the_end_of_a_phrase() -> None:
    piece = trio().replace(phrase_ends=(Q * 6,))
    run = fill_run()
    run.model.logits = lambda values, known, facts: (
        np.broadcast_to(
            np.arange(run.tokenizer.cells) >= FIRST_PITCH, (*np.shape(values), run.tokenizer.cells)
        )
        * np.float32(99)
    )
    rules = [InKey("C major"), Range(60, 60)]
    for given, ends in ((piece, {6, 8}), (trio(), {8})):
        notes = [n for r in filled(run, given, constraints=rules) for n in r.notes if n.pitch == 60]
        assert {n.end for n in notes if 4 <= n.onset < 8 and n.part == 0} <= ends
        assert max((n.duration for n in notes), default=0) == (2 if 6 in ends else 4)


def test_constraints_hold_in_the_new_bars() -> None:
    run = fill_run(frame="1")
    rules = [
        Range(55, 70),
        InKey("C major"),
        FixedNotes([(5, 2, 62, 1)]),
        PartWriting("all"),
    ]
    run.tokenizer = replace(run.tokenizer, low=48, high=84)
    run.model.tokenizer = run.tokenizer
    notes = [n for n in trio(6).notes if not (n.part == 2 and 3 <= n.onset <= 8)]
    for result in filled(run, trio(6).replace(notes=notes), constraints=rules, count=8):
        new = [n for n in result.notes if 4 <= n.onset < 8]
        assert all(55 <= n.pitch <= 70 and n.pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for n in new)
        assert (5, 2, 62, 1) in rows(result)


def test_each_part_may_have_a_range_of_its_own() -> None:
    ranges = PartRanges([(72, 74), (60, 62), (50, 52)])
    bass = [replace(n, part=2 - n.part) for n in trio().notes]
    for piece, order in ((trio(), 1), (trio().replace(notes=bass), -1)):
        rule = PartRanges(ranges.ranges[::order])
        result = filled(fill_run(), piece, constraints=[rule])[0]
        new = [n for n in result.notes if 4 <= n.onset < 8]
        assert all(low <= n.pitch <= high for n in new for low, high in [rule.ranges[n.part]])
        assert {n.part for n in new} == {0, 1, 2}


def test_demands_that_cannot_be_met_are_named() -> None:
    run = fill_run()
    with pytest.raises(PartimentoError, match=r"(?s)cannot meet Range.*bar 2|no note"):
        filled(run, trio(), constraints=[Range(20, 21)])
    with pytest.raises(PartimentoError, match="none of 2 candidates met all demands: Rhythm"):
        filled(run, trio(), constraints=[Rhythm(["1/2", "3/2"])])


def test_new_notes_make_no_parallels_with_those_around() -> None:
    run = fill_run(frame="1")
    # Only two pitches, a fifth apart: nearly all random motion is in parallel.
    notes = [Note(Q * t, Q, (72, 65, 48)[part], part=part) for t in range(16) for part in range(3)]
    piece = trio().replace(notes=notes)
    for result in filled(run, piece, count=8):
        lines = [[n.pitch for n in result.notes if n.part == part] for part in range(3)]
        if all(len(line) == 16 for line in lines):
            assert PartWriting("all").check(result, _scene(run)).holds


def _scene(run: Any) -> Any:
    from partimento.generate.constraints.base import Scene

    return Scene(grid=run.tokenizer.grid, total=16)


def test_a_piece_that_does_not_avoid_parallels_may_have_them() -> None:
    run = fill_run()
    gap = Gap(Q * 4, Q * 8, (0, 1, 2), trio().length)
    notes = [n for n in trio().notes if n.part == 0]
    doubled = [*notes, *(Note(n.onset, n.duration, n.pitch - 12, part=1) for n in notes)]
    for piece, wishes in ((trio().replace(notes=doubled), 0), (trio(), 1)):
        request = FillRequest(view_of(run, piece, gap), Sampling(), 1)
        assert len(QUICK.fill(run, request, 1).wishes) == wishes


def test_bar_lines_off_the_grid_and_held_bars_are_refused() -> None:
    run = fill_run(frame="1")
    piece = trio().replace(meters=(Meter(3, 8),))
    with pytest.raises(PartimentoError, match="begin between two steps of the model"):
        filled(run, piece, Fraction(3, 2), 3)
    held = [Note(Q * 0, Q * 16, pitch, part=part) for part, pitch in enumerate((72, 64, 48))]
    with pytest.raises(PartimentoError, match="sound over their ends"):
        filled(run, trio().replace(notes=held))


def test_a_range_an_octave_lower_is_read_an_octave_higher() -> None:
    low = trio().replace(notes=[replace(n, pitch=n.pitch - 24) for n in trio().notes])
    run = fill_run()
    assert read_gap(run, view_of(run, low, Gap(Q * 4, Q * 8, (0,), low.length))).octaves == 24
    for result in filled(run, low):
        new = [n.pitch for n in result.notes if 4 <= n.onset < 8]
        assert min(new) >= run.tokenizer.low - 24
        assert max(new) <= run.tokenizer.high - 24
    wide = [Note(Q * t, Q, 30 + 70 * (t % 2), part=0) for t in range(16)]
    wide += [Note(Q * t, Q, 127, part=1) for t in range(16)]
    with pytest.raises(PartimentoError, match="too wide for the model, which writes"):
        filled(run, trio().replace(notes=wide))


def test_a_voice_that_no_line_has_is_never_read() -> None:
    run = fill_run()
    two = trio().replace(
        notes=[replace(n, part=n.part // 2) for n in trio().notes if n.part != 1],
        parts=(Part("Flute"), Part("Bassoon")),
    )
    result = filled(run, two, count=1, parts=(0, 1))[0]
    assert {n.part for n in result.notes} == {0, 1}
    shown = np.concatenate([known.reshape(-1, 3) for known in run.model.known if len(known) < 4])
    assert (~shown).all(axis=0).sum() == 1


def test_two_voices_on_one_staff_are_two_lines(tmp_path: Path) -> None:
    notes = [replace(n, part=n.part // 2, voice=n.part % 2) for n in trio().notes]
    piece = trio().replace(notes=notes, parts=(Part("Women"), Part("Men")))
    path = tmp_path / "choir.musicxml"
    piece.save(path)
    run = fill_run()
    found = fill_candidates(run, read(path), "2", best=1, seed=2, candidates=2)[0].piece
    out = tmp_path / "filled.musicxml"
    found.save(out)
    new = [n for n in read(out).notes if 4 <= n.onset < 8 and n.part == 0]
    assert {n.voice for n in new} == {0, 1}
    old = [row for row in rows(piece) if not 4 <= row[0] < 8]
    assert [row for row in rows(read(out)) if not 4 <= row[0] < 8] == old


def test_the_nats_of_a_candidate_are_those_of_its_new_cells() -> None:
    run = fill_run()
    view = view_of(run, trio(), Gap(Q * 4, Q * 8, (0,), trio().length))
    gap = read_gap(run, view)
    grids = np.repeat(gap.cells[None], 2, axis=0)
    # Every symbol has the same probability; eight cells of four notes.
    assert gap_nats(gap, grids, 1) == pytest.approx(2 * np.log(run.tokenizer.cells), rel=1e-6)


def test_fill_serves_these_models_and_again_makes_the_same(tmp_path: Path) -> None:
    run, path = fill_run(), tmp_path / "trio.mid"
    trio().save(path)
    piece = read(path)
    found = fill_candidates(run, piece, "2-3", keep=["Soprano"], best=2, seed=5, candidates=4)
    assert len(found) == 2
    for candidate in found:
        assert rows(candidate.piece, 0) == rows(piece, 0)
        assert candidate.weighing is None
        assert candidate.bars == (2, 3)
        assert candidate.criteria.nats > 0
    record = found[1].piece.provenance
    assert record is not None
    assert record.options["candidates"] == 4
    again = compose_again(run, record, pieces={"piece": piece})
    assert again.notes == found[1].piece.notes
    other = fill_candidates(run, piece, "2-3", keep=["Soprano"], best=1, seed=6, candidates=4)
    assert other[0].piece.notes != found[0].piece.notes


def test_progress_is_reported() -> None:
    calls: list[tuple[int, int]] = []
    fill_candidates(
        fill_run(),
        trio(),
        "2",
        best=1,
        candidates=2,
        progress=lambda stage, done, total: calls.append((done, total)),
    )
    assert calls[-1][0] == calls[-1][1]
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
