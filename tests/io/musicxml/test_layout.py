"""Bars of all parts laid out in time: ties, graces, pickups, marks."""

import pytest
from tests.io.musicxml.documents import (
    CHORD,
    GRACE,
    REPEAT,
    START,
    F,
    attributes,
    back,
    forward,
    note,
    read,
    sound,
    tie,
    time_,
)
from tests.pieces import spans

from partimento import Tempo
from partimento.errors import InvalidScoreError
from partimento.io.musicxml.read import piece_from_musicxml


def test_ties_join_over_bars_and_voices():
    first = (
        START
        + note("C4", 8)
        + note("E4", 8, tail=tie("start"))
        + back(16)
        + note("G3", 16, voice=2, tail=tie("start"))
    )
    second = (
        note("G3", 16, voice=1, tail=tie("stop"))
        + back(16)
        + note("E4", 16, voice=2, tail=tie("stop", "start"))
    )
    third = note("E4", 4, tail=tie("stop")) + note("E4", 12)
    assert spans(read([first, second, third])) == [(0, 8, 55), (0, 2, 60), (2, 7, 64), (9, 3, 64)]


def test_ties_without_a_partner_end_with_their_note():
    bars = [
        START + note("C4", 8, tail=tie("start")) + note("D4", 8),
        note("C4", 16, tail=tie("stop")),
    ]
    assert spans(read(bars)) == [(0, 2, 60), (2, 2, 62), (4, 4, 60)]
    assert spans(read([START + note("C4", 16, tail=tie("start")), note("D4", 16)])) == [
        (0, 4, 60),
        (4, 4, 62),
    ]


def test_two_tied_unisons_are_one_note():
    bar = (
        START
        + note("C4", 16, tail=tie("start"))
        + back(16)
        + note("C4", 16, voice=2, tail=tie("start"))
    )
    after = (
        note("C4", 4, tail=tie("stop"))
        + note("D4", 12)
        + back(16)
        + note("C4", 16, voice=2, tail=tie("stop"))
    )
    assert spans(read([bar, after])) == [(0, 8, 60), (5, 3, 62)]


def test_grace_notes_stand_before_their_beat_voice_by_voice():
    graces = (
        note("A4", None, head=GRACE)
        + note("C5", None, head=GRACE + CHORD)
        + note("B4", None, head=GRACE)
    )
    bar = (
        START
        + note("C4", 4)
        + graces
        + note("C5", 12)
        + back(12)
        + note("F3", None, head=GRACE, voice=2)
        + note("E3", 12, voice=2)
    )
    piece = read([bar])
    assert [(n.onset, n.pitch) for n in piece.notes if n.grace] == [
        (F(7, 8), 69),
        (F(7, 8), 72),
        (F(15, 16), 53),
        (F(15, 16), 71),
    ]
    at_start = read([START + graces + note("C5", 16)]).notes
    assert [n.onset for n in at_start if n.grace] == [0, 0, F(1, 16)]


def test_pickups_and_irregular_bars():
    bars = [
        attributes(time_(3)) + note("C4", 4),
        note("D4", 12),
        note("E4", 8),
        note("F4", 4),
        note("G4", 16),
        note("A4", 12),
    ]
    piece = read(bars)
    assert piece.pickup == 1
    assert [bar.onset for bar in piece.bars()] == [0, 1, 4, 6, 7, 10, 11]
    assert [(m.numerator, m.onset) for m in piece.meters] == [(3, 0), (3, 6), (3, 7), (3, 11)]
    assert (
        read(
            [attributes(time_(3)) + note("C4", 24), note("D4", 12)],
            bar_attributes={0: 'implicit="yes"'},
        ).pickup
        == 6
    )


def test_bars_begin_together_in_all_parts():
    one = [attributes(time_(3)) + note("C4", 8), note("D4", 12)]  # a rest is missing
    two = [attributes(time_(3)) + note("C3", 12), note("D3", 12)]
    assert [onset for onset, _, pitch in spans(read(one, two)) if pitch in (50, 62)] == [3, 3]
    whole_rest = [attributes(time_(3)) + note("r", 16, kind="whole"), note("D3", 12)]
    assert spans(read(two, whole_rest))[1:] == [(3, 3, 50), (3, 3, 50)]
    silent = [attributes(time_(3)) + note("r", 16, kind="whole"), ""]
    assert read([*silent, note("D3", 12)]).notes[0].onset == 6
    too_long = [attributes(time_(3)) + note("C4", 16), note("D4", 12)]
    assert read(two, two, too_long).notes[-1].onset == 3


def test_a_forward_at_the_end_adds_no_rest():
    assert read([START + note("C4", 16), note("C4", 4) + forward(12)]).length == 5
    assert read([START + note("C4", 4) + forward(12), note("C4", 16)]).length == 8


def test_unfolded_music_repeats_its_marks_and_ties():
    key = "<attributes><key><fifths>{}</fifths></key></attributes>".format
    first = attributes("<key><fifths>0</fifths></key>", time_(4)) + note(
        "C4", 16, tail=tie("start")
    )
    second = key(2) + note("C4", 16, tail=tie("stop")) + REPEAT
    piece = read([first, second, key(-1) + note("D4", 16)], unfold=True)
    assert spans(piece) == [(0, 8, 60), (8, 8, 60), (16, 4, 62)]
    assert [(k.fifths, k.onset) for k in piece.keys] == [(0, 0), (2, 4), (0, 8), (2, 12), (-1, 16)]


