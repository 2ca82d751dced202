"""Voices."""

from collections import Counter

import pytest
from tests.io.musicxml.documents import root_of
from tests.pieces import GUITAR, Q, chorale, melody

from partimento.collect import chorales
from partimento.corpus import read_piece
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.notation.voices import (
    LOWER,
    MIDDLE,
    UPPER,
    Span,
    lines_before,
    lines_of,
    voices_on_staff,
)


def test_a_chorale_has_two_staves_with_two_voices_each():
    root = root_of(chorale())
    voices = Counter(
        (note.findtext("staff"), note.findtext("voice"), note.findtext("stem"))
        for note in root.iter("note")
    )
    assert voices == {
        ("1", "1", "up"): 16,
        ("1", "2", "down"): 16,
        ("2", "5", "up"): 16,
        ("2", "6", "down"): 16,
    }


def test_a_guitar_divides_into_voices_only_where_notes_overlap():
    bass = [Note(Q * 0, Q * 4, 40)]
    root = root_of(
        Piece(
            [*bass, *melody(1, 1, 1, 1, pitches=(64, 67)), *melody(1, 1, 2, start=Q * 4)],
            parts=(GUITAR,),
        )
    )
    first, second = root.iter("measure")
    by_voice = {
        voice: [n for n in first.iter("note") if n.findtext("voice") == voice]
        for voice in ("1", "2")
    }
    assert [len(by_voice[voice]) for voice in ("1", "2")] == [4, 1]
    assert {n.findtext("stem") for n in by_voice["1"]} == {"up"}
    assert first.find(".//tie") is None
    assert {n.findtext("voice") for n in second.iter("note")} == {"1"}
    assert second.find(".//stem") is None


def test_a_pedal_under_two_moving_voices_gets_a_third_voice_rather_than_ties():
    pedal, inner = [Note(Q * 0, Q * 4, 40)], melody(*[Q / 4] * 16, pitches=(57, 55))
    root = root_of(
        Piece([*pedal, *inner, *melody(*[Q / 2] * 8, pitches=(72, 74))], parts=(GUITAR,))
    )
    stems = {
        (note.findtext("voice"), note.findtext("stem"))
        for note in root.iter("note")
        if note.findtext("type") != "whole"
    }
    assert stems == {("1", "up"), ("3", "down")}
    assert root.find(".//tie") is None


def test_four_lines_keep_their_notes_where_one_of_them_rests():
    chords = [(72, 64, 55, 48), (74, 62, 55, 47), (76, 60, 55, 48)]
    spans = [
        Span(4 * t, 4 * t + 4, pitch, 4 * t + line)
        for t, chord in enumerate(chords)
        for line, pitch in enumerate(chord)
    ]
    assert lines_of(spans) == {4 * t + line: line for t in range(3) for line in range(4)}
    without_alto = [span for span in spans if span.note != 5]
    assert {n: line for n, line in lines_of(without_alto).items() if n in (4, 6, 7)} == {
        4: 0,
        6: 2,
        7: 3,
    }


def test_notes_that_begin_and_end_together_share_a_voice():
    chord = [Span(0, 4, pitch, n) for n, pitch in enumerate((48, 60, 64))]
    assert set(voices_on_staff(chord, {}, 0).values()) == {UPPER}
    held = [Span(0, 8, 40, 0), Span(0, 4, 64, 1), Span(4, 8, 65, 2)]
    assert voices_on_staff(held, {}, 0) == {0: LOWER, 1: UPPER, 2: UPPER}
    assert voices_on_staff([], {}, 0) == {}


def test_a_note_from_the_bar_before_keeps_its_voice():
    spans = [Span(0, 4, 60, 0, True), Span(0, 8, 59, 1)]
    assert voices_on_staff(spans, {0: UPPER}, 0) == {0: UPPER, 1: LOWER}


@pytest.mark.parametrize("stem", ["bwv66.6", "bwv269"])
def test_the_voices_of_a_chorale_are_found_in_one_staff(stem):
    (path,) = [path for path in chorales() if path.stem == stem]
    notes = read_piece(path).notes
    rows = zip(notes.onset, notes.end, notes.pitch, strict=True)
    spans = [Span(*map(int, row), number) for number, row in enumerate(rows)]
    lines = lines_of(spans)
    right = sum(lines[number] == part for number, part in enumerate(notes.part.tolist()))
    assert right / len(notes) > 0.97


def test_chords_of_more_than_four_notes_are_spread_over_all_lines():
    spans = [Span(0, 4, 80 - 4 * n, n) for n in range(8)]
    assert list(lines_of(spans).values()) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_third_voice_is_used_only_where_two_need_many_ties():
    def assigned(moving):
        pedal = Span(0, 16, 40, 0)
        upper = [Span(2 * n, 2 * n + 2, 76, 10 + n) for n in range(8)]
        inner = [Span(n, n + 1, 57, 20 + n) for n in range(moving)]
        return set(voices_on_staff([pedal, *upper, *inner], {}, 0).values())

    assert assigned(0) == {UPPER, LOWER}
    assert assigned(16) == {UPPER, LOWER, MIDDLE}


def test_lines_before_follow_the_voices():
    spans = [Span(0, 4, 60, 7), Span(4, 8, 62, 9), Span(0, 8, 40, 3), Span(8, 12, 41, 5)]
    assert lines_before(spans, 4) == {9: 7, 5: 3}
    assert lines_before([], 4) == {}


def test_a_line_keeps_its_voice_where_rests_would_not_multiply():
    """The bass begins with the melody; at the end of the bar it goes on under it."""
    upper = [Span(4 * n, 4 * n + 4, 76 + n % 2, n) for n in range(3)]
    bass = [Span(0, 4, 48, 10), Span(4, 12, 50, 11)]
    voices = voices_on_staff([*upper, *bass], {}, 0, {11: 10}, 4)
    assert voices == {0: UPPER, 1: UPPER, 2: UPPER, 10: LOWER, 11: LOWER}
    arpeggios = [
        Span(start + n, start + n + 1, pitch, start + n)
        for start in (0, 4, 8)
        for n, pitch in ((1, 74), (2, 69), (3, 64))
    ]
    held = [Span(start, start + 3, 64, 100 + start) for start in (0, 4, 8)]
    before = {3: 100, 104: 3, 7: 104, 108: 7, 11: 108}
    voices = voices_on_staff([*arpeggios, *held], {}, 0, before, 4)
    assert {note for note, voice in voices.items() if voice == LOWER} == {100, 104, 108}


def test_notes_after_a_silence_of_all_voices_need_no_second_voice():
    """A rest is drawn there in any case, and one voice shows it once."""
    spans = [Span(0, 4, 69, 0), Span(8, 12, 72, 1), Span(8, 12, 57, 2)]
    assert set(voices_on_staff(spans, {}, 0, {2: 0}, 6).values()) == {UPPER}


def test_a_chord_is_not_tied_to_the_next_bar_in_part():
    spans = [Span(0, 4, 64, 0), Span(4, 8, 60, 1), Span(4, 8, 48, 2, False, True)]
    assert voices_on_staff(spans, {}, 0, {}, 4)[2] == UPPER
    spans += [Span(0, 2, 50, 3), Span(2, 4, 49, 4)]
    assert voices_on_staff(spans, {}, 0, {4: 3, 2: 4, 1: 0}, 4)[2] == LOWER
