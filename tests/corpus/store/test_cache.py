"""Rows of earlier builds: used again where they are whole and made in the same way."""

import pytest
from tests.corpus.stores import build, digest

from partimento.corpus.settings import DataSettings
from partimento.corpus.store import cache as cache_module
from partimento.corpus.store.build import Plan
from partimento.corpus.store.cache import RowCache, RowWriter, build_directory
from partimento.corpus.store.rows import Row
from partimento.errors import PartimentoError


def test_a_stopped_build_resumes(scores, monkeypatch):
    monkeypatch.setattr("partimento.corpus.store.cache.PART_ROWS", 2)
    out = scores.parent / "store.parquet"

    def stop(stage, done, total):
        if (stage, done) == ("read", 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(scores, progress=stop)
    assert not out.exists()
    built = build(scores)
    assert built.kept >= 2
    assert built.read + built.kept == 6
    assert not list(scores.parent.glob(".store*"))
    fresh = build(scores, out="fresh.parquet")
    assert digest(fresh.store.path) == digest(out)


def test_a_damaged_part_is_read_again(scores, monkeypatch):
    def stop(stage, done, total):
        if stage == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(scores, progress=stop)
    (part,) = scores.parent.glob(".store.parquet.build/part-*")
    part.write_bytes(part.read_bytes()[:-100])
    assert build(scores).read == 6


def test_parts_of_another_view_are_not_used(scores):
    def stop(stage, done, total):
        if stage == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(scores, progress=stop, plan=Plan(DataSettings(grace_notes="keep")))
    assert build(scores).read == 6


def keyed(row, sha256):
    return Row({**row.plain, "sha256": sha256}, row.arrays)


def test_rows_are_found_by_file_kind_and_instrument(row, tmp_path):
    cache = RowCache("a")
    locations = cache.write_part(tmp_path / "part-0.arrow", [keyed(row, "x"), keyed(row, "y")])
    assert cache.locations == {("x", "mid", ""): locations[0], ("y", "mid", ""): locations[1]}
    (more,) = cache.write_part(tmp_path / "part-1.arrow", [keyed(row, "z")])
    table = cache.take([more, locations[1], locations[0]], ["sha256", "notes"])
    assert table.column("sha256").to_pylist() == ["z", "y", "x"]
    assert table.column_names == ["sha256", "notes"]


def test_only_whole_parts_made_the_same_way_are_used(row, tmp_path):
    RowCache("a").write_part(tmp_path / "part-0.arrow", [keyed(row, "x")])
    RowCache("b").write_part(tmp_path / "part-1.arrow", [keyed(row, "y")])
    (tmp_path / "part-2.arrow").write_bytes(b"no table")
    cache = RowCache("a")
    cache.add_parts(tmp_path)
    assert [key[0] for key in cache.locations] == ["x"]
    assert [path.name for path in tmp_path.iterdir()] == ["part-0.arrow"]


def test_many_waiting_rows_are_written(row, tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "PART_ROWS", 2)
    cache = RowCache("a")
    writer = RowWriter(cache, tmp_path)
    writer.add("one.mid", keyed(row, "x"))
    assert writer.locations == {}
    writer.add("two.mid", keyed(row, "y"))
    assert list(writer.locations) == ["one.mid", "two.mid"]
    writer.flush()  # nothing waits: no empty part
    assert len(list(tmp_path.glob("part-*.arrow"))) == 1
    table = cache.take([writer.locations["two.mid"]], ["sha256"])
    assert table.column("sha256").to_pylist() == ["y"]


def test_the_build_folder_stays_only_if_something_was_read(tmp_path):
    out = tmp_path / "store.parquet"
    with build_directory(out) as folder:
        assert folder.is_dir()
        second = build_directory(out)
        with pytest.raises(PartimentoError, match="another process is building"):
            second.__enter__()
    assert not folder.exists()
    with pytest.raises(KeyboardInterrupt), build_directory(out):
        raise KeyboardInterrupt
    assert not folder.exists()

    def read_one_and_stop():
        with build_directory(out) as folder:
            (folder / "part-0.arrow").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_one_and_stop()
    assert folder.exists()
