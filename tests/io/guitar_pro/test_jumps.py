"""Jumps and endings of Guitar Pro."""

from __future__ import annotations

import pytest

from partimento.io.guitar_pro.jumps import add_jump, add_target, set_endings
from partimento.io.musicxml.turns import Turns


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Da Capo", Turns(dacapo="yes")),
        ("DaCapoAlFine", Turns(dacapo="yes", until="fine")),
        ("Da Segno al Coda", Turns(dalsegno="yes", until="coda")),
        ("DaSegnoSegnoAlDoubleCoda", Turns(dalsegno="double", until="coda")),
        ("Da Double Coda", Turns(tocoda="double")),
        ("Da Nowhere", Turns()),
    ],
)
def test_jumps(name: str, expected: Turns) -> None:
    turns = Turns()
    add_jump(turns, name)
    assert turns == expected


def test_targets() -> None:
    turns = Turns()
    for name in ("Segno Segno", "Coda", "Fine", "Elsewhere"):
        add_target(turns, name)
    assert turns == Turns(segno="double", coda="yes", fine="yes")


def test_bars_of_one_ending_are_joined() -> None:
    turns = [Turns(), Turns(endings=(1,)), Turns(endings=(1,), times=2), Turns(endings=(2,))]
    set_endings(turns)
    assert [turn.endings for turn in turns] == [(), (1,), (), (2,)]
    assert [turn.closes for turn in turns] == [False, False, True, True]
