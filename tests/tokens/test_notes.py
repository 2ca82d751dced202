"""The note tokenizer: exact both ways, in events and in frames, and in every key."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.note_pieces import (
    FRAMES,
    HOLDING,
    every,
    some_pieces,
    tokenizer_of,
)
from tests.tokens.rows import assert_copies_are_transposed

from partimento import Event, Meter, Piece
from partimento.music.events import merge_held
from partimento.tokens.note_grammar import (
    BAR,
    HEADER,
    KEY,
    KEYS,
    NOTE,
    PLACE,
)
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.registry import tokenizer_from_json
from partimento.tokens.vocabulary import END, START

# ---------------------------------------------------------------------- both ways


@given(some_pieces())
@settings(deadline=None, max_examples=150)
def test_decode_is_the_inverse_of_encode(piece: Piece) -> None:
    tokenizer, events = tokenizer_of(piece), merge_held(piece.events)
    tokens = tokenizer.encode_ids(piece)
    assert tokens.dtype == np.int32
    assert tokens[0] == START
    assert tokens[-1] == END
    assert len(tokens) == HEADER + sum(len(event.chord) + 1 for event in events) + 1
    assert tokenizer.decode_events(tokens) == events
    assert tokenizer.decode_events(tokens[:, None]) == events
    assert tokenizer.decode_events(np.pad(tokens, (0, 5))) == events
    assert tokenizer.lengths(piece) == [event.duration for event in events]
    assert max(tokens) < len(tokenizer)


@given(some_pieces())
@settings(deadline=None, max_examples=100)
def test_a_piece_comes_back(piece: Piece) -> None:
    """All but its key, whose mode has no token, and later meters; a bar is read in its meter."""
    tokenizer = tokenizer_of(piece)
    again = tokenizer.decode(tokenizer.encode(piece).ids)
    assert again == piece.replace(meters=(piece.meters or (Meter(4, 4),))[:1], keys=())


@given(some_pieces(), st.sampled_from(FRAMES))
@settings(deadline=None, max_examples=100)
def test_frames_are_what_sounds_at_each_of_their_beginnings(piece: Piece, frame: Fraction) -> None:
    tokenizer = tokenizer_of(piece, frame)
    assert not tokenizer.holds
    assert tokenizer.durations.symbols == (frame,)
    starts = [n * frame for n in range(int(-(-piece.length // frame)))]
    chords = [
        tuple(sorted({note.pitch for note in piece.notes if note.onset <= now < note.end}))
        for now in starts
    ]
    assert tokenizer.decode_events(tokenizer.encode_ids(piece)) == [
        Event(chord, frame, ()) for chord in chords
    ]
    assert tokenizer.lengths(piece) == [frame] * len(starts)


def test_a_meter_and_a_place_in_the_bar_are_shown() -> None:
    events = [Event((60 + n,), Fraction(1, 2)) for n in range(8)]
    piece = Piece.from_events(events, meters=(Meter(3, 4),), pickup=Fraction(1))
    tokenizer = NoteTokenizer.fit([Piece.from_events(events), piece])
    encoded = tokenizer.encode_all([piece])[0]
    first = encoded.context["features"][
        HEADER::2
    ]  # where each event's note is to be chosen, and the end
    quarters = [Fraction(int(step), tokenizer.grid) for step in first[:, PLACE]]
    assert quarters == [(Fraction(n, 2) - 1) % 3 for n in range(9)]
    assert (first[:, BAR] == 1).all()
    assert (first[:, KEY] == KEYS - 1).all()


def test_frames_have_no_tokens_for_held_notes() -> None:
    pieces = [Piece.from_events([Event((60,), Fraction(1)), Event((60, 64), Fraction(1))])]
    assert NoteTokenizer.fit(pieces).holds
    tokenizer = NoteTokenizer.fit(pieces, every(Fraction(1)))
    assert not tokenizer.holds
    assert tokenizer.layout.hold == tokenizer.layout.duration == NOTE + 128


def test_a_piece_that_holds_notes_where_training_held_none() -> None:
    tokenizer = NoteTokenizer.fit(
        [Piece.from_events([Event((60,), Fraction(1)), Event((60, 64), Fraction(2))])]
    )
    tokens = tokenizer.encode_ids(HOLDING)
    assert [event.chord for event in tokenizer.decode_events(tokens)] == [(60,), (60, 64)]
    assert (tokens[HEADER:] < tokenizer.sizes[0]).all()


# ---------------------------------------------------------------------- what is shown


@given(
    some_pieces(),
    st.sampled_from([Fraction(0), Fraction(1, 2)]),
    st.lists(st.integers(-24, 24), min_size=1, max_size=3),
)
@settings(deadline=None, max_examples=50)
def test_a_copy_is_the_transposed_piece(piece: Piece, frame: Fraction, shifts: list[int]) -> None:
    tokenizer = tokenizer_of(piece, frame)
    assert_copies_are_transposed(tokenizer, piece, shifts)


# ---------------------------------------------------------------------- small things


@given(some_pieces(), st.sampled_from([Fraction(0), *FRAMES]))
@settings(deadline=None, max_examples=30)
def test_json(piece: Piece, frame: Fraction) -> None:
    tokenizer = tokenizer_of(piece, frame)
    again = tokenizer_from_json(tokenizer.to_json())
    assert again == tokenizer
    assert type(again) is NoteTokenizer
    np.testing.assert_array_equal(again.encode_ids(piece), tokenizer.encode_ids(piece))
    for name in ("durations", "holds", "frame"):
        spoilt = {
            key: value for key, value in json.loads(tokenizer.to_json()).items() if key != name
        }
        with pytest.raises(KeyError, match=name):
            tokenizer_from_json(json.dumps(spoilt))
