"""The repeats and jumps of single bars."""

import pytest
from lxml import etree
from tests.io.musicxml.documents import BACKWARD, FORWARD, barline, ending

from partimento.io.musicxml.repeats import playing_order
from partimento.io.musicxml.turns import Turns, passes_of, read_barline, read_direction


def turns_of(text: str, bar: int = 1, *, at_end: bool = False) -> dict[int, Turns]:
    turns: dict[int, Turns] = {}
    element = etree.fromstring(text)
    if element.tag == "barline":
        read_barline(turns, bar, element)
    else:
        read_direction(turns, bar, element, at_end=at_end)
    return turns


@pytest.mark.parametrize(
    ("times", "played"),
    [("", 2), ("1", 1), ("3", 3), ("64", 64), ("65", 64), ("x", 2), ("-3", 2), ("999999999", 2)],
)
def test_a_repeat_is_played_as_often_as_it_says_within_bounds(times, played):
    turns: dict[int, Turns] = {}
    text = barline(f'<repeat direction="backward" times="{times}"/>')
    read_barline(turns, 0, etree.fromstring(text))
    assert turns[0].times == played
    assert len(playing_order(turns, 2)) == played + 1


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("1", (1,)),
        ("1, 2", (1, 2)),
        ("1,2", (1, 2)),
        ("1.", (1,)),
        ("1-3", (1, 2, 3)),
        ("1.\u20133.", (1, 2, 3)),
        ("1, 3-4", (1, 3, 4)),
        (" ", ()),
        ("last", ()),
    ],
)
def test_the_numbers_of_an_ending(text, passes):
    assert passes_of(text) == passes


def test_repeats_and_endings_belong_to_the_side_of_their_bar_line():
    right, left = 'location="right"', 'location="left"'
    forward = barline(FORWARD)
    assert turns_of(forward.replace("<barline", f"<barline {left}")) == {1: Turns(forward=True)}
    assert turns_of(forward.replace("<barline", f"<barline {right}")) == {2: Turns(forward=True)}
    backward = barline(BACKWARD)
    assert turns_of(backward.replace("<barline", f"<barline {left}")) == {0: Turns(times=2)}
    begins = barline(ending("1", "start")).replace("<barline", f"<barline {right}")
    assert turns_of(begins) == {2: Turns(endings=(1,))}
    ends = barline(ending("1", "stop")).replace("<barline", f"<barline {left}")
    assert turns_of(ends) == {0: Turns(closes=True)}


def test_signs_of_bar_lines():
    assert turns_of('<barline location="left" segno="a"><segno/></barline>') == {
        1: Turns(segno="a")
    }
    assert turns_of('<barline location="right"><segno/></barline>') == {2: Turns(segno="yes")}
    assert turns_of('<barline location="right"><coda/></barline>') == {1: Turns(sign=True)}
    assert turns_of('<barline location="left" coda="c"><coda/></barline>') == {1: Turns(coda="c")}


def test_a_sound_counts_more_than_the_words_beside_it():
    text = (
        "<direction><direction-type><words>D.C. al Fine</words></direction-type>"
        '<sound dalsegno="s"/></direction>'
    )
    assert turns_of(text) == {1: Turns(dalsegno="s", until="fine")}
    sign = '<direction><direction-type><coda/></direction-type><sound {}="c"/></direction>'
    assert turns_of(sign.format("tocoda")) == {1: Turns(tocoda="c")}
    assert turns_of(sign.format("coda"), at_end=True) == {2: Turns(coda="c")}
    tempo = "<direction><direction-type><words>D.C.</words></direction-type><sound tempo='90'/>"
    assert turns_of(tempo + "</direction>")[1].dacapo == "yes"
