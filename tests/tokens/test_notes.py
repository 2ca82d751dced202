"""The note codec: exact both ways, a grammar that allows just what music can be, and a past that is
shown as it was.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partimento import Event, Key, Meter, Piece
from partimento.music.piece import merge_held
from partimento.music.transpose import transpose
from partimento.tokens import note_grammar
from partimento.tokens.note_grammar import (
    AGAIN,
    BAR,
    COLUMNS,
    CONTEXT,
    KEY,
    KEYS,
    LENGTH,
    LENGTHS,
    NONE,
    NOTE,
    PLACE,
    REACH,
    SLOTS,
)
from partimento.tokens.notes import NoteCodec
from partimento.tokens.vocabulary import END, PAD, START, UNKNOWN
from partimento.training.dataset import codec_from_json

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
    """Any events that music can be made of; few pitches are drawn often, so that much comes again."""
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


def codec_of(piece: Piece, frame: Fraction = Fraction(0)) -> NoteCodec:
    """One that has seen a piece, and one more: metres, lengths and held notes that the piece may
    have none of.
    """
    other = [Event((60, 64), Fraction(1)), Event((60, 65), Fraction(1, 2), (60,))]
    return NoteCodec.from_pieces(
        [piece, Piece.from_events(other, meters=(Meter(7, 8),), pickup=Fraction(3, 2))], frame=frame
    )


# ---------------------------------------------------------------------- both ways


@given(some_pieces())
@settings(deadline=None, max_examples=150)
def test_decode_is_the_inverse_of_encode(piece: Piece) -> None:
    codec, events = codec_of(piece), merge_held(piece.events)
    tokens = codec.encode(piece)
    assert tokens.dtype == np.int32
    assert tokens[0] == START
    assert tokens[-1] == END
    assert len(tokens) == CONTEXT + sum(len(event.chord) + 1 for event in events) + 1
    assert codec.decode(tokens) == events
    assert codec.decode(tokens[:, None]) == events
    assert codec.decode(np.pad(tokens, (0, 5))) == events
    assert codec.lengths(piece) == [event.duration for event in events]
    assert max(tokens) < len(codec)


@given(some_pieces(), st.sampled_from(FRAMES))
@settings(deadline=None, max_examples=100)
def test_frames_are_what_sounds_at_each_of_their_beginnings(piece: Piece, frame: Fraction) -> None:
    codec = codec_of(piece, frame)
    assert not codec.holds
    assert codec.durations.symbols == (frame,)
    starts = [n * frame for n in range(int(-(-piece.length // frame)))]
    chords = [
        tuple(sorted({note.pitch for note in piece.notes if note.onset <= now < note.end}))
        for now in starts
    ]
    assert codec.decode(codec.encode(piece)) == [Event(chord, frame, ()) for chord in chords]
    assert codec.lengths(piece) == [frame] * len(starts)


def test_the_beginning_tells_metre_pickup_and_key() -> None:
    events = [Event((60,), Fraction(1))]
    waltz = Piece.from_events(
        events, meters=(Meter(3, 4),), keys=(Key(-3, "minor"),), pickup=Fraction(1)
    )
    plain = Piece.from_events(events, meters=())
    late = Piece.from_events(events * 2, keys=(Key(2, onset=Fraction(1)),))
    codec = NoteCodec.from_pieces([waltz, plain, late])
    layout = codec.layout
    assert codec.bars.symbols == (4, 3)
    assert codec.pickups.symbols == (0, 1)
    assert codec.encode(waltz)[:CONTEXT].tolist() == [
        START,
        layout.bar + 1,
        layout.pickup + 1,
        layout.key,
    ]
    for undeclared in (plain, late):
        assert codec.encode(undeclared)[:CONTEXT].tolist() == [
            START,
            layout.bar,
            layout.pickup,
            layout.key + KEYS - 1,
        ]
    assert codec.sizes == (layout.bar,)
    assert len(codec) == layout.stop == layout.key + KEYS


def test_a_metre_and_a_place_in_the_bar_are_shown() -> None:
    events = [Event((60 + n,), Fraction(1, 2)) for n in range(8)]
    piece = Piece.from_events(events, meters=(Meter(3, 4),), pickup=Fraction(1))
    codec = NoteCodec.from_pieces([Piece.from_events(events), piece])
    encoded = codec.encode_pieces([piece])[0]
    first = encoded.common[CONTEXT::2]  # where each event's note is to be chosen, and the end
    quarters = [Fraction(int(step), codec.grid) for step in first[:, PLACE]]
    assert quarters == [(Fraction(n, 2) - 1) % 3 for n in range(9)]
    assert (first[:, BAR] == 1).all()
    assert (first[:, KEY] == KEYS - 1).all()


def test_unknown_lengths() -> None:
    codec = NoteCodec.from_pieces(
        [
            Piece.from_events(
                [Event((60,), Fraction(1)), Event((61,), Fraction(1)), Event((62,), Fraction(2))]
            )
        ]
    )
    strange = Piece.from_events([Event((60,), Fraction(1)), Event((61,), Fraction(5, 7))])
    tokens = codec.encode(strange)
    assert tokens[CONTEXT:].tolist() == [NOTE + 60, codec.layout.duration, NOTE + 61, UNKNOWN, END]
    with pytest.raises(ValueError, match="stands for no music"):
        codec.decode(tokens)
    assert codec.lengths(strange) == [1, Fraction(5, 7)]
    rare = NoteCodec.from_pieces(
        [strange, Piece.from_events([Event((60,), Fraction(1))])], min_count=2
    )
    assert rare.durations.symbols == (1,)


def test_frames_have_no_tokens_for_held_notes() -> None:
    pieces = [Piece.from_events([Event((60,), Fraction(1)), Event((60, 64), Fraction(1))])]
    assert NoteCodec.from_pieces(pieces).holds
    codec = NoteCodec.from_pieces(pieces, frame=Fraction(1))
    assert not codec.holds
    assert codec.layout.hold == codec.layout.duration == NOTE + 128


def test_a_piece_that_holds_notes_where_training_held_none() -> None:
    codec = NoteCodec.from_pieces(
        [Piece.from_events([Event((60,), Fraction(1)), Event((60, 64), Fraction(2))])]
    )
    tokens = codec.encode(HOLDING)
    assert [event.chord for event in codec.decode(tokens)] == [(60,), (60, 64)]
    assert (tokens[CONTEXT:] < codec.sizes[0]).all()


# ---------------------------------------------------------------------- what is legal


def walked(codec: NoteCodec, tokens: np.ndarray, reach: int = 64) -> list[Any]:
    """What was seen where each token is to be chosen."""
    seen = codec.begin(1, reach=reach)
    states = [seen]
    for token in tokens[:-1]:
        seen = codec.take(seen, np.array([token]), 0)
        states.append(seen)
    return states


@given(some_pieces(), st.sampled_from([Fraction(0), *FRAMES]))
@settings(deadline=None, max_examples=40)
def test_the_grammar_allows_every_real_piece(piece: Piece, frame: Fraction) -> None:
    codec = codec_of(piece, frame)
    encoded = codec.encode_pieces([piece])[0]
    tokens, may = encoded.tokens[:, 0], codec.may_follow(encoded.common)
    assert may.shape == (len(tokens), *codec.sizes)
    large = max(len(event.chord) for event in piece.events) >= SLOTS
    for s in range(CONTEXT, len(tokens)):
        assert may[s, tokens[s]], f"{tokens[s]} at {s}"
    for s, seen in enumerate(walked(codec, tokens)):
        if s < CONTEXT:
            continue
        legal = codec.legal(seen, 0)[0]
        assert legal[tokens[s]], f"{tokens[s]} at {s}"
        assert not legal[UNKNOWN]
        assert not (legal & ~may[s]).any()
        if not large:  # else what is shown of the chord before is not all of it
            lowest = (
                [NOTE, codec.layout.hold, codec.layout.hold + 1] if codec.holds else [NOTE]
            )  # there is no way on below
            passed = np.isin(np.arange(len(legal)), [UNKNOWN, *lowest])
            assert (legal | passed & may[s] == may[s]).all()
        assert bool(codec.at_rest(seen)[0]) == (tokens[s - 1] >= codec.layout.duration)
        assert not codec.legal(seen, 0, may_end=False)[0, END]
        assert legal[END] == bool(codec.at_rest(seen)[0])


@given(some_pieces(), some_pieces())
@settings(deadline=None, max_examples=100)
def test_the_grammar_allows_pieces_of_lengths_that_are_unknown(piece: Piece, other: Piece) -> None:
    """Metres and pickups too: they are given, no event is over when they are told."""
    codec = NoteCodec.from_pieces([other, HOLDING])
    encoded = codec.encode_pieces([piece])[0]
    may = codec.may_follow(encoded.common)
    wrong = [s for s in range(CONTEXT, len(encoded.tokens)) if not may[s, encoded.tokens[s, 0]]]
    assert not wrong, f"{encoded.tokens[:, 0]} is illegal at {wrong}"


def test_an_unknown_metre_is_no_event() -> None:
    known = Piece.from_events([Event((60,), Fraction(1))])
    strange = Piece.from_events(
        [Event((), Fraction(1)), Event((60,), Fraction(1))],
        meters=(Meter(7, 8),),
        pickup=Fraction(1, 2),
    )
    codec = NoteCodec.from_pieces([known])
    tokens = codec.encode(strange)
    assert tokens[:CONTEXT].tolist() == [START, UNKNOWN, UNKNOWN, codec.layout.key + KEYS - 1]
    seen = walked(codec, tokens)[CONTEXT]
    assert (int(seen.events[0]), int(seen.elapsed[0])) == (0, 0)
    assert codec.may_follow(codec.look(seen))[0, tokens[CONTEXT]]  # it may begin with a rest


def context(codec: NoteCodec, piece: Piece, walks: int) -> Any:
    seen = codec.begin(walks, reach=64)
    for token in codec.encode(piece)[:CONTEXT]:
        seen = codec.take(seen, np.full(walks, token), 0)
    return seen


def test_there_is_always_a_way_on() -> None:
    """A chord that holds all of the one before down to the lowest pitch there is must not be a
    blind alley.
    """
    piece = Piece.from_events([Event((0,), Fraction(1)), Event((0, 1), Fraction(1), (0,))])
    codec = NoteCodec.from_pieces([piece])
    layout, seen = codec.layout, context(codec, piece, 1)
    for token in (
        NOTE,
        layout.duration,
        layout.hold,
    ):  # pitch 0 is struck and then, legally or not, held
        if not codec.legal(seen, 0)[0, token]:
            return
        seen = codec.take(seen, np.array([token]), 0)
    assert codec.legal(seen, 0).any()


def check_music(events: list[Event], *, framed: bool) -> None:
    for event in events:
        assert list(event.chord) == sorted(set(event.chord))
        assert set(event.held) <= set(event.chord)
    for before, now in pairwise([Event((), Fraction(1)), *events] if not framed else events):
        assert set(now.held) <= set(before.chord)
    if not framed:
        for before, now in pairwise(events):
            assert not (before.chord == now.chord and len(now.held) == len(now.chord)), (
                "it says nothing new"
            )


@pytest.mark.parametrize("frame", [Fraction(0), Fraction(1, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_grammar_allows_is_music(frame: Fraction, seed: int) -> None:
    rng, walks, steps = np.random.default_rng(seed), 60, 90
    model = Piece.from_events(
        [Event((60, 64), Fraction(1)), Event((60, 65), Fraction(1, 3), (60,)), Event((), Fraction(1, 2))],
        meters=(Meter(3, 4),), keys=(Key(2),), pickup=Fraction(1, 2),
    )  # fmt: skip
    codec = NoteCodec.from_pieces([model], frame=frame)
    layout, seen = codec.layout, context(codec, model, walks)
    weights = np.ones(codec.sizes[0])
    weights[layout.duration :] = 6 / len(
        codec.durations.symbols
    )  # so that chords are of no note to ten
    weights[layout.hold : layout.duration] = 6
    weights[[NOTE, *([layout.hold] if codec.holds else [])]] = (
        1e-9  # the lowest only where there is no other: see the test before
    )
    chosen = np.zeros((walks, steps), np.int32)
    for s in range(steps):
        legal = codec.legal(seen, 0, may_end=False)
        falling = np.arange(layout.bar)[None] - NOTE < seen.last[:, None]
        assert not (legal[:, NOTE : layout.hold] & ~falling[:, NOTE : layout.hold]).any()
        p = legal * weights
        p /= p.sum(1, keepdims=True)
        chosen[:, s] = (p.cumsum(1) < rng.random((walks, 1))).sum(1)
        assert legal[np.arange(walks), chosen[:, s]].all()
        seen = codec.take(seen, chosen[:, s], 0)
    largest = 0
    for row in chosen:
        whole = row[: np.flatnonzero(row >= layout.duration)[-1] + 1]
        tokens = np.concatenate([codec.encode(model)[:CONTEXT], whole, [END]]).astype(np.int32)
        events = codec.decode(tokens)
        assert sum(len(event.chord) + 1 for event in events) == len(whole)
        check_music(events, framed=bool(frame))
        again = Piece.from_events(events, meters=model.meters, keys=model.keys, pickup=model.pickup)
        np.testing.assert_array_equal(codec.encode(again), tokens)
        largest = max(largest, *(len(event.chord) for event in events))
    assert largest > SLOTS  # or it would be too easy


# ---------------------------------------------------------------------- what is shown


@given(
    some_pieces(),
    st.sampled_from([Fraction(0), Fraction(1, 2)]),
    st.lists(st.integers(-24, 24), min_size=1, max_size=3),
)
@settings(deadline=None, max_examples=50)
def test_a_copy_is_the_transposed_piece(piece: Piece, frame: Fraction, shifts: list[int]) -> None:
    codec = codec_of(piece, frame)
    first = codec.encode_pieces([piece])[0]
    wanted = codec.encode_pieces([transpose(piece, shift) for shift in shifts])
    for copy, other in zip(codec.copies(piece, first, shifts), wanted, strict=True):
        np.testing.assert_array_equal(copy.tokens, other.tokens)
        np.testing.assert_array_equal(copy.common, other.common)
        assert (copy.tokens.dtype, copy.common.dtype) == (other.tokens.dtype, other.common.dtype)


@given(some_pieces(), some_pieces(), st.integers(1, 10))
@settings(deadline=None, max_examples=30)
def test_what_is_shown_is_of_the_past_alone(piece: Piece, other: Piece, cut: int) -> None:
    """Pieces that begin alike are shown alike until they part, whatever they are read in step with."""
    parted = piece.replace(
        notes=Piece.from_events([*piece.events[:cut], *map(struck, other.events)]).notes,
        length=Fraction(0),
    )
    codec = NoteCodec.from_pieces([piece, other, parted])
    alone = codec.encode_pieces([piece])[0]
    together = codec.encode_pieces([other, piece, parted])
    np.testing.assert_array_equal(together[1].common, alone.common)
    a, b = alone.tokens[:, 0], together[2].tokens[:, 0]
    same = int(np.cumprod(a[: min(len(a), len(b))] == b[: min(len(a), len(b))]).sum())
    np.testing.assert_array_equal(together[2].common[: same + 1], alone.common[: same + 1])
    states = walked(codec, a, reach=REACH)
    np.testing.assert_array_equal(
        np.concatenate([codec.look(seen) for seen in states[1:]]), alone.common[1:]
    )
    assert not alone.common[0].any()


def struck(event: Event) -> Event:
    return Event(event.chord, event.duration)


@given(some_pieces(), some_pieces())
@settings(deadline=None, max_examples=30)
def test_facts_are_numbers_of_their_kinds(piece: Piece, other: Piece) -> None:
    """A number beyond its kind would choose another fact's row."""
    codec = NoteCodec.from_pieces([piece, HOLDING])
    for each in codec.encode_pieces([piece, other]):
        for repeats in (True, False):
            for number, (values, kinds) in enumerate(codec.facts(each.common, repeats=repeats)):
                assert values.shape == each.common.shape[:1]
                assert values.min() >= 0, f"fact {number}"
                assert values.max() < kinds, f"fact {number}"
        anchors, degree = codec.directions(each.common)
        assert all(part.shape == (len(each.common), 128) for part in (*anchors, degree))
        assert degree.max() < 13


