"""Stopped, killed, and started again."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.collect.archive import OUT, Archive, fill, midi, zipped

from partimento.collect import MutopiaQuery, collect_mutopia, read_manifest


def test_a_second_collection_requests_only_changes(archive, collect, tmp_path):
    fill(archive, 3)
    archive.add("/ftp/a/a-mids.zip", zipped({"a.mid": midi(7), "a-1.mid": midi(8)}))
    collect()
    archive.files["/ftp/SorF/O6/sor-1/sor-1.mid"] = midi(50)
    seen = len(archive.log)
    result = collect()
    assert (result.resumed, result.fetched, result.updated, result.unchanged) == (False, 0, 1, 4)
    answers = {each["path"]: each["status"] for each in archive.log[seen:]}
    assert Counter(answers.values()) == {
        304: 5,
        200: 2,
    }  # two pages and three files are as they were; robots.txt is always asked for
    assert (tmp_path / OUT / "SorF/O6/sor-1/sor-1.mid").read_bytes() == midi(50)
    assert read_manifest(tmp_path / OUT)[2]["sha256"] != hashlib.sha256(midi(1)).hexdigest()
    (tmp_path / OUT / "SorF/O6/sor-2/sor-2.mid").unlink()
    assert collect().fetched == 1


def test_a_lost_manifest_or_journal_is_rebuilt(archive, collect, tmp_path):
    fill(archive, 3)
    collect()
    rows = read_manifest(tmp_path / OUT)
    (tmp_path / OUT / "manifest.csv").unlink()
    collect()
    assert read_manifest(tmp_path / OUT) == rows
    (tmp_path / OUT / ".collect.jsonl").write_bytes(b'{"key": "x"\n[1]\n\xff\n')
    result = collect()
    assert (result.fetched, result.unchanged) == (0, 3)
    assert [row["path"] for row in read_manifest(tmp_path / OUT)] == [row["path"] for row in rows]


def test_limits_add_up_and_a_dry_run_writes_nothing(archive, collect, tmp_path):
    fill(archive, 25)
    result = collect(dry_run=True)
    assert len(result.waiting) == 25
    assert not (tmp_path / OUT).exists()
    assert not any(path.endswith(".mid") for path in archive.asked())
    assert len(collect(dry_run=True, limit=4).waiting) == 4
    seen = len(archive.log)
    assert [collect(limit=10).fetched for _ in range(4)] == [10, 10, 5, 0]
    assert len(read_manifest(tmp_path / OUT)) == 25
    asked = Counter(archive.asked(since=seen))
    assert (
        asked["/cgibin/make-table.cgi?startat=0&Instrument=Guitar"] == 2
    )  # the fourth start is a new run
    assert max(asked[path] for path in asked if path.endswith(".mid")) == 2


COLLECT = """
import sys
from partimento.collect import MutopiaQuery, collect_mutopia
result = collect_mutopia(MutopiaQuery("Guitar", base_url=sys.argv[1], delay_s=0.0), sys.argv[2])
print(result.fetched, result.settled, result.resumed, result.complete)
"""


def killed_at(archive: Archive, folder: Path, path: str) -> None:
    """Collect in a second process, and kill it while it waits for `path`."""
    reached, go_on = threading.Event(), threading.Event()

    def hang(handler):
        reached.set()
        go_on.wait(60)
        handler.close_connection = True

    archive.faults[path] = [hang]
    process = subprocess.Popen(
        [sys.executable, "-c", COLLECT, archive.url, str(folder)], stdout=subprocess.DEVNULL
    )
    try:
        assert reached.wait(60)
    finally:
        process.kill()
        process.wait()
        go_on.set()


def test_a_killed_collection_resumes_and_requests_nothing_twice(archive, tmp_path):
    fill(archive, 14)
    archive.add(
        "/ftp/BachJS/suite/suite-mids.zip", zipped({"suite.mid": midi(30), "suite-1.mid": midi(31)})
    )
    folder = tmp_path / OUT
    first_page = "/cgibin/make-table.cgi?startat=0&Instrument=Guitar"
    for path in (
        "/robots.txt",
        first_page.replace("=0", "=10"),
        "/ftp/SorF/O6/sor-0/sor-0.mid",
        "/ftp/SorF/O6/sor-7/sor-7.mid",
        "/ftp/BachJS/suite/suite-mids.zip",
    ):
        killed_at(archive, folder, path)
        for row in read_manifest(folder):
            assert hashlib.sha256((folder / row["path"]).read_bytes()).hexdigest() == row["sha256"]
    done = subprocess.run(
        [sys.executable, "-c", COLLECT, archive.url, str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "2 14 True True\n"
    assert archive.twice() == {}
    assert Counter(each["status"] for each in archive.log) == {
        0: 5,
        200: 1 + 3 + 15,
    }  # five were hanging when it was killed
    assert len(read_manifest(folder)) == 16
    last = json.loads((folder / ".collect.jsonl").read_text().splitlines()[-1])
    assert last == {"end": 1}


@pytest.mark.slow
def test_a_kill_repeats_at_most_the_requests_under_way(archive, tmp_path):
    """SIGKILL twenty times, at moments that nobody chose; what had been answered last may be asked
    for once more, nothing else.
    """
    fill(archive, 300)
    draw, under_way = random.Random(20), set()
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", COLLECT, archive.url, str(tmp_path)], stdout=subprocess.DEVNULL
        )
        seen, more = len(archive.log), draw.randint(1, 6)
        while len(archive.log) < seen + more and process.poll() is None:
            time.sleep(0.001)
        time.sleep(draw.random() * 0.02)
        process.kill()
        process.wait()
        time.sleep(0.1)  # until the archive has noted what was on its way
        under_way.add(archive.asked()[-1])
        for row in read_manifest(tmp_path):
            assert (
                hashlib.sha256((tmp_path / row["path"]).read_bytes()).hexdigest() == row["sha256"]
            )
    result = collect_mutopia(MutopiaQuery("Guitar", base_url=archive.url, delay_s=0.0), tmp_path)
    assert (result.resumed, result.complete) == (
        True,
        True,
    )  # one run: it was never at its end before
    assert set(archive.twice()) <= under_way
    assert len(read_manifest(tmp_path)) == 300
    assert len(list(tmp_path.rglob("*.mid"))) == 300
    assert not list(tmp_path.rglob("*.part"))
