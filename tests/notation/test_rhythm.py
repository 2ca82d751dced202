"""Note values that keep the meter visible, and tuplets."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.io.musicxml.documents import root_of
from tests.pieces import PIECES, Q

from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Meter
from partimento.notation.meter import bar_tree, beat_length
from partimento.notation.rhythm import (
    cut_note,
    cut_rest,
    find_tuplets,
    is_usual,
    nearest_type,
    note_type,
    snap,
    values_of,
)


@pytest.mark.parametrize(
    ("onset", "duration", "meter", "values"),
    [
        (0, 3, Meter(4, 4), ["half."]),
        (1, 2, Meter(4, 4), ["half"]),  # short-long-short
        (1, Q * 3 / 2, Meter(4, 4), ["quarter", "eighth"]),  # the middle of the bar shows
        (Q / 2, 1, Meter(4, 4), ["quarter"]),  # short-long-short within a half bar
        (Q / 2, Q * 3 / 2, Meter(4, 4), ["quarter."]),
        (Q * 3 / 2, 1, Meter(4, 4), ["eighth", "eighth"]),
        (0, 2, Meter(6, 8), ["quarter.", "eighth"]),  # the second beat shows
        (0, 3, Meter(6, 8), ["half."]),
        (0, 2, Meter(3, 4), ["half"]),
        (0, Q * 5 / 4, Meter(4, 4), ["quarter", "16th"]),
        (0, 5, Meter(5, 4), ["half.", "half"]),
        (0, 8, Meter(4, 2), ["breve"]),
    ],
    ids=str,
)
def test_note_values_respect_the_meter(onset, duration, meter, values):
    root = root_of(Piece([Note(Fraction(onset), Fraction(duration), 60)], meters=(meter,)))
    found = [
        note.findtext("type") + "." * len(note.findall("dot"))
        for note in root.iter("note")
        if note.find("pitch") is not None
    ]
    assert found == values


def test_tuplets_have_ratio_and_bracket():
    root = root_of(PIECES["quarter triplets"])
    notes = [note for note in root.iter("note") if note.find("pitch") is not None]
    ratios = [
        (
            n.findtext("type"),
            n.findtext("time-modification/actual-notes"),
            n.findtext("time-modification/normal-notes"),
        )
        for n in notes
    ]
    assert ratios[:3] == [("quarter", "3", "2")] * 3
    assert ratios[6:9] == [("eighth", "3", "2")] * 3
    marks = [tuplet.get("type") for tuplet in root.iter("tuplet")]
    assert marks == ["start", "stop"] * (len(marks) // 2)


TICKS = 64  # per quarter
BAR, COMPOUND = bar_tree(Meter(4, 4), TICKS), bar_tree(Meter(6, 8), TICKS)


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (64, ("quarter", 0)),
        (96, ("quarter", 1)),
        (112, ("quarter", 2)),
        (1, ("256th", 0)),
        (512, ("breve", 0)),
        (80, None),
        (0, None),
    ],
)
def test_one_symbol_shows_plain_and_dotted_lengths(length, written):
    assert note_type(length, TICKS) == written


def test_other_lengths_get_the_nearest_symbol():
    assert nearest_type(65, TICKS) == ("quarter", 0)
    assert nearest_type(95, TICKS) == ("quarter", 1)
    assert nearest_type(111, TICKS) == ("quarter", 1)  # two dots are never approximated
    assert nearest_type(10**6, TICKS) == ("long", 1)


def test_a_note_over_the_middle_of_a_bar_is_tied():
    assert cut_note(BAR, 64, 160, TICKS) == [(64, 128), (128, 160)]
    assert cut_note(BAR, 96, 160, TICKS) == [(96, 128), (128, 160)]
    assert cut_note(BAR, 0, 192, TICKS) == [(0, 192)]
    # Plain syncopations. Of 196 such halves in the 4/4 bars of music21's chorales by Bach, 185 are
    # written so, and 11 with a tie.
    assert cut_note(BAR, 64, 192, TICKS) == [(64, 192)]
    assert cut_note(BAR, 32, 96, TICKS) == [(32, 96)]
    assert cut_note(COMPOUND, 64, 128, TICKS) == [(64, 96), (96, 128)]


def test_rests_fill_spans_and_are_stricter_than_notes():
    assert cut_rest(BAR, 0, 256, TICKS) == [(0, 256)]
    assert cut_rest(BAR, 0, 192, TICKS) == [(0, 128), (128, 192)]
    assert cut_rest(BAR, 32, 96, TICKS) == [(32, 64), (64, 96)]
    assert cut_rest(COMPOUND, 0, 96, TICKS) == [(0, 96)]
    assert cut_rest(COMPOUND, 32, 96, TICKS) == [(32, 64), (64, 96)]


@given(st.sampled_from([BAR, COMPOUND]), st.integers(0, 63), st.integers(1, 64))
def test_pieces_of_a_note_or_rest_fill_its_time(root, start, length):
    start, end = 4 * start, 4 * (start + length)
    start, end = min(start, root.end - 4), min(end, root.end)
    for cut in (cut_note, cut_rest):
        spans = cut(root, start, end, TICKS)
        assert (spans[0][0], spans[-1][1]) == (start, end)
        assert all(a[1] == b[0] for a, b in pairwise(spans))
        assert all(note_type(b - a, TICKS) for a, b in spans)


def test_a_triplet_takes_the_smallest_span_that_holds_it():
    ticks = 3 * TICKS
    root = bar_tree(Meter(4, 4), ticks)
    (one,) = find_tuplets(root, [64, 128, 192], ticks, ticks)
    assert (one.start, one.end, one.actual, one.normal, one.unit) == (0, 192, 3, 2, 96)
    (two,) = find_tuplets(root, [128, 256, 384], ticks, ticks)  # quarters over two beats
    assert (two.start, two.end, two.actual, two.normal, two.unit) == (0, 384, 3, 2, 192)
    assert find_tuplets(root, [96, 192, 288], ticks, ticks) == []
    (six,) = find_tuplets(root, range(32, 192, 32), ticks, ticks)
    assert (six.actual, six.normal) == (6, 4)


@pytest.mark.parametrize(
    ("meter", "count", "ratio", "unit"),
    [
        (Meter(4, 4), 5, (5, 4), Fraction(1, 4)),
        (Meter(4, 4), 7, (7, 4), Fraction(1, 4)),
        (Meter(4, 4), 9, (9, 8), Fraction(1, 8)),
        (Meter(6, 8), 5, (5, 3), Fraction(1, 2)),
        (Meter(6, 8), 7, (7, 6), Fraction(1, 4)),
    ],
)
def test_equal_notes_in_a_beat_have_the_usual_ratio(meter, count, ratio, unit):
    ticks = 64 * 3 * 5 * 7 * 3
    beat = beat_length(meter, ticks)
    cuts = [beat * n // count for n in range(1, count + 1)]
    (tuplet,) = find_tuplets(bar_tree(meter, ticks), cuts, beat, ticks)
    assert (tuplet.start, tuplet.end) == (0, beat)
    assert (tuplet.actual, tuplet.normal, tuplet.unit) == (*ratio, unit * ticks)


def test_eighths_of_a_triplet_over_the_middle_of_a_bar_are_divided_there():
    ticks = 3 * TICKS
    root = bar_tree(Meter(4, 4), ticks)
    cuts = [64, 128, 192, 256, 320, 448, 512, 576, 704, 768]  # one crosses the middle
    tuplets = find_tuplets(root, cuts, ticks, ticks)
    assert [(t.start, t.end) for t in tuplets] == [(n * 192, n * 192 + 192) for n in range(4)]
    (halves,) = find_tuplets(root, [256, 512], ticks, ticks)  # a triplet of half notes
    assert (halves.start, halves.end) == (0, 768)


def test_twelve_notes_in_a_beat_are_two_sextuplets():
    ticks = 64 * 3
    tuplets = find_tuplets(bar_tree(Meter(4, 4), ticks), range(16, 193, 16), ticks, ticks)
    assert [(t.start, t.end, t.actual) for t in tuplets] == [(0, 96, 6), (96, 192, 6)]


@pytest.mark.parametrize("count", [11, 13, 15])
def test_large_tuplets_are_drawn_as_they_sound(count):
    ticks = 64 * count
    cuts = range(64, ticks, 64)
    assert all(is_usual(cut, ticks) for cut in cuts)
    (tuplet,) = find_tuplets(bar_tree(Meter(4, 4), ticks), cuts, ticks, ticks)
    assert tuplet.actual == count


@pytest.mark.parametrize("count", [2, 4])
def test_dotted_values_show_equal_notes_without_a_tuplet(count):
    assert find_tuplets(COMPOUND, range(0, 97, 96 // count), 96, TICKS) == []


def test_only_the_first_note_of_a_span_has_two_dots():
    assert cut_note(BAR, 0, 112, TICKS) == [(0, 112)]
    assert cut_note(BAR, 16, 128, TICKS) == [(16, 64), (64, 128)]


def test_two_thirds_of_a_beat_are_one_rest_at_its_beginning_only():
    waltz = bar_tree(Meter(3, 4), TICKS)
    assert cut_rest(COMPOUND, 0, 64, TICKS) == [(0, 64)]
    assert cut_rest(COMPOUND, 32, 96, TICKS) == [(32, 64), (64, 96)]
    assert cut_rest(waltz, 0, 128, TICKS) == [(0, 64), (64, 128)]


def test_values_inside_a_tuplet_are_written_longer_than_they_sound():
    ticks = 3 * TICKS
    root = bar_tree(Meter(4, 4), ticks)
    tuplets = find_tuplets(root, [128, 192], ticks, ticks)
    long, short = (
        values_of(root, a, b, tuplets, ticks, rest=False) for a, b in ((0, 128), (128, 192))
    )
    assert [(v.type, v.dots, v.start, v.end) for v in long] == [("quarter", 0, 0, 128)]
    assert [(v.type, v.dots, v.start, v.end) for v in short] == [("eighth", 0, 128, 192)]
    assert long[0].tuplet == short[0].tuplet == tuplets[0]
    over = values_of(root, 128, 384, tuplets, ticks, rest=False)  # out of the tuplet: tied
    assert [(v.type, v.tuplet is None) for v in over] == [("eighth", False), ("quarter", True)]


def test_unusual_times_are_drawn_nearby_in_the_same_order():
    ticks = 1260 * TICKS
    odd = ticks - ticks * 9 // 80 - 1
    assert not is_usual(odd, ticks)
    drawn = snap([0, odd, ticks], ticks)
    assert (drawn[0], drawn[ticks]) == (0, ticks)
    assert drawn[odd] == ticks * 7 // 8
    assert snap([0, odd, odd + 1, ticks], ticks)[odd + 1] == ticks * 15 // 16
    early = snap([0, 7, ticks], ticks)
    assert early[7] == ticks // 8
    close = snap([0, 1, 2, 3, ticks], ticks)
    order = [close[time] for time in sorted(close)]
    assert order == sorted(set(order))
    assert all(is_usual(ticks * n // d, ticks) for d in (2, 3, 4, 5, 6, 7, 9) for n in range(d))
