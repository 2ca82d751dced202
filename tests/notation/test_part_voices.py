"""The staff and the voice of each note of a part."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.io.musicxml.documents import root_of
from tests.pieces import GUITAR, ORGAN, Q, chorale, melody

from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.write import to_musicxml
from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.timelines import Meter, Part
from partimento.notation.part_voices import FOURTH, PartVoices
from partimento.notation.voices import LOWER, MIDDLE, UPPER, Span

PIANO = Part("Piano", 0)


def voiced(*lines, part=GUITAR, lengths=(1,) * 4):
    """Return a piece whose voices are lines of pitches."""
    notes = [
        Note(n.onset, n.duration, n.pitch, voice=voice)
        for voice, pitches in enumerate(lines)
        for n in melody(*lengths, pitches=pitches)
    ]
    return Piece(notes, parts=(part,))


def voices_of_xml(piece):
    """Return for each pitch its staff, voice and stem on paper."""
    return {
        (
            f"{note.findtext('pitch/step')}{note.findtext('pitch/octave')}",
            note.findtext("staff") or "1",
            note.findtext("voice"),
            note.findtext("stem"),
        )
        for note in root_of(piece).iter("note")
        if note.find("pitch") is not None
    }


def test_stated_voices_are_kept_where_notes_alone_would_be_a_chord():
    piece = voiced((64,), (60,))
    assert voices_of_xml(piece) == {("E4", "1", "1", "up"), ("C4", "1", "2", "down")}
    chords = Piece([Note(n.onset, n.duration, n.pitch) for n in piece.notes], parts=(GUITAR,))
    assert {voice for _, _, voice, _ in voices_of_xml(chords)} == {"1"}


def test_the_order_of_stated_voices_follows_their_pitch():
    assert voices_of_xml(voiced((60,), (64,))) == voices_of_xml(voiced((64,), (60,)))


def test_a_rare_voice_has_its_place_in_its_own_bar():
    """An inner voice in a high bar is higher than the upper voice is elsewhere."""
    low = [Note(Q * n, Q, 60) for n in range(8)]
    high = [Note(Q * 8, Q * 4, 76), Note(Q * 8, Q * 2, 72, voice=2)]
    bass = [Note(Q * 4 * bar, Q * 4, 43, voice=1) for bar in range(3)]
    stems = voices_of_xml(Piece([*low, *high, *bass], parts=(GUITAR,)))
    assert {("E5", "1", "1", None), ("G2", "1", "2", None), ("C5", "1", "3", "down")} <= stems


def test_stated_voices_that_cross_stay_voices():
    crossing = voiced((67, 67, 60, 67), (60, 62, 64, 60))
    assert {("C4", "1", "1", "up"), ("E4", "1", "2", "down")} <= voices_of_xml(crossing)


@pytest.mark.parametrize(
    ("lines", "stems"),
    [
        (((67,), (64,), (60,)), {"G": "up", "E": "down", "C": "down"}),
        (((71,), (67,), (64,), (60,)), {"B": "up", "G": "down", "E": "up", "C": "down"}),
    ],
)
def test_a_staff_has_up_to_four_stated_voices(lines, stems):
    found = voices_of_xml(voiced(*lines))
    assert {name[0]: stem for name, *_, stem in found} == stems
    assert len({voice for _, _, voice, _ in found}) == len(lines)


def test_more_than_four_voices_are_drawn_as_the_notes_suggest():
    found = voices_of_xml(voiced(*((60 + 4 * n,) for n in range(5))))
    assert {voice for _, _, voice, _ in found} == {"1"}


def test_four_stated_voices_are_the_lines_of_a_chorale():
    piece = chorale().separate_voices()
    staves = Counter((staff, voice) for _, staff, voice, _ in voices_of_xml(piece))
    assert set(staves) == {("1", "1"), ("1", "2"), ("2", "5"), ("2", "6")}
    swapped = voiced((76, 76, 72, 76), (67, 67, 74, 67), (60,), (48,), part=ORGAN)
    assert {("D5", "1", "2", "down"), ("C5", "1", "1", "up")} <= voices_of_xml(swapped)


def test_a_stated_voice_stays_in_one_hand_within_a_bar():
    right, left = (76, 74, 72, 74), (48, 52, 55, 64)
    found = voices_of_xml(voiced(right, left, part=PIANO))
    assert {name for name, staff, *_ in found if staff == "2"} == {"C3", "E3", "G3", "E4"}


def test_a_line_stays_in_one_hand():
    """The tenor rises above middle C, and stays with the left hand that has its line."""
    notes = [*melody(*[Q / 2] * 8, pitches=(79, 77)), *melody(2, 2, pitches=(43, 41))]
    tenor = melody(*[1] * 4, pitches=(55, 59, 62, 59))
    piece = Piece([*notes, *tenor], parts=(PIANO,))
    assert {name for name, staff, *_ in voices_of_xml(piece) if staff == "1"} == {"G5", "F5"}


def test_the_bass_is_one_voice_where_it_begins_with_the_melody():
    """As in Sor's op. 35 no. 2: without lines, the first two notes were a chord."""
    notes = melody(*[Q / 2] * 3, pitches=(64, 65, 62))
    bass = [Note(Q * 0, Q / 2, 48), Note(Q / 2, Q, 50)]
    piece = Piece([*notes, *bass], meters=(Meter(3, 8),), parts=(GUITAR,))
    lower = {name for name, _, voice, _ in voices_of_xml(piece) if voice == "2"}
    assert lower == {"C3", "D3"}


def test_numbers_of_voices_from_the_top():
    spans = [Span(0, 4, 70 - 5 * n, n) for n in range(4)]
    division = PartVoices(spans, "single", "instrument", {n: n for n in range(4)}, [0], 4)
    (staff,) = division.in_bar(spans, 0, 4)
    assert staff.voice == {0: UPPER, 1: MIDDLE, 2: FOURTH, 3: LOWER}


NOTES = st.tuples(st.integers(0, 15), st.integers(1, 6), st.integers(40, 80), st.integers(0, 3))


@settings(max_examples=25, deadline=None)
@given(st.lists(NOTES, min_size=1, max_size=16), st.sampled_from((GUITAR, PIANO, ORGAN)))
def test_any_voices_read_back_as_the_same_notes(rows, part):
    # Readers join two voices that double a pitch.
    alone = [
        row
        for i, row in enumerate(rows)
        if not any(b[2] == row[2] and b[0] < sum(row[:2]) and row[0] < sum(b[:2]) for b in rows[:i])
    ]
    notes = [Note(Q * a / 4, Q * d / 4, p, voice=v) for a, d, p, v in alone]
    piece = Piece(notes, parts=(part,))
    for each in (piece, piece.separate_voices()):
        assert sounding(piece_from_musicxml(to_musicxml(each).encode())) == sounding(piece)


def sounding(piece):
    return Counter((n.onset, n.end, n.pitch) for n in piece.notes)
