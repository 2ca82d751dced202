"""The note tokenizer: exact both ways, a grammar that allows just what music can be, and a past
that is shown as it was.
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
from tests.tokens.rows import assert_copies_are_transposed

from partimento import Event, Key, Meter, Piece
from partimento.music.events import merge_held
from partimento.tokens import note_grammar
from partimento.tokens.note_grammar import (
    BAR,
    COLUMNS,
    HEADER,
    KEY,
    KEYS,
    NONE,
    NOTE,
    PLACE,
    REACH,
    REPEAT_LENGTH,
    REPEAT_LENGTHS,
    REPEAT_TOKEN,
    SLOTS,
)
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.registry import tokenizer_from_json
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, PAD, START, UNKNOWN

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


# ---------------------------------------------------------------------- what is legal


def walked(tokenizer: NoteTokenizer, tokens: np.ndarray, reach: int = 64) -> list[Any]:
    """What was seen where each token is to be chosen."""
    seen = tokenizer.grammar().start(1, reach=reach)
    states = [seen]
    for token in tokens[:-1]:
        seen = tokenizer.grammar().advance(seen, np.array([token]), 0)
        states.append(seen)
    return states


@given(some_pieces(), st.sampled_from([Fraction(0), *FRAMES]))
@settings(deadline=None, max_examples=40)
def test_the_grammar_allows_every_real_piece(piece: Piece, frame: Fraction) -> None:
    tokenizer = tokenizer_of(piece, frame)
    encoded = tokenizer.encode_all([piece])[0]
    tokens, may = (
        encoded.ids[:, 0],
        tokenizer.grammar().allowed_by_features(encoded.context["features"]),
    )
    assert may.shape == (len(tokens), *tokenizer.sizes)
    large = max(len(event.chord) for event in piece.events) >= SLOTS
    for s in range(HEADER, len(tokens)):
        assert may[s, tokens[s]], f"{tokens[s]} at {s}"
    for s, seen in enumerate(walked(tokenizer, tokens)):
        if s < HEADER:
            continue
        legal = tokenizer.grammar().allowed(seen, 0)[0]
        assert legal[tokens[s]], f"{tokens[s]} at {s}"
        assert not legal[UNKNOWN]
        assert not (legal & ~may[s]).any()
        if not large:  # else what is shown of the chord before is not all of it
            lowest = (
                [NOTE, tokenizer.layout.hold, tokenizer.layout.hold + 1]
                if tokenizer.holds
                else [NOTE]
            )  # there is no way on below
            passed = np.isin(np.arange(len(legal)), [UNKNOWN, *lowest])
            assert (legal | passed & may[s] == may[s]).all()
        assert bool(tokenizer.grammar().at_event_end(seen)[0]) == (
            tokens[s - 1] >= tokenizer.layout.duration
        )
        assert legal[END] == bool(tokenizer.grammar().at_event_end(seen)[0])


@given(some_pieces(), some_pieces())
@settings(deadline=None, max_examples=100)
def test_the_grammar_allows_pieces_of_lengths_that_are_unknown(piece: Piece, other: Piece) -> None:
    """Meters and pickups too: they are given, no event is over when they are told."""
    tokenizer = NoteTokenizer.fit([other, HOLDING])
    encoded = tokenizer.encode_all([piece])[0]
    may = tokenizer.grammar().allowed_by_features(encoded.context["features"])
    wrong = [s for s in range(HEADER, len(encoded.ids)) if not may[s, encoded.ids[s, 0]]]
    assert not wrong, f"{encoded.ids[:, 0]} is illegal at {wrong}"


def test_an_unknown_meter_is_no_event() -> None:
    known = Piece.from_events([Event((60,), Fraction(1))])
    strange = Piece.from_events(
        [Event((), Fraction(1)), Event((60,), Fraction(1))],
        meters=(Meter(7, 8),),
        pickup=Fraction(1, 2),
    )
    tokenizer = NoteTokenizer.fit([known])
    tokens = tokenizer.encode_ids(strange)
    assert tokens[:HEADER].tolist() == [START, UNKNOWN, UNKNOWN, tokenizer.layout.key + KEYS - 1]
    seen = walked(tokenizer, tokens)[HEADER]
    assert (int(seen.events[0]), int(seen.elapsed[0])) == (0, 0)
    assert tokenizer.grammar().allowed_by_features(tokenizer.grammar().features(seen))[
        0, tokens[HEADER]
    ]  # it may begin with a rest


def context(tokenizer: NoteTokenizer, piece: Piece, walks: int) -> Any:
    seen = tokenizer.grammar().start(walks, reach=64)
    for token in tokenizer.encode_ids(piece)[:HEADER]:
        seen = tokenizer.grammar().advance(seen, np.full(walks, token), 0)
    return seen


def test_there_is_always_a_way_on() -> None:
    """A chord that holds all of the one before down to the lowest pitch there is must not be a
    blind alley.
    """
    piece = Piece.from_events([Event((0,), Fraction(1)), Event((0, 1), Fraction(1), (0,))])
    tokenizer = NoteTokenizer.fit([piece])
    layout, seen = tokenizer.layout, context(tokenizer, piece, 1)
    for token in (
        NOTE,
        layout.duration,
        layout.hold,
    ):  # pitch 0 is struck and then, legally or not, held
        if not tokenizer.grammar().allowed(seen, 0)[0, token]:
            return
        seen = tokenizer.grammar().advance(seen, np.array([token]), 0)
    assert tokenizer.grammar().allowed(seen, 0).any()


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
        [
            Event((60, 64), Fraction(1)),
            Event((60, 65), Fraction(1, 3), (60,)),
            Event((), Fraction(1, 2)),
        ],
        meters=(Meter(3, 4),),
        keys=(Key(2),),
        pickup=Fraction(1, 2),
    )
    tokenizer = NoteTokenizer.fit([model], every(frame))
    layout, seen = tokenizer.layout, context(tokenizer, model, walks)
    weights = np.ones(tokenizer.sizes[0])
    weights[layout.duration :] = 6 / len(
        tokenizer.durations.symbols
    )  # so that chords are of no note to ten
    weights[layout.hold : layout.duration] = 6
    weights[[NOTE, *([layout.hold] if tokenizer.holds else [])]] = (
        1e-9  # the lowest only where there is no other: see the test before
    )
    chosen = np.zeros((walks, steps), np.int32)
    for s in range(steps):
        legal = tokenizer.grammar().allowed(seen, 0)
        legal[:, END] = False
        falling = np.arange(layout.bar)[None] - NOTE < seen.last[:, None]
        assert not (legal[:, NOTE : layout.hold] & ~falling[:, NOTE : layout.hold]).any()
        p = legal * weights
        p /= p.sum(1, keepdims=True)
        chosen[:, s] = (p.cumsum(1) < rng.random((walks, 1))).sum(1)
        assert legal[np.arange(walks), chosen[:, s]].all()
        seen = tokenizer.grammar().advance(seen, chosen[:, s], 0)
    largest = 0
    for row in chosen:
        whole = row[: np.flatnonzero(row >= layout.duration)[-1] + 1]
        tokens = np.concatenate([tokenizer.encode_ids(model)[:HEADER], whole, [END]]).astype(
            np.int32
        )
        events = tokenizer.decode_events(tokens)
        assert sum(len(event.chord) + 1 for event in events) == len(whole)
        check_music(events, framed=bool(frame))
        again = Piece.from_events(events, meters=model.meters, keys=model.keys, pickup=model.pickup)
        np.testing.assert_array_equal(tokenizer.encode_ids(again), tokens)
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
    tokenizer = tokenizer_of(piece, frame)
    assert_copies_are_transposed(tokenizer, piece, shifts)


@given(some_pieces(), some_pieces(), st.integers(1, 10))
@settings(deadline=None, max_examples=30)
def test_what_is_shown_is_of_the_past_alone(piece: Piece, other: Piece, cut: int) -> None:
    """Pieces with the same beginning have the same inputs until they differ."""
    parted = piece.replace(
        notes=Piece.from_events([*piece.events[:cut], *map(struck, other.events)]).notes,
        length=Fraction(0),
    )
    tokenizer = NoteTokenizer.fit([piece, other, parted])
    alone = tokenizer.encode_all([piece])[0]
    together = tokenizer.encode_all([other, piece, parted])
    np.testing.assert_array_equal(together[1].context["features"], alone.context["features"])
    a, b = alone.ids[:, 0], together[2].ids[:, 0]
    same = int(np.cumprod(a[: min(len(a), len(b))] == b[: min(len(a), len(b))]).sum())
    np.testing.assert_array_equal(
        together[2].context["features"][: same + 1], alone.context["features"][: same + 1]
    )
    states = walked(tokenizer, a, reach=REACH)
    np.testing.assert_array_equal(
        np.concatenate([tokenizer.grammar().features(seen) for seen in states[1:]]),
        alone.context["features"][1:],
    )
    assert not alone.context["features"][0].any()


def struck(event: Event) -> Event:
    return Event(event.chord, event.duration)


@given(some_pieces(), some_pieces())
@settings(deadline=None, max_examples=30)
def test_facts_are_numbers_of_their_kinds(piece: Piece, other: Piece) -> None:
    """A number beyond its kind would choose another fact's row."""
    tokenizer = NoteTokenizer.fit([piece, HOLDING])
    for each in tokenizer.encode_all([piece, other]):
        for repeats in (True, False):
            for number, (values, kinds) in enumerate(
                tokenizer.input_features(each.context["features"], repeats=repeats)
            ):
                assert values.shape == each.context["features"].shape[:1]
                assert values.min() >= 0, f"fact {number}"
                assert values.max() < kinds, f"fact {number}"
        anchors, degree = tokenizer.interval_features(each.context["features"])
        assert all(
            part.shape == (len(each.context["features"]), 128) for part in (*anchors, degree)
        )
        assert degree.max() < 13


