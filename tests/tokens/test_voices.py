"""The voice codec: a grid of voices is one sequence of tokens, and every sequence that the grammar
allows is a grid.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partimento import Event, Key, Meter, Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.music.transpose import transpose
from partimento.tokens.note_grammar import (
    ABOVE,
    BELOW,
    COLUMNS,
    CONTEXT,
    COUNT,
    KEYS,
    LAST,
    NONE,
    NOTE,
    REACH,
)
from partimento.tokens.notes import NoteCodec
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, START, UNKNOWN
from partimento.tokens.voices import GO_ON, REST, SINCE, VoiceCodec
from partimento.training.dataset import codec_from_json, prepare

SIXTEENTH = Fraction(1, 4)
Row = tuple[int | None, ...]


def piece_of(grid: list[Row], *, frame: Fraction = SIXTEENTH, **rest: Any) -> Piece:
    """A part a voice; a pitch that stays is one note, and None is a rest."""
    notes = []
    for part, line in enumerate(zip(*grid, strict=True)):
        now = 0
        for pitch, run in groupby(line):
            steps = len(list(run))
            if pitch is not None:
                notes.append(Note(now * frame, steps * frame, pitch, part=part))
            now += steps
    return Piece(
        notes,
        length=len(grid) * frame,
        parts=tuple(Part(f"Voice {n}") for n in range(len(grid[0]))),
        **rest,
    )


def grid_of(codec: VoiceCodec, tokens: np.ndarray) -> list[Row]:
    """What tokens say, read by the rules alone."""
    grid: list[Row] = []
    before: Row = (None,) * codec.voices
    now: list[int | None] = []
    for token in tokens[CONTEXT:-1].tolist():
        if len(now) == codec.voices:
            length = codec.durations.symbols[token - codec.layout.duration]
            grid += [tuple(now)] * int(length / codec.frame)
            before, now = tuple(now), []
        else:
            now.append(
                before[len(now)] if token == GO_ON else None if token == REST else token - NOTE
            )
    assert not now
    return grid


@st.composite
def grids(draw: st.DrawFn, voices: int = 4) -> list[Row]:
    """Voices that rest, cross, meet and stay."""
    pitches = draw(st.sampled_from([range(60, 63), range(55, 70), range(24, 100)]))
    row = st.tuples(
        *[st.one_of(st.none(), st.sampled_from(pitches), st.sampled_from(pitches))] * voices
    )
    held: list[Row] = []
    for _ in range(draw(st.integers(1, 10))):
        new = draw(row)
        stay = draw(st.tuples(*[st.booleans()] * voices))
        merged = (
            tuple(a if keep else b for a, b, keep in zip(held[-1], new, stay, strict=True))
            if held
            else new
        )
        held += [merged] * draw(st.integers(1, 5))
    return held


def codec_of(*pieces: Piece, **more: Any) -> VoiceCodec:
    waltz = Piece.from_events(
        [Event((60,), Fraction(1))], meters=(Meter(3, 4),), pickup=Fraction(1, 2)
    )
    return VoiceCodec.from_pieces([*pieces, waltz], **more)


# ---------------------------------------------------------------------- both ways


@given(grids())
@settings(deadline=None, max_examples=150)
def test_a_grid_is_one_sequence_of_tokens(grid: list[Row]) -> None:
    piece = piece_of(grid, keys=(Key(3),))
    codec = codec_of(piece)
    tokens = codec.encode(piece)
    moves = [list(run) for _, run in groupby(grid)]
    assert tokens.dtype == np.int32
    assert len(tokens) == CONTEXT + 5 * len(moves) + 1
    assert tokens[0] == START
    assert tokens[-1] == END
    assert max(tokens) < len(codec)
    assert grid_of(codec, tokens) == grid
    assert codec.lengths(piece) == [len(move) * SIXTEENTH for move in moves]


@given(grids())
@settings(deadline=None, max_examples=100)
def test_its_events_are_what_sounds(grid: list[Row]) -> None:
    piece = piece_of(grid)
    codec = codec_of(piece)
    events = codec.decode(codec.encode(piece)[:, None])
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
    codec = VoiceCodec.from_pieces(pieces)
    for grid, piece, encoded in zip(grids, pieces, codec.encode_pieces(pieces), strict=True):
        tokens = encoded.tokens[:, 0]
        assert grid_of(codec, tokens) == grid
        may = codec.may_follow(encoded.common)
        assert may[np.arange(CONTEXT, len(tokens)), tokens[CONTEXT:]].all()
        np.testing.assert_array_equal(codec.encode(piece), tokens)


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
    codec = VoiceCodec.from_pieces([piece], voices=3)
    assert grid_of(codec, codec.encode(piece)) == [
        (64, None, None),
        (64, 50, None),
        (60, 50, None),
        (60, 50, None),
        (None, 50, None),
    ]
    two = VoiceCodec.from_pieces([piece], frame=Fraction(1, 2))
    assert two.voices == 2
    assert grid_of(two, two.encode(piece)) == [(64, None), (60, 50), (None, 50)]
    assert VoiceCodec.from_pieces([piece], frame=Fraction(0)).frame == SIXTEENTH


def test_at_most_eight_voices() -> None:
    grid: list[Row] = [tuple(range(60, 68)), tuple(range(61, 69))]
    codec = VoiceCodec.from_pieces([piece_of(grid)])
    encoded = codec.encode_pieces([piece_of(grid)])[0]
    assert codec.voices == 8
    assert grid_of(codec, encoded.tokens[:, 0]) == grid
    assert codec.may_follow(encoded.common)[
        np.arange(CONTEXT, 23), encoded.tokens[CONTEXT:, 0]
    ].all()
    with pytest.raises(PartimentoError, match=r"9 parts: tokens\.voices is for at most 8"):
        VoiceCodec.from_pieces([piece_of([tuple(range(60, 69))])])
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
    codec = VoiceCodec.from_pieces([piece])
    tokens = codec.encode(strange)
    assert tokens[-2] == UNKNOWN
    with pytest.raises(ValueError, match="stands for no music"):
        codec.decode(tokens)
    assert [event.chord for event in codec.decode(codec.opening(tokens[:, None], 5))] == [
        (40, 50, 60)
    ]


# ---------------------------------------------------------------------- what is legal


def walked(codec: VoiceCodec, tokens: np.ndarray, reach: int = 64) -> list[Any]:
    """What was seen where each token is to be chosen."""
    states = [codec.begin(1, reach=reach)]
    for token in tokens[:-1]:
        states.append(codec.take(states[-1], np.array([token]), 0))
    return states


@given(grids())
@settings(deadline=None, max_examples=40)
def test_the_grammar_allows_every_real_grid(grid: list[Row]) -> None:
    piece = piece_of(grid)
    codec = codec_of(piece)
    encoded = codec.encode_pieces([piece])[0]
    tokens, may = encoded.tokens[:, 0], codec.may_follow(encoded.common)
    assert may.shape == (len(tokens), *codec.sizes)
    for s, seen in enumerate(walked(codec, tokens, reach=REACH)):
        if s:
            np.testing.assert_array_equal(codec.look(seen)[0], encoded.common[s])
        if s < CONTEXT:
            continue
        legal = codec.legal(seen, 0)[0]
        assert legal[tokens[s]], f"{tokens[s]} at {s}"
        assert (legal == may[s] & (np.arange(len(legal)) != UNKNOWN)).all()
        assert bool(codec.at_rest(seen)[0]) == ((s - CONTEXT) % 5 == 0)
        assert not codec.legal(seen, 0, may_end=False)[0, END]


def test_an_unknown_metre_is_no_event() -> None:
    codec = VoiceCodec.from_pieces([piece_of([(60, 55, 50, 40)])])
    piece = piece_of([(None,) * 4, (60, 55, 50, 40)], meters=(Meter(7, 8),))
    tokens = codec.encode(piece)
    assert tokens[:CONTEXT].tolist() == [
        START,
        UNKNOWN,
        codec.layout.pickup,
        codec.layout.key + KEYS - 1,
    ]
    seen = walked(codec, tokens)[CONTEXT]
    assert (int(seen.events[0]), int(seen.elapsed[0])) == (0, 0)
    encoded = codec.encode_pieces([piece])[0]
    may = codec.may_follow(encoded.common)
    assert may[np.arange(CONTEXT, len(tokens)), tokens[CONTEXT:]].all()


@pytest.mark.parametrize("voices", [1, 4])
def test_whatever_the_grammar_allows_is_a_grid(voices: int) -> None:
    rng, walks, events = np.random.default_rng(voices), 40, 15
    model = piece_of(
        [(60,) * voices, (62,) * voices, (62,) * voices, (None,) * voices],
        meters=(Meter(3, 4),),
        keys=(Key(2),),
    )
    codec = VoiceCodec.from_pieces([model])
    context = codec.encode(model)[:CONTEXT]
    weights = np.ones(codec.sizes[0])
    weights[[GO_ON, REST]] = 120, 30
    weights[codec.layout.duration :] = 50
    seen, chosen = codec.begin(walks, reach=32), []
    for token in context:
        seen = codec.take(seen, np.full(walks, token), 0)
    for _ in range(events * (voices + 1)):
        legal = codec.legal(seen, 0, may_end=False)
        assert legal.any(1).all()
        p = legal * weights
        p /= p.sum(1, keepdims=True)
        chosen.append((p.cumsum(1) < rng.random((walks, 1))).sum(1))
        assert legal[np.arange(walks), chosen[-1]].all()
        seen = codec.take(seen, chosen[-1], 0)
    for row in np.stack(chosen, 1):
        tokens = np.concatenate([context, row, [END]])
        grid = grid_of(codec, tokens)
        again = codec.encode(piece_of(grid, meters=model.meters, keys=model.keys))
        np.testing.assert_array_equal(again, tokens)  # one grid, one sequence
        made = codec.decode(tokens)
        assert len(made) == events
        assert len(tokens) - 1 == codec.rows(events + 1)
        Piece.from_events(made)


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
    codec = codec_of(piece)
    first = codec.encode_pieces([piece])[0]
    wanted = codec.encode_pieces([transpose(piece, shift) for shift in shifts])
    for copy, other in zip(codec.copies(piece, first, shifts), wanted, strict=True):
        np.testing.assert_array_equal(copy.tokens, other.tokens)
        np.testing.assert_array_equal(copy.common, other.common)
        assert (copy.tokens.dtype, copy.common.dtype) == (other.tokens.dtype, other.common.dtype)


@given(grids(), grids(), st.integers(1, 30))
@settings(deadline=None, max_examples=30)
def test_what_is_shown_is_of_the_past_alone(grid: list[Row], other: list[Row], cut: int) -> None:
    pieces = [piece_of(grid), piece_of(other), piece_of([*grid[:cut], *other])]
    codec = codec_of(*pieces)
    alone, together = codec.encode_pieces(pieces[:1])[0], codec.encode_pieces(pieces)
    np.testing.assert_array_equal(together[0].common, alone.common)
    a, b = alone.tokens[:, 0], together[2].tokens[:, 0]
    same = int(np.cumprod(a[: min(len(a), len(b))] == b[: min(len(a), len(b))]).sum())
    np.testing.assert_array_equal(together[2].common[: same + 1], alone.common[: same + 1])


def test_the_voices_around_are_shown() -> None:
    grid: list[Row] = [(72, 67, 64, 48)] * 4 + [(72, 65, None, 48)] * 2 + [(74, 65, 62, 48)]
    codec = VoiceCodec.from_pieces([piece_of(grid)])
    shown = codec.encode_pieces([piece_of(grid)])[0].common
    first, width = len(COLUMNS), codec.width
    assert width == shown.shape[1]
    second = shown[CONTEXT + 5 : CONTEXT + 10]  # each voice of the second event, and its duration
    assert second[:, COUNT].tolist() == [0, 1, 2, 3, 4]
    assert second[:, LAST].tolist() == [NONE, 72, 65, NONE, 48]  # what the voice above sings now
    assert second[:, ABOVE].tolist() == [72, 67, 64, 48, NONE]  # what this one sang
    assert second[:, BELOW].tolist() == [67, 64, 48, NONE, NONE]  # what the next one did
    assert second[:, first : first + 4].tolist() == [[72, 67, 64, 48]] * 5
    assert second[-1, first + 4 : first + 8].tolist() == [72, 65, NONE, 48]
    assert second[1, first + 4 : first + 8].tolist() == [72, NONE, NONE, NONE]
    third = shown[CONTEXT + 10]
    since = [6, 2, 2, 6]  # steps on the grid that the lengths have: 1/4
    assert codec.grid == 4
    assert third[first + 8 :].tolist() == [
        sum(steps >= bound for bound in SINCE) for steps in since
    ]


@given(grids(), grids())
@settings(deadline=None, max_examples=30)
def test_facts_are_numbers_of_their_kinds(grid: list[Row], other: list[Row]) -> None:
    codec = VoiceCodec.from_pieces([piece_of(grid)])
    for each in codec.encode_pieces([piece_of(grid), piece_of(other, meters=(Meter(9, 8),))]):
        for repeats in (True, False):
            for number, (values, kinds) in enumerate(codec.facts(each.common, repeats=repeats)):
                assert values.min() >= 0, f"fact {number}"
                assert values.max() < kinds, f"fact {number}"


def test_the_grammar_is_the_same_inside_a_compiled_loop() -> None:
    from keras import ops

    rng = np.random.default_rng(2)
    lines = [
        [tuple(None if p < 50 else int(p) for p in row) for row in rng.integers(47, 56, (12, 4))]
        for _ in range(2)
    ]
    pieces = [
        piece_of([*line[:6], *[line[6]] * 7, *line[:6]], keys=keys)
        for line, keys in zip(lines, [(Key(1),), ()], strict=True)
    ]
    codec = codec_of(*pieces)
    both = [codec.encode(piece) for piece in pieces]
    tokens = np.stack([each[: min(map(len, both)) - 1] for each in both])
    here, there = codec.begin(2, reach=32), codec.begin(2, ops, reach=32)
    for token in tokens.T:
        here, there = (
            codec.take(here, token, 0),
            codec.take(there, ops.convert_to_tensor(token, "int32"), 0, ops),
        )
        for name in ("before", "now", "since", "changed", "elapsed", "events"):
            np.testing.assert_array_equal(
                getattr(here, name), np.asarray(getattr(there, name)), err_msg=name
            )
        for name, mine, theirs in zip(here.past._fields, here.past, there.past, strict=True):
            np.testing.assert_array_equal(mine, np.asarray(theirs), err_msg=name)
        shown = codec.look(here)
        np.testing.assert_array_equal(shown, np.asarray(codec.look(there, ops)))
        for may_end in (True, False):
            legal = np.asarray(codec.legal(there, 0, ops, may_end=may_end))
            np.testing.assert_array_equal(codec.legal(here, 0, may_end=may_end), legal)
    for (mine, kinds), (theirs, same) in zip(
        codec.facts(shown), codec.facts(ops.convert_to_tensor(shown, "int32"), ops), strict=True
    ):
        np.testing.assert_array_equal(mine, np.asarray(theirs))
        assert kinds == same


# ---------------------------------------------------------------------- small things


@given(grids(), st.sampled_from([SIXTEENTH, Fraction(1, 2)]))
@settings(deadline=None, max_examples=30)
def test_json(grid: list[Row], frame: Fraction) -> None:
    codec = codec_of(piece_of(grid), frame=frame)
    again = codec_from_json(codec.to_json())
    assert again == codec
    assert type(again) is VoiceCodec
    assert again != NoteCodec(codec.durations, codec.bars, codec.pickups, False, frame)
    np.testing.assert_array_equal(again.encode(piece_of(grid)), codec.encode(piece_of(grid)))
    spoilt = {key: value for key, value in json.loads(codec.to_json()).items() if key != "voices"}
    with pytest.raises(KeyError, match="voices"):
        codec_from_json(json.dumps(spoilt))


@given(grids(), st.integers(0, 12))
@settings(deadline=None, max_examples=50)
def test_an_opening_is_so_many_events(grid: list[Row], events: int) -> None:
    codec = codec_of(piece_of(grid))
    tokens = codec.encode(piece_of(grid))[:, None]
    opening = codec.opening(tokens, events)
    whole = codec.decode(tokens)
    assert codec.decode(opening) == whole[:events]
    assert len(opening) == CONTEXT + 5 * min(events, len(whole))
    np.testing.assert_array_equal(codec.in_key(opening, 4)[CONTEXT:], opening[CONTEXT:])
    assert codec.in_key(opening, 4)[CONTEXT - 1, 0] == codec.layout.key + 4
    numbers = codec.chord_numbers(tokens)
    chords = [event.chord for event in whole]
    assert [[a == b for b in chords] for a in chords] == (numbers[:, None] == numbers).tolist()
