"""An open store: pieces come back exactly, and damage is one clear line."""

import random
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.corpus.stores import build

from partimento.corpus import read_piece
from partimento.corpus.select import Selection
from partimento.corpus.settings import AS_WRITTEN, DataSettings
from partimento.corpus.store.build import Plan, build_store
from partimento.corpus.store.store import Head, open_store, source_of
from partimento.errors import PartimentoError


def test_pieces_survive_exactly(scores):
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
    with pytest.raises(PartimentoError, match="cannot be selected by mood"):
        corpus.select(mood="sad")


def test_the_music21_view_survives_in_a_store(guitar, tmp_path):
    paths = sorted((guitar / "HoretzkyF").glob("*.mid"))[:4]
    corpus = build_store(
        paths, tmp_path / "m.parquet", plan=Plan(DataSettings(quantize="music21"))
    ).store
    for entry, path in zip(corpus, paths, strict=True):
        assert entry.piece.events == read_piece(path, quantize="music21").events


def test_a_damaged_store_is_refused_in_one_line(scores):
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


def test_other_files_are_refused_in_one_line(tmp_path, scores):
    with pytest.raises(PartimentoError, match="does not exist"):
        open_store(tmp_path / "no.parquet")
    words = tmp_path / "words.parquet"
    words.write_text("words")
    with pytest.raises(PartimentoError, match="is not a corpus store"):
        open_store(words)
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    with pytest.raises(PartimentoError, match="not of this program"):
        open_store(other)
    newer = pa.table({"a": [1]}).replace_schema_metadata({"partimento": '{"format": 99}'})
    pq.write_table(newer, other)
    with pytest.raises(PartimentoError, match=r"format 99; this program reads format 4: build it"):
        open_store(other)


def test_the_settings_of_a_build_survive_in_the_store(scores):
    plan = Plan(DataSettings(quantize="exact"), selection=Selection(min_events=3), seed=7)
    head = build(scores, plan=plan).store.head
    assert Head.from_json(head.to_json()) == head
    assert (head.config.quantize, head.selection.min_events, head.seed) == ("exact", 3, 7)
    assert head.of_rows == Head(head.config, 0.0, 0.0, 0).of_rows  # the split changes no row
    assert head.of_rows != Head(AS_WRITTEN, 0.0, 0.0, 0).of_rows


def test_splits_and_duplicates_are_counted(scores):
    shutil.copy(scores / "0.mid", scores / "copy.mid")
    store = build(scores).store
    assert sum(store.splits.values()) == len(store) == 7
    assert store.duplicates == 2
    chosen = store.select(composer="sor")
    assert (len(chosen), chosen.duplicates, sum(chosen.splits.values())) == (1, 0, 1)
    source = source_of(chosen.rows[0])
    assert (source.path, source.license) == ("tunes/0.mid", "PD")
