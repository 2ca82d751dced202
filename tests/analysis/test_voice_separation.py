"""Voices of one staff: rules that hold for any notes, and music whose voices are known."""

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from benchmarks import voice_separation as benchmark
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pieces import Q, melody

from partimento import read
from partimento.analysis import voice_separation
from partimento.analysis.voice_agreement import agreement
from partimento.analysis.voice_separation import separate_voices, voices_of, ways_to_divide
from partimento.collect import chorales
from partimento.corpus import read_piece
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Part

STEPS = st.tuples(st.integers(0, 24), st.integers(1, 8), st.integers(40, 80))


def columns(rows):
    """Return onsets, ends and pitches of rows of onset, duration and pitch."""
    onset, duration, pitch = np.array(sorted(rows), np.int64).reshape(-1, 3).T
    return onset, onset + duration, pitch


def lines(rows, quarter=4):
    """Return the pitches of each voice in time."""
    onset, end, pitch = columns(rows)
    voice = voices_of(onset, end, pitch, quarter)
    return [pitch[voice == number].tolist() for number in range(voice.max() + 1)]


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=24))
def test_every_note_has_one_voice_and_no_voice_overlaps(rows):
    onset, end, pitch = columns(rows)
    voice = voices_of(onset, end, pitch, 4)
    assert voice.shape == onset.shape
    in_voice = defaultdict(list)
    for number, *times in zip(voice.tolist(), onset.tolist(), end.tolist(), strict=True):
        in_voice[number].append(times)
    assert set(in_voice) == set(range(len(in_voice)))
    for times in in_voice.values():
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(times)))
    most = max((sum(a <= t < b for a, b in zip(onset, end, strict=True)) for t in onset), default=0)
    assert len(in_voice) <= most


@settings(max_examples=30, deadline=None)
@given(st.lists(STEPS, max_size=16), st.sampled_from((-24, -12, 12, 7)), st.integers(2, 5))
def test_voices_do_not_depend_on_octave_and_grid(rows, semitones, factor):
    onset, end, pitch = columns(rows)
    voice = voices_of(onset, end, pitch, 4)
    assert voices_of(onset, end, pitch, 4).tolist() == voice.tolist()
    assert voices_of(onset, end, pitch + semitones, 4).tolist() == voice.tolist()
    finer = voices_of(onset * factor, end * factor, pitch, 4 * factor)
    assert finer.tolist() == voice.tolist()


@settings(max_examples=30, deadline=None)
@given(st.lists(STEPS, max_size=16), st.randoms())
def test_voices_do_not_depend_on_the_order_of_notes(rows, random):
    onset, end, pitch = columns(set(rows))
    voice = voices_of(onset, end, pitch, 4)
    order = list(range(len(onset)))
    random.shuffle(order)
    again = voices_of(onset[order], end[order], pitch[order], 4)
    assert again.tolist() == voice[order].tolist()


def test_two_lines_stay_apart_and_in_order():
    upper = [(4 * n, 4, 72 + n % 3) for n in range(8)]
    lower = [(2 * n, 2, 48 + n % 5) for n in range(16)]
    assert lines(upper + lower) == [[p for *_, p in upper], [p for *_, p in lower]]


def test_chords_of_three_give_three_lines_from_the_top():
    chords = [(72, 64, 55), (74, 65, 57), (76, 67, 60)]
    rows = [(4 * n, 4, pitch) for n, chord in enumerate(chords) for pitch in chord]
    assert lines(rows) == [[72, 74, 76], [64, 65, 67], [55, 57, 60]]


def test_a_voice_that_rests_comes_back_in_its_register():
    soprano = [(4 * n, 4, 76 + n % 2) for n in range(12)]
    bass = [(4 * n, 4, 48 + n % 2) for n in range(12)]
    alto = [(4 * n, 4, 64 + n % 2) for n in (0, 1, 2, 3, 8, 9, 10, 11)]
    found = lines(soprano + bass + alto)
    assert [len(line) for line in found] == [12, 8, 12]
    assert set(found[1]) == {64, 65}


def test_an_arpeggio_over_held_notes_is_one_voice():
    rows = []
    for bar in range(4):
        start = 16 * bar
        rows += [(start, 16, 48), (start + 1, 15, 52)]
        rows += [(start + 2 + n, 1, (67, 72, 76)[n % 3]) for n in range(14)]
    upper, tenor, bass = lines(rows)
    assert (set(upper), set(tenor), set(bass)) == ({67, 72, 76}, {52}, {48})


def test_a_single_line_is_a_single_voice():
    assert lines([(n, 1, 60 + 7 * (n % 4)) for n in range(20)]) == [
        [60 + 7 * (n % 4) for n in range(20)]
    ]
    assert voices_of(*columns([]), 4).tolist() == []