def longest_earlier(told: list[int], reach: int) -> tuple[int, int]:
    """What followed the longest stretch that also ends `told`, the latest of the longest; and its
    length, as far as lengths are told.
    """
    best = (PAD, 0)
    for back in range(1, min(reach, len(told) - 1) + 1):
        length = 0
        while (
            length < min(len(told) - back, LENGTHS[-1])
            and told[-1 - length] == told[-1 - length - back]
        ):
            length += 1
        if length > best[1]:
            best = (told[-back], length)
    return best


@pytest.mark.parametrize(
    ("reach", "steps", "kinds"), [(200, 150, 3), (200, 170, 2), (10, 100, 3), (1, 30, 2)]
)
def test_the_longest_stretch_that_was_heard_before(reach: int, steps: int, kinds: int) -> None:
    codec = codec_of(Piece.from_events([Event((60,), Fraction(1))]))
    layout, rng = codec.layout, np.random.default_rng(steps)
    alphabet = np.array(
        [NOTE + 3, layout.duration, layout.hold + 3, UNKNOWN, layout.duration + 1][:kinds]
    )
    drawn = alphabet[rng.integers(0, kinds, (4, steps))]
    drawn[1] = np.resize(drawn[1, :9], steps)  # goes round and round
    drawn[2, rng.random(steps) < 0.2] = PAD  # what is no event counts for nothing
    drawn[2, rng.random(steps) < 0.1] = layout.key + 2
    seen, told = codec.begin(4, reach=reach), [[] for _ in range(4)]
    for s in range(steps):
        seen = codec.take(seen, drawn[:, s], 0)
        again, length = note_grammar.repeated(seen)
        for row, token in enumerate(drawn[:, s].tolist()):
            if token in alphabet:
                told[row].append(token)
            wanted, steps_back = longest_earlier(told[row], reach)
            assert (int(again[row]), int(length[row])) == (
                wanted,
                sum(steps_back >= bound for bound in LENGTHS),
            ), f"row {row}, step {s}"
        shown = codec.look(seen)
        np.testing.assert_array_equal(shown[:, AGAIN], again)
        np.testing.assert_array_equal(shown[:, LENGTH], length)


