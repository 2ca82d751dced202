"""What tokenizers with one token per row share: header, prompts, keys and numbers of chords."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import small_piece
from tests.tokens.note_pieces import (
    some_pieces,
    tokenizer_of,
)
from tests.tokens.plan_pieces import (
    KINDS,
    PLANS,
    WHOLE,
    phrased_pieces,
    steps_of,
    walked_features,
)
from tests.tokens.plan_pieces import tokenizer_of as tokenizer_of_plan

from partimento import Event, Key, Meter, Note, Part, Piece
from partimento.music.events import merge_held
from partimento.tokens.event_tokens import (
    EventTokenizer,
    final_key,
    meter_of,
    options_of,
    range_of,
)
from partimento.tokens.note_grammar import (
    HEADER,
    KEYS,
    MODES,
    NOTE,
)
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.plan import Plan
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, START, UNKNOWN
from partimento.training.dataset import prepare


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


# ---------------------------------------------------------------------- plans


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), plan=st.sampled_from(PLANS), shift=st.integers(-5, 6))
@settings(deadline=None, max_examples=25)
def test_copies_that_state_the_length_have_the_countdown_of_the_grammar(
    kind: str, data: st.DataObject, plan: Plan, shift: int
) -> None:
    piece = data.draw(phrased_pieces(kind))
    tokenizer = tokenizer_of_plan(kind, plan, piece)
    tokens = tokenizer.encode(piece)
    ids = tokenizer.transposed_ids(tokens.ids, shift)
    features = tokenizer._transposed_features(tokens.context["features"], shift)
    key = 19 if plan.modes else None
    informed, columns = tokenizer._informed(ids, features, key, shift)
    total = steps_of(tokenizer, informed[:, 0])
    expected = walked_features(tokenizer, informed[:, 0], total=total)
    np.testing.assert_array_equal(columns[1:], expected)
    if plan.modes:
        assert informed[HEADER - 1, 0] == tokenizer.layout.key + 12 + (7 + shift) % 12
    np.testing.assert_array_equal(np.delete(informed, HEADER - 1, 0), np.delete(ids, HEADER - 1, 0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("plan", PLANS, ids=str)
@given(data=st.data())
@settings(deadline=None, max_examples=5)
def test_features_for_likelihoods_never_use_the_future(
    kind: str, plan: Plan, data: st.DataObject
) -> None:
    """The beginning of a piece has the features of the whole piece, and no length is known."""
    piece = data.draw(phrased_pieces(kind))
    cut = data.draw(st.sampled_from([Fraction(n, 2) for n in range(1, 12)]))
    cut = min(cut, piece.length)
    notes = [note for note in piece.notes if note.onset < cut]
    short = piece.replace(
        notes=[replace(note, duration=min(note.end, cut) - note.onset) for note in notes],
        length=cut,
        phrase_ends=tuple(end for end in piece.phrase_ends if end <= cut),
        meters=tuple(meter for meter in piece.meters if meter.onset < cut),
        keys=tuple(key for key in piece.keys if key.onset < cut),
    )
    tokenizer = tokenizer_of_plan(kind, plan, piece, short)
    whole, part = tokenizer.encode(piece), tokenizer.encode(short)
    size = min(len(whole.ids), len(part.ids))
    same = int(np.cumprod(whole.ids[:size, 0] == part.ids[:size, 0]).sum())
    assert same >= HEADER
    features = whole.context["features"]
    np.testing.assert_array_equal(part.context["features"][:same], features[:same])
    if same < size:  # the features for the first other token are those of the same past
        np.testing.assert_array_equal(part.context["features"][same], features[same])
    np.testing.assert_array_equal(
        features[1:], walked_features(tokenizer, whole.ids[:, 0], total=-1)
    )
    if plan.countdown:
        assert not known_countdown(tokenizer, features)


def known_countdown(tokenizer: EventTokenizer, features: np.ndarray) -> bool:
    first = tokenizer.width - tokenizer.plan.columns
    return bool(features[:, first : first + 2].any())


@pytest.mark.parametrize("kind", KINDS)
def test_some_copies_state_length_and_key_and_no_held_out_piece_does(kind: str) -> None:
    pieces = [small_piece(number, shift=number % 4) for number in range(6)]
    pieces = [piece.replace(phrase_ends=(Fraction(8),)) for piece in pieces]
    options = {"transpose": "all", "low": 30, "high": 100, "voices": kind == "voices"}
    config = TokenSettings(min_count=1, **options, **WHOLE._asdict())
    data = prepare(pieces, config, validation=0.2, test=0.2, seed=0, kind="notes")
    tokenizer = data.tokenizer
    assert isinstance(tokenizer, EventTokenizer)
    unknown = tokenizer.layout.stop - 1  # the key that no piece declares
    for split in ("train", "valid", "test"):
        assert data.tokens(split)
        for tokens in data.tokens(split):
            assert not known_countdown(tokenizer, tokens.context["features"])
            assert tokens.context["features"][HEADER:, -2:].all(axis=0).any()  # the phrase so far
            assert tokens.ids[HEADER - 1, 0] == unknown
    copies = data.training_tokens()
    informed = [known_countdown(tokenizer, tokens.context["features"]) for tokens in copies]
    assert 0.4 < np.mean(informed) < 0.8
    assert informed == [bool(tokens.ids[HEADER - 1, 0] != unknown) for tokens in copies]
    phrases = [bool(tokens.context["features"][:, -2:].any()) for tokens in copies]
    assert 0.6 < np.mean(phrases) < 1
    again = prepare(pieces, config, validation=0.2, test=0.2, seed=0, kind="notes")
    for one, other in zip(copies, again.training_tokens(), strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.context["features"], other.context["features"])


def test_without_a_plan_copies_are_transposed_and_nothing_else() -> None:
    piece = small_piece(1).replace(keys=(Key(),))
    tokenizer = tokenizer_of_plan("notes", Plan(), piece)
    tokens = tokenizer.encode(piece)
    for shift, copy in zip((0, 2), tokenizer.transposed(piece, tokens, (0, 2)), strict=True):
        moved = tokenizer.encode(piece.transpose(shift))
        np.testing.assert_array_equal(copy.ids, moved.ids)
        np.testing.assert_array_equal(copy.context["features"], moved.context["features"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", [Key(0), Key(-3, "minor"), Key(4, "minor"), Key(-1)], ids=str)
def test_the_header_states_the_mode_and_is_transposed_with_it(kind: str, key: Key) -> None:
    piece = small_piece(2).replace(keys=(key,))
    tokenizer = tokenizer_of_plan(kind, Plan(modes=True), piece)
    assert tokenizer.states_mode
    assert tokenizer.layout.keys == MODES
    ids = tokenizer.encode(piece).ids
    number = ids[HEADER - 1, 0] - tokenizer.layout.key
    assert divmod(number, 12) == (key.mode == "minor", key.tonic)
    for shift in (-3, 5):
        moved = tokenizer.transposed_ids(ids, shift)
        expected = Key.from_tonic((key.tonic + shift) % 12, key.mode)
        np.testing.assert_array_equal(moved, tokenizer.in_key(moved, expected))
        np.testing.assert_array_equal(tokenizer.transposed_ids(moved, -shift), ids)
    undeclared = tokenizer.encode(piece.replace(keys=())).ids
    assert undeclared[HEADER - 1, 0] == tokenizer.layout.stop - 1
    np.testing.assert_array_equal(
        tokenizer.transposed_ids(undeclared, 4)[:HEADER], undeclared[:HEADER]
    )
    np.testing.assert_array_equal(tokenizer.in_key(undeclared, key), ids)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), plan=st.sampled_from([plan for plan in PLANS if plan.phrases]))
@settings(deadline=None, max_examples=25)
def test_phrase_ends_come_back(kind: str, data: st.DataObject, plan: Plan) -> None:
    piece = data.draw(phrased_pieces(kind))
    tokenizer = tokenizer_of_plan(kind, plan, piece)
    ids = tokenizer.encode(piece).ids
    decoded = tokenizer.decode(ids)
    # Each phrase ends with the first event that reaches its end.
    now, times = Fraction(0), [Fraction(0)]
    for length in tokenizer.lengths(piece):
        now += length
        times.append(now)
    expected = {min(time for time in times if time >= end) for end in piece.phrase_ends}
    assert decoded.phrase_ends == tuple(sorted(expected))
    declared = {"keys": piece.keys, "meters": piece.meters}
    np.testing.assert_array_equal(tokenizer.encode(decoded.replace(**declared)).ids, ids)
    moved = tokenizer.decode(tokenizer.transposed_ids(ids, 3))
    assert (moved.phrase_ends, moved.fermatas) == (decoded.phrase_ends, decoded.fermatas)


@pytest.mark.parametrize("kind", KINDS)
def test_fermatas_come_back_at_their_onsets(kind: str) -> None:
    """Also where an inner voice moves under the note with the fermata."""
    notes = [Note(Fraction(beat), Fraction(1), 60 + beat) for beat in range(3)]
    notes += [Note(Fraction(3), Fraction(2), 67), Note(Fraction(5), Fraction(3), 60)]
    notes += [Note(Fraction(beat), Fraction(1), 48 + beat, part=1) for beat in range(8)]
    piece = Piece(notes, parts=(Part("high"), Part("low")), fermatas=(Fraction(3), Fraction(5)))
    assert piece.phrase_ends == (5, 8)
    tokenizer = tokenizer_of_plan(kind, Plan(phrases=True), piece)
    decoded = tokenizer.decode(tokenizer.encode(piece).ids)
    assert decoded.fermatas == (3, 5)
    assert decoded.phrase_ends == (5, 8)


@pytest.mark.parametrize("kind", KINDS)
def test_files_from_before_there_were_plans_are_read(kind: str) -> None:
    piece = small_piece(1)
    plain = tokenizer_of_plan(kind, Plan(), piece)
    table = json.loads(plain.to_json())
    assert not {"plan", "notated_rhythm", "ranges", "outer_first"} & table.keys()
    assert KINDS[kind].from_json(plain.to_json()) == plain
    for plan in PLANS:
        rich = tokenizer_of_plan(
            kind, plan, piece, notated_rhythm=True, within_range=True, transpose="all"
        )
        assert rich.ranges
        again = KINDS[kind].from_json(rich.to_json())
        assert again == rich
        assert again.layout.stop == rich.layout.stop
        np.testing.assert_array_equal(again.encode(piece).ids, rich.encode(piece).ids)
    for wrong in ({"plan": {"nothing": True}}, {"ranges": [[1]]}, {"ranges": 3}):
        with pytest.raises((ValueError, TypeError, KeyError)):
            KINDS[kind].from_json(json.dumps({**table, **wrong}))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 0, (50, 70)), (40, 83, (40, 83)), (45, 0, (45, 70)), (0, 80, (50, 80))],
)
def test_the_range_is_that_of_the_settings_or_of_the_pieces(
    low: int, high: int, expected: tuple[int, int]
) -> None:
    piece = Piece.from_events([Event((pitch,), Fraction(1)) for pitch in range(50, 71)])
    options = {"within_range": True, "transpose": "all", "low": low, "high": high}
    assert tokenizer_of_plan("notes", Plan(), piece, **options).ranges == (expected,)
    common = {**options, "transpose": "key"}
    assert tokenizer_of_plan("notes", Plan(), piece, **common).ranges == ()


def test_a_range_leaves_rare_extremes_out() -> None:
    pitches = [60] * 3000 + [64] * 3000 + [24]
    piece = Piece.from_events([Event((pitch,), Fraction(1)) for pitch in pitches])
    assert range_of([piece]) == (60, 64)
    assert range_of([piece.replace(notes=[])]) == (0, 127)


def test_short_values_are_kept_where_the_corpus_has_many() -> None:
    rare, common = Fraction(1, 16), Fraction(1, 20)
    lengths = [Fraction(1)] * 195 + [rare] + [common] * 4
    kept = options_of(TokenSettings(min_count=1, notated_rhythm=True), lengths)
    assert set(kept["durations"].symbols) == {1, common}
    free = options_of(TokenSettings(min_count=1), lengths)
    assert set(free["durations"].symbols) == {1, common, rare}


def test_the_final_key_is_analyzed_unless_the_last_bass_speaks_for_the_declared_one() -> None:
    scale = [Event((60 + step,), Fraction(1)) for step in (0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0)]
    piece = Piece.from_events(scale)
    assert (final_key(piece).tonic, final_key(piece).mode) == (0, "major")
    other = Piece.from_events([*scale, Event((57,), Fraction(1))], keys=(Key(0, "minor"),))
    assert (final_key(other).tonic, final_key(other).mode) == (9, "minor")
    assert final_key(piece.replace(keys=(Key(0, "minor"),))).tonic == 0
    assert isinstance(final_key(Piece([])), Key)
