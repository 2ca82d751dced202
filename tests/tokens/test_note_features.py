"""Features as numbers of few kinds for a network."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from tests.tokens.note_pieces import HOLDING, some_pieces, tokenizer_of

from partimento import Piece
from partimento.tokens.note_features import (
    INTERVALS,
    SPAN,
    input_features,
    interval,
    interval_features,
)
from partimento.tokens.note_grammar import COLUMNS, KEY, KEYS, NONE, SLOTS
from partimento.tokens.notes import NoteTokenizer


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


def test_an_interval_is_clipped_to_two_octaves() -> None:
    start = np.array([60, 60, 60, 60, 0, NONE, 60])
    pitch = np.array([60, 67, 48, 100, 127, 60, NONE])
    numbers = interval(pitch, start, np)
    assert numbers.tolist() == [
        SPAN,
        SPAN + 7,
        SPAN - 12,
        2 * SPAN,
        2 * SPAN,
        INTERVALS - 1,
        INTERVALS - 1,
    ]


def test_degrees_count_from_the_tonic() -> None:
    features = np.full((3, len(COLUMNS)), NONE)
    features[:, KEY] = [0, 7, KEYS - 1]
    anchors, degree = interval_features(features, np)
    assert all((anchor == INTERVALS - 1).all() for anchor in anchors)  # there is no pitch yet
    assert degree[0, :13].tolist() == [*range(12), 0]
    assert degree[1, 67] == 0
    assert degree[1, 60] == 5
    assert (degree[2] == KEYS - 1).all()  # no key is declared


def test_slots_and_repeats_can_be_left_out() -> None:
    tokenizer = tokenizer_of(HOLDING)
    features = tokenizer.encode(HOLDING).context["features"]
    whole = tokenizer.input_features(features)
    assert len(whole) - len(tokenizer.input_features(features, repeats=False)) == 3
    without_slots = input_features(
        tokenizer.layout, features, np, places=tokenizer.places, repeats=True, slots=0
    )
    assert len(whole) - len(without_slots) == 2 * SLOTS