def test_a_return_to_before_the_first_mark_restores_the_defaults():
    said = '<direction><sound tempo="60"/></direction>' + attributes(
        time_(3), "<key><fifths>2</fifths></key>"
    )
    bars = [
        attributes() + note("C4", 16),
        said + note("D4", 12),
        note("E4", 12) + sound(dacapo="yes"),
    ]
    piece = read(bars, unfold=True)
    assert [(m.numerator, m.onset) for m in piece.meters] == [(4, 0), (3, 4), (4, 10), (3, 14)]
    assert [(t.bpm, t.onset) for t in piece.tempos] == [(60, 4), (120, 10), (60, 14)]
    assert [(k.fifths, k.onset) for k in piece.keys] == [
        (2, 4),
        (2, 14),
    ]  # no mark says that there is no key


def test_marks_beyond_the_end_are_ignored():
    late = "<direction><offset sound='yes'>999999</offset><sound tempo='60'/></direction>"
    assert read([START + late + note("C4", 16)]).tempos == (Tempo(),)


def test_too_many_notes_at_once_are_refused():
    pile = "".join(
        note(f"{'CDEFGAB'[k % 7]}{k % 5 + 2}", 5000, voice=k) + back(4999 - k % 7)
        for k in range(4000)
    )
    with pytest.raises(InvalidScoreError, match=r"up to \d+ of its 12000 notes sound at once"):
        read(*[[START + pile]] * 3)


def test_the_staves_of_a_keyboard_are_one_part() -> None:
    notes = "<note><pitch><step>C</step><octave>{}</octave></pitch><duration>4</duration><type>whole</type><staff>{}</staff></note>"  # noqa: E501
    measure = (
        "<measure"
        " number='1'><attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time><staves>2</staves>"  # noqa: E501
        "</attributes>"
        + notes.format(5, 1)
        + "<backup><duration>4</duration></backup>"
        + notes.format(3, 2)
        + "</measure>"
    )
    lists = "".join(
        f"<score-part id='{name}'><part-name>{name}</part-name></score-part>"
        for name in ("P1", "P2")
    )
    parts = "".join(f"<part id='{name}'>{measure}</part>" for name in ("P1", "P2"))
    text = f"<score-partwise version='4.0'><part-list>{lists}</part-list>{parts}</score-partwise>"
    piece = piece_from_musicxml(text.encode(), ".musicxml")
    assert [part.name for part in piece.parts] == ["P1", "P2"]
    assert [(note.pitch, note.part) for note in piece.notes] == [(48, 0), (48, 1), (72, 0), (72, 1)]


def test_a_mark_at_the_very_end_is_kept():
    last = START + note("C4", 16) + '<sound tempo="60"/>'
    assert read([last]).tempos == (Tempo.from_bpm(60, onset=F(4)),)


def test_a_rest_of_a_whole_bar_is_as_long_as_the_bar_of_the_others():
    head = attributes(time_(3))
    whole = note("r", 16).replace("<rest/>", '<rest measure="yes"/>')
    rests = [head + whole, whole, note("D4", 12)]
    notes = [head + note("C4", 12), note("C4", 12), note("C4", 12)]
    piece = read(rests, notes)
    assert [bar.onset for bar in piece.bars()] == [0, 3, 6]
    assert [n.onset for n in piece.notes if n.part == 0] == [6]


def test_two_bars_may_have_a_pickup_but_one_has_none():
    head = attributes(time_(4))
    assert read([head + note("C4", 4)]).pickup == 0
    assert read([head + note("C4", 4), note("D4", 16)]).pickup == 1


FERMATA = "<notations><fermata/></notations>"
BREATH = "<notations><slur/></notations><notations><articulations><{}/></articulations></notations>"
STOP = '<barline location="{}"><fermata/></barline>'.format


def test_fermatas_and_breath_marks_end_phrases():
    first = START + note("C4", 4) + note("D4", 12, tail=tie("start"))
    second = note("D4", 4, tail=tie("stop") + FERMATA) + note("E4", 8) + note("E4", 4, tail=FERMATA)
    third = note("C4", 4, tail=BREATH.format("breath-mark")) + note("G3", 8)
    piece = read([first, second, third + note("r", 4, tail=FERMATA)])
    assert piece.fermatas == (1, 7)  # a tied note begins with its first note
    assert piece.phrase_ends == (5, 8, 9, 12)


def test_a_fermata_of_any_part_counts_and_each_repeat_has_it():
    upper = START + note("C5", 8) + note("D5", 8, tail=FERMATA)
    lower = START + note("C4", 12) + note("D4", 4, tail=FERMATA)
    piece = read([upper, REPEAT + note("C5", 16)], [lower, note("E4", 16)], unfold=True)
    assert (piece.fermatas, piece.phrase_ends) == ((2, 3, 10, 11), (4, 12))


def test_fermatas_of_bar_lines_and_caesuras():
    first = START + note("C4", 16, tail=BREATH.format("caesura"))
    second = note("C4", 4) + STOP("middle") + note("D4", 12) + STOP("right")
    third = STOP("left") + note("C4", None, head=GRACE, tail=FERMATA) + note("D4", 12)
    piece = read([STOP("left") + first, second, third])
    assert (piece.fermatas, piece.phrase_ends) == ((), (4, 5, 8))
