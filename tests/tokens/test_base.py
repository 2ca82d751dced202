"""The contract that every registered tokenizer and its grammar keep."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from partimento import Piece
from partimento.music.notes import Note
from partimento.music.timelines import Part
from partimento.tokens.base import Grammar, Tokenizer
from partimento.tokens.registry import TOKENIZERS, tokenizer_class

Fit = Callable[[list[Piece]], Any]


@pytest.fixture(params=["chords", "notes", "voices", "grid"])
def fit(request: pytest.FixtureRequest) -> Fit:
    return tokenizer_class(request.param).fit


def test_every_tokenizer_is_under_contract() -> None:
    assert set(TOKENIZERS) == {"chords", "notes", "voices", "grid"}


def test_it_has_all_that_the_protocols_name(fit: Fit, pieces: list[Piece]) -> None:
    tokenizer = fit(pieces[:1])
    for protocol, thing in ((Tokenizer, tokenizer), (Grammar, tokenizer.grammar())):
        methods = [name for name, _ in inspect.getmembers(protocol, inspect.isfunction)]
        names = [name for name in methods if not name.startswith("_")]
        assert [name for name in names if not callable(getattr(thing, name, None))] == []
    assert len(tokenizer.sizes) == len(tokenizer.fields)
    assert tokenizer.header_nats >= 0
    assert not tokenizer.is_empty


def test_by_default_every_symbol_has_a_number(fit: Fit, pieces: list[Piece]) -> None:
    tokenizer = fit(pieces[:2])
    for piece in pieces[:2]:
        events = tokenizer.decode_events(tokenizer.encode(piece).ids)
        assert sum((event.duration for event in events), start=0) == piece.length


def test_pieces_together_have_the_tokens_of_each(fit: Fit, pieces: list[Piece]) -> None:
    tokenizer = fit(pieces[:3])
    for piece, tokens in zip(pieces[:3], tokenizer.encode_all(pieces[:3]), strict=True):
        alone = tokenizer.encode(piece)
        assert tokens.ids.dtype == np.int32
        assert tokens.ids.shape == (len(alone.ids), len(tokenizer.fields))
        np.testing.assert_array_equal(tokens.ids, alone.ids)
        assert tokens.context.keys() == alone.context.keys()
        for name, array in tokens.context.items():
            assert len(array) == len(tokens.ids)
            np.testing.assert_array_equal(array, alone.context[name])


def test_its_counts_agree_with_its_events(fit: Fit, pieces: list[Piece]) -> None:
    tokenizer = fit(pieces[:2])
    ids = tokenizer.encode(pieces[0]).ids
    events = tokenizer.decode_events(ids)
    assert tokenizer.events_in(ids[tokenizer.header_rows :]) == len(events) + 1  # the end counts
    assert len(tokenizer.chord_numbers(ids[:-1])) == len(events)
    prompt = tokenizer.prompt(ids, 3)
    assert tokenizer.decode_events(prompt) == events[:3]
    assert tokenizer.max_rows(len(events)) >= len(ids) - 1 - tokenizer.header_rows
    assert len(tokenizer.prompt(ids, 0)) == tokenizer.header_rows


def test_the_grammar_walks_through_a_piece(fit: Fit, pieces: list[Piece]) -> None:
    tokenizer = fit(pieces[:2])
    grammar, ids = tokenizer.grammar(), tokenizer.encode(pieces[0]).ids
    state = grammar.start(1)
    for row, numbers in enumerate(ids[:-1]):
        for field, number in enumerate(numbers):
            if row >= tokenizer.header_rows:
                mask = grammar.allowed(state, field)
                assert mask.shape == (1, tokenizer.sizes[field])
                assert mask[0, number]
                assert grammar.viable(state, field, mask)[0, number]
            state = grammar.advance(state, np.array([number]), field)
    assert int(state.elapsed[0]) == pieces[0].length * tokenizer.grid
    assert int(state.events[0]) == len(tokenizer.decode_events(ids))
    assert bool(grammar.at_event_end(state)[0])


def test_pitches_of_its_numbers_cover_the_piece(fit: Fit, pieces: list[Piece]) -> None:
    tokenizer = fit(pieces[:1])
    tables = [tokenizer.pitches_of(field) for field in range(len(tokenizer.fields))]
    for size, table in zip(tokenizer.sizes, tables, strict=True):
        assert table.shape == (size, 128)
        assert table.dtype == bool
    sounding = np.logical_or.reduce([table.any(0) for table in tables])
    assert sounding[np.unique(pieces[0].notes.pitch)].all()


def test_each_struck_note_has_the_row_of_its_id(fit: Fit) -> None:
    parts = (Part("High"), Part("Low"))
    notes = [
        Note(Fraction(0), Fraction(2), 72),
        Note(Fraction(0), Fraction(1), 48, part=1),
        Note(Fraction(1), Fraction(1), 50, part=1),
        Note(Fraction(2), Fraction(1), 50, part=1),
        Note(Fraction(2), Fraction(2), 50),
    ]
    piece = Piece(notes, parts=parts)
    tokenizer = fit([piece])
    ids = tokenizer.encode(piece).ids
    struck = tokenizer.struck_notes(piece)
    assert {(s.onset, s.pitch) for s in struck} == {(n.onset, n.pitch) for n in notes}
    for row, _, pitch, _ in struck:
        fields = [f for f in range(len(tokenizer.fields)) if tokenizer.pitches_of(f).any()]
        assert any(tokenizer.pitches_of(f)[ids[row, f], pitch] for f in fields)
