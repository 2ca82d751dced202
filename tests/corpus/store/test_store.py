"""An open store: pieces come back exactly, and damage is one clear line."""

import random

import pytest
from tests.corpus.stores import build

from partimento.corpus import read_piece
from partimento.corpus.settings import AS_WRITTEN, DataSettings
from partimento.corpus.store.build import Plan, build_store
from partimento.corpus.store.store import open_store
from partimento.errors import PartimentoError


def test_pieces_come_back_exactly(scores):
    corpus = build(scores).store
    for piece, row in zip(corpus.load(AS_WRITTEN).pieces, corpus.rows, strict=True):
        written = read_piece(scores.parent / row["path"])
        assert piece.replace(title="", composer="", source=written.source) == written.replace(
            title=""
        )


def test_a_store_is_selected_from(scores):
    corpus = build(scores).store
    assert [row["title"] for row in corpus.select(composer="sor").rows] == ["Étude"]
    assert len(corpus.select(license="PD,CC-BY-SA")) == 2
    assert [entry.piece.title for entry in corpus.select(composer="AGUADO")] == ["Valse"]
    with pytest.raises(PartimentoError, match="not selected by mood"):
        corpus.select(mood="sad")


def test_the_view_of_music21_comes_from_the_store_too(guitar, tmp_path):
    paths = sorted((guitar / "HoretzkyF").glob("*.mid"))[:4]
    corpus = build_store(
        paths, tmp_path / "m.parquet", plan=Plan(DataSettings(quantize="music21"))
    ).store
    for entry, path in zip(corpus, paths, strict=True):
        assert entry.piece.events == read_piece(path, quantize="music21").events


def test_a_damaged_store_is_one_clear_line(scores):
    store = build(scores).store.path
    data = store.read_bytes()
    rng, told = random.Random(1), 0
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(4):
            broken[rng.randrange(4, len(data) - 8)] ^= 1 << rng.randrange(8)
        store.write_bytes(broken)
        try:
            list(open_store(store))
        except PartimentoError:
            told += 1
    assert told
