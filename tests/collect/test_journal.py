"""The journal of a collection, which lets it go on where it stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.collect.archive import OUT, fill

from partimento.collect.journal import JOURNAL, Journal, lock_folder, remove_partial_files
from partimento.errors import PartimentoError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_journal_loses_nothing_but_an_incomplete_line(tmp_path):
    first = Journal(tmp_path, {"q": "a"}, now=NOW)
    first.add("x", rows=[1])
    first.add("y", again=True)
    first.close()
    with (tmp_path / JOURNAL).open("a") as file:
        file.write('{"key":"z","run":1,"ro')
    again = Journal(tmp_path, {"q": "a"}, now=NOW + timedelta(days=29))
    assert (again.run, again.resumed) == (1, True)
    assert (again.settled("x"), again.settled("y"), again.known("z")) == (True, False, {})
    again.finish()
    again.close()
    other = Journal(tmp_path, {"q": "a"}, now=NOW)
    assert (other.run, other.resumed, other.settled("x"), other.known("x")["rows"]) == (
        2,
        False,
        False,
        [1],
    )
    other.close()


def test_a_run_resumes_for_the_same_query_within_its_days(tmp_path):
    for query, days, run in (("a", 0, 1), ("b", 0, 2), ("a", 1, 1), ("b", 1, 2), ("a", 40, 3)):
        journal = Journal(tmp_path, {"q": query}, now=NOW + timedelta(days=days))
        assert journal.run == run
        journal.close()


def test_only_half_written_files_are_removed(tmp_path):
    (tmp_path / "a").mkdir()
    for name in (
        "a/.b.mid.x1y2z3_4.part",
        ".manifest.csv.abcdefgh.part",
        ".mine.part",
        "song.mid.abcdefgh.part",
        "a/.part",
    ):
        (tmp_path / name).touch()
    remove_partial_files(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        ".mine.part",
        ".part",
        "song.mid.abcdefgh.part",
    ]


def test_only_one_process_may_collect_into_a_folder(collect, archive, tmp_path):
    fill(archive, 1)
    with lock_folder(tmp_path / OUT), pytest.raises(PartimentoError, match="another process"):
        collect()


def test_a_journal_without_writing_leaves_no_file(tmp_path):
    journal = Journal(tmp_path, {"q": "a"}, now=NOW, write=False)
    journal.add("x", rows=[1])
    assert journal.settled("x")
    assert journal.records() == [{"key": "x", "run": 1, "rows": [1]}]
    journal.finish()
    journal.close()
    assert not any(tmp_path.iterdir())