def longest_earlier(told: list[int], reach: int) -> tuple[int, int]:
    """What followed the longest stretch that also ends `told`, the latest of the longest; and its
    length, as far as lengths are told.
    """
    best = (PAD, 0)
    for back in range(1, min(reach, len(told) - 1) + 1):
        length = 0
        while (
            length < min(len(told) - back, REPEAT_LENGTHS[-1])
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
    tokenizer = tokenizer_of(Piece.from_events([Event((60,), Fraction(1))]))
    layout, rng = tokenizer.layout, np.random.default_rng(steps)
    alphabet = np.array(
        [NOTE + 3, layout.duration, layout.hold + 3, UNKNOWN, layout.duration + 1][:kinds]
    )
    drawn = alphabet[rng.integers(0, kinds, (4, steps))]
    drawn[1] = np.resize(drawn[1, :9], steps)  # goes round and round
    drawn[2, rng.random(steps) < 0.2] = PAD  # what is no event counts for nothing
    drawn[2, rng.random(steps) < 0.1] = layout.key + 2
    seen, told = tokenizer.grammar().start(4, reach=reach), [[] for _ in range(4)]
    for s in range(steps):
        seen = tokenizer.grammar().advance(seen, drawn[:, s], 0)
        again, length = note_grammar.repeated(seen)
        for row, token in enumerate(drawn[:, s].tolist()):
            if token in alphabet:
                told[row].append(token)
            wanted, steps_back = longest_earlier(told[row], reach)
            assert (int(again[row]), int(length[row])) == (
                wanted,
                sum(steps_back >= bound for bound in REPEAT_LENGTHS),
            ), f"row {row}, step {s}"
        shown = tokenizer.grammar().features(seen)
        np.testing.assert_array_equal(shown[:, REPEAT_TOKEN], again)
        np.testing.assert_array_equal(shown[:, REPEAT_LENGTH], length)


@given(some_pieces(), st.integers(1, 9))
@settings(deadline=None, max_examples=20)
def test_a_history_that_grows_with_the_piece_changes_nothing(piece: Piece, step: int) -> None:
    tokenizer = tokenizer_of(piece)
    grammar, tokens = tokenizer.grammar(), tokenizer.encode_ids(piece)
    whole = grown = grammar.start(1)
    for number, token in enumerate(tokens):
        if number % step == 0:
            grown = grammar.with_reach(grown, number + step)
        whole, grown = (grammar.advance(each, np.array([token]), 0) for each in (whole, grown))
        np.testing.assert_array_equal(grammar.features(grown), grammar.features(whole))
    width = grown.history.shape[1]
    assert width < len(tokens) + step
    np.testing.assert_array_equal(grown.history, whole.history[:, :width])
    assert grammar.with_reach(grown, 10**9).history.shape[1] == REACH


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
    tokenizer = NoteTokenizer.fit(pieces, every(frame))
    both = [tokenizer.encode_ids(piece) for piece in pieces]
    tokens = np.stack([each[: min(map(len, both)) - 1] for each in both])
    here, there = (
        tokenizer.grammar().start(2, reach=40),
        tokenizer.grammar().start(2, ops, reach=40),
    )
    for token in tokens.T:
        here = tokenizer.grammar().advance(here, token, 0)
        there = tokenizer.grammar().advance(there, ops.convert_to_tensor(token, "int32"), 0, ops)
        for name, mine, theirs in zip(here._fields, here, there, strict=True):
            np.testing.assert_array_equal(mine, np.asarray(theirs), err_msg=name)
        shown = tokenizer.grammar().features(here)
        np.testing.assert_array_equal(shown, np.asarray(tokenizer.grammar().features(there, ops)))
        legal = np.asarray(tokenizer.grammar().allowed(there, 0, ops))
        np.testing.assert_array_equal(tokenizer.grammar().allowed(here, 0), legal)
        np.testing.assert_array_equal(
            tokenizer.grammar().allowed_by_features(shown),
            np.asarray(
                tokenizer.grammar().allowed_by_features(ops.convert_to_tensor(shown, "int32"), ops)
            ),
        )
    for (mine, kinds), (theirs, same) in zip(
        tokenizer.input_features(shown),
        tokenizer.input_features(ops.convert_to_tensor(shown, "int32"), ops),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, np.asarray(theirs))
        assert kinds == same


def test_the_chord_before_is_shown_from_the_top() -> None:
    events = [Event(tuple(range(50, 60)), Fraction(1)), Event((52, 55), Fraction(1))]
    tokenizer = NoteTokenizer.fit([Piece.from_events(events)])
    shown = tokenizer.encode_all([Piece.from_events(events)])[0].context["features"]
    slots = shown[:, len(COLUMNS) :]
    assert (slots[1 : HEADER + 11] == NONE).all()
    assert slots[HEADER + 11].tolist() == list(range(59, 51, -1))
    named = [
        dict(zip(COLUMNS, row.tolist(), strict=False)) for row in shown[HEADER + 11 : HEADER + 14]
    ]
    assert [(row["last"], row["above"], row["below"], row["count"]) for row in named] == [
        (NONE, 59, 59, 0),
        (55, 58, 54, 1),
        (52, 57, 51, 2),
    ]


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
        moved = tokenizer.in_key(tokenizer.encode_ids(start)[:, None], 7)
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
