"""Rows of earlier builds: used again where they are whole and made in the same way."""

import pytest
from tests.corpus.stores import build, digest

from partimento.corpus.settings import DataSettings
from partimento.corpus.store.build import Plan


def test_a_stopped_build_goes_on_where_it_was(scores, monkeypatch):
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


def test_parts_of_another_view_are_not_taken(scores):
    def stop(stage, done, total):
        if stage == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(scores, progress=stop, plan=Plan(DataSettings(grace_notes="keep")))
    assert build(scores).read == 6