@pytest.mark.parametrize("frame", [Fraction(0), Fraction(1, 2)])
def test_the_grammar_is_the_same_inside_a_compiled_loop(frame: Fraction) -> None:
    from keras import ops

    rng = np.random.default_rng(4)
    chords = [
        tuple(sorted(set(rng.integers(50, 62, rng.integers(0, 11)).tolist()))) for _ in range(8)
    ]
    events, before = [], ()
    for number, chord in enumerate([*chords, *chords[:3]]):
        events.append(
            Event(chord, DURATIONS[number % 4], tuple(p for p in chord if p in before and p % 2))
        )
        before = chord
    pieces = [
        Piece.from_events(events, keys=(Key(1),), pickup=Fraction(1, 2)),
        Piece.from_events(events[2:], meters=(Meter(3, 4),)),
    ]
    codec = NoteCodec.from_pieces(pieces, frame=frame)
    both = [codec.encode(piece) for piece in pieces]
    tokens = np.stack([each[: min(map(len, both)) - 1] for each in both])
    here, there = codec.begin(2, reach=40), codec.begin(2, ops, reach=40)
    for token in tokens.T:
        here, there = (
            codec.take(here, token, 0),
            codec.take(there, ops.convert_to_tensor(token, "int32"), 0, ops),
        )
        for name, mine, theirs in zip(here._fields, here, there, strict=True):
            np.testing.assert_array_equal(mine, np.asarray(theirs), err_msg=name)
        shown = codec.look(here)
        np.testing.assert_array_equal(shown, np.asarray(codec.look(there, ops)))
        for may_end in (True, False):
            legal = np.asarray(codec.legal(there, 0, ops, may_end=may_end))
            np.testing.assert_array_equal(codec.legal(here, 0, may_end=may_end), legal)
        np.testing.assert_array_equal(
            codec.may_follow(shown),
            np.asarray(codec.may_follow(ops.convert_to_tensor(shown, "int32"), ops)),
        )
    for (mine, kinds), (theirs, same) in zip(
        codec.facts(shown), codec.facts(ops.convert_to_tensor(shown, "int32"), ops), strict=True
    ):
        np.testing.assert_array_equal(mine, np.asarray(theirs))
        assert kinds == same


