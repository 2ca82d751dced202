"""Grace notes: found in played music that keeps to a grid, nowhere else, and taken away without a
trace.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from partimento import Note, Part, Piece
from partimento.analysis.grace_notes import (
    mark_grace_notes,
    merge_grace_notes,
    on_plain_grid,
    remove_grace_notes,
)
from partimento.corpus import read_piece
from partimento.music.notes import Notes

TICKS = 384
Row = tuple[int, int, int]  # onset, duration in ticks, pitch


def played(rows: Iterable[Row], *, divisions: int = TICKS, part: int = 0) -> Piece:
    onset, duration, pitch = np.array(list(rows), np.int64).T
    return Piece(
        Notes.from_columns(divisions, onset, duration, pitch, part=part),
        parts=(Part("Guitar", 24),) * (part + 1),
    )


def scale(count: int = 24, *, step: int = TICKS // 2) -> list[Row]:
    """Plain music before the passage in question."""
    return [(i * step, step, 60 + i % 12) for i in range(count)]


def after(rows: Iterable[Row], *, lead: list[Row] | None = None) -> Piece:
    lead = scale() if lead is None else lead
    start = lead[-1][0] + lead[-1][1]
    return played([*lead, *((start + onset, duration, pitch) for onset, duration, pitch in rows)])


def graces(piece: Piece) -> list[int]:
    return [note.pitch for note in mark_grace_notes(piece).notes if note.grace]


EIGHTH = (
    43,
    340,
)  # what a grace note of an eighth lasts, and when it begins in a quarter of 384 ticks


def test_a_grace_note_is_marked_and_no_time_changes() -> None:
    piece = after([(0, 340, 72), (340, 43, 74), (384, 384, 76)])
    marked = mark_grace_notes(piece)
    assert [note.pitch for note in marked.notes if note.grace] == [74]
    assert np.array_equal(marked.notes.onset, piece.notes.onset)
    assert np.array_equal(marked.notes.duration, piece.notes.duration)
    assert mark_grace_notes(marked) == marked


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([(0, 297, 72), (297, 43, 74), (340, 43, 76), (384, 384, 77)], id="chain"),
        pytest.param(
            [(0, 319, 72), (319, 21, 74), (340, 22, 76), (362, 21, 77), (384, 384, 79)],
            id="chain of three",
        ),
        pytest.param(
            [(0, 340, 72), (340, 43, 74), (340, 43, 79), (384, 384, 76), (384, 384, 80)], id="chord"
        ),
        pytest.param(
            [(0, 384, 40), (340, 43, 74), (384, 384, 76), (384, 384, 40)],
            id="after a rest of its voice, over a bass",
        ),
        pytest.param(
            [(0, 53, 72), (53, 43, 74), (96, 288, 76)],
            id="a note hardly longer than its grace note",
        ),
        pytest.param(
            [(0, 244, 72), (244, 21, 71), (266, 21, 72), (384, 384, 74)],
            id="after-graces, then silence",
        ),
    ],
)
def test_known_kinds_of_played_grace_notes_are_marked(rows: list[Row]) -> None:
    played_small = [
        pitch
        for onset, duration, pitch in rows
        if duration < 90 and not on_plain_grid(np.array([onset]), TICKS)[0]
    ]
    assert graces(after(rows)) == played_small
    folded = remove_grace_notes(mark_grace_notes(after(rows)))
    assert len(folded.notes) == 24 + len(rows) - len(played_small)
    assert on_plain_grid(folded.notes.onset, folded.notes.divisions).all()
    assert on_plain_grid(folded.notes.end, folded.notes.divisions).all()


@pytest.mark.parametrize(
    ("divisions", "length"), [(480, 57), (960, 101), (480, 29), (192, 23), (120, 13)]
)
@pytest.mark.parametrize("on_beat", [False, True])
def test_grace_notes_of_other_programs_are_marked(
    divisions: int, length: int, on_beat: bool
) -> None:
    """Before the beat or on it, for any time that is short and that no notation writes."""
    quarter, eighth = divisions, divisions // 2
    lead = [(i * eighth, eighth, 60 + i % 12) for i in range(24)]
    at, then = 24 * eighth, 24 * eighth + quarter
    small, cut = (
        (at if on_beat else then - length, length, 74),
        (at + length if on_beat else at, quarter - length, 72),
    )
    piece = played([*lead, small, cut, (then, quarter, 76)], divisions=divisions)
    assert graces(piece) == [74]
    plain = played([*lead, (at, quarter, 72), (then, quarter, 76)], divisions=divisions)
    assert list(remove_grace_notes(mark_grace_notes(piece)).notes) == list(plain.notes)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([(i * 48, 48, 72 + i % 2) for i in range(32)], id="trill in 32nds"),
        pytest.param([(i * 24, 24, 72) for i in range(64)], id="tremolo in 64ths"),
        pytest.param([(i * 384 // 7, 54, 72 + i) for i in range(14)], id="septuplets"),
        pytest.param([(i * 384 // 9, 42, 72 + i) for i in range(18)], id="nonuplets"),
        pytest.param([(i * 384 // 11, 34, 72 + i % 5) for i in range(22)], id="elevens"),
        pytest.param(
            [(i * 384 // 13, 29, 72 + i % 5) for i in range(1, 13)] + [(384, 384, 72)],
            id="thirteens that begin with a rest",
        ),
        pytest.param(
            [(0, 336, 72), (336, 48, 74), (384, 384, 76)], id="a written 32nd before the beat"
        ),
        pytest.param([(0, 48, 74), (48, 336, 72), (384, 384, 76)], id="a written 32nd on the beat"),
        pytest.param([(0, 384, 72), (340, 800, 79), (384, 384, 76)], id="a long note off the grid"),
        pytest.param(
            [(0, 1346, 72), (1346, 190, 74), (1536, 768, 76)], id="no short note before the beat"
        ),
    ],
)
def test_written_out_notes_are_not_marked(rows: list[Row]) -> None:
    whole = (
        -(-(rows[-1][0] + rows[-1][1]) // TICKS) * TICKS
    )  # then a main note to which they might lead
    assert graces(after([*rows, (whole, 1536, 71)], lead=scale(400))) == []


def test_unexplained_notes_off_the_grid_are_not_marked() -> None:
    rows = [(0, 340, 72), (340, 43, 74), (384, 384, 76)]
    lead = scale(100)
    assert graces(after(rows, lead=lead)) == [74]
    late = [
        (onset + (29 if i % 10 == 5 else 0), duration - (29 if i % 10 == 5 else 0), pitch)
        for i, (onset, duration, pitch) in enumerate(lead)
    ]
    assert graces(after(rows, lead=late)) == []


def swung(time: int, *, share: float, unit: int) -> int:
    pair, inside = divmod(time, 2 * unit)
    late = (
        inside * 2 * share
        if inside < unit
        else 2 * unit * share + (inside - unit) * 2 * (1 - share)
    )
    return pair * 2 * unit + round(late)


def test_nothing_is_marked_in_a_performance() -> None:
    rng = np.random.default_rng(3)
    bars = [(i * 96, 96, 60 + i * 5 % 17) for i in range(400)]
    for spread in (1, 2, 8, 20, 40):  # ticks
        late = rng.normal(0, spread, 401).round().astype(int)
        late[late == 0] = 1
        times = [max(i * 96 + int(late[i]), 0) for i in range(401)]
        loose = [
            (times[i], max(times[i + 1] - times[i], 1), bars[i][2])
            for i in range(400)
            if times[i + 1] > times[i]
        ]
        assert graces(played(loose)) == [], f"spread of {spread} ticks"
    for share, unit in ((0.58, 96), (0.62, 96), (0.55, 48)):
        runs = [(i * unit, unit, 60 + i * 5 % 17) for i in range(400)]
        swing = [
            (a := swung(o, share=share, unit=unit), swung(o + d, share=share, unit=unit) - a, p)
            for o, d, p in runs
        ]
        assert graces(played(swing)) == [], f"swing of {share}"


def test_a_performed_part_does_not_spoil_a_written_one() -> None:
    rng = np.random.default_rng(5)
    written = [*scale(), (24 * 192, 340, 72), (24 * 192 + 340, 43, 74), (25 * 192 + 192, 384, 76)]
    loose = [(i * 96 + int(rng.integers(1, 20)), 60, 50) for i in range(60)]
    onset, duration, pitch = np.array(written + loose, np.int64).T
    part = np.repeat([0, 1], [len(written), len(loose)])
    piece = Piece(
        Notes.from_columns(TICKS, onset, duration, pitch, part=part), parts=(Part(), Part())
    )
    assert graces(piece) == [74]


def test_flagged_grace_notes_are_accepted_and_removed() -> None:
    quarter = Fraction(1)
    notes = [Note(i * quarter, quarter, 60 + i) for i in range(8)] + [
        Note(Fraction(63, 16), Fraction(1, 16), 70, grace=True)
    ]
    piece = Piece(Notes(notes))
    assert mark_grace_notes(piece) is piece
    folded = remove_grace_notes(piece)
    assert [(n.onset, n.duration, n.pitch) for n in folded.notes] == [
        (i * quarter, quarter, 60 + i) for i in range(8)
    ]
    same = Piece(
        Notes([*notes[:-1], Note(Fraction(63, 16), Fraction(1, 16), 63, grace=True)])
    )  # also of the pitch that sounds: a flagged grace note takes no time
    assert same.notes[3].duration == quarter
    assert remove_grace_notes(same).notes == folded.notes


GRACE = Fraction(1, 16)
MELODY = [Note(Fraction(i), Fraction(1), 60 + i) for i in range(4)]


@pytest.mark.parametrize(
    ("grace", "beside"),
    [
        pytest.param(Note(Fraction(0), GRACE, 62, grace=True), [(0, 62)], id="at the start"),
        pytest.param(Note(Fraction(0), GRACE, 60, grace=True), [], id="start, same pitch"),
        pytest.param(Note(2 - GRACE, GRACE, 61, grace=True), [(2, 61)], id="pitch before"),
        pytest.param(Note(2 - GRACE, GRACE, 62, grace=True), [], id="pitch after"),
        pytest.param(Note(4 - GRACE, GRACE, 63, grace=True), [], id="after the last note"),
    ],
)
def test_grace_notes_of_scores_gave_and_took_no_time(
    grace: Note, beside: list[tuple[int, int]]
) -> None:
    piece = Piece([*MELODY, grace])
    assert list(remove_grace_notes(piece).notes) == MELODY
    merged = [(n.onset, n.pitch) for n in merge_grace_notes(piece).notes]
    assert merged == sorted([*((n.onset, n.pitch) for n in MELODY), *beside])
    assert merge_grace_notes(piece).length == 4


def test_a_grace_note_within_an_eleventh_moves_nothing() -> None:
    eleven = [Note(Fraction(4 * i, 11), Fraction(4, 11), 60 + i) for i in range(11)]
    for beat in range(1, 11):
        grace = Note(Fraction(4 * beat, 11) - GRACE, GRACE, 84, grace=True)
        assert list(remove_grace_notes(Piece([*eleven, grace])).notes) == eleven


def test_merging_strikes_a_grace_note_with_its_main_note() -> None:
    piece = mark_grace_notes(
        after([(0, 340, 72), (340, 43, 74), (384, 192, 60), (384, 384, 76), (768, 384, 72)])
    )
    struck = merge_grace_notes(piece)
    assert [(n.onset - 12, n.duration, n.pitch) for n in struck.notes][24:] == [
        (0, 1, 72), (1, Fraction(1, 2), 60), (1, 1, 74), (1, 1, 76), (2, 1, 72),
    ]  # fmt: skip
    assert not struck.notes.grace.any()
    assert 74 not in [note.pitch for note in remove_grace_notes(piece).notes][24:]


def test_removing_grace_notes_may_leave_a_silent_piece() -> None:
    piece = Piece(Notes([Note(Fraction(0), Fraction(1, 16), 60, grace=True)]))
    assert len(remove_grace_notes(piece).notes) == 0
    assert remove_grace_notes(piece).length == piece.length


def test_other_columns_of_the_notes_are_kept() -> None:
    onset, duration, pitch = np.array(
        [*scale(), (24 * 192, 340, 72), (24 * 192 + 340, 43, 74), (26 * 192, 384, 76)], np.int64
    ).T
    count = len(onset)
    notes = Notes.from_columns(
        TICKS,
        onset,
        duration,
        pitch,
        velocity=np.arange(1, count + 1),
        string=np.arange(count) % 6 + 1,
        fret=np.arange(count),
    )
    piece = Piece(notes)
    folded = remove_grace_notes(mark_grace_notes(piece))
    assert folded.notes.velocity.tolist() == [v for v in range(1, count + 1) if v != count - 1]
    assert folded.notes.fret.tolist() == [f for f in range(count) if f != count - 2]


def test_notated_times_are_on_the_plain_grid() -> None:
    assert on_plain_grid(np.arange(24), 24).all()
    assert (
        on_plain_grid(
            np.array([0, 96, 128, 12, 16, 76, 77, 54, 55, 340, 362, 27 * 384 + 43]), 384
        ).tolist()
        == [True] * 9 + [False] * 3
    )
    assert on_plain_grid(np.array([10**6 // 3, 10**6 // 16, 340_000]), 10**6).tolist() == [
        True,
        True,
        False,
    ]  # a grid without a table


def test_marked_notes_of_the_guitar_set_are_its_grace_notes(guitar: Path) -> None:
    """Grace notes there last 9/40 of what is written, in 384 ticks: that tells each of them, by
    another rule than ours.
    """
    with (guitar / "manifest.csv").open(encoding="utf-8") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    lasts = {
        int(written * 9 / 40) + tick
        for written in (16, 24, 48, 64, 96, 128, 144, 192, 384)
        for tick in (0, 1)
    }
    found, off = {}, {}
    for path in paths[::3]:
        piece = mark_grace_notes(read_piece(guitar / path))
        notes = piece.notes
        small = notes.grace > 0
        found[path] = int(small.sum())
        assert set((notes.duration[small] * TICKS // notes.divisions).tolist()) <= lasts, path
        folded = remove_grace_notes(piece).notes
        off[path] = int(np.count_nonzero(~on_plain_grid(folded.onset, folded.divisions)))
        assert len(folded) == len(notes) - found[path], path
    assert sum(count > 0 for count in found.values()) > 40
    assert {path for path, count in off.items() if count} <= {
        "SorF/sorf-op6n08.mid"
    }  # it has three that are written as quarters


@pytest.mark.slow
def test_nothing_is_marked_in_the_guitar_set_played_freely(guitar: Path) -> None:
    rng = np.random.default_rng(0)
    for path in sorted(guitar.rglob("*.mid")):
        notes = read_piece(path).notes
        scaled = (
            notes.onset
            * (480 // np.gcd(480, notes.divisions))
            // (notes.divisions // np.gcd(480, notes.divisions))
        )
        late = (
            rng.normal(0, 10, int(scaled.max()) + 1).round().astype(np.int64)
        )  # about 10 ms, chords together
        onset = np.maximum(scaled + late[scaled], 0)
        loose = Notes.from_columns(
            480,
            onset,
            np.maximum(notes.duration * 480 // notes.divisions, 1),
            notes.pitch,
            part=notes.part,
        )
        piece = Piece(loose, parts=(Part(),) * (int(notes.part.max()) + 1))
        assert not mark_grace_notes(piece).notes.grace.any(), path


@pytest.mark.parametrize("name", ["bach", "monteverdi"])
def test_nothing_is_marked_in_scores(name: str, request: pytest.FixtureRequest) -> None:
    resolve: Callable[[str], list[Path]] = pytest.importorskip("partimento.collect.bundled").resolve
    for path in [path for path in resolve(f"bundled:{name}") if path.suffix == ".mxl"][::20]:
        piece = read_piece(path)
        assert mark_grace_notes(piece) is piece, path
