"""Bars are cut out of a piece with what is valid there."""

from __future__ import annotations

from fractions import Fraction

import pytest

from partimento import Key, Meter, Note, PartimentoError, Piece, Tempo
from partimento.music.timelines import ChordSymbol

F = Fraction
PIECE = Piece(
    [Note(F(i), F(1), 60 + i) for i in range(13)] + [Note(F(2), F(8), 40)],
    meters=(Meter(3, 4, F(0)),),
    keys=(Key(1), Key(2, onset=F(7))),
    tempos=(Tempo(), Tempo.from_bpm(90, onset=F(4))),
    chord_symbols=(ChordSymbol("C", F(0)), ChordSymbol("D", F(7))),
    pickup=F(1),
)


def test_bars_with_meter_key_and_tempo() -> None:
    cut = PIECE.cut(3, 3)
    assert cut.length == 3
    assert [(n.onset, n.duration, n.pitch) for n in cut.notes] == [
        (0, 3, 40), (0, 1, 67), (1, 1, 68), (2, 1, 69),
    ]  # fmt: skip
    assert (cut.meters, cut.keys) == ((Meter(3, 4),), (Key(2),))
    assert [tempo.bpm for tempo in cut.tempos] == [pytest.approx(90, 1e-4)]
    assert cut.chord_symbols == (ChordSymbol("D"),)
    assert cut.pickup == 0


def test_a_pickup_is_bar_0() -> None:
    assert PIECE.cut(0, 1).pickup == 1
    assert PIECE.cut(0, 1).length == 4
    assert PIECE.cut(0) is PIECE


def test_grace_notes_belong_to_their_main_note() -> None:
    notes = [Note(F(i), F(1), 60) for i in range(8)]
    graces = [Note(F(63, 16), F(1, 16), 62, grace=True), Note(F(127, 16), F(1, 16), 64, grace=True)]
    piece = Piece(notes + graces)
    assert not any(note.grace for note in piece.cut(1, 1).notes)
    assert [(n.onset, n.pitch) for n in piece.cut(2).notes if n.grace] == [
        (0, 62), (F(63, 16), 64),
    ]  # fmt: skip


def test_missing_bars() -> None:
    with pytest.raises(PartimentoError, match="bars 0-4"):
        PIECE.cut(5)
    with pytest.raises(PartimentoError, match="no bars 3-2"):
        PIECE.cut(3, 2)


def test_an_excerpt_has_an_open_end_unless_it_holds_the_last_bar() -> None:
    piece = Piece([Note(Fraction(4 * bar), Fraction(4), 60) for bar in range(3)])
    assert [piece.cut(1, last).open_end for last in (1, 2, 3)] == [True, True, False]
    assert not piece.cut(2).open_end
    assert piece.cut(1, 2).cut(2).open_end
    assert Piece.from_dict(piece.cut(1).to_dict()) == piece.cut(1)
    assert Piece.from_dict(piece.cut(1, 2).to_dict()).open_end
    assert "open_end" not in piece.to_dict()
