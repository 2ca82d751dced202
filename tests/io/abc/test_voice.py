"""The state of a voice: what one sign does to the next."""

from fractions import Fraction

import pytest

from partimento.io.abc.fields import AbcKey, Shift
from partimento.io.abc.voice import Voice
from partimento.io.written import TIE_START, TIE_STOP
from partimento.music.timelines import Meter

F = Fraction


@pytest.fixture
def voice():
    return Voice(unit=F(1, 4), meter=Meter(), key=AbcKey(), shift=Shift(), propagate="pitch")


def note(voice, letter, accidental=None, length="", tie="", octave=""):
    assert voice.note(accidental, letter, octave, length, tie)


def times(voice):
    return [(row.onset, row.duration) for row in voice.rows]


def test_broken_rhythm_takes_from_one_note_what_it_gives_to_the_other(voice):
    for signs, lengths in ((">", (F(3, 2), F(1, 2))), ("<<", (F(1, 4), F(7, 4)))):
        voice.rows.clear()
        start = voice.now
        note(voice, "C")
        voice.broken_rhythm(signs)
        note(voice, "D")
        assert times(voice) == [(start, lengths[0]), (start + lengths[0], lengths[1])]


def test_a_tuplet_counts_notes_chords_and_rests(voice):
    voice.tuplet("(3")
    note(voice, "C")
    voice.rest("z")
    voice.chord("[CE]")
    note(voice, "D")
    assert [duration for _, duration in times(voice)] == [F(2, 3), F(2, 3), F(2, 3), 1]


@pytest.mark.parametrize(
    ("text", "meter", "ratio"),
    [
        ("(2", Meter(), F(3, 2)),
        ("(4", Meter(), F(3, 4)),
        ("(5", Meter(), F(2, 5)),
        ("(5", Meter(6, 8), F(3, 5)),
        ("(5", Meter(3, 8), F(2, 5)),
        ("(7", Meter(9, 8), F(3, 7)),
        ("(3:2", Meter(), F(2, 3)),
        ("(3::2", Meter(), F(2, 3)),
        ("(10:6:4", Meter(), F(3, 5)),
    ],
)
def test_ratios_of_tuplets(voice, text, meter, ratio):
    voice.meter = meter
    voice.tuplet(text)
    note(voice, "C")
    assert voice.rows[0].duration == ratio


def test_a_tied_note_keeps_its_accidental_and_no_other_does(voice):
    note(voice, "F", "^", tie="-")
    voice.bar("|", "")
    note(voice, "F")
    note(voice, "F")
    assert [(row.pitch, row.ties) for row in voice.rows] == [
        (66, TIE_START),
        (66, TIE_STOP),
        (65, 0),
    ]


def test_ties_may_stand_apart_and_need_their_note_at_once(voice):
    note(voice, "C")
    voice.late_tie()
    note(voice, "D")
    note(voice, "C")
    assert [row.ties for row in voice.rows] == [TIE_START, 0, 0]


def test_the_reach_of_accidentals(voice):
    for propagate, pitches in (
        ("pitch", [61, 73, 61]),
        ("octave", [61, 72, 61]),
        ("not", [61, 72, 60]),
    ):
        voice.rows.clear()
        voice.propagate = propagate
        voice.bar("|", "")
        note(voice, "C", "^")
        note(voice, "c")
        note(voice, "C")
        assert [row.pitch for row in voice.rows] == pitches


def test_an_overlay_goes_back_to_the_bar_line_and_ends_there(voice):
    note(voice, "C", length="4")
    voice.overlay("&")
    note(voice, "E", length="2")
    voice.bar("|", "")
    note(voice, "D")
    assert times(voice) == [(0, 4), (0, 2), (4, 1)]
    assert [row.layer for row in voice.rows] == [0, 1, 0]


def test_rests_of_several_bars_make_bars(voice):
    voice.rest("Z3")
    voice.bar("|", "")
    assert voice.bars == [0, 4, 8, 12]
    voice.meter = Meter(6, 8)
    voice.rest("Z2")
    assert voice.now == 18


def test_repeats_and_endings_belong_to_bars(voice):
    voice.bar("|:", "")
    for text, ending in (("|", "1"), (":|", "2"), ("||", ""), ("::", "")):
        note(voice, "C", length="4")
        voice.bar(text, ending)
    turns = voice.turns
    assert turns[0].forward
    assert (turns[1].endings, turns[1].times, turns[1].closes) == ((1,), 2, True)
    assert (turns[2].endings, turns[2].closes) == ((2,), True)
    assert turns[3].times == 2
    assert turns[4].forward


def test_impossible_lengths_are_no_notes(voice):
    assert not voice.note(None, "C", "", "0", "")
    assert not voice.chord("[CE]999999")
    assert not voice.rest("z/0")
    assert voice.rows == []
