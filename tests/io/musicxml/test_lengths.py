"""The lengths of bars, and the meters that they keep to."""

import pytest
from tests.io.musicxml.documents import (
    CHORD,
    START,
    F,
    attributes,
    back,
    forward,
    note,
    read,
    time_,
)
from tests.pieces import spans

from partimento.music.timelines import Meter


def tuplet(duration, actual, normal, *, kind="quarter", name="C4", voice=1, head=""):
    change = (
        f"<time-modification><actual-notes>{actual}</actual-notes>"
        f"<normal-notes>{normal}</normal-notes></time-modification>"
    )
    return note(name, duration, kind=kind, voice=voice, head=head).replace(
        "</type>", "</type>" + change
    )


def local(*meters, divisions=12):
    times = "".join(
        time_(*meter).replace("<time>", f'<time number="{staff}">')
        for staff, meter in enumerate(meters, 1)
    )
    return attributes(times, divisions=divisions)


FINE = attributes(time_(4), divisions=480)
REST_OF_TEST = note("D4", 1920)


@pytest.mark.parametrize("duration", [274, 275])
def test_rounded_tuplets_are_exact(duration):
    piece = read([FINE + tuplet(duration, 7, 4) * 7, REST_OF_TEST])
    assert spans(piece) == [*((F(4 * i, 7), F(4, 7), 60) for i in range(7)), (4, 4, 62)]
    assert piece.meters == (Meter(),)


@pytest.mark.parametrize("returned", [7 * 275, 1920])
def test_a_second_voice_begins_on_the_beat_after_rounded_tuplets(returned):
    second = back(returned) + "".join(note("E3", 480, voice=2) for _ in range(4))
    piece = read([FINE + tuplet(275, 7, 4) * 7 + second, REST_OF_TEST])
    assert [n.onset for n in piece.notes if n.pitch == 52] == [0, 1, 2, 3]
    assert piece.notes[-1].onset == 4


def test_a_return_into_a_rounded_tuplet_finds_its_exact_time():
    first = note("C5", 960) + "".join(tuplet(193, 5, 4, kind="eighth") for _ in range(5))
    piece = read([FINE + first + back(2 * 193) + note("E3", 480, voice=2), REST_OF_TEST])
    assert [n.onset for n in piece.notes if n.pitch == 52] == [2 + F(6, 5)]
    piece = read([FINE + first + back(965) + note("E3", 960, voice=2), REST_OF_TEST])
    assert [(n.onset, n.duration) for n in piece.notes if n.pitch == 52] == [(2, 2)]


def test_chords_rests_and_dots_within_rounded_tuplets():
    one = attributes(time_(4), divisions=1)
    chord = tuplet(1, 3, 2, kind="half") + tuplet(1, 3, 2, kind="half", name="E4", head=CHORD)
    rest = tuplet(1, 3, 2, kind="half", name="r")
    dotted = tuplet(2, 3, 2, kind="half", name="G4").replace("<time-m", "<dot/><time-m")
    shorter = tuplet(1, 3, 2, kind="quarter", name="A4")
    piece = read([one + chord + rest + shorter * 2, one + dotted + shorter + chord])
    third = F(4, 3)
    assert spans(piece)[:4] == [
        (0, third, 60), (0, third, 64), (2 * third, third / 2, 69), (5 * third / 2, third / 2, 69),
    ]  # fmt: skip
    assert spans(piece)[4:] == [
        (4, 2, 67),
        (6, F(2, 3), 69),
        (F(20, 3), third, 60),
        (F(20, 3), third, 64),
    ]


def test_a_duration_that_differs_by_more_than_rounding_counts():
    assert spans(read([FINE + tuplet(480, 7, 4) * 4])) == [(i, 1, 60) for i in range(4)]
    assert spans(read([FINE + tuplet("480", 7, 0) * 4])) == [(i, 1, 60) for i in range(4)]


def test_a_duration_of_nothing_is_that_of_the_type():
    coarse = attributes(time_(4), divisions=1)
    piece = read([coarse + note("C4", 0, kind="16th") * 4 + note("D4", 3)])
    assert spans(piece) == [*((F(i, 4), F(1, 4), 60) for i in range(4)), (1, 3, 62)]


def test_a_note_without_any_duration_is_left_out_and_reported():
    piece = read([START + note("C4", 0) + note("D4", 16), note("E4", 0) + note("F4", 16)])
    assert spans(piece) == [(0, 4, 62), (4, 4, 65)]
    assert piece.warnings == ("2 notes without duration are left out, in bar 1",)


@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        # The equal notes at the end share the rest of the bar.
        (note("C4", 275) * 7, [i * 1920 // 7 for i in range(7)]),
        (note("C4", 960) + note("C4", 193) * 5, [0, *range(960, 1920, 192)]),
        (note("C4", 960) + note("C4", 191) * 5, [0, *range(960, 1920, 192)]),
        (note("C4", 1440) + note("C4", 485), [0, 1440]),
    ],
)
def test_bars_within_a_hundredth_of_their_meter_are_that_long(bar, expected):
    piece = read([FINE + bar, REST_OF_TEST])
    assert [n.onset * 480 for n in piece.notes] == [*expected, 1920]
    assert piece.notes[len(expected) - 1].end == 4
    assert piece.meters == (Meter(),)


def test_a_bar_that_is_longer_keeps_its_length():
    piece = read([FINE + note("C4", 1920 + 60), REST_OF_TEST])
    assert piece.notes[1].onset == F(33, 8)


