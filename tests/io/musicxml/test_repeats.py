"""The order in which bars are played."""

import time

import pytest
from lxml import etree
from tests.io.musicxml.documents import (
    BACKWARD,
    END_ONE,
    END_TWO,
    FORWARD,
    ONE,
    REPEAT,
    START,
    TWO,
    barline,
    ending,
    note,
    read,
    sound,
)

from partimento.errors import InvalidScoreError
from partimento.io.musicxml.read import piece_from_musicxml
from partimento.io.musicxml.repeats import playing_order
from partimento.io.musicxml.turns import Turns, read_barline, read_direction


def order(*bars):
    """The order in which bars are played, by number."""
    contents = [(START if i == 0 else "") + note("C4", 16) for i in range(len(bars))]
    piece = read([bar + content for bar, content in zip(bars, contents, strict=True)], unfold=True)
    turns: dict[int, Turns] = {}

    for i, bar in enumerate(bars):
        for element in etree.fromstring(f"<m>{bar}</m>"):
            if element.tag == "barline":
                read_barline(turns, i, element)
            else:
                read_direction(turns, i, element, at_end=False)
    found = playing_order(turns, len(bars))
    assert piece.length == 4 * len(found)
    return found


@pytest.mark.parametrize(
    ("bars", "played"),
    [
        (["", REPEAT, ""], [0, 1, 0, 1, 2]),
        (["", barline(FORWARD), REPEAT, ""], [0, 1, 2, 1, 2, 3]),
        ([REPEAT, REPEAT, ""], [0, 0, 1, 1, 2]),
        ([barline('<repeat direction="backward" times="3"/>'), ""], [0, 0, 0, 1]),
        (["", ONE + END_ONE, TWO + END_TWO, ""], [0, 1, 0, 2, 3]),
        (["", ONE + END_ONE, ""], [0, 1, 0, 2]),
        (["", ONE, END_ONE, TWO + END_TWO, "", REPEAT], [0, 1, 2, 0, 3, 4, 5, 4, 5]),
        (
            ["", barline(ending("1, 2", "start")) + END_ONE, barline(ending("3", "start")), ""],
            [0, 1, 0, 1, 0, 2, 3],
        ),
        (["", ONE + END_ONE, TWO + barline(ending("2", "stop"), BACKWARD), ""], [0, 1, 0, 2, 3]),
        (["", sound(fine="yes"), sound(dacapo="yes")], [0, 1, 2, 0, 1]),
        (
            ["", sound(segno="s"), sound(tocoda="c"), sound(dalsegno="s"), sound(coda="c"), ""],
            [0, 1, 2, 3, 1, 2, 4, 5],
        ),
        (["", REPEAT, sound(dacapo="yes")], [0, 1, 0, 1, 2, 0, 1, 2]),
        (["", ONE + END_ONE, TWO + END_TWO, sound(dacapo="yes")], [0, 1, 0, 2, 3, 0, 2, 3]),
    ],
)
def test_repeats_unfold(bars, played):
    assert order(*bars) == played


def test_repeats_stay_folded_by_default():
    assert read([START + note("C4", 16) + REPEAT]).length == 4


def words(*parts):
    """A direction; parts are words, or the signs ``<segno/>`` and ``<coda/>``."""
    types = "".join(
        f"<direction-type>{part if part[0] == '<' else f'<words>{part}</words>'}</direction-type>"
        for part in parts
    )
    return f"<direction>{types}</direction>"


SEGNO, CODA = words("<segno/>"), words("<coda/>")