def test_the_chord_before_is_shown_from_the_top() -> None:
    events = [Event(tuple(range(50, 60)), Fraction(1)), Event((52, 55), Fraction(1))]
    codec = NoteCodec.from_pieces([Piece.from_events(events)])
    shown = codec.encode_pieces([Piece.from_events(events)])[0].common
    slots = shown[:, len(COLUMNS) :]
    assert (slots[1 : CONTEXT + 11] == NONE).all()
    assert slots[CONTEXT + 11].tolist() == list(range(59, 51, -1))
    named = [
        dict(zip(COLUMNS, row.tolist(), strict=False)) for row in shown[CONTEXT + 11 : CONTEXT + 14]
    ]
    assert [(row["last"], row["above"], row["below"], row["count"]) for row in named] == [
        (NONE, 59, 59, 0), (55, 58, 54, 1), (52, 57, 51, 2),
    ]  # fmt: skip


# ---------------------------------------------------------------------- small things


@given(some_pieces(), st.sampled_from([Fraction(0), *FRAMES]))
@settings(deadline=None, max_examples=30)
def test_json(piece: Piece, frame: Fraction) -> None:
    codec = codec_of(piece, frame)
    again = codec_from_json(codec.to_json())
    assert again == codec
    assert type(again) is NoteCodec
    np.testing.assert_array_equal(again.encode(piece), codec.encode(piece))
    for name in ("durations", "holds", "frame"):
        spoilt = {key: value for key, value in json.loads(codec.to_json()).items() if key != name}
        with pytest.raises(KeyError, match=name):
            codec_from_json(json.dumps(spoilt))


