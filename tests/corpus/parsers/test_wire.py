"""Pieces as bytes between processes: nothing is lost, and nonsense is refused."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from tests.music.strategies import pieces

from partimento import Note, Piece
from partimento.corpus.parsers.wire import pack, unpack
from partimento.corpus.store.rows import facts_of

PIECE = Piece([Note(Fraction(0), Fraction(1), 60, voice=1), Note(Fraction(0), Fraction(1), 60)])


@settings(max_examples=30, deadline=None)
@given(pieces)
def test_a_piece_comes_back_whole(piece: Piece) -> None:
    assert unpack(pack(piece)) == (piece, None)


def test_voices_and_facts_come_back() -> None:
    facts = facts_of(PIECE, PIECE)
    assert unpack(pack(PIECE, facts)) == (PIECE, facts)


@pytest.mark.parametrize(
    "changes", [{"events": -1}, {"solo": "yes"}, {"key": None}, {"mood": "glad"}]
)
def test_facts_of_other_kinds_are_refused(changes: dict[str, Any]) -> None:
    facts = {**facts_of(PIECE, PIECE), **changes}
    with pytest.raises(ValueError, match=r"invalid value|other names"):
        unpack(pack(PIECE, facts))


def test_bytes_that_are_no_piece_are_refused() -> None:
    good = pack(PIECE)
    head, _, table = good.partition(b"\n")
    plain = json.loads(head)
    plain["piece"]["notes"]["divisions"] = 0
    for bad in (
        b"",
        b"{}\n",
        good[:-1],
        good + b"\0" * 8,
        json.dumps(plain).encode() + b"\n" + table,
    ):
        with pytest.raises((ValueError, LookupError, TypeError)):
            unpack(bad)
