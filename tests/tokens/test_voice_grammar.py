"""The rules of voices: every sequence that they allow is one grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.voice_pieces import (
    Row,
    every,
    grid_of,
    grids,
    piece_of,
    tokenizer_of,
    walked,
)

from partimento import Key, Meter, Piece
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
from partimento.tokens.vocabulary import END, START, UNKNOWN
from partimento.tokens.voices import CONTINUE, REST, VOICE_AGES, VoiceTokenizer


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
