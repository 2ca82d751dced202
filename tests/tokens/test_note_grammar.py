"""The rules of notes: exactly what music can be may follow, and the past is shown as it was."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.note_pieces import (
    DURATIONS,
    FRAMES,
    HOLDING,
    context,
    every,
    some_pieces,
    tokenizer_of,
    walked,
)

from partimento import Event, Key, Meter, Note, Part, Piece
from partimento.tokens import note_grammar
from partimento.tokens.event_tokens import EventTokenizer
from partimento.tokens.note_grammar import (
    COLUMNS,
    HEADER,
    KEYS,
    NONE,
    NOTE,
    REACH,
    REPEAT_LENGTH,
    REPEAT_LENGTHS,
    REPEAT_TOKEN,
    SLOTS,
)
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.plan import is_notated
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, PAD, START, UNKNOWN
from partimento.tokens.voices import VoiceTokenizer


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


# ---------------------------------------------------------------------- what can be written


def rhythmic(*, voices: bool = False, **more: Any) -> EventTokenizer:
    """Return a tokenizer with durations from a thirty-second to two quarters, and triplets."""
    lengths = [
        Fraction(1, 8),
        Fraction(1, 4),
        Fraction(1, 3),
        Fraction(1, 2),
        Fraction(1),
        Fraction(2),
    ]
    events = [Event((60 + number % 3,), length) for number, length in enumerate(lengths)]
    frame = {"voices": True, "frame": "1/24"} if voices else {}
    kind = VoiceTokenizer if voices else NoteTokenizer
    return kind.fit([Piece.from_events(events)], TokenSettings(min_count=1, **frame, **more))


def after(tokenizer: EventTokenizer, *lengths: str, total: int = -1) -> Any:
    """Return the state after events of these lengths and the note of the next one."""
    grammar, layout = tokenizer.grammar(), tokenizer.layout
    state = grammar.start(1, reach=32, total=total)
    header = tokenizer.encode_ids(Piece.from_events([Event((60,), Fraction(1))]))[:HEADER]
    tokens = header.tolist()
    for number, length in enumerate(lengths):
        tokens += [NOTE + 60 + number % 2]
        tokens += [layout.duration + tokenizer.durations.symbols.index(Fraction(length))]
    for token in [*tokens, NOTE + 62]:
        state = grammar.advance(state, np.array([token]), 0)
    return state


def open_lengths(tokenizer: EventTokenizer, state: Any) -> set[Fraction]:
    """Return the durations that the grammar allows next."""
    mask = tokenizer.grammar().allowed(state, 0)[0]
    first = tokenizer.layout.duration
    assert mask[first:].any()
    return {tokenizer.duration_of(token)[0] for token in first + np.flatnonzero(mask[first:])}


@pytest.mark.parametrize("voices", [False, True])
@pytest.mark.parametrize("phrases", [False, True])
def test_only_rhythms_that_can_be_written_are_composed(voices: bool, phrases: bool) -> None:
    tokenizer = rhythmic(voices=voices, phrases=phrases, notated_rhythm=True)
    every = set(tokenizer.durations.symbols)
    third = Fraction(1, 3)
    assert open_lengths(tokenizer, after(tokenizer)) == every
    assert open_lengths(tokenizer, after(tokenizer, "1/4")) == {
        Fraction(1, 8),
        Fraction(1, 4),
        Fraction(1, 2),
    }
    assert third in open_lengths(tokenizer, after(tokenizer, "1/3"))
    assert not {Fraction(1), Fraction(2)} & open_lengths(tokenizer, after(tokenizer, "1/3"))
    assert open_lengths(tokenizer, after(tokenizer, "1/3", "1/3", "1/3")) == every
    free = rhythmic(voices=voices, phrases=phrases)
    assert open_lengths(free, after(free, "1/4")) == every


@pytest.mark.parametrize("voices", [False, True])
def test_a_duration_never_exceeds_the_length_of_the_piece(voices: bool) -> None:
    tokenizer = rhythmic(voices=voices, notated_rhythm=True)
    grid = tokenizer.grid
    for total in (Fraction(4), Fraction(3, 2), Fraction(1), Fraction(1, 4)):
        state = after(tokenizer, total=int(total * grid))
        fitting = {length for length in tokenizer.durations.symbols if length <= total}
        assert open_lengths(tokenizer, state) == fitting
    left = after(tokenizer, "1", total=int(Fraction(3, 2) * grid))
    assert max(open_lengths(tokenizer, left)) == Fraction(1, 2)
    assert max(open_lengths(tokenizer, after(tokenizer, "1"))) == 2  # the length is not known


def test_where_nothing_fits_there_is_still_a_choice() -> None:
    """The length of the piece comes before the notation."""
    tokenizer = rhythmic(notated_rhythm=True)
    grid = tokenizer.grid
    twelfth = after(tokenizer, "1/3", "1/3", "1/4", total=grid)  # a twelfth is left
    assert not any(is_notated(Fraction(11, 12), each) for each in tokenizer.durations.symbols)
    assert open_lengths(tokenizer, twelfth) == set(tokenizer.durations.symbols)
    eighth = after(tokenizer, "1/3", "1/3", total=int(Fraction(11, 12) * grid))
    assert open_lengths(tokenizer, eighth) <= {Fraction(1, 8), Fraction(1, 4)}
    over = after(tokenizer, "2", "2", total=grid)  # longer already, as after a long prompt
    assert open_lengths(tokenizer, over) == set(tokenizer.durations.symbols)


@pytest.mark.parametrize("voices", [False, True])
def test_masks_of_length_rhythm_and_range_are_the_same_in_keras(voices: bool) -> None:
    from keras import ops

    plan = {"modes": True, "countdown": True, "phrases": True}
    more = {"notated_rhythm": True, "within_range": True, "transpose": "all"}
    tokenizer = rhythmic(voices=voices, **plan, **more)
    assert tokenizer.ranges == ((60, 62),)
    grammar, rng = tokenizer.grammar(), np.random.default_rng(2)
    header = tokenizer.encode_ids(Piece.from_events([Event((60,), Fraction(1))]))[:HEADER]
    total = int(12 * tokenizer.grid)
    here = grammar.start(3, reach=32, total=total)
    there = grammar.start(3, ops, reach=32, total=ops.convert_to_tensor(total, "int32"))
    for step in range(30):
        mask = grammar.allowed(here, 0)
        np.testing.assert_array_equal(mask, np.asarray(grammar.allowed(there, 0, ops)))
        mask[:, END] = False
        token = np.array([rng.choice(np.flatnonzero(row)) for row in mask], np.int32)
        token = np.full(3, header[step], np.int32) if step < HEADER else token
        here = grammar.advance(here, token, 0)
        there = grammar.advance(there, ops.convert_to_tensor(token), 0, ops)
        features = grammar.features(here)
        np.testing.assert_array_equal(features, np.asarray(grammar.features(there, ops)))
        kinds = tokenizer.input_features(features)
        for values, count in kinds:
            assert 0 <= values.min() <= values.max() < count
    assert features[:, -4:].any()


def test_notes_are_struck_within_the_range_and_there_is_a_way_on() -> None:
    pitches = range(57, 63)
    piece = Piece.from_events([Event((pitch, pitch + 1), Fraction(1)) for pitch in pitches])
    options = {"transpose": "all", "low": 57, "high": 60, "within_range": True}
    tokenizer = NoteTokenizer.fit([piece, HOLDING], TokenSettings(min_count=1, **options))
    assert tokenizer.ranges == ((57, 60),)
    grammar, layout = tokenizer.grammar(), tokenizer.layout
    walks, rng = 40, np.random.default_rng(5)
    state, struck = context(tokenizer, piece, walks), set()
    for _ in range(120):
        mask = grammar.allowed(state, 0)
        mask[:, END] = False
        assert mask.any(1).all()
        weights = mask * np.where(np.arange(layout.bar) >= layout.hold, 5.0, 1.0)
        weights /= weights.sum(1, keepdims=True)
        token = (weights.cumsum(1) < rng.random((walks, 1))).sum(1)
        struck |= {int(each) - NOTE for each in token if NOTE <= each < layout.hold}
        state = grammar.advance(state, token, 0)
    assert struck == set(range(57, 61))


def test_the_range_of_a_voice_is_its_own_in_both_orders() -> None:
    notes = [
        Note(Fraction(n), Fraction(1), top + n % 3, part=part)
        for part, top in enumerate((72, 64, 48))
        for n in range(6)
    ]
    piece = Piece(notes, parts=(Part("a"), Part("b"), Part("c")))
    for order in ("top-down", "outer-first"):
        options = {"transpose": "all", "within_range": True, "voice_order": order}
        tokenizer = VoiceTokenizer.fit([piece], TokenSettings(min_count=1, **options))
        assert tokenizer.ranges == ((72, 74), (64, 66), (48, 50))
        grammar = tokenizer.grammar()
        state = grammar.start(1, reach=8)
        for token in tokenizer.encode_ids(piece)[:HEADER]:
            state = grammar.advance(state, np.array([token]), 0)
        for voice in tokenizer.order:
            mask = grammar.allowed(state, 0)[0, NOTE : NOTE + 128]
            low, high = tokenizer.ranges[voice]
            assert np.flatnonzero(mask).tolist() == list(range(low, high + 1))
            state = grammar.advance(state, np.array([NOTE + low]), 0)


def test_a_constraint_that_permits_one_token_at_a_time_can_demand_any_piece() -> None:
    """All notes go on while one is struck below them: the strike is permitted after the holds."""
    events = [Event((60, 64), Fraction(1)), Event((55, 60, 64), Fraction(1), (60, 64))]
    piece = Piece.from_events(events)
    tokenizer = tokenizer_of(piece, Fraction(0))
    grammar, ids = tokenizer.grammar(), tokenizer.encode(piece).ids
    state = grammar.start(1)
    for row, number in enumerate(ids[:-1, 0]):
        if row >= tokenizer.header_rows:
            only = np.zeros((1, tokenizer.sizes[0]), bool)
            only[0, number] = True
            np.testing.assert_array_equal(grammar.viable(state, 0, only), only)
        state = grammar.advance(state, np.array([number]), 0)


def test_a_hold_above_which_no_strike_is_left_is_no_way() -> None:
    """Both notes of a chord would go on, and what may be struck lies above them."""
    piece = Piece.from_events([Event((60, 64), Fraction(1)), Event((55, 60), Fraction(1), (60,))])
    tokenizer = tokenizer_of(piece, Fraction(0))
    grammar, ids = tokenizer.grammar(), tokenizer.encode(piece).ids
    layout, state = grammar.layout, grammar.start(1)
    steps = [int(number) for number in ids[:-1, 0]]
    second = steps.index(layout.hold + 60)  # the first event has no holds
    for number in [*steps[:second], layout.hold + 64]:
        state = grammar.advance(state, np.array([number]), 0)
    permitted = np.zeros((1, tokenizer.sizes[0]), bool)
    permitted[0, [layout.hold + 60, NOTE + 62]] = True
    assert not grammar.viable(state, 0, permitted)[0, layout.hold + 60]
    permitted[0, NOTE + 55] = True
    assert grammar.viable(state, 0, permitted)[0, layout.hold + 60]
