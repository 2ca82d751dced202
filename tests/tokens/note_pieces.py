"""Pieces and tokenizers for the tests of notes, and the states that a grammar passes through."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from partimento import Event, Key, Meter, Piece
from partimento.tokens.note_grammar import (
    HEADER,
)
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.settings import TokenSettings

DURATIONS = [
    Fraction(1, 2),
    Fraction(1),
    Fraction(3, 2),
    Fraction(1, 3),
    Fraction(2, 7),
    Fraction(9, 40),
]


METERS = [
    (),
    (Meter(4, 4),),
    (Meter(3, 4),),
    (Meter(5, 8),),
    (Meter(3, 4), Meter(2, 4, Fraction(3))),
]


FRAMES = [Fraction(1), Fraction(1, 2), Fraction(1, 3)]


HOLDING = Piece.from_events(
    [Event((60,), Fraction(1)), Event((60, 64), Fraction(1), (60,))]
)  # so that held notes have tokens


@st.composite
def event_lists(draw: st.DrawFn, most: int) -> list[Event]:
    """Draw events of any kind; few pitches, drawn often, so that much repeats."""
    pitches = draw(st.sampled_from([range(60, 64), range(50, 66), range(24, 100)]))
    events, before = [], ()
    for _ in range(draw(st.integers(1, 14))):
        chord = tuple(sorted(draw(st.sets(st.sampled_from(pitches), max_size=most))))
        held = tuple(p for p in chord if p in before and draw(st.booleans()))
        events.append(Event(chord, draw(st.sampled_from(DURATIONS)), held))
        before = chord
    return events


@st.composite
def some_pieces(draw: st.DrawFn, most: int = 10) -> Piece:
    keys = draw(
        st.sampled_from(
            [
                (),
                (Key(),),
                (Key(-3, "minor"),),
                (Key(2), Key(0, onset=Fraction(1))),
                (Key(1, onset=Fraction(1)),),
            ]
        )
    )
    pickup = draw(st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(2)]))
    return Piece.from_events(
        draw(event_lists(most)), meters=draw(st.sampled_from(METERS)), keys=keys, pickup=pickup
    )


def every(frame: Fraction) -> TokenSettings:
    """Return settings with these frames, by which every length has a token."""
    return TokenSettings(min_count=1, frame=str(frame) if frame else "")


def tokenizer_of(piece: Piece, frame: Fraction = Fraction(0)) -> NoteTokenizer:
    """One that has seen a piece, and one more: meters, lengths and held notes that the piece may
    have none of.
    """
    other = [Event((60, 64), Fraction(1)), Event((60, 65), Fraction(1, 2), (60,))]
    return NoteTokenizer.fit(
        [piece, Piece.from_events(other, meters=(Meter(7, 8),), pickup=Fraction(3, 2))],
        every(frame),
    )


def walked(tokenizer: NoteTokenizer, tokens: np.ndarray, reach: int = 64) -> list[Any]:
    """What was seen where each token is to be chosen."""
    seen = tokenizer.grammar().start(1, reach=reach)
    states = [seen]
    for token in tokens[:-1]:
        seen = tokenizer.grammar().advance(seen, np.array([token]), 0)
        states.append(seen)
    return states


def context(tokenizer: NoteTokenizer, piece: Piece, walks: int) -> Any:
    seen = tokenizer.grammar().start(walks, reach=64)
    for token in tokenizer.encode_ids(piece)[:HEADER]:
        seen = tokenizer.grammar().advance(seen, np.full(walks, token), 0)
    return seen
