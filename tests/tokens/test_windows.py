"""Windows, transposition and the data set."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.conftest import small_piece

from partimento import Key, Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.music.transpose import interval_to_common_key, transpose
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, PAD, OutOfVocabularyCost
from partimento.tokens.windows import WindowSpec, windows
from partimento.training.dataset import in_common_key, prepare


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


def test_the_interval_is_kept_and_edges_of_the_range_are_no_trouble() -> None:
    scale = [
        Note(Fraction(i), Fraction(1), p)
        for i, p in enumerate((120, 122, 124, 125, 127, 127, 124, 120, 115))
    ]
    item = in_common_key(Piece([n for i, n in enumerate(scale) if i != 5]))
    assert item.moved.notes.pitch.max() <= 127
    assert (item.moved.notes.pitch - item.piece.notes.pitch == item.interval).all()


def test_pieces_are_split_before_windowing_and_equal_music_stays_together() -> None:
    pieces = [small_piece(n, shift=s) for n in range(6) for s in (0, 3)]  # each twice, in two keys
    data = prepare(pieces, TokenSettings(), validation=0.3, test=0.2, seed=1)
    train, valid, test = ({item.signature for item in side} for side in data.splits.values())
    assert not train & valid | train & test | valid & test
    assert sum(map(len, data.splits.values())) == len(pieces)
    assert [len(side) for side in data.splits.values()] == [6, 4, 2]
    again = prepare(pieces, TokenSettings(), validation=0.3, test=0.2, seed=1)
    assert [i.piece.title for i in again.valid] == [i.piece.title for i in data.valid]
    assert (
        again.fingerprint
        == data.fingerprint
        != prepare(pieces[:-2], TokenSettings(), validation=0.3, test=0.2, seed=1).fingerprint
    )


def test_one_piece_is_too_few() -> None:
    with pytest.raises(PartimentoError, match="at least two different pieces"):
        prepare(
            [small_piece(1), small_piece(1, shift=2)],
            TokenSettings(),
            validation=0.1,
            test=0.1,
            seed=0,
        )


def test_drums_are_no_harmony_and_what_cannot_be_learned_is_told() -> None:
    kit = [Note(Fraction(i), Fraction(1), 36) for i in range(8)]
    band = small_piece(1)
    parts = (*band.parts, Part("Kit", None, is_drum=True))
    both = band.replace(notes=[*band.notes, *(replace(note, part=1) for note in kit)], parts=parts)
    item = in_common_key(both)
    assert item.piece.notes == band.notes
    assert set(transpose(both, 5).notes.pitch[transpose(both, 5).notes.part == 1].tolist()) == {36}
    drums = Piece(kit, parts=(Part("Kit", None, is_drum=True),), title="Kit alone")
    wide = Piece(
        [Note(Fraction(i), Fraction(1), p) for i, p in enumerate((1, 127, 3, 5, 7, 8))],
        title="Wide",
    )
    data = prepare(
        [band, small_piece(2), drums, wide], TokenSettings(), validation=0.3, test=0.2, seed=1
    )
    assert [(piece.title, reason.split(":")[0]) for piece, reason in data.left_out] == [
        ("Kit alone", "the piece has only drums"),
        ("Wide", "the range of the piece is too wide to transpose it to the common key"),
    ]
    assert (len(data.train), len(data.valid), len(data.test)) == (1, 1, 0)


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


def test_the_same_music_is_tokenized_once(
    pieces: list[Piece], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = prepare(
        pieces, TokenSettings(min_count=1, transpose="all"), validation=0.2, test=0.1, seed=0
    )
    whole, read = ChordTokenizer.encode_all, []
    monkeypatch.setattr(
        ChordTokenizer, "encode_all", lambda self, some: read.extend(some) or whole(self, some)
    )
    for _ in range(2):
        for split in data.splits:
            data.tokens(split)
        data.windows("train", WindowSpec(16))
        data.missing_cost("test", OutOfVocabularyCost([piece.events for piece in pieces]))
    assert len(read) == len(pieces)
    assert len(data.training_tokens()) == len(data.training_pieces) > len(data.train)
    assert [item for item in data.training_pieces if item] == data.train
