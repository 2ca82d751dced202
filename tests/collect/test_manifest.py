"""Manifests: one row per file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from partimento.collect.manifest import COLUMNS, merge_rows, read_manifest, write_manifest
from partimento.errors import PartimentoError


def test_manifests_keep_foreign_columns(tmp_path):
    rows = [
        {"path": "b.mid", "title": 'a "b", c', "mood": "glad"},
        {"path": "a.mid", "sha256": "0"},
    ]
    write_manifest(tmp_path, rows)
    read = read_manifest(tmp_path)
    assert [row["path"] for row in read] == ["a.mid", "b.mid"]
    assert (read[1]["title"], read[1]["mood"], read[0]["mood"]) == ('a "b", c', "glad", "")
    assert read_manifest(tmp_path / "manifest.csv") == read
    write_manifest(tmp_path, merge_rows(read, [{"path": "b.mid", "title": "new"}]))
    assert read_manifest(tmp_path)[1]["title"] == "new"
    for bad in ("title\nx\n", 'path\n"unclosed', "path\n\xff"):
        (tmp_path / "manifest.csv").write_bytes(bad.encode("latin-1"))
        with pytest.raises(PartimentoError, match="is not a manifest"):
            read_manifest(tmp_path)


def test_the_shared_manifest_is_read(data_folder):
    rows = read_manifest(data_folder / "mutopia-guitar")
    assert len(rows) == 415
    with tempfile.TemporaryDirectory() as folder:
        write_manifest(folder, rows)
        assert {row["maintainer"] for row in read_manifest(Path(folder))} == {
            row["maintainer"] for row in rows
        }


def test_a_new_row_replaces_the_old_one_of_its_path():
    old, new = {"path": "a.mid", "title": "old"}, {"path": "a.mid", "title": "new"}
    other = {"path": "b.mid"}
    assert merge_rows([old, other], [new]) == [new, other]
    assert merge_rows([], []) == []


def test_an_empty_manifest_has_its_columns(tmp_path):
    assert write_manifest(tmp_path, []).read_text().strip() == ",".join(COLUMNS)
    assert read_manifest(tmp_path) == []