NINE = note("C5", 4) * 9
THREE = note("C3", 12, voice=5) * 3


@pytest.mark.parametrize("meters", [((9, 8), (3, 4)), ((3, 4), (9, 8))])
def test_the_meter_of_several_staves_is_the_one_that_bars_keep_to(meters):
    bars = [local(*meters) + NINE + back(36) + THREE, NINE + back(36) + THREE]
    assert read(bars).meters == (Meter(3, 4),)


@pytest.mark.parametrize("swapped", [False, True])
def test_the_meter_of_several_parts_is_the_one_that_bars_keep_to(swapped):
    one = [attributes(time_(9, 8), divisions=12) + NINE, NINE]
    two = [attributes(time_(3, 4), divisions=12) + THREE, THREE]
    assert read(*([two, one] if swapped else [one, two])).meters == (Meter(3, 4),)


def test_a_local_change_is_followed_only_if_the_bars_are():
    four = [attributes(time_(4)) + note("C4", 16), note("C4", 16), note("C4", 16)]
    there = [attributes(time_(4)) + note("C3", 16), attributes(time_(2, 2)) + note("C3", 16), ""]
    assert read(four, there).meters == (Meter(),)
    three = [four[0], note("C4", 12), note("C4", 12)]
    changed = [there[0], attributes(time_(3)) + note("C3", 12), note("C3", 12)]
    assert read(three, changed).meters == (Meter(), Meter(3, 4, F(4)))


def test_a_change_for_one_staff_is_followed_only_if_the_bars_are():
    two = "<staves>2</staves>"
    first = attributes(time_(3), two, divisions=12)
    there = time_(9, 8).replace("<time>", '<time number="2">')
    local_change = f"<attributes>{there}</attributes>"
    bar = note("C5", 36) + back(36) + NINE
    assert read([first + bar, local_change + bar, bar]).meters == (Meter(3, 4),)
    longer = note("C5", 54)
    assert read([first + bar, local_change + longer, longer]).meters == (
        Meter(3, 4),
        Meter(9, 8, F(3)),
    )
    begin = attributes(two, time_(9, 8).replace("<time>", '<time number="1">'), divisions=12)
    assert read([begin + longer, longer]).meters == (Meter(9, 8),)
    assert read([begin + bar, bar]).meters == (Meter(3, 4),)


def test_bars_may_all_keep_to_a_meter_that_is_not_stated():
    nine = attributes(time_(9, 8), divisions=12)
    assert read([nine + THREE, THREE, THREE]).meters == (Meter(3, 4),)
    pickup = read([nine + note("C4", 12), THREE, THREE, note("C4", 24)])
    assert pickup.meters == (Meter(3, 4),)
    assert pickup.pickup == 1
    eighteen = note("C4", 18) * 3
    assert read([attributes(time_(3), divisions=12) + eighteen, eighteen]).meters == (Meter(9, 8),)
    assert read([START + note("C4", 10), note("C4", 10)]).meters == (Meter(5, 8),)
    assert read([START + note("C4", 12), note("C4", 16)]).meters == (Meter(),)


def test_a_pickup_of_rounded_tuplets_is_exact():
    bars = [attributes(time_(4), divisions=10) + tuplet(3, 3, 2, kind="eighth") * 3, note("D4", 40)]
    piece = read(bars)
    assert piece.pickup == 1
    assert spans(piece)[:3] == [(F(i, 3), F(1, 3), 60) for i in range(3)]


def test_a_skip_after_a_rounded_tuplet_lasts_as_written():
    piece = read([FINE + tuplet(275, 7, 4) * 7 + back(7 * 275) + forward(480) + note("E3", 480)])
    assert [(n.onset, n.duration) for n in piece.notes if n.pitch == 52] == [(1, 1)]


def test_a_bar_that_ends_within_a_tuplet_lacks_some_of_it():
    third = tuplet(160, 3, 2, kind="eighth")
    bars = [FINE + note("C4", 1920), note("C4", 1440) + third * 2, note("D4", 1920)]
    assert read(bars).notes[-1].onset == 8
    shorter = [FINE + note("C4", 1920), note("C4", 1440), note("D4", 1920)]
    assert read(shorter).notes[-1].onset == 7


def test_rests_that_are_too_long_do_not_lengthen_a_bar():
    rest = note("r", 600, voice=2)
    bar = FINE + note("C4", 1920) + back(480) + rest
    assert read([bar, REST_OF_TEST]).notes[-1].onset == 4
    assert read([FINE + note("C4", 480) + note("r", 1920), REST_OF_TEST]).notes[-1].onset == 5


def test_a_very_short_skip_makes_up_for_rounding():
    five = "".join(tuplet(95, 5, 4, kind="16th") + forward(1) for _ in range(5))
    piece = read([FINE + five + note("D4", 1440), REST_OF_TEST])
    assert [n.onset for n in piece.notes][5:] == [1, 4]


def test_a_bar_that_is_too_long_by_a_part_of_a_tuplet_keeps_its_bar_line():
    third = tuplet(160, 3, 2, kind="eighth")
    bars = [FINE + note("C4", 1920), note("C4", 1920) + third, note("D4", 1920)]
    assert read(bars).notes[-1].onset == 8
    longer = [FINE + note("C4", 1920), note("C4", 1920) + third * 4, note("D4", 1920)]
    assert read(longer).notes[-1].onset == 8 + F(4, 3)
