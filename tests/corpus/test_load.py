"""One door for files, stores and benchmark sets: the same pieces, and a stored split is kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from partimento import Corpus, Part, Piece
from partimento.corpus.load import load_corpus
from partimento.corpus.settings import AS_WRITTEN, DataSettings
from partimento.corpus.store.build import Plan, build_store
from partimento.corpus.store.store import Store
from partimento.errors import PartimentoError
from partimento.export.write import write


@pytest.fixture(scope="module")
def scores(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("load") / "scores"
    for number, piece in enumerate(pieces):
        write(piece, folder / f"{number}.mid")
    (folder / "bad.mid").write_bytes(b"no music")
    return folder


@pytest.fixture(scope="module")
def store(scores: Path) -> Store:
    return build_store([scores], scores.parent / "scores.parquet", plan=Plan(seed=3)).store


def splits_of(corpus: Corpus) -> dict[str, str]:
    return {entry.piece.source.sha256: entry.split for entry in corpus}


def test_a_stored_split_is_kept(store: Store) -> None:
    corpus = load_corpus(store.path)
    assert splits_of(corpus) == {row["sha256"]: row["split"] for row in store.rows}
    assert corpus.splits == store.splits
    assert corpus.head == store.head
    assert corpus.sources == (str(store.path),)


def test_a_folder_and_its_store_give_the_same_entries_but_for_the_split(
    scores: Path, store: Store
) -> None:
    files, stored = load_corpus(scores), load_corpus(store.path)
    assert [Path(reject.path).name for reject in files.rejects] == ["bad.mid"]
    assert files.splits == {}
    by_hash = {entry.piece.source.sha256: entry for entry in stored}
    for entry in files:
        other = by_hash[entry.piece.source.sha256]
        assert entry.piece.notes == other.piece.notes
        assert (entry.format, entry.instrument_hint, entry.facts) == (
            other.format,
            other.instrument_hint,
            other.facts,
        )
        assert (entry.split, entry.group) == ("", None)
        assert other.group is not None


@pytest.mark.parametrize("view", [DataSettings(), AS_WRITTEN, DataSettings(quantize="music21")])
def test_selecting_before_and_after_loading_is_equal(scores: Path, view: DataSettings) -> None:
    whole = load_corpus(scores, config=view)
    for criteria in (
        {"key": whole[0].description["key"]},
        {"solo": True, "meter": "4/4"},
        {"min_events": 30},
    ):
        before = load_corpus(scores, config=view, **criteria)
        assert before.entries == whole.select(**criteria).entries
        assert len(before) > 0
    with pytest.raises(PartimentoError, match="is composer nobody at all"):
        load_corpus(scores, composer="nobody at all")
    with pytest.raises(PartimentoError, match="has a split to select by"):
        load_corpus(scores, split="test")


def test_a_held_out_piece_stays_held_out_beside_its_file(
    scores: Path, store: Store, tmp_path: Path
) -> None:
    shutil.copytree(scores, tmp_path / "again")
    stored = splits_of(load_corpus(store.path))
    both = load_corpus([store.path, tmp_path / "again"])
    assert len(both) == 2 * len(stored)
    assert {(entry.piece.source.sha256, entry.split) for entry in both} == set(stored.items())
    assert both.head is None


def test_of_two_stores_the_stricter_split_holds(scores: Path, store: Store) -> None:
    other = build_store([scores], scores.parent / "other.parquet", plan=Plan(seed=8)).store
    mine, theirs = splits_of(load_corpus(store.path)), splits_of(load_corpus(other.path))
    assert mine != theirs
    rank = ("train", "valid", "test").index
    for entry in load_corpus([store.path, other.path]):
        sha = entry.piece.source.sha256
        assert entry.split == max(mine[sha], theirs[sha], key=rank)


def test_a_store_is_narrowed_step_by_step(store: Store) -> None:
    held_out = store.select(split="valid,test").select(meter="4/4")
    assert len(held_out) == sum(row["split"] != "train" for row in store.rows)
    assert [str(each) for each in held_out.load().selections] == ["split valid,test", "meter 4/4"]
    assert store.select() is store


def test_a_store_keeps_the_settings_with_which_it_was_built(
    pieces: list[Piece], tmp_path: Path
) -> None:
    """Guitar music an octave too high: the store was asked for sounding pitch, files were not."""
    guitar = Part("Guitar", program=24)
    for number, piece in enumerate(pieces):
        high = piece.transpose(24).replace(parts=(guitar,) * len(piece.parts))
        write(high, tmp_path / "scores" / f"{number}.mid")
    sounding = DataSettings(octave="sounding")
    plan = Plan(config=sounding)
    store = build_store([tmp_path / "scores"], tmp_path / "scores.parquet", plan=plan).store
    stored, files = load_corpus(store.path), load_corpus(tmp_path / "scores")
    assert (stored.config, files.config) == (sounding, DataSettings())
    by_hash = {piece.source.sha256: piece for piece in files.pieces}
    moved = [p.notes.pitch - by_hash[p.source.sha256].notes.pitch for p in stored.pieces]
    assert {shift for row in moved for shift in row.tolist()} == {-12}
    as_written = load_corpus(store.path, config=DataSettings())
    assert sum(int(p.notes.pitch.sum()) for p in as_written.pieces) == sum(
        int(p.notes.pitch.sum()) for p in files.pieces
    )
