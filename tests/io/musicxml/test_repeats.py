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
from partimento.io.musicxml.repeats import Turns, playing_order


def order(*bars):
    """The order in which bars are played, by number."""
    contents = [(START if i == 0 else "") + note("C4", 16) for i in range(len(bars))]
    piece = read([bar + content for bar, content in zip(bars, contents, strict=True)], unfold=True)
    turns: dict[int, Turns] = {}
    from lxml import etree

    for i, bar in enumerate(bars):
        for element in etree.fromstring(f"<m>{bar}</m>"):
            there = turns.setdefault(i, Turns())
            (there.read_barline if element.tag == "barline" else there.read_sound)(element)
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


@pytest.mark.parametrize(
    ("times", "played"),
    [("", 2), ("1", 1), ("3", 3), ("64", 64), ("65", 64), ("x", 2), ("-3", 2), ("999999999", 2)],
)
def test_a_repeat_is_played_as_often_as_it_says_within_bounds(times, played):
    turns = Turns()
    turns.read_barline(etree.fromstring(barline(f'<repeat direction="backward" times="{times}"/>')))
    assert turns.times == played
    assert len(playing_order({0: turns}, 2)) == played + 1


def test_a_dal_segno_before_its_segno_returns_to_the_beginning():
    assert order("", sound(dalsegno="s"), sound(segno="s")) == [0, 1, 0, 1, 2]
    assert order("", sound(segno="s", dalsegno="s"), "") == [0, 1, 1, 2]


def test_a_score_with_far_too_many_bars_is_refused():
    turns = {n: Turns(times=64) for n in range(2000)}
    with pytest.raises(InvalidScoreError, match="with its repeats it is longer than 100000 bars"):
        playing_order(turns, 2000)
