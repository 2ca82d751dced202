"""One-hot rows and flat windows come back as they were, and the order of a flat
window is the tutorial's.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from tests.tokens.rows import pieces_of_parts, quick

from partimento import Piece
from partimento.errors import PartimentoError
from partimento.music.events import merge_held
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.vectors.onehot import (
    flatten,
    from_one_hot,
    one_hot,
    unflatten,
)
from partimento.tokens.vocabulary import PAD

# ---------------------------------------------------------------------- one-hot


def test_one_hot_by_hand() -> None:
    rows = one_hot([[2, 0], [1, 3]], 4)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[[0, 0, 1, 0], [0, 0, 0, 0]], [[0, 1, 0, 0], [0, 0, 0, 1]]]
    assert from_one_hot(rows).tolist() == [[2, PAD], [1, 3]]
    assert from_one_hot(np.array([[0.1, 0.2, 0.7], [0.0, 0.4, 0.3]])).tolist() == [
        2,
        1,
    ]  # a model's probabilities
    assert from_one_hot(rows).dtype == np.int32


@given(st.data(), st.integers(1, 9))
@quick
def test_one_hot_comes_back(data: st.DataObject, size: int) -> None:
    numbers = data.draw(
        arrays(
            np.int32,
            array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
            elements=st.integers(0, size - 1),
        )
    )
    rows = one_hot(numbers, size)
    assert rows.shape == (*numbers.shape, size)
    assert np.array_equal(rows.sum(-1), numbers != PAD)
    assert np.array_equal(from_one_hot(rows), numbers)


@pytest.mark.parametrize("number", [-1, 4])
def test_no_number_out_of_range(number: int) -> None:
    with pytest.raises(PartimentoError, match="integers from 0 to 3"):
        one_hot([1, number], 4)


# ---------------------------------------------------------------------- flat windows


def test_the_order_of_a_flat_window() -> None:
    window = np.array(
        [
            ["step 0 chord 0", "step 0 chord 1"],
            ["step 1 chord 0", "step 1 chord 1"],
            ["step 2 chord 0", "step 2 chord 1"],
        ]
    )
    in_order = [
        "step 0 chord 0",
        "step 1 chord 0",
        "step 2 chord 0",
        "step 0 chord 1",
        "step 1 chord 1",
        "step 2 chord 1",
    ]
    assert flatten(window).tolist() == in_order
    assert unflatten(np.array(in_order), 3).tolist() == window.tolist()
    assert np.flatnonzero(flatten(one_hot([5, 4, 5, 6], 7))).tolist() == [
        4 * 4 + 1,
        5 * 4 + 0,
        5 * 4 + 2,
        6 * 4 + 3,
    ]


def test_a_flat_row_reads_as_the_tutorial_reads_it() -> None:
    """Its chords: the row as (chords, steps), of each step the largest."""
    numbers = np.array([3, 1, 2, 3, 1])
    assert flatten(one_hot(numbers, 4)).reshape(4, 5).argmax(0).tolist() == numbers.tolist()


@given(st.integers(0, 3), st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**32 - 1))
@quick
def test_flat_windows_come_back(count: int, length: int, size: int, seed: int) -> None:
    numbers = np.random.default_rng(seed).integers(0, size, (count, length))
    windows = one_hot(numbers, size)
    flat = flatten(windows)
    assert flat.shape == (count, size * length)
    assert all(
        flat[n, v * length + step] == windows[n, step, v]
        for n, step, v in np.ndindex(windows.shape)
    )
    assert np.array_equal(unflatten(flat, length), windows)


@pytest.mark.parametrize("length", [0, 2])
def test_windows_that_do_not_fit(length: int) -> None:
    with pytest.raises(PartimentoError, match="cannot be split into windows of"):
        unflatten(np.zeros(7), length)


def test_keras_does_the_same() -> None:
    import keras
    from keras import ops

    numbers = np.array([[[4, 0, 2], [1, 1, 3]]])  # (1, 2, 3)
    rows = one_hot(numbers, 5)
    assert np.array_equal(one_hot(ops.convert_to_tensor(numbers), 5, ops), rows)
    assert np.array_equal(flatten(ops.convert_to_tensor(rows), ops), flatten(rows))
    assert np.array_equal(unflatten(ops.convert_to_tensor(flatten(rows)), 3, ops), rows)
    assert np.array_equal(from_one_hot(ops.convert_to_tensor(rows), ops), numbers)
    window = keras.Input((3,), dtype="int32")  # windows of 3, of a number not known beforehand
    flat = flatten(one_hot(window, 5, ops), ops)
    assert flat.shape == (None, 15)
    model = keras.Model(window, [flat, unflatten(flat, 3, ops)])
    made, back = model(numbers[0])
    assert np.array_equal(made, flatten(rows[0]))
    assert np.array_equal(back, rows[0])


@given(pieces_of_parts())
@quick
def test_from_a_piece_to_rows_and_back(piece: Piece) -> None:
    """Chords and durations as one-hot rows, held notes as many-hot ones: all that
    `Piece.from_events` needs.
    """
    events = merge_held(piece.events)
    tokenizer = ChordTokenizer.fit_events([events])
    tokens = tokenizer.encode_events(events).ids
    back = np.stack(
        [
            from_one_hot(one_hot(tokens[:, field], size))
            for field, size in enumerate(tokenizer.sizes)
        ],
        axis=1,
    )
    assert np.array_equal(back, tokens)
    assert tokenizer.decode_events(back) == events
