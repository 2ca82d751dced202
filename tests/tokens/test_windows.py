"""Windows of pieces, and batches of windows."""

from __future__ import annotations

import numpy as np
import pytest

from partimento import Key, Piece
from partimento.music.transpose import interval_to_common_key
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, PAD
from partimento.tokens.windows import WindowSpec, windows
from partimento.training.dataset import prepare


def test_targets_are_the_next_events_and_no_window_spans_two_pieces(pieces: list[Piece]) -> None:
    tokenizer = ChordTokenizer.fit_events([piece.events for piece in pieces])
    encoded = [tokenizer.encode_events(piece.events) for piece in pieces]
    cut = windows(encoded, length=32)
    assert (
        cut.inputs.shape
        == cut.targets.shape
        == (sum(-(-(len(e.ids) - 1) // 32) for e in encoded), 32, 3)
    )
    at = 0
    for piece in encoded:
        count = -(-(len(piece.ids) - 1) // 32)
        joined = cut.targets[at : at + count].reshape(-1, 3)
        assert np.array_equal(joined[: len(piece.ids) - 1], piece.ids[1:])
        assert np.array_equal(
            cut.inputs[at : at + count].reshape(-1, 3)[: len(piece.ids) - 1], piece.ids[:-1]
        )
        assert (joined[len(piece.ids) - 1 :] == PAD).all()
        at += count
    assert np.count_nonzero(cut.targets[..., 0] == END) == len(encoded)


def test_overlapping_windows(pieces: list[Piece]) -> None:
    tokenizer = ChordTokenizer.fit_events([pieces[0].events])
    encoded = tokenizer.encode_events(pieces[0].events)
    cut = windows([encoded], length=32, stride=1)
    assert len(cut.inputs) == len(encoded.ids) - 1
    assert np.array_equal(cut.inputs[5, :32], encoded.ids[5:37])
    with pytest.raises(ValueError, match="no piece"):
        windows([])


@pytest.mark.parametrize(
    "name", ["C major", "a minor", "F# major", "e- minor", "B- major", "c# minor"]
)
def test_common_key(name: str) -> None:
    key = Key.from_name(name)
    interval = interval_to_common_key(key)
    assert -6 <= interval <= 5
    assert (key.tonic + interval) % 12 == (9 if key.mode == "minor" else 0)


# ---------------------------------------------------------------------- batches


def test_windows_know_their_piece_and_rows_of_them_are_batches(pieces: list[Piece]) -> None:
    tokenizer = ChordTokenizer.fit_events([piece.events for piece in pieces])
    tokens = [tokenizer.encode_events(piece.events) for piece in pieces]
    cut = windows(tokens, length=32, stride=8)
    counts = [len(windows([each], length=32, stride=8)) for each in tokens]
    assert cut.piece.tolist() == [
        number for number, count in enumerate(counts) for _ in range(count)
    ]
    batch = cut[[0, counts[0]]]
    assert set(batch) == {"inputs", "targets", "holdable"}
    np.testing.assert_array_equal(batch["targets"][1], tokens[1].ids[1:33])
    np.testing.assert_array_equal(batch["holdable"][1], tokens[1].context["holdable"][1:33])


def test_no_window_is_longer_than_the_longest_piece(pieces: list[Piece]) -> None:
    tokens = ChordTokenizer.fit_events([piece.events for piece in pieces]).encode_all(pieces[:2])
    longest = max(len(each.ids) for each in tokens) - 1
    assert windows(tokens, length=1000, longest=True).inputs.shape[:2] == (2, longest)
    assert windows(tokens, length=longest - 1, longest=True).inputs.shape[1] == longest - 1


def test_batches_hold_every_window_once_in_an_order_that_the_seed_alone_decides(
    pieces: list[Piece],
) -> None:
    data = prepare(pieces, TokenSettings(min_count=1), validation=0.2, test=0.1, seed=0)
    batches = data.batches("train", WindowSpec(16), batch_size=7)
    cut = batches.windows
    assert len(cut) % 7  # the last batch is filled up
    assert len(batches) == len([*batches]) == -(-len(cut) // 7)
    for served in (batches, batches.shuffled(3, 1)):
        rows = np.concatenate([batch["inputs"] for batch in served])
        assert len(rows) == 7 * len(batches)
        assert not rows[len(cut) :].any()
        assert sorted(rows[: len(cut)].tolist()) == sorted(cut.inputs.tolist())
    first, again, other = (
        np.concatenate([batch["inputs"] for batch in batches.shuffled(3, epoch)])
        for epoch in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(
        first[: len(cut)], cut.inputs[np.random.default_rng([3, 1]).permutation(len(cut))]
    )
