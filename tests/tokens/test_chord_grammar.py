"""The rules of chords: exactly what music can be may follow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.chord_events import event_lists

from partimento import Event, Piece
from partimento.tokens.chords import CHORD, DURATION, HELD, ChordTokenizer
from partimento.tokens.vocabulary import END, START


@given(event_lists())
@settings(deadline=None, max_examples=100)
def test_the_grammar_allows_every_real_piece(events: list[Event]) -> None:
    tokenizer = ChordTokenizer.fit_events([events])
    tokens = tokenizer.encode_events(events).ids
    for before, now in pairwise(tokens[:-1]):
        for field in (CHORD, HELD, DURATION):
            legal = tokenizer.grammar().allowed_after(field, before[None, CHORD], now[None, CHORD])
            assert legal.shape == (1, tokenizer.sizes[field])
            assert legal[0, now[field]], f"field {field} of {now} after {before}"


@given(event_lists(), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=100)
def test_whatever_the_grammar_allows_is_music(events: list[Event], seed: int) -> None:
    tokenizer, rng = ChordTokenizer.fit_events([events]), np.random.default_rng(seed)
    rows, before = [], START
    for _ in range(12):
        row: list[int] = []
        for field in (CHORD, HELD, DURATION):
            legal = tokenizer.grammar().allowed_after(
                field, np.array([before]), np.array([row[CHORD] if row else before])
            )
            legal[:, END] = False
            if not legal.any():
                return  # a vocabulary of rests alone cannot go on
            row.append(int(rng.choice(np.flatnonzero(legal[0]))))
        rows.append(row)
        before = row[CHORD]
    music = tokenizer.decode_events(np.array(rows))
    assert len(music) == len(rows)
    assert (
        list(Piece.from_events(music).events) == music
    )  # from_events refuses what holds what did not sound, and merges what is one
