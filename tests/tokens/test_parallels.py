"""Pitches that would make parallels: against a search in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tokens.voice_pieces import piece_of

from partimento.tokens import note_grammar as g
from partimento.tokens.note_grammar import COLUMNS, HEADER, NONE
from partimento.tokens.parallels import KINDS, parallels
from partimento.tokens.settings import TokenSettings
from partimento.tokens.voices import VoiceTokenizer, voice_order

PITCH = st.one_of(st.just(NONE), st.integers(40, 80))


def rows(before: list[int], now: list[int], order: tuple[int, ...]) -> np.ndarray:
    """Return the features before each voice's token of one event, and after the last."""
    voices = len(order)
    features = np.zeros((voices + 1, len(COLUMNS) + 3 * voices), np.int32)
    features[:, len(COLUMNS) : len(COLUMNS) + 2 * voices] = NONE
    for count in range(voices + 1):
        features[count, g.COUNT] = count
        features[count, g.ABOVE] = before[order[count]] if count < voices else NONE
        for voice in range(voices):
            features[count, len(COLUMNS) + voice] = before[voice]
        for voice in order[:count]:
            features[count, len(COLUMNS) + voices + voice] = now[voice]
    return features


def expected_kind(
    before: list[int], now: list[int], order: tuple[int, ...], count: int, pitch: int
) -> int:
    """Return the worst parallel of a pitch with the voices that have a token already."""
    own = order[count]
    if before[own] == NONE or before[own] == pitch:
        return 0
    worst = 0
    for other in order[:count]:
        if NONE in (before[other], now[other]) or before[other] == now[other]:
            continue
        if other < own:  # the other voice is above
            gaps = (before[other] - before[own]) % 12, (now[other] - pitch) % 12
        else:
            gaps = (before[own] - before[other]) % 12, (pitch - now[other]) % 12
        if gaps[0] == gaps[1]:
            worst = max(worst, {7: 1, 0: 2}.get(gaps[1], 0))
    return worst


@given(st.data(), st.integers(1, 5), st.booleans())
@settings(deadline=None, max_examples=60)
def test_classes_are_those_of_a_plain_search(
    data: st.DataObject, voices: int, outer_first: bool
) -> None:
    before, now = (data.draw(st.lists(PITCH, min_size=voices, max_size=voices)) for _ in range(2))
    order = voice_order(voices, outer_first=outer_first)
    kinds = parallels(rows(before, now, order), order)
    assert kinds.shape == (voices + 1, 128)
    for count in range(voices):
        expected = [expected_kind(before, now, order, count, pitch) for pitch in range(128)]
        assert kinds[count].tolist() == expected
    assert not kinds[voices].any()  # after the last voice comes a duration


def test_known_parallels() -> None:
    order = (0, 1)
    fifths, octaves = [67, 60], [72, 60]
    assert parallels(rows(fifths, [69, NONE], order), order)[1, 62] == 1
    assert parallels(rows(fifths, [69, NONE], order), order)[1, 50] == 1  # an octave lower
    assert parallels(rows(octaves, [74, NONE], order), order)[1, 62] == 2
    assert parallels(rows(octaves, [74, NONE], order), order)[1, 60] == 0  # it stays
    assert parallels(rows([60, 67], [62, NONE], order), order)[1, 69] == 0  # crossed: fourths
    assert parallels(rows(fifths, [67, NONE], order), order)[1].max() == 0  # the other stays


def features_of(outer_first: bool) -> tuple[VoiceTokenizer, np.ndarray]:
    rng = np.random.default_rng(3)
    grid: list[Any] = [
        tuple(None if pitch < 50 else int(pitch) for pitch in row)
        for row in rng.integers(48, 72, (20, 4))
    ]
    order = "outer-first" if outer_first else "top-down"
    settings = TokenSettings(min_count=1, voice_order=order)
    tokenizer = VoiceTokenizer.fit([piece_of(grid)], settings)
    return tokenizer, tokenizer.encode(piece_of(grid)).context["features"].astype(np.int32)


@pytest.mark.parametrize("outer_first", [False, True])
def test_features_of_a_piece_have_the_columns_that_are_read(outer_first: bool) -> None:
    """The class of each real token is that of its event, read from the piece."""
    tokenizer, features = features_of(outer_first)
    kinds = tokenizer.parallels(features)
    size, order = tokenizer.voices, tokenizer.order
    first = len(COLUMNS)
    found = 0
    for start in range(HEADER, len(features) - size, size + 1):
        before = features[start, first : first + size].tolist()
        now = features[start + size, first + size : first + 2 * size].tolist()
        for count in range(size):
            for pitch in range(48, 72):
                kind = expected_kind(before, now, order, count, pitch)
                assert kinds[start + count, pitch] == kind
                found += kind > 0
    assert found > 20


def test_classes_are_the_same_in_keras_and_in_a_symbolic_model() -> None:
    import keras
    from keras import ops

    tokenizer, features = features_of(True)
    expected = tokenizer.parallels(features)
    assert 0 <= expected.min() < expected.max() < KINDS
    eager = tokenizer.parallels(ops.convert_to_tensor(features), ops)
    np.testing.assert_array_equal(expected, np.asarray(eager))
    columns = keras.Input((None, tokenizer.width), dtype="int32")
    model = keras.Model(columns, tokenizer.parallels(columns, ops))
    np.testing.assert_array_equal(model.predict_on_batch(features[None])[0], expected)
