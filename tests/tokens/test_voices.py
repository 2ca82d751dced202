"""The voice tokenizer: a grid of voices is one sequence of tokens, and every sequence that the
grammar allows is a grid.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.rows import assert_copies_are_transposed

from partimento import Event, Key, Meter, Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.tokens.note_grammar import (
    ABOVE,
    BELOW,
    COLUMNS,
    COUNT,
    HEADER,
    KEYS,
    LAST,
    NONE,
    NOTE,
    REACH,
)
from partimento.tokens.notes import NoteTokenizer
from partimento.tokens.registry import tokenizer_from_json
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, START, UNKNOWN
from partimento.tokens.voices import CONTINUE, REST, VOICE_AGES, VoiceTokenizer
from partimento.training.dataset import prepare

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


def grid_of(tokenizer: VoiceTokenizer, tokens: np.ndarray) -> list[Row]:
    """What tokens say, read by the rules alone."""
    grid: list[Row] = []
    before: Row = (None,) * tokenizer.voices
    now: list[int | None] = []
    for token in tokens[HEADER:-1].tolist():
        if len(now) == tokenizer.voices:
            length = tokenizer.durations.symbols[token - tokenizer.layout.duration]
            grid += [tuple(now)] * int(length / tokenizer.frame)
            before, now = tuple(now), []
        else:
            now.append(
                before[len(now)] if token == CONTINUE else None if token == REST else token - NOTE
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


def every(**more: Any) -> TokenSettings:
    """Return settings by which every length has a token, and repeated notes are tied."""
    return TokenSettings(**{"min_count": 1, "repeated_notes": False, **more})


def tokenizer_of(*pieces: Piece, **more: Any) -> VoiceTokenizer:
    waltz = Piece.from_events(
        [Event((60,), Fraction(1))], meters=(Meter(3, 4),), pickup=Fraction(1, 2)
    )
    return VoiceTokenizer.fit([*pieces, waltz], every(**more))


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


def test_whatever_a_grammar_with_repeated_notes_allows_is_one_sequence() -> None:
    rng, walks, events = np.random.default_rng(5), 20, 12
    piece = piece_of([(60, 55), (62, 55), (None, None)], meters=(Meter(3, 4),))
    tokenizer = VoiceTokenizer.fit([piece], every(repeated_notes=True))
    grammar, header = tokenizer.grammar(), tokenizer.encode_ids(piece)[:HEADER]
    state, chosen = grammar.start(walks, reach=32), []
    for token in header:
        state = grammar.advance(state, np.full(walks, token), 0)
    for _ in range(events * 3):
        mask = grammar.allowed(state, 0)
        mask[:, END] = False
        again = np.arange(mask.shape[1]) - NOTE == grammar.features(state)[:, [ABOVE]]
        p = np.where(mask, np.where(again, 60, 1), 0.0)
        p /= p.sum(1, keepdims=True)
        chosen.append((p.cumsum(1) < rng.random((walks, 1))).sum(1))
        state = grammar.advance(state, chosen[-1], 0)
    repeated = 0
    for row in np.stack(chosen, 1):
        ids = np.concatenate([header, row, [END]])
        np.testing.assert_array_equal(tokenizer.encode_ids(tokenizer.decode(ids)), ids)
        repeated += len(tokenizer.decode(ids).notes)
    assert repeated > walks * events


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


# ---------------------------------------------------------------------- what is legal


def walked(tokenizer: VoiceTokenizer, tokens: np.ndarray, reach: int = 64) -> list[Any]:
    """What was seen where each token is to be chosen."""
    states = [tokenizer.grammar().start(1, reach=reach)]
    for token in tokens[:-1]:
        states.append(tokenizer.grammar().advance(states[-1], np.array([token]), 0))
    return states


@given(grids())
@settings(deadline=None, max_examples=40)
def test_the_grammar_allows_every_real_grid(grid: list[Row]) -> None:
    piece = piece_of(grid)
    tokenizer = tokenizer_of(piece)
    encoded = tokenizer.encode_all([piece])[0]
    tokens, may = (
        encoded.ids[:, 0],
        tokenizer.grammar().allowed_by_features(encoded.context["features"]),
    )
    assert may.shape == (len(tokens), *tokenizer.sizes)
    for s, seen in enumerate(walked(tokenizer, tokens, reach=REACH)):
        if s:
            np.testing.assert_array_equal(
                tokenizer.grammar().features(seen)[0], encoded.context["features"][s]
            )
        if s < HEADER:
            continue
        legal = tokenizer.grammar().allowed(seen, 0)[0]
        assert legal[tokens[s]], f"{tokens[s]} at {s}"
        assert (legal == may[s] & (np.arange(len(legal)) != UNKNOWN)).all()
        assert bool(tokenizer.grammar().at_event_end(seen)[0]) == ((s - HEADER) % 5 == 0)


def test_an_unknown_meter_is_no_event() -> None:
    tokenizer = VoiceTokenizer.fit([piece_of([(60, 55, 50, 40)])], every())
    piece = piece_of([(None,) * 4, (60, 55, 50, 40)], meters=(Meter(7, 8),))
    tokens = tokenizer.encode_ids(piece)
    assert tokens[:HEADER].tolist() == [
        START,
        UNKNOWN,
        tokenizer.layout.pickup,
        tokenizer.layout.key + KEYS - 1,
    ]
    seen = walked(tokenizer, tokens)[HEADER]
    assert (int(seen.events[0]), int(seen.elapsed[0])) == (0, 0)
    encoded = tokenizer.encode_all([piece])[0]
    may = tokenizer.grammar().allowed_by_features(encoded.context["features"])
    assert may[np.arange(HEADER, len(tokens)), tokens[HEADER:]].all()


@pytest.mark.parametrize("voices", [1, 4])
def test_whatever_the_grammar_allows_is_a_grid(voices: int) -> None:
    rng, walks, events = np.random.default_rng(voices), 40, 15
    model = piece_of(
        [(60,) * voices, (62,) * voices, (62,) * voices, (None,) * voices],
        meters=(Meter(3, 4),),
        keys=(Key(2),),
    )
    tokenizer = VoiceTokenizer.fit([model], every())
    context = tokenizer.encode_ids(model)[:HEADER]
    weights = np.ones(tokenizer.sizes[0])
    weights[[CONTINUE, REST]] = 120, 30
    weights[tokenizer.layout.duration :] = 50
    seen, chosen = tokenizer.grammar().start(walks, reach=32), []
    for token in context:
        seen = tokenizer.grammar().advance(seen, np.full(walks, token), 0)
    for _ in range(events * (voices + 1)):
        legal = tokenizer.grammar().allowed(seen, 0)
        legal[:, END] = False
        assert legal.any(1).all()
        p = legal * weights
        p /= p.sum(1, keepdims=True)
        chosen.append((p.cumsum(1) < rng.random((walks, 1))).sum(1))
        assert legal[np.arange(walks), chosen[-1]].all()
        seen = tokenizer.grammar().advance(seen, chosen[-1], 0)
    for row in np.stack(chosen, 1):
        tokens = np.concatenate([context, row, [END]])
        grid = grid_of(tokenizer, tokens)
        again = tokenizer.encode_ids(piece_of(grid, meters=model.meters, keys=model.keys))
        np.testing.assert_array_equal(again, tokens)  # one grid, one sequence
        made = tokenizer.decode_events(tokens)
        assert len(made) == events
        assert len(tokens) - 1 == tokenizer.max_rows(events + 1)
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
    tokenizer = tokenizer_of(piece)
    assert_copies_are_transposed(tokenizer, piece, shifts)


@given(grids(), grids(), st.integers(1, 30))
@settings(deadline=None, max_examples=30)
def test_what_is_shown_is_of_the_past_alone(grid: list[Row], other: list[Row], cut: int) -> None:
    pieces = [piece_of(grid), piece_of(other), piece_of([*grid[:cut], *other])]
    tokenizer = tokenizer_of(*pieces)
    alone, together = tokenizer.encode_all(pieces[:1])[0], tokenizer.encode_all(pieces)
    np.testing.assert_array_equal(together[0].context["features"], alone.context["features"])
    a, b = alone.ids[:, 0], together[2].ids[:, 0]
    same = int(np.cumprod(a[: min(len(a), len(b))] == b[: min(len(a), len(b))]).sum())
    np.testing.assert_array_equal(
        together[2].context["features"][: same + 1], alone.context["features"][: same + 1]
    )


def test_the_voices_around_are_shown() -> None:
    grid: list[Row] = [(72, 67, 64, 48)] * 4 + [(72, 65, None, 48)] * 2 + [(74, 65, 62, 48)]
    tokenizer = VoiceTokenizer.fit([piece_of(grid)], every())
    shown = tokenizer.encode_all([piece_of(grid)])[0].context["features"]
    first, width = len(COLUMNS), tokenizer.width
    assert width == shown.shape[1]
    second = shown[HEADER + 5 : HEADER + 10]  # each voice of the second event, and its duration
    assert second[:, COUNT].tolist() == [0, 1, 2, 3, 4]
    assert second[:, LAST].tolist() == [NONE, 72, 65, NONE, 48]  # what the voice above sings now
    assert second[:, ABOVE].tolist() == [72, 67, 64, 48, NONE]  # what this one sang
    assert second[:, BELOW].tolist() == [67, 64, 48, NONE, NONE]  # what the next one did
    assert second[:, first : first + 4].tolist() == [[72, 67, 64, 48]] * 5
    assert second[-1, first + 4 : first + 8].tolist() == [72, 65, NONE, 48]
    assert second[1, first + 4 : first + 8].tolist() == [72, NONE, NONE, NONE]
    third = shown[HEADER + 10]
    since = [6, 2, 2, 6]  # steps on the grid that the lengths have: 1/4
    assert tokenizer.grid == 4
    assert third[first + 8 :].tolist() == [
        sum(steps >= bound for bound in VOICE_AGES) for steps in since
    ]


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
    tokenizer = tokenizer_of(*pieces)
    both = [tokenizer.encode_ids(piece) for piece in pieces]
    tokens = np.stack([each[: min(map(len, both)) - 1] for each in both])
    here, there = (
        tokenizer.grammar().start(2, reach=32),
        tokenizer.grammar().start(2, ops, reach=32),
    )
    for token in tokens.T:
        here = tokenizer.grammar().advance(here, token, 0)
        there = tokenizer.grammar().advance(there, ops.convert_to_tensor(token, "int32"), 0, ops)
        for name in ("before", "now", "since", "changed", "elapsed", "events"):
            np.testing.assert_array_equal(
                getattr(here, name), np.asarray(getattr(there, name)), err_msg=name
            )
        for name, mine, theirs in zip(here.past._fields, here.past, there.past, strict=True):
            np.testing.assert_array_equal(mine, np.asarray(theirs), err_msg=name)
        shown = tokenizer.grammar().features(here)
        np.testing.assert_array_equal(shown, np.asarray(tokenizer.grammar().features(there, ops)))
        legal = np.asarray(tokenizer.grammar().allowed(there, 0, ops))
        np.testing.assert_array_equal(tokenizer.grammar().allowed(here, 0), legal)
    for (mine, kinds), (theirs, same) in zip(
        tokenizer.input_features(shown),
        tokenizer.input_features(ops.convert_to_tensor(shown, "int32"), ops),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, np.asarray(theirs))
        assert kinds == same


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
    np.testing.assert_array_equal(tokenizer.in_key(opening, 4)[HEADER:], opening[HEADER:])
    assert tokenizer.in_key(opening, 4)[HEADER - 1, 0] == tokenizer.layout.key + 4
    numbers = tokenizer.chord_numbers(tokens)
    chords = [event.chord for event in whole]
    assert [[a == b for b in chords] for a in chords] == (numbers[:, None] == numbers).tolist()
