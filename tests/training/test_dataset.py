"""Pieces become a data set: common keys, splits, vocabularies and what is left out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from tests.conftest import small_piece

from partimento import CorpusEntry, Note, Part, Piece
from partimento.errors import PartimentoError
from partimento.music.transpose import transpose
from partimento.tokens.chords import ChordTokenizer
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import OutOfVocabularyCost
from partimento.tokens.windows import WindowSpec
from partimento.training.dataset import in_common_key, prepare


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
        ("Kit alone", "the piece has only drum parts, and these are left out"),
        ("Wide", "the range of the piece is too wide to transpose it to the common key"),
    ]
    assert (len(data.train), len(data.valid), len(data.test)) == (1, 1, 0)


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


def test_pieces_without_a_split_get_one_beside_those_that_have_it(pieces: list[Piece]) -> None:
    twin = pieces[1].replace(title="the same music again")
    stored = [
        CorpusEntry(pieces[0], "train"),
        CorpusEntry(pieces[1], "test"),
        CorpusEntry(pieces[2], "valid"),
    ]
    data = prepare([*stored, twin, *pieces[3:]], TokenSettings(), validation=0.2, test=0.2, seed=0)
    titles = {name: {item.piece.title for item in items} for name, items in data.splits.items()}
    assert "the same music again" in titles["test"]
    assert {pieces[0].title} <= titles["train"]
    assert {pieces[2].title} <= titles["valid"]
    assert sum(map(len, titles.values())) == len(pieces) + 1
    assert len(titles["valid"] | titles["test"]) > 3  # of the others some are held out, too


def test_the_fingerprint_is_that_of_the_music(pieces: list[Piece]) -> None:
    def fingerprint(some: list[Piece], **changes: Any) -> str:
        renamed = [piece.replace(**changes) for piece in some]
        return prepare(renamed, TokenSettings(), validation=0.2, test=0.1, seed=0).fingerprint

    whole = fingerprint(pieces)
    assert fingerprint(pieces[::-1]) == whole
    assert fingerprint(pieces, title="another") == whole
    assert fingerprint([pieces[0].transpose(1), *pieces[1:]]) != whole


def test_copies_stay_within_the_range_and_are_for_training_alone(pieces: list[Piece]) -> None:
    config = TokenSettings(transpose="all", low=40, high=83)
    data = prepare(pieces, config, validation=0.2, test=0.1, seed=0)
    for item in data.train:
        pitches = item.moved.notes.pitch
        assert 0 in item.copies
        assert pitches.min() + min(item.copies) >= 40
        assert pitches.max() + max(item.copies) <= 83
    assert {item.copies for item in [*data.valid, *data.test]} == {(0,)}


def test_copies_stay_near_the_original_if_asked(pieces: list[Piece]) -> None:
    config = TokenSettings(transpose="all", low=40, high=83)
    near = config.replace(max_transpose=2)
    wide, narrow = (
        prepare(pieces, each, validation=0.2, test=0.1, seed=0).train for each in (config, near)
    )
    for far, close in zip(wide, narrow, strict=True):
        assert close.copies == tuple(shift for shift in far.copies if abs(shift) <= 2)
        assert len(close.copies) < len(far.copies)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (TokenSettings(transpose="all", low=60, high=62), "no training piece fits"),
        (TokenSettings(min_count=10**6), "occurs 1000000 times: .*tokens.min_count=1"),
    ],
)
def test_settings_that_leave_nothing_are_refused(
    config: TokenSettings, message: str, pieces: list[Piece]
) -> None:
    with pytest.raises(PartimentoError, match=message):
        prepare(pieces, config, validation=0.2, test=0.1, seed=0)


def test_baselines_read_the_same_pieces_by_chords(pieces: list[Piece]) -> None:
    data = prepare(pieces, TokenSettings(), validation=0.2, test=0.1, seed=0, kind="notes")
    assert data.tokenizer.name == "notes"
    chords = data.by_chords()
    assert chords.tokenizer.name == "chords"
    assert chords.train == data.train
    assert chords.by_chords() is chords
    assert data.by_chords() is chords  # fitted once