@pytest.mark.parametrize(
    ("bars", "played"),
    [
        (["", SEGNO, words("D.S.")], [0, 1, 2, 1, 2]),
        (["", SEGNO, words("Fine"), words("D.S. al Fine")], [0, 1, 2, 3, 1, 2]),
        (["", words("Fine"), words("Da Capo al Fine")], [0, 1, 2, 0, 1]),
        (["", SEGNO, CODA, words("D.S. al Coda"), CODA, ""], [0, 1, 2, 3, 1, 2, 4, 5]),
        (["", words("To Coda"), words("D.C. al Coda"), words("Coda")], [0, 1, 2, 0, 1, 3]),
        (
            ["", words("To ", "<coda/>"), words("D.C. al ", "<coda/>"), words("<coda/>", "Coda")],
            [0, 1, 2, 0, 1, 3],
        ),
        # The repeats of the section come first, those of the coda at last.
        (
            ["", words("To Coda"), words("D.C. al Coda") + REPEAT, words("Coda") + REPEAT],
            [0, 1, 2, 0, 1, 2, 0, 1, 3, 3],
        ),
        # Fine in an ending.
        (
            ["", ONE + END_ONE, TWO + END_TWO + words("Fine"), "", words("D.C. al Fine")],
            [0, 1, 0, 2, 3, 4, 0, 2],
        ),
        # To coda in the first ending.
        (
            [
                "",
                ONE + END_ONE + words("To Coda"),
                TWO + END_TWO + words("D.C. al Coda"),
                words("Coda"),
            ],
            [0, 1, 0, 2, 0, 1, 3],
        ),
        (
            ["", words("Fine"), words("D.C. al Fine e poi la Coda"), words("Coda")],
            [0, 1, 2, 0, 1, 3],
        ),
        (["", SEGNO, words("D.C. al Segno"), ""], [0, 1, 2, 0]),
        (["", REPEAT, words("D.C. con repetizione")], [0, 1, 0, 1, 2, 0, 1, 0, 1, 2]),
        (
            ["", barline('<repeat direction="backward" after-jump="yes"/>'), words("D.C.")],
            [0, 1, 0, 1, 2, 0, 1, 0, 1, 2],
        ),
        # Each of several jumps is made once, to the sign before it.
        (
            [SEGNO, words("D.S."), "", SEGNO, words("D.S."), ""],
            [0, 1, 0, 1, 2, 3, 4, 3, 4, 5],
        ),
        ([SEGNO, "", SEGNO, words("D.S.S.")], [0, 1, 2, 3, 2, 3]),
        (
            [sound(segno="a"), sound(segno="b"), sound(dalsegno="a"), ""],
            [0, 1, 2, 0, 1, 2, 3],
        ),
        # Each of two codas has its own way to it.
        (
            [
                SEGNO,
                words("To Coda"),
                words("To Coda"),
                words("D.S. al Coda"),
                words("Coda 1"),
                words("D.S. al Coda 2"),
                words("Coda 2"),
            ],
            [0, 1, 2, 3, 0, 1, 4, 5, 0, 1, 2, 6],
        ),
        # Words only say where a jump is within a bar or so.
        (["", words("D.C."), REPEAT], [0, 1, 2, 0, 1, 2, 0, 1, 2]),
        ([words("D.C."), "", ""], [0, 1, 2]),
        (["", sound(fine="no"), sound(dacapo="no")], [0, 1, 2]),
        (["", words("rit. al fine"), ""], [0, 1, 2]),
        (
            [sound(time_only="2", tocoda="c").replace("_", "-"), REPEAT, sound(coda="c")],
            [0, 1, 0, 2],
        ),
        # A bracket that is shorter than its ending, and one that is missing.
        (
            ["", ONE + barline(ending("1", "stop")), REPEAT, TWO + END_TWO, ""],
            [0, 1, 2, 0, 3, 4],
        ),
        (["", REPEAT, TWO + END_TWO, ""], [0, 1, 0, 2, 3]),
        # A repeat that is missing between two endings.
        (["", ONE, TWO + barline(ending("2", "stop"), BACKWARD), ""], [0, 1, 0, 2, 3]),
        # The last of several endings is the last one, though a repeat follows it.
        (
            ["", ONE + END_ONE, TWO + barline(ending("2", "stop"), BACKWARD), words("D.C.")],
            [0, 1, 0, 2, 3, 0, 2, 3],
        ),
        (
            ["", barline(ending("1-3", "start")) + END_ONE, barline(ending("4.", "start")), ""],
            [0, 1, 0, 1, 0, 1, 0, 2, 3],
        ),
    ],
)
def test_printed_signs_and_words_are_followed(bars, played):
    assert order(*bars) == played


def test_a_sign_at_the_end_of_a_bar_is_one_of_the_next_bar():
    bars = [
        START + note("C4", 16) + SEGNO,
        note("D4", 16),
        note("E4", 16) + words("D.S."),
    ]
    assert [n.pitch for n in read(bars, unfold=True).notes] == [60, 62, 64, 62, 64]


def test_a_sign_at_the_end_of_the_last_bar_is_one_of_that_bar():
    bars = [
        START + note("C4", 16) + words("To Coda"),
        note("D4", 16) + words("D.C. al Coda"),
        note("E4", 16) + words("Coda"),
    ]
    assert [n.pitch for n in read(bars, unfold=True).notes] == [60, 62, 60, 64]


@pytest.mark.parametrize(
    ("jumps", "pitches"),
    [
        (("", "", words("Fine"), words("D.C. al Fine")), [60, 62, 64, 65, 64]),
        # The trio of a menuet
        (("", words("Fine"), "", words("D.C. al Fine")), [60, 62, 64, 65, 60, 62]),
    ],
)
def test_a_da_capo_returns_to_the_beginning_of_its_movement_or_of_that_of_the_fine(jumps, pitches):
    bars = "".join(
        f'<measure number="{number}">{START * (name == "C4")}{note(name, 16)}{jump}</measure>'
        for number, name, jump in zip((1, 2, 1, 2), ("C4", "D4", "E4", "F4"), jumps, strict=True)
    )
    text = f'<score-partwise><part-list/><part id="P">{bars}</part></score-partwise>'
    notes = piece_from_musicxml(text.encode(), unfold=True).notes
    assert [n.pitch for n in notes] == pitches


def test_endings_that_leave_no_bar_are_refused():
    with pytest.raises(InvalidScoreError, match="its endings leave no bar to play"):
        read(
            [START + barline(ending("2", "start")) + note("C4", 16) + barline(ending("2", "stop"))],
            unfold=True,
        )
    assert (
        len(
            read(
                [
                    START
                    + barline(ending("2", "start"))
                    + note("C4", 16)
                    + barline(ending("2", "stop"))
                ]
            ).notes
        )
        == 1
    )


def test_thousands_of_repeats_take_no_quadratic_time():
    count, began = 40_000, time.process_time()
    endless = {i: Turns(tocoda="x") for i in range(1, count)} | {count: Turns(dacapo="yes")}
    assert playing_order(endless, count + 1) == [*range(count + 1), *range(count + 1)]
    endings = {i: Turns(endings=(1,), times=2) for i in range(count)}
    assert playing_order(endings, count) == [*range(count)]
    assert time.process_time() - began < 10


def test_a_dal_segno_before_its_segno_returns_to_the_beginning():
    assert order("", sound(dalsegno="s"), sound(segno="s")) == [0, 1, 0, 1, 2]
    assert order("", sound(segno="s", dalsegno="s"), "") == [0, 1, 1, 2]


def test_a_score_with_far_too_many_bars_is_refused():
    turns = {n: Turns(times=64) for n in range(2000)}
    with pytest.raises(InvalidScoreError, match="with its repeats it is longer than 100000 bars"):
        playing_order(turns, 2000)