@given(some_pieces(), st.integers(0, 16))
@settings(deadline=None, max_examples=60)
def test_an_opening_is_so_many_events(piece: Piece, events: int) -> None:
    codec = codec_of(piece)
    tokens = codec.encode(piece)[:, None]
    opening = codec.opening(tokens, events)
    assert codec.decode(opening) == merge_held(piece.events)[:events]
    np.testing.assert_array_equal(opening, tokens[: len(opening)])
    assert len(opening) >= CONTEXT == codec.start_rows
    assert len(codec.opening(tokens, 0)) == CONTEXT
    cut = tokens[: len(tokens) - 2]  # in mid-event
    assert codec.decode(codec.opening(cut, 99)) == merge_held(piece.events)[:-1]


def test_an_opening_ends_before_what_is_unknown() -> None:
    events = [
        Event((60,), Fraction(1)),
        Event((62,), Fraction(1)),
        Event((64,), Fraction(5, 7)),
        Event((60,), Fraction(1)),
    ]
    codec = NoteCodec.from_pieces([Piece.from_events(events[:2])])
    tokens = codec.encode(Piece.from_events(events))[:, None]
    assert codec.decode(codec.opening(tokens, 4)) == events[:2]
    assert len(codec.opening(codec.encode(Piece.from_events(events[2:]))[:, None], 2)) == CONTEXT