def test_voices_cross_only_where_a_note_is_held():
    held = [(0, 16, 67)]
    rising = [(2 * n, 2, 60 + 2 * n) for n in range(8)]
    assert sorted(map(len, lines(held + rising))) == [1, 8]
    falling = [(2 * n, 2, 74 - 2 * n) for n in range(8)]
    upper, lower = lines(rising + falling)
    assert all(a >= b for a, b in zip(upper, lower, strict=True))


def test_thick_chords_are_assigned_from_the_top(monkeypatch):
    rows = [(4 * n, 4, 40 + 4 * k + n % 2) for n in range(6) for k in range(7)]
    expected = [[40 + 4 * k + n % 2 for n in range(6)] for k in reversed(range(7))]
    assert lines(rows) == expected
    monkeypatch.setattr(voice_separation, "MOST_CHOICES", 1)
    three = [row for row in rows if row[2] < 50]
    assert lines(three) == expected[-3:]


def test_voices_that_have_not_begun_are_taken_in_order():
    choices, in_order = ways_to_divide(3, 2)
    assert [choices[ok].tolist() for ok in in_order[:2]] == [
        [[0, 1]],
        [[0, 1], [1, 0], [1, 2]],
    ]
    assert in_order[3].all()


def test_a_piece_keeps_its_notes_and_each_part_has_its_own_voices():
    bass = [Note(Q * 0, Q * 4, 36), Note(Q * 4, Q * 4, 38)]
    notes = [*melody(*[1] * 8), *(Note(n.onset, n.duration, n.pitch, part=1) for n in bass)]
    notes += [Note(Q * n, Q, 72, part=1) for n in range(8)]
    drums = [Note(Q * n, Q * 2, 38 + n % 3, part=2, voice=5) for n in range(4)]
    parts = (Part("Flute"), Part("Piano"), Part("Drums", is_drum=True))
    piece = Piece([*notes, *drums], parts=parts)
    found = separate_voices(piece)
    assert {(n.part, n.voice) for n in found.notes} == {(0, 0), (1, 0), (1, 1), (2, 5)}
    assert {n.pitch for n in found.notes if (n.part, n.voice) == (1, 1)} == {36, 38}
    assert found.replace(notes=_without_voices(found.notes)) == piece.replace(
        notes=_without_voices(piece.notes)
    )
    only = separate_voices(piece, parts=[0])
    assert {n.voice for n in only.notes if n.part == 1} == {0}
    assert piece.separate_voices() == found


def _without_voices(notes: Notes) -> Notes:
    return notes.replace(voice=np.zeros_like(notes.voice))


def test_grace_notes_have_the_voice_of_the_note_they_lead_to():
    grace = Note(Q - Fraction(1, 16), Fraction(1, 16), 50, grace=True)
    after_all = Note(Q * 2, Fraction(1, 16), 50, grace=True)
    notes = [Note(Q * n, Q, pitch) for n in range(2) for pitch in (72, 48)]
    found = separate_voices(Piece([*notes, grace, after_all])).notes
    assert [n.voice for n in found if n.grace] == [1, 0]


def test_stated_voices_are_replaced():
    notes = [Note(Q * n, Q, pitch, voice=n % 2) for n in range(4) for pitch in (72, 48)]
    found = separate_voices(Piece(notes)).notes
    assert {(n.pitch, n.voice) for n in found} == {(72, 0), (48, 1)}


def test_a_score_with_other_voices_is_not_shown(tmp_path):
    path = tmp_path / "score.musicxml"
    Piece([Note(Q * 0, Q, pitch) for pitch in (72, 60)]).save(path)
    piece = read(path)
    assert piece.score is not None
    assert piece.separate_voices().score is None


@pytest.mark.parametrize("stem", ["bwv66.6", "bwv269"])
def test_the_voices_of_a_chorale_are_found(stem):
    (path,) = [path for path in chorales() if path.stem == stem]
    notes = read_piece(path).notes
    rows = notes.onset, notes.end, notes.pitch
    found = agreement(*rows, voices_of(*rows, notes.divisions), notes.part)
    assert min(found.precision, found.recall) > 0.96


def figures(paths):
    return [
        round(100 * share, 1)
        for found in benchmark.measure(paths)
        for share in (found.precision, found.recall)
    ]


@pytest.mark.slow
def test_the_figures_of_the_guide(data_folder):
    """The baseline and ours, precision and recall in percent; see docs/guides/scores.md."""
    assert figures(benchmark.chorale_paths("test")) == pytest.approx(
        [96.5, 96.5, 98.3, 98.3], abs=0.3
    )
    mozart = figures(benchmark.quartet_paths("test", "mozart"))
    assert mozart == pytest.approx([85.0, 85.3, 93.8, 94.1], abs=0.5)
    bach = figures(benchmark.keyboard_paths("test")["Bach"])
    assert bach == pytest.approx([84.5, 85.0, 97.6, 98.0], abs=0.5)
