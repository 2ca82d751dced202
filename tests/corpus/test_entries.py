"""A corpus in memory: immutable, selected, and its facts together with its pieces."""

from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError, replace

import pytest

from partimento import Corpus, CorpusEntry, Piece
from partimento.errors import PartimentoError

SPLITS = ["train"] * 4 + ["valid"] * 2 + ["test"] * 2


@pytest.fixture
def corpus(pieces: list[Piece]) -> Corpus:
    named = [
        piece.replace(composer="Fernando Sor" if number % 2 else "Giuliani")
        for number, piece in enumerate(pieces)
    ]
    return Corpus.of(map(CorpusEntry, named, SPLITS))


def test_a_corpus_is_an_immutable_sequence(corpus: Corpus, pieces: list[Piece]) -> None:
    assert (len(corpus), corpus[0].split, corpus[-1].split) == (8, "train", "test")
    assert [entry.piece for entry in corpus] == corpus.pieces
    assert corpus.entries[1:3] == corpus[1:3].entries
    assert isinstance(corpus[1:3], Corpus)
    with pytest.raises(FrozenInstanceError):
        corpus.entries = ()  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        corpus[0].split = "test"  # type: ignore[misc]
    assert Corpus.of(corpus) is corpus
    assert Corpus.of(pieces).pieces == pieces


def test_splits_are_counted_and_shown(corpus: Corpus, pieces: list[Piece]) -> None:
    assert corpus.splits == {"train": 4, "valid": 2, "test": 2}
    assert repr(corpus) == "<Corpus: 8 pieces, 4 train, 2 valid, 2 test>"
    assert Corpus.of(pieces).splits == {}
    assert repr(Corpus.of(pieces)) == "<Corpus: 8 pieces, no split>"


def test_each_selection_narrows_the_one_before(corpus: Corpus) -> None:
    chosen = corpus.select(composer="sor").select(split="valid,test")
    assert [(entry.piece.composer, entry.split) for entry in chosen] == [
        ("Fernando Sor", "valid"),
        ("Fernando Sor", "test"),
    ]
    assert [str(each) for each in chosen.selections] == ["composer sor", "split valid,test"]
    assert len(corpus.select(composer="sor").select(composer="giuliani")) == 0
    assert corpus.select() is corpus
    with pytest.raises(PartimentoError, match="cannot be selected by mood"):
        corpus.select(mood="sad")
    with pytest.raises(PartimentoError, match="has a split to select by"):
        Corpus.of(corpus.pieces).select(split="test")


def test_pieces_made_in_python_are_measured_when_they_are_selected(pieces: list[Piece]) -> None:
    corpus = Corpus.of(pieces)
    keys = [entry.description["key"] for entry in corpus]
    assert keys == [entry.key.code for entry in corpus]
    assert corpus.select(key=keys[0], meter="4/4", min_events=40).pieces[0] == pieces[0]
    assert corpus.select(meter="3/4").pieces == []


def test_a_corpus_converts_to_a_dataframe(corpus: Corpus) -> None:
    table = corpus.to_dataframe()
    assert table["split"].tolist() == SPLITS
    assert table.groupby("composer").size().to_dict() == {"Fernando Sor": 4, "Giuliani": 4}
    assert {"path", "title", "key", "solo", "instruments", "events", "group"} <= set(table.columns)


def test_a_dataframe_needs_pandas(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)  # as if it were not installed
    with pytest.raises(PartimentoError, match=r"pip install 'partimento\[dataframe\]'"):
        corpus.to_dataframe()


def test_a_slice_of_a_corpus_has_no_sources(corpus: Corpus) -> None:
    loaded = replace(corpus, sources=("scores",))
    assert loaded.select(composer="sor").sources == ("scores",)
    assert loaded[:3].sources == ()
