"""The playing order of a tune: repeats, endings and the parts of its header."""

import pytest

from partimento.io.abc.order import expand, order_of_tune
from partimento.io.musicxml.turns import Turns


@pytest.mark.parametrize(
    ("parts", "order"),
    [
        ("ABA", "ABA"),
        ("A2B", "AAB"),
        ("(AB)2C", "ABABC"),
        ("((AB)2C)2", "ABABCABABC"),
        ("A.B", "AB"),
        ("", ""),
    ],
)
def test_orders_of_parts_are_written_out(parts, order):
    assert "".join(expand(parts)) == order


def test_absurd_orders_end():
    assert len(expand("((((A99)99)99)99)99")) <= 1000


def test_parts_are_played_in_the_order_of_the_header_with_their_repeats():
    turns = {1: Turns(times=2)}
    bars = {"A": 0, "B": 2}
    assert order_of_tune(turns, 4, "ABA", bars) == [0, 1, 0, 1, 2, 3, 0, 1, 0, 1]
    assert order_of_tune(turns, 4, "", bars) == [0, 1, 0, 1, 2, 3]
    assert order_of_tune(turns, 4, "XYZ", bars) == [0, 1, 0, 1, 2, 3]