def test_the_same_beginning_in_another_key() -> None:
    piece = Piece.from_events(
        [Event((60, 64), Fraction(1)), Event((60, 65), Fraction(1), (60,))], keys=(Key(2),)
    )
    codec = NoteCodec.from_pieces([piece, piece.replace(keys=())])
    tokens = codec.encode(piece)[:, None]
    for start in (piece, piece.replace(keys=())):
        moved = codec.in_key(codec.encode(start)[:, None], 7)
        assert moved[CONTEXT - 1, 0] == codec.layout.key + 7
        assert moved.dtype == tokens.dtype
        np.testing.assert_array_equal(
            np.delete(moved, CONTEXT - 1, 0), np.delete(tokens, CONTEXT - 1, 0)
        )


def test_chords_are_numbered_alike_where_they_are_alike() -> None:
    chords = [(60, 64), (), (60, 64), (60,), (64,), (60, 64, 67), ()]
    piece = Piece.from_events([Event(chord, Fraction(1)) for chord in chords])
    numbers = NoteCodec.from_pieces([piece]).chord_numbers(
        NoteCodec.from_pieces([piece]).encode(piece)[:, None]
    )
    assert len(numbers) == len(chords)
    assert [[a == b for b in chords] for a in chords] == (numbers[:, None] == numbers).tolist()


@pytest.mark.parametrize(
    ("length", "meter"), [(Fraction(5, 7), Meter(4, 4)), (Fraction(1), Meter(7, 8))]
)
def test_chords_are_numbered_whatever_their_lengths_and_metre(
    length: Fraction, meter: Meter
) -> None:
    """What is unknown is no chord: those around it are neither joined nor lost."""
    chords = [(60, 64), (62,), (60, 64), (59,)]
    events = [
        Event(chord, length if number == 1 else Fraction(1)) for number, chord in enumerate(chords)
    ]
    piece = Piece.from_events(events, meters=(meter,))
    codec = NoteCodec.from_pieces(
        [Piece.from_events([Event((60, 64), Fraction(1)), Event((62,), Fraction(1))])]
    )
    numbers = codec.chord_numbers(codec.encode(piece)[:, None])
    assert len(numbers) == len(chords)
    assert [[a == b for b in chords] for a in chords] == (numbers[:, None] == numbers).tolist()
