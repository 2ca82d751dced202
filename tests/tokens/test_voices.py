"""The voice tokenizer: a grid of voices is one sequence of tokens, and comes back from it."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.rows import assert_copies_are_transposed
from tests.tokens.voice_pieces import (
    SIXTEENTH,
    Row,
    every,
    grid_of,
    grids,
    piece_of,
    tokenizer_of,
    walked,
)

from partimento import Key, Meter, Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.tokens import note_grammar as g
from partimento.tokens.note_grammar import (
    HEADER,
    NONE,
)
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.registry import tokenizer_from_json
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, START, UNKNOWN
from partimento.tokens.voices import VoiceTokenizer
from partimento.training.dataset import prepare

# ---------------------------------------------------------------------- both ways


@given(grids())
@settings(deadline=None, max_examples=150)
def test_a_grid_is_one_sequence_of_tokens(grid: list[Row]) -> None:
    piece = piece_of(grid, keys=(Key(3),))
    tokenizer = tokenizer_of(piece)
    tokens = tokenizer.encode_ids(piece)
    moves = [list(run) for _, run in groupby(grid)]
    assert tokens.dtype == np.int32
    assert len(tokens) == HEADER + 5 * len(moves) + 1
    assert tokens[0] == START
    assert tokens[-1] == END
    assert max(tokens) < len(tokenizer)
    assert grid_of(tokenizer, tokens) == grid
    assert tokenizer.lengths(piece) == [len(move) * SIXTEENTH for move in moves]


@given(grids())
@settings(deadline=None, max_examples=100)
def test_its_events_are_what_sounds(grid: list[Row]) -> None:
    piece = piece_of(grid)
    tokenizer = tokenizer_of(piece)
    events = tokenizer.decode_events(tokenizer.encode_ids(piece)[:, None])
    sounding = [tuple(sorted({pitch for pitch in row if pitch is not None})) for row in grid]
    assert [
        event.chord for event in events for _ in range(int(event.duration / SIXTEENTH))
    ] == sounding
    Piece.from_events(events)  # refuses what holds what did not sound
    before: Row = (None,) * 4
    for event, (now, _) in zip(events, groupby(grid), strict=True):
        held = {b for a, b in zip(before, now, strict=True) if a == b and b is not None}
        taken = {b for a, b in zip(before, now, strict=True) if a != b and b is not None}
        assert set(event.held) == held - taken  # a pitch that another voice takes up is struck
        before = now


@st.composite
def choirs(draw: st.DrawFn, voices: int = 3) -> Piece:
    """Return parts of one note each on the grid, with rests, unisons and repeated notes."""
    notes = []
    for part in range(voices):
        now = draw(st.integers(0, 3))
        while now < 24:
            steps = draw(st.integers(1, 8))
            pitch = draw(st.integers(60, 63))
            notes.append(Note(now * SIXTEENTH, steps * SIXTEENTH, pitch, part=part))
            now += steps + draw(st.sampled_from([0, 0, 0, 2]))
    parts = [Part("Soprano", 52), Part("Alto"), Part("Bass", 53)]
    return Piece(notes, parts=tuple(parts[:voices]), pickup=Fraction(1, 2), meters=(Meter(3, 4),))


@given(choirs())
@settings(deadline=None, max_examples=100)
def test_a_piece_comes_back_with_its_voices(piece: Piece) -> None:
    """Names, instruments, unisons of two voices and repeated notes among them."""
    tokenizer = VoiceTokenizer.fit([piece])
    encoded = tokenizer.encode(piece)
    assert tokenizer.decode(encoded.ids) == piece
    features, ids = encoded.context["features"], encoded.ids[:, 0]
    may = tokenizer.grammar().allowed_by_features(features)
    assert may[np.arange(HEADER, len(ids)), ids[HEADER:]].all()


@given(choirs())
@settings(deadline=None, max_examples=50)
def test_without_repeated_notes_they_are_tied(piece: Piece) -> None:
    tokenizer = VoiceTokenizer.fit([piece], every())
    again = tokenizer.decode(tokenizer.encode(piece).ids)
    assert grid_of(tokenizer, tokenizer.encode_ids(again)) == grid_of(
        tokenizer, tokenizer.encode_ids(piece)
    )
    for before, after in pairwise(again.notes.select(again.notes.part == 0)):
        assert before.end < after.onset or before.pitch != after.pitch


def test_four_voices_stay_four_voices() -> None:
    """Ten notes in four parts, a unison among them, were six notes in one part once."""
    rows = [(72, 67, 60, 48), (72, 67, 60, 60), (74, 65, 60, 60)]
    notes = [
        Note(Fraction(beat), Fraction(1), pitch, part=part)
        for beat, row in enumerate(rows)
        for part, pitch in enumerate(row)
    ]
    piece = Piece(notes, parts=tuple(Part(name) for name in "SATB"), meters=(Meter(4, 4),))
    tokenizer = VoiceTokenizer.fit([piece])
    again = tokenizer.decode(tokenizer.encode(piece).ids)
    assert len(again.notes) == len(notes) == 12
    assert again == piece
    assert again.parts == piece.parts


def test_the_chorales_as_they_are(data_folder: Path) -> None:
    path = data_folder / "jsb" / "Jsb16thSeparated.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    content = json.loads(path.read_text())["train"][:20]
    grids = [
        [tuple(None if pitch < 0 else int(pitch) for pitch in row) for row in piece]
        for piece in content
    ]
    pieces = [piece_of(grid) for grid in grids]
    tokenizer = VoiceTokenizer.fit(pieces, every())
    for grid, piece, encoded in zip(grids, pieces, tokenizer.encode_all(pieces), strict=True):
        tokens = encoded.ids[:, 0]
        assert grid_of(tokenizer, tokens) == grid
        may = tokenizer.grammar().allowed_by_features(encoded.context["features"])
        assert may[np.arange(HEADER, len(tokens)), tokens[HEADER:]].all()
        np.testing.assert_array_equal(tokenizer.encode_ids(piece), tokens)


def test_what_is_no_voice_of_one_note_each() -> None:
    """The highest of several notes; fewer parts rest; what lies off the grid is read where the grid
    is.
    """
    notes = [
        Note(Fraction(0), Fraction(1), 60),
        Note(Fraction(0), Fraction(1, 2), 64),
        Note(Fraction(1, 8), Fraction(1), 50, part=1),
    ]
    piece = Piece(notes, parts=(Part(), Part()))
    tokenizer = VoiceTokenizer.fit([piece], every(), voices=3)
    assert grid_of(tokenizer, tokenizer.encode_ids(piece)) == [
        (64, None, None),
        (64, 50, None),
        (60, 50, None),
        (60, 50, None),
        (None, 50, None),
    ]
    two = VoiceTokenizer.fit([piece], every(frame="1/2"))
    assert two.voices == 2
    assert grid_of(two, two.encode_ids(piece)) == [(64, None), (60, 50), (None, 50)]
    assert VoiceTokenizer.fit([piece], every()).frame == SIXTEENTH


def test_at_most_eight_voices() -> None:
    grid: list[Row] = [tuple(range(60, 68)), tuple(range(61, 69))]
    tokenizer = VoiceTokenizer.fit([piece_of(grid)], every())
    encoded = tokenizer.encode_all([piece_of(grid)])[0]
    assert tokenizer.voices == 8
    assert grid_of(tokenizer, encoded.ids[:, 0]) == grid
    assert (
        tokenizer.grammar()
        .allowed_by_features(encoded.context["features"])[
            np.arange(HEADER, 23), encoded.ids[HEADER:, 0]
        ]
        .all()
    )
    with pytest.raises(PartimentoError, match=r"9 parts: tokens\.voices is for at most 8"):
        VoiceTokenizer.fit([piece_of([tuple(range(60, 69))])])
    many = [
        piece_of([tuple(range(60 + n, 69 + n)), tuple(range(50 - n, 59 - n))]) for n in range(3)
    ]
    with pytest.raises(PartimentoError, match="9 parts"):
        prepare(
            many,
            TokenSettings(voices=True, min_count=1),
            validation=0.3,
            test=0,
            seed=0,
            kind="notes",
        )


def test_unknown_lengths() -> None:
    piece = piece_of([(60, None, 50, 40)] * 4)
    strange = piece_of([(60, None, 50, 40)] * 4 + [(60, 55, 50, 40)] * 3)
    tokenizer = VoiceTokenizer.fit([piece], every())
    tokens = tokenizer.encode_ids(strange)
    assert tokens[-2] == UNKNOWN
    with pytest.raises(ValueError, match="cannot decode an unknown duration"):
        tokenizer.decode_events(tokens)
    assert [
        event.chord for event in tokenizer.decode_events(tokenizer.prompt(tokens[:, None], 5))
    ] == [(40, 50, 60)]


# ---------------------------------------------------------------------- what is shown


@given(
    grids(),
    st.lists(st.integers(-24, 24), min_size=1, max_size=3),
    st.sampled_from([(), (Key(),), (Key(-3, "minor"),)]),
)
@settings(deadline=None, max_examples=50)
def test_a_copy_is_the_transposed_piece(
    grid: list[Row], shifts: list[int], keys: tuple[Key, ...]
) -> None:
    piece = piece_of(grid, keys=keys)
    tokenizer = tokenizer_of(piece)
    assert_copies_are_transposed(tokenizer, piece, shifts)


@given(grids(), grids())
@settings(deadline=None, max_examples=30)
def test_facts_are_numbers_of_their_kinds(grid: list[Row], other: list[Row]) -> None:
    tokenizer = VoiceTokenizer.fit([piece_of(grid)], every())
    for each in tokenizer.encode_all([piece_of(grid), piece_of(other, meters=(Meter(9, 8),))]):
        for repeats in (True, False):
            for number, (values, kinds) in enumerate(
                tokenizer.input_features(each.context["features"], repeats=repeats)
            ):
                assert values.min() >= 0, f"fact {number}"
                assert values.max() < kinds, f"fact {number}"


# ---------------------------------------------------------------------- small things


@given(grids(), st.sampled_from([SIXTEENTH, Fraction(1, 2)]))
@settings(deadline=None, max_examples=30)
def test_json(grid: list[Row], frame: Fraction) -> None:
    tokenizer = tokenizer_of(piece_of(grid), frame=str(frame))
    again = tokenizer_from_json(tokenizer.to_json())
    assert again == tokenizer
    assert type(again) is VoiceTokenizer
    assert again != NoteTokenizer(
        tokenizer.durations, tokenizer.bars, tokenizer.pickups, False, frame
    )
    np.testing.assert_array_equal(
        again.encode_ids(piece_of(grid)), tokenizer.encode_ids(piece_of(grid))
    )
    spoilt = {
        key: value for key, value in json.loads(tokenizer.to_json()).items() if key != "voices"
    }
    with pytest.raises(KeyError, match="voices"):
        tokenizer_from_json(json.dumps(spoilt))


@given(grids(), st.integers(0, 12))
@settings(deadline=None, max_examples=50)
def test_an_opening_is_so_many_events(grid: list[Row], events: int) -> None:
    tokenizer = tokenizer_of(piece_of(grid))
    tokens = tokenizer.encode_ids(piece_of(grid))[:, None]
    opening = tokenizer.prompt(tokens, events)
    whole = tokenizer.decode_events(tokens)
    assert tokenizer.decode_events(opening) == whole[:events]
    assert len(opening) == HEADER + 5 * min(events, len(whole))
    np.testing.assert_array_equal(tokenizer.in_key(opening, Key(4))[HEADER:], opening[HEADER:])
    assert tokenizer.in_key(opening, Key(4))[HEADER - 1, 0] == tokenizer.layout.key + 4
    numbers = tokenizer.chord_numbers(tokens)
    chords = [event.chord for event in whole]
    assert [[a == b for b in chords] for a in chords] == (numbers[:, None] == numbers).tolist()


# ---------------------------------------------------------------------- order of the voices


@given(grids(), st.booleans())
@settings(deadline=None, max_examples=30)
def test_a_grid_is_one_sequence_of_tokens_in_both_orders(grid: list[Row], repeated: bool) -> None:
    piece = piece_of(grid)
    orders = ("top-down", "outer-first")
    first, second = (
        tokenizer_of(piece, voice_order=order, repeated_notes=repeated) for order in orders
    )
    assert (first.order, second.order) == ((0, 1, 2, 3), (0, 3, 2, 1))
    ids, other = (tokenizer.encode_ids(piece) for tokenizer in (first, second))
    assert first.voice_events(ids) == second.voice_events(other)
    assert first.decode(ids) == second.decode(other)
    np.testing.assert_array_equal(second.encode_ids(second.decode(other)), other)
    rows, others = (each[HEADER:-1].reshape(-1, 5) for each in (ids, other))
    # Only the last voice is not free to stay: the others have the same tokens in both orders.
    np.testing.assert_array_equal(rows[:, [0, 3, 2, 1, 4]], others)
    for s, state in enumerate(walked(second, other)):
        if s >= HEADER:
            allowed = second.grammar().allowed(state, 0)[0]
            assert allowed[other[s]]
            assert second.grammar().allowed_by_features(second.grammar().features(state))[
                0, other[s]
            ]


def test_the_order_is_kept_in_the_file() -> None:
    piece = piece_of([(60, 55, 50, 40), (62, 55, 50, 41)])
    tokenizer = tokenizer_of(piece, voice_order="outer-first")
    assert VoiceTokenizer.from_json(tokenizer.to_json()) == tokenizer
    assert tokenizer != tokenizer_of(piece)


def test_features_name_the_voice_that_is_next_in_the_order() -> None:
    grid: list[Row] = [(72, 67, 64, 48)] * 4 + [(74, 65, 62, 50)] * 4
    tokenizer = tokenizer_of(piece_of(grid), voice_order="outer-first")
    features = tokenizer.encode(piece_of(grid)).context["features"]
    event = features[HEADER + 5 : HEADER + 10]
    assert event[:, g.ABOVE].tolist() == [72, 48, 64, 67, NONE]  # what the next voice sang
    assert event[:, g.BELOW].tolist() == [48, 64, 67, NONE, NONE]  # what the one after it sang
    assert event[:, g.LAST].tolist() == [NONE, 74, 50, 62, 65]
