"""What tokenizers with one token per row share: header, prompts, keys and numbers of chords."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.note_pieces import (
    some_pieces,
    tokenizer_of,
)

from partimento import Event, Key, Meter, Piece
from partimento.music.events import merge_held
from partimento.tokens.event_tokens import meter_of
from partimento.tokens.note_grammar import (
    HEADER,
    KEYS,
    NOTE,
)
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, START, UNKNOWN


def test_the_beginning_tells_meter_pickup_and_key() -> None:
    events = [Event((60,), Fraction(1))]
    waltz = Piece.from_events(
        events, meters=(Meter(3, 4),), keys=(Key(-3, "minor"),), pickup=Fraction(1)
    )
    plain = Piece.from_events(events, meters=())
    late = Piece.from_events(events * 2, keys=(Key(2, onset=Fraction(1)),))
    tokenizer = NoteTokenizer.fit([waltz, plain, late])
    layout = tokenizer.layout
    assert tokenizer.bars.symbols == (4, 3)
    assert tokenizer.pickups.symbols == (0, 1)
    assert tokenizer.encode_ids(waltz)[:HEADER].tolist() == [
        START,
        layout.bar + 1,
        layout.pickup + 1,
        layout.key,
    ]
    for undeclared in (plain, late):
        assert tokenizer.encode_ids(undeclared)[:HEADER].tolist() == [
            START,
            layout.bar,
            layout.pickup,
            layout.key + KEYS - 1,
        ]
    assert tokenizer.sizes == (layout.bar,)
    assert len(tokenizer) == layout.stop == layout.key + KEYS


def test_unknown_lengths() -> None:
    tokenizer = NoteTokenizer.fit(
        [
            Piece.from_events(
                [Event((60,), Fraction(1)), Event((61,), Fraction(1)), Event((62,), Fraction(2))]
            )
        ]
    )
    strange = Piece.from_events([Event((60,), Fraction(1)), Event((61,), Fraction(5, 7))])
    tokens = tokenizer.encode_ids(strange)
    assert tokens[HEADER:].tolist() == [
        NOTE + 60,
        tokenizer.layout.duration,
        NOTE + 61,
        UNKNOWN,
        END,
    ]
    with pytest.raises(ValueError, match="cannot decode an unknown duration"):
        tokenizer.decode_events(tokens)
    assert tokenizer.lengths(strange) == [1, Fraction(5, 7)]
    rare = NoteTokenizer.fit(
        [strange, Piece.from_events([Event((60,), Fraction(1))])], TokenSettings(min_count=2)
    )
    assert rare.durations.symbols == (1,)


@given(some_pieces(), st.integers(0, 16))
@settings(deadline=None, max_examples=60)
def test_an_opening_is_so_many_events(piece: Piece, events: int) -> None:
    tokenizer = tokenizer_of(piece)
    tokens = tokenizer.encode_ids(piece)[:, None]
    opening = tokenizer.prompt(tokens, events)
    assert tokenizer.decode_events(opening) == merge_held(piece.events)[:events]
    np.testing.assert_array_equal(opening, tokens[: len(opening)])
    assert len(opening) >= HEADER == tokenizer.header_rows
    assert len(tokenizer.prompt(tokens, 0)) == HEADER
    cut = tokens[: len(tokens) - 2]  # in mid-event
    assert tokenizer.decode_events(tokenizer.prompt(cut, 99)) == merge_held(piece.events)[:-1]


def test_an_opening_ends_before_what_is_unknown() -> None:
    events = [
        Event((60,), Fraction(1)),
        Event((62,), Fraction(1)),
        Event((64,), Fraction(5, 7)),
        Event((60,), Fraction(1)),
    ]
    tokenizer = NoteTokenizer.fit([Piece.from_events(events[:2])])
    tokens = tokenizer.encode_ids(Piece.from_events(events))[:, None]
    assert tokenizer.decode_events(tokenizer.prompt(tokens, 4)) == events[:2]
    assert (
        len(tokenizer.prompt(tokenizer.encode_ids(Piece.from_events(events[2:]))[:, None], 2))
        == HEADER
    )


def test_the_same_beginning_in_another_key() -> None:
    piece = Piece.from_events(
        [Event((60, 64), Fraction(1)), Event((60, 65), Fraction(1), (60,))], keys=(Key(2),)
    )
    tokenizer = NoteTokenizer.fit([piece, piece.replace(keys=())])
    tokens = tokenizer.encode_ids(piece)[:, None]
    for start in (piece, piece.replace(keys=())):
        moved = tokenizer.in_key(tokenizer.encode_ids(start)[:, None], Key.from_tonic(7, "major"))
        assert moved[HEADER - 1, 0] == tokenizer.layout.key + 7
        assert moved.dtype == tokens.dtype
        np.testing.assert_array_equal(
            np.delete(moved, HEADER - 1, 0), np.delete(tokens, HEADER - 1, 0)
        )


def test_chords_are_numbered_alike_where_they_are_alike() -> None:
    chords = [(60, 64), (), (60, 64), (60,), (64,), (60, 64, 67), ()]
    piece = Piece.from_events([Event(chord, Fraction(1)) for chord in chords])
    numbers = NoteTokenizer.fit([piece]).chord_numbers(
        NoteTokenizer.fit([piece]).encode_ids(piece)[:, None]
    )
    assert len(numbers) == len(chords)
    assert [[a == b for b in chords] for a in chords] == (numbers[:, None] == numbers).tolist()


@pytest.mark.parametrize(
    ("length", "meter"), [(Fraction(5, 7), Meter(4, 4)), (Fraction(1), Meter(7, 8))]
)
def test_chords_are_numbered_whatever_their_lengths_and_meter(
    length: Fraction, meter: Meter
) -> None:
    """What is unknown is no chord: those around it are neither joined nor lost."""
    chords = [(60, 64), (62,), (60, 64), (59,)]
    events = [
        Event(chord, length if number == 1 else Fraction(1)) for number, chord in enumerate(chords)
    ]
    piece = Piece.from_events(events, meters=(meter,))
    tokenizer = NoteTokenizer.fit(
        [Piece.from_events([Event((60, 64), Fraction(1)), Event((62,), Fraction(1))])]
    )
    numbers = tokenizer.chord_numbers(tokenizer.encode_ids(piece)[:, None])
    assert len(numbers) == len(chords)
    assert [[a == b for b in chords] for a in chords] == (numbers[:, None] == numbers).tolist()


@pytest.mark.parametrize(
    ("bar", "meter"),
    [
        ("4", (4, 4)),
        ("3", (3, 4)),
        ("3/2", (3, 8)),
        ("7/2", (7, 8)),
        ("1/4", (1, 16)),
        ("6", (6, 4)),
    ],
)
def test_a_bar_has_the_simplest_meter_of_its_length(bar: str, meter: tuple[int, int]) -> None:
    made = meter_of(Fraction(bar))
    assert made is not None
    assert (made.numerator, made.denominator) == meter
    assert made.bar_ql == Fraction(bar)


@pytest.mark.parametrize("bar", [Fraction(4, 5), Fraction(0)])
def test_some_lengths_are_no_bar_of_any_meter(bar: Fraction) -> None:
    assert meter_of(bar) is None


def test_the_header_gives_pickup_and_meter_back() -> None:
    piece = Piece.from_events(
        [Event((60,), Fraction(1))] * 4, meters=(Meter(3, 4),), pickup=Fraction(1)
    )
    tokenizer = NoteTokenizer.fit([piece])
    fields = tokenizer.header_fields(tokenizer.encode(piece).ids)
    assert fields == {"meters": (Meter(3, 4),), "pickup": 1}
    assert tokenizer.header_fields(np.array([START, UNKNOWN, UNKNOWN])) == {}


def test_a_header_costs_as_much_as_there_is_to_choose() -> None:
    piece = Piece.from_events([Event((60,), Fraction(1))], meters=(Meter(3, 4),))
    tokenizer = NoteTokenizer.fit([piece, piece.replace(pickup=Fraction(1))])
    choices = KEYS * (len(tokenizer.bars.symbols) + 1) * (len(tokenizer.pickups.symbols) + 1)
    assert tokenizer.header_nats == pytest.approx(np.log(choices))
