"""The chord tokenizer: exact both ways, with held notes, pickups and unknown symbols."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.chord_events import DURATIONS, event_lists

from partimento import Event, Piece
from partimento.music.events import merge_held
from partimento.tokens.chords import CHORD, HELD, ChordTokenizer, unknown_share
from partimento.tokens.vocabulary import END, PAD, SPECIAL, START, UNKNOWN


@given(event_lists())
@settings(deadline=None, max_examples=150)
def test_decode_is_the_inverse_of_encode(events: list[Event]) -> None:
    tokenizer = ChordTokenizer.fit_events([events])
    encoded = tokenizer.encode_events(events, pickup=Fraction(1))
    assert encoded.ids.shape == (len(merge_held(events)) + 2, 3)
    assert tokenizer.decode_events(encoded.ids) == merge_held(events)


@given(event_lists(), st.sampled_from([Fraction(0), *DURATIONS]))
@settings(deadline=None, max_examples=50)
def test_a_piece_comes_back(events: list[Event], pickup: Fraction) -> None:
    piece = Piece.from_events(events, pickup=pickup)
    other = Piece.from_events([Event((50,), duration) for duration in DURATIONS])
    tokenizer = ChordTokenizer.fit([piece, other])
    assert tokenizer.decode(tokenizer.encode(piece).ids) == piece


def test_a_held_pattern_counts_from_the_lowest_note() -> None:
    events = [
        Event((48, 60), Fraction(1)),
        Event((48, 62), Fraction(1), (48,)),
        Event((50, 62), Fraction(1), (62,)),
    ]
    tokenizer = ChordTokenizer.fit_events([events])
    assert [
        tokenizer.patterns.symbol(n) for n in tokenizer.encode_events(events).ids[1:-1, HELD]
    ] == [(), (True,), (False, True)]
    assert tokenizer.encode_events(events).context["holdable"][1:-1].tolist() == [
        [False, False],
        [True, False],
        [False, True],
    ]


def test_unknown_symbols() -> None:
    tokenizer = ChordTokenizer.fit_events([[Event((60,), Fraction(1))]])
    encoded = tokenizer.encode_events([Event((61,), Fraction(1, 7)), Event((60,), Fraction(1))])
    assert encoded.ids[1].tolist() == [UNKNOWN, tokenizer.patterns[()], UNKNOWN]
    assert unknown_share([encoded]) == 0.5
    with pytest.raises(ValueError, match="is special and has no symbol"):
        tokenizer.decode_events(encoded.ids)


def test_start_tells_the_pickup_and_end_ends() -> None:
    tokenizer = ChordTokenizer.fit_events([[Event((60,), Fraction(1))]])
    tokens = tokenizer.encode_events([Event((60,), Fraction(1))], pickup=Fraction(1)).ids
    assert tokenizer.pickup(tokens[0]) == 1
    assert tokenizer.pickup(tokenizer.encode_events([Event((60,), Fraction(1))]).ids[0]) == 0
    assert tokens[0, CHORD] == START
    assert tokens[-1].tolist() == [END, PAD, PAD]
    assert len(tokenizer.decode_events(np.concatenate([tokens, tokens]))) == 1


def test_json_keeps_the_order_of_the_vocabulary(pieces: list[Piece]) -> None:
    tokenizer = ChordTokenizer.fit_events([piece.events for piece in pieces], min_count=2)
    again = ChordTokenizer.from_json(tokenizer.to_json())
    assert again == tokenizer
    assert again.sizes == tokenizer.sizes
    assert all(number >= SPECIAL for number in range(SPECIAL, len(tokenizer.chords)))
    assert tokenizer.duration_steps[SPECIAL:].tolist() == [
        int(d * tokenizer.grid) for d in tokenizer.durations.symbols
    ]
