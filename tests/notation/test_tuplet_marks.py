"""The brackets and numbers of tuplets on a staff of several voices."""

from dataclasses import replace

from tests.io.musicxml.documents import root_of
from tests.pieces import GUITAR, Q, melody

from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.notation.rhythm import Tuplet, Value
from partimento.notation.symbol import Symbol
from partimento.notation.tuplet_marks import with_single_marks
from partimento.notation.voices import LOWER, MIDDLE, UPPER

TUPLET = Tuplet(0, 12, 3, 2, 6)


def triplet(note, tuplet=TUPLET):
    symbols = [
        Symbol(t, 4, ((note, False, False),), Value(t, t + 4, "eighth", 0, tuplet))
        for t in (0, 4, 8)
    ]
    symbols[0] = replace(symbols[0], tuplet_starts=True)
    symbols[-1] = replace(symbols[-1], tuplet_stops=True)
    return symbols


def marks(voices):
    """Return for each voice whether its first symbol has a bracket and a number."""
    shown = with_single_marks(voices)
    assert list(shown) == list(voices)
    return [(symbols[0].bracket, symbols[0].tuplet_number) for symbols in shown.values()]


def test_voices_below_share_one_bracket():
    voices = {UPPER: triplet(0), LOWER: triplet(1), MIDDLE: triplet(2)}
    assert marks(voices) == [(True, True), (True, True), (False, False)]


def test_different_tuplets_keep_their_marks():
    other = replace(TUPLET, end=24, unit=12)
    voices = {UPPER: triplet(0), LOWER: triplet(1), MIDDLE: triplet(2, other)}
    assert marks(voices) == [(True, True)] * 3


def test_the_document_hides_the_number():
    held = [Note(Q * 0, Q * 4, 76)]
    piece = Piece([*held, *melody(*[Q / 3] * 12, pitches=(60, 64, 67))], parts=(GUITAR,))
    tuplets = list(root_of(piece).iter("tuplet"))
    assert {tuplet.get("show-number") for tuplet in tuplets} == {None}
