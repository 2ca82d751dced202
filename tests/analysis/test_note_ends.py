"""Notes that a notation program ended early get their written ends; played music is left alone."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from benchmarks import written_scores

from partimento import Note, Part, Piece, read
from partimento.analysis.note_ends import find_shortenings, restore_note_ends, write_out_staccato
from partimento.corpus import read_piece
from partimento.music.notes import Notes

F = Fraction
CASES = Path(__file__).parents[1] / "cases"
TICKS = 480
LENGTHS = [F(1), F(1, 2), F(1, 2), F(3, 2), F(1, 2), F(2), F(1, 3), F(1, 3), F(1, 3), F(1)]


def played(lengths, shorten, *, ticks=TICKS, repeat=4):
    """Notes one after another; `shorten` makes a played length of a written one, in ticks."""
    now, rows = F(0), []
    for i, length in enumerate(lengths * repeat):
        onset = round(now * ticks)
        rows.append((onset, max(shorten(round((now + length) * ticks) - onset), 1), 60 + i % 12))
        now += length
    onset, duration, pitch = np.array(rows, np.int64).T
    return Piece(Notes.from_columns(ticks, onset, duration, pitch))


def durations(piece):
    return [note.duration for note in sorted(piece.notes, key=lambda note: note.onset)]


@pytest.mark.parametrize(
    "shorten",
    [
        lambda length: length - 1,
        lambda length: length - 2,
        lambda length: length - 10,
        lambda length: round(length * 0.95),
        lambda length: int(length * 0.9),
        lambda length: round(length * 0.95) - 1,
    ],
)
def test_one_way_to_shorten_all_notes_is_undone(shorten):
    piece = played(LENGTHS, shorten)
    assert durations(restore_note_ends(piece)) == LENGTHS * 4
    (found,) = find_shortenings(piece)
    assert found.explained >= 0.9 * found.notes
    assert str(found).endswith(("early", "length"))


@pytest.mark.parametrize("ticks", [96, 120, 384, 960, 1024])
def test_other_resolutions(ticks):
    lengths = [F(1), F(1, 2), F(1, 4), F(3, 4), F(2)]
    assert (
        durations(restore_note_ends(played(lengths, lambda length: length - 1, ticks=ticks)))
        == lengths * 4
    )


def test_the_case_of_a_bug_report():
    path = CASES / "notes-one-tick-short.mid"
    assert durations(read(path)) == LENGTHS
    assert durations(read(path, note_ends="exact"))[0] == F(479, 480)
    assert str(find_shortenings(read_piece(path))[0]) == "10 of 10 notes end a tick early"


def test_exact_and_played_music_is_the_same_piece():
    rng = np.random.default_rng(3)
    exact = played(LENGTHS, lambda length: length)
    staccato = played(LENGTHS, lambda length: length // 2)
    uneven = played(LENGTHS, lambda length: length - int(rng.integers(1, 100)))
    performed = read_piece(CASES / "notes-played.mid")
    for piece in (exact, staccato, uneven, performed, Piece([])):
        assert find_shortenings(piece) == ()
        assert restore_note_ends(piece) is piece


def test_staccato_in_a_shortened_part_stays_short_unless_it_is_written_out():
    piece = played([F(1), F(1, 2)], lambda length: length - 1 if length > 240 else length // 2 - 1)
    restored = restore_note_ends(piece)
    assert durations(restored) == [1, F(1, 4)] * 4
    assert durations(write_out_staccato(restored))[:-1] == ([1, F(1, 2)] * 4)[:-1]
    path_full = write_out_staccato(
        Piece([Note(F(0), F(1), 60), Note(F(0), F(1, 2), 72), Note(F(1), F(1), 60)])
    )
    assert durations(path_full)[:2] == [1, F(1, 2)]  # another note sounds after it


def test_each_part_has_its_own_evidence():
    a, b = played(LENGTHS, lambda length: length - 1), played(LENGTHS, lambda length: length)
    both = Piece(
        [*a.notes, *(Note(n.onset, n.duration, n.pitch - 24, part=1) for n in b.notes)],
        parts=(Part("a"), Part("b")),
    )
    (found,) = find_shortenings(both.replace(notes=both.notes)) or (None,)
    assert found is not None
    assert found.part == 0
    assert durations(restore_note_ends(both).part("b")) == LENGTHS * 4


def test_exact_exports_are_left_alone(guitar):
    for path in sorted(guitar.glob("*/*.mid"))[::4]:
        assert find_shortenings(read_piece(path)) == ()


@pytest.mark.slow
def test_the_exports_of_a_notation_program_agree_with_its_scores(data_folder):
    found = written_scores.measure(data_folder / "asap" / "scores")
    assert len(found) == 39
    overall = written_scores.total(found)
    assert overall.onsets > 0.965 * sum(overall.notes.values())
    assert overall.share("plain") > 0.955
    assert sum(row.share("plain") > 0.95 for row in found) >= 30
