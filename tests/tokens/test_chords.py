"""The chord codec: exact both ways, and a grammar that allows just what music can be."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partimento import Event, Piece
from partimento.music.piece import merge_held
from partimento.tokens.chords import CHORD, DURATION, HELD, ChordCodec, unknown_share
from partimento.tokens.vocabulary import END, PAD, SPECIAL, START, UNKNOWN, Vocabulary

DURATIONS = [Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(1, 3)]


@st.composite
def event_lists(draw: st.DrawFn) -> list[Event]:
    """Any events that music can be made of."""
    events, before = [], ()
    for _ in range(draw(st.integers(1, 12))):
        chord = tuple(sorted(draw(st.sets(st.integers(50, 62), max_size=4))))
        held = tuple(p for p in chord if p in before and draw(st.booleans()))
        events.append(Event(chord, draw(st.sampled_from(DURATIONS)), held))
        before = chord
    return events


@given(event_lists())
@settings(deadline=None, max_examples=150)
def test_decode_is_the_inverse_of_encode(events: list[Event]) -> None:
    codec = ChordCodec.from_pieces([events])
    encoded = codec.encode(events, pickup=Fraction(1))
    assert encoded.tokens.shape == (len(merge_held(events)) + 2, 3)
    assert codec.decode(encoded.tokens) == merge_held(events)


@given(event_lists())
@settings(deadline=None, max_examples=100)
def test_the_grammar_allows_every_real_piece(events: list[Event]) -> None:
    codec = ChordCodec.from_pieces([events])
    tokens = codec.encode(events).tokens
    for before, now in pairwise(tokens[:-1]):
        for field in (CHORD, HELD, DURATION):
            legal = codec.may_follow(field, before[None, CHORD], now[None, CHORD])
            assert legal.shape == (1, codec.sizes[field])
            assert legal[0, now[field]], f"field {field} of {now} after {before}"


@given(event_lists(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=100)
def test_whatever_the_grammar_allows_is_music(events: list[Event], seed: int) -> None:
    codec, rng = ChordCodec.from_pieces([events]), np.random.default_rng(seed)
    rows, before = [], START
    for _ in range(12):
        row: list[int] = []
        for field in (CHORD, HELD, DURATION):
            legal = codec.may_follow(
                field, np.array([before]), np.array([row[CHORD] if row else before]), may_end=False
            )
            if not legal.any():
                return  # a vocabulary of rests alone cannot go on
            row.append(int(rng.choice(np.flatnonzero(legal[0]))))
        rows.append(row)
        before = row[CHORD]
    music = codec.decode(np.array(rows))
    assert len(music) == len(rows)
    assert (
        list(Piece.from_events(music).events) == music
    )  # from_events refuses what holds what did not sound, and merges what is one


def test_a_held_pattern_counts_from_the_lowest_note() -> None:
    events = [
        Event((48, 60), Fraction(1)),
        Event((48, 62), Fraction(1), (48,)),
        Event((50, 62), Fraction(1), (62,)),
    ]
    codec = ChordCodec.from_pieces([events])
    assert [codec.patterns.symbol(n) for n in codec.encode(events).tokens[1:-1, HELD]] == [
        (),
        (True,),
        (False, True),
    ]
    assert codec.encode(events).common[1:-1].tolist() == [
        [False, False],
        [True, False],
        [False, True],
    ]


def test_unknown_symbols() -> None:
    codec = ChordCodec.from_pieces([[Event((60,), Fraction(1))]])
    encoded = codec.encode([Event((61,), Fraction(1, 7)), Event((60,), Fraction(1))])
    assert encoded.tokens[1].tolist() == [UNKNOWN, codec.patterns[()], UNKNOWN]
    assert unknown_share([encoded]) == 0.5
    with pytest.raises(ValueError, match="stands for no symbol"):
        codec.decode(encoded.tokens)


def test_start_tells_the_pickup_and_end_ends() -> None:
    codec = ChordCodec.from_pieces([[Event((60,), Fraction(1))]])
    tokens = codec.encode([Event((60,), Fraction(1))], pickup=Fraction(1)).tokens
    assert codec.pickup(tokens[0]) == 1
    assert codec.pickup(codec.encode([Event((60,), Fraction(1))]).tokens[0]) == 0
    assert tokens[0, CHORD] == START
    assert tokens[-1].tolist() == [END, PAD, PAD]
    assert len(codec.decode(np.concatenate([tokens, tokens]))) == 1


def test_vocabulary_orders_by_count_and_json_keeps_it(pieces: list[Piece]) -> None:
    assert Vocabulary.from_symbols("abcab", always="z").symbols == ("z", "a", "b", "c")
    codec = ChordCodec.from_pieces([piece.events for piece in pieces], min_count=2)
    again = ChordCodec.from_json(codec.to_json())
    assert again == codec
    assert again.sizes == codec.sizes
    assert all(number >= SPECIAL for number in range(SPECIAL, len(codec.chords)))
    assert codec.duration_steps[SPECIAL:].tolist() == [
        int(d * codec.grid) for d in codec.durations.symbols
    ]
