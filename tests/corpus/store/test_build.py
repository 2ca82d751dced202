"""Scores become a store: whole, the same every time, and never read twice."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.corpus.stores import build, digest

from partimento.corpus.load import load_corpus
from partimento.corpus.select import Selection
from partimento.corpus.settings import AS_WRITTEN, DataSettings
from partimento.corpus.store.build import Plan, build_store
from partimento.corpus.store.store import open_store
from partimento.errors import PartimentoError

NOBODY = (
    sys.executable,
    "-c",
    "raise SystemExit(3)",
)  # a parser that cannot start: proof that none was asked for
LIAR = (
    sys.executable,
    "-P",
    "-c",
    (
        "import sys, struct, json\ndef say(body): sys.stdout.buffer.write(struct.pack('>Q',"
        " len(body)) + body); sys.stdout.flush()\nsay(b'')\nfor line in sys.stdin:"
        " say(json.dumps({'row': {}, 'sizes': []}).encode() + b'\\n')\n"
    ),
)


def test_each_piece_has_a_row_with_its_origin(scores):
    built = build(scores, scores.parent / "more.zip")
    assert (built.read, built.kept, built.rejects) == (8, 0, [])
    rows = {row["path"]: row for row in built.store.rows}
    assert list(rows) == sorted(rows)
    assert set(rows) == {
        "tunes/0.mid",
        "tunes/2.mid",
        "tunes/4.mid",
        "tunes/deep/1.mid",
        "tunes/deep/3.mid",
        "tunes/deep/5.mid",
        "more.zip/inside/6.mid",
        "more.zip/inside/7.mid",
    }
    known = rows["tunes/deep/1.mid"]
    assert (known["title"], known["composer"], known["license"], known["url"]) == (
        "Valse",
        "Dionisio Aguado",
        "CC-BY-SA 4.0",
        "http://x/1.mid",
    )
    assert known["solo_said"] is False
    assert dict(known["manifest"])["license_version"] == "4.0"
    assert known["sha256"] == digest(scores / "deep" / "1.mid")
    assert rows["tunes/2.mid"]["solo_said"] is None
    assert (known["notes"], known["events"], known["meter"], known["quarters"]) == (
        24,
        24,
        "4/4",
        24.0,
    )


def test_the_same_scores_give_the_same_bytes(scores):
    archive = scores.parent / "more.zip"
    one = build(scores, archive)
    two = build_store([archive, scores], scores.parent / "again.parquet", plan=Plan(workers=1))
    assert digest(one.store.path) == digest(two.store.path)
    moved = scores.parent / "elsewhere"
    moved.mkdir()
    shutil.copytree(scores, moved / "tunes")
    three = build_store([moved / "tunes", archive], moved / "store.parquet")
    assert digest(three.store.path) == digest(one.store.path)
    other = build_store([scores], moved / "fewer.parquet")
    assert other.store.head.fingerprint != one.store.head.fingerprint


def test_rebuilding_reads_only_changed_files(scores, midi):
    first = build(scores)
    again = build(scores, force=True, command=NOBODY)
    assert (again.read, again.kept) == (0, 6)
    assert again.store.head == first.store.head
    (scores / "2.mid").write_bytes(midi.file(midi.track(midi.notes(*range(40, 60)))))
    (scores / "4.mid").rename(scores / "renamed.mid")
    changed = build(scores, force=True)
    assert (changed.read, changed.kept) == (1, 5)
    shutil.rmtree(scores.parent / "fresh", ignore_errors=True)
    fresh = build_store([scores], scores.parent / "fresh" / "store.parquet")
    assert digest(fresh.store.path) == digest(changed.store.path)


def test_another_view_reads_all_files_again(scores):
    build(scores)
    assert build(scores, force=True, plan=Plan(DataSettings(quantize="exact"))).read == 6


def test_appending_equals_building_from_all_files(scores, midi):
    build(scores)
    archive = scores.parent / "more.zip"
    added = build(archive, append=True)
    assert (added.read, added.kept, len(added.store)) == (2, 0, 8)
    whole = build(scores, archive, out="whole.parquet")
    assert digest(added.store.path) == digest(whole.store.path)
    assert (
        dict(added.store.rows[-1]["manifest"]).keys()
        == dict(whole.store.rows[-1]["manifest"]).keys()
    )
    (scores / "2.mid").write_bytes(midi.file(midi.track(midi.notes(70, 71, 72))))
    replaced = build_store(
        [scores / "2.mid"], added.store.path, append=True
    )  # known as 2.mid, not as tunes/2.mid: another piece
    assert len(replaced.store) == 9
    replaced = build(scores, append=True)
    assert (replaced.read, len(replaced.store)) == (0, 9)
    assert {row["notes"] for row in replaced.store.rows if row["path"] == "tunes/2.mid"} == {3}


def test_appending_in_another_view_is_refused(scores):
    build(scores)
    with pytest.raises(PartimentoError, match="quantize=auto"):
        build(scores.parent / "more.zip", append=True, plan=Plan(DataSettings(quantize="exact")))


def test_events_leave_out_drums(midi, tmp_path):
    tracks = (midi.track(midi.notes(60, 64, 67)), midi.track(midi.notes(36, 38, 36, 38, channel=9)))
    (tmp_path / "a.mid").write_bytes(midi.file(*tracks))
    (row,) = pq.read_table(
        build_store([tmp_path / "a.mid"], tmp_path / "s.parquet").store.path
    ).to_pylist()
    assert row["notes"] == 7
    assert row["chords"] == [[60], [64], [67], []]


def test_failed_builds_lose_and_write_nothing(scores, midi):
    out = scores.parent / "store.parquet"
    with pytest.raises(PartimentoError, match=r"ends in \.parquet"):
        build(scores, out="store.csv")
    out.write_text("my diary")
    with pytest.raises(PartimentoError, match="already exists"):
        build(scores)
    with pytest.raises(PartimentoError, match="is not a corpus store"):
        build(scores, force=True)
    assert out.read_text() == "my diary"
    out.unlink()
    with pytest.raises(PartimentoError, match=r"none of 6 pieces .* is composer nobody"):
        build(scores, plan=Plan(selection=Selection(composer="nobody")))
    (scores.parent / "empty").mkdir()
    with pytest.raises(PartimentoError, match="no music files"):
        build_store([scores.parent / "empty"], out)
    assert not out.exists()


def test_unreadable_files_are_reported(scores):
    (scores / "bad.mid").write_text("words")
    built = build(scores)
    assert [(Path(reject.path).name, reject.reason) for reject in built.rejects] == [
        ("bad.mid", built.rejects[0].reason)
    ]
    assert "not a MIDI file" in built.rejects[0].reason
    assert built.store.head.rejects == 1


def test_nonsense_from_a_parser_gives_no_row(scores):
    with pytest.raises(PartimentoError, match="an invalid answer"):
        build(scores, command=LIAR)


def test_only_one_process_builds_at_a_time(scores):
    def second(stage, done, total):
        if stage == "read" and done == 1:
            with pytest.raises(PartimentoError, match="another process"):
                build(scores)

    build(scores, progress=second)


def test_loading_from_files_equals_loading_from_their_store(scores):
    store = build(scores).store.path
    for view in ("exact", "auto"):
        config = DataSettings(quantize=view)
        from_store, from_files = (
            load_corpus([store], config=config),
            load_corpus([scores], config=config),
        )
        assert sorted(piece.title for piece in from_store.pieces) == sorted(
            piece.title for piece in from_files.pieces
        )
        notes = {piece.source.sha256: piece.notes for piece in from_files.pieces}
        assert all(notes[piece.source.sha256] == piece.notes for piece in from_store.pieces)
        assert len([entry.split for entry in from_store]) == 6
        assert from_files.splits == {}
    chosen = load_corpus([scores], config=AS_WRITTEN, composer="sor")
    assert [entry.piece.composer for entry in chosen] == ["Fernando Sor"]
    with pytest.raises(PartimentoError, match="music21's view"):
        load_corpus([store], config=DataSettings(quantize="music21"))


def test_a_stopped_append_does_not_permit_replacing(scores):
    first = build(scores)
    before = digest(first.store.path)

    def stop(stage, done, total):
        if stage == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(scores.parent / "more.zip", append=True, progress=stop)
    with pytest.raises(PartimentoError, match="already exists"):
        build(scores.parent / "more.zip")
    assert digest(first.store.path) == before
    assert build(scores.parent / "more.zip", append=True, command=NOBODY).read == 0
    assert not list(scores.parent.glob(".store*"))


def test_a_single_source_may_be_given(scores):
    assert build_store(str(scores), scores.parent / "one.parquet").read == 6


def test_a_file_reached_twice_is_one_piece(scores):
    store = build(scores).store.path
    assert build_store([scores / "deep", scores], scores.parent / "b.parquet").read == 6
    assert digest(scores.parent / "b.parquet") == digest(store)
    twice = load_corpus([store, store.parent / "." / store.name])
    assert len(twice) == sum(twice.splits.values()) == 6


WORDS = {
    "bytes": 10**30,
    "keys": [[1]],
    "meters": [[0, 4, 3]],
    "tempos": [[0, 0]],
    "instruments": [1, 2],
    "title_in_file": "\ud800",
    "divisions": 0,
    "key_correlation": float("nan"),
    "parts": [],
    "pickup_inferred": -1,
    "sha256": "0" * 64,
    "format": "abc",
    "lowest": 128,
}


@pytest.mark.parametrize(
    "name", [*WORDS, "velocity", "duration", "durations", "onset", "chord_pitches", "fingerprint"]
)
def test_a_hijacked_parser_cannot_harm_a_store(scores, name):
    """It says something wrong of one file: that file is refused, the others are there, and the
    store reads.
    """
    liar = (
        "import partimento.corpus.parsers.worker as worker, numpy as np\n"
        "honest = worker.read_row\n"
        "def read_row(place, *rest):\n"
        "    row = honest(place, *rest)\n"
        "    if place.endswith('/2.mid'):\n"
        f"        if {name!r} in row.plain: row.plain[{name!r}] = {WORDS.get(name)!r}\n".replace(
            "nan", "float('nan')"
        )
        + f"        else: row.arrays[{name!r}] = -1 - row.arrays[{name!r}].astype(np.int64)\n"
        "    return row\n"
        "worker.read_row = read_row\n"
        "worker.main()\n"
    )
    built = build(scores, command=(sys.executable, "-P", "-c", liar))
    assert [Path(reject.path).name for reject in built.rejects] == ["2.mid"]
    assert len(list(built.store)) == 5


BUILD = """
import sys
from partimento.corpus.store.build import Plan, build_store
import partimento.corpus.store.cache as module
module.PART_ROWS = 16
built = build_store([sys.argv[1]], sys.argv[2])
print(built.store.head.fingerprint, built.read, built.kept)
"""


@pytest.mark.slow
def test_a_build_killed_at_random_points_gives_the_same_store(guitar, tmp_path):
    """SIGKILL, twenty times over the length of a build; what was written is never read again."""

    def start(out):
        return subprocess.Popen(
            [sys.executable, "-c", BUILD, str(guitar), str(out)],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    begin = time.monotonic()
    whole = start(tmp_path / "whole.parquet").communicate()[0].split()
    lasted = time.monotonic() - begin
    rng, kills, fingerprints = random.Random(3), 0, set()
    for number in count():
        if kills >= 20:
            break
        out = tmp_path / f"{number}.parquet"
        while not out.exists() or list(tmp_path.glob(f".{out.name}.build")):
            process = start(out)
            try:
                said = process.communicate(timeout=rng.uniform(0.2, 1.2) * lasted)[0]
                assert process.returncode == 0
                fingerprints.add(said.split()[0])
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                kills += 1
                assert not out.exists() or open_store(out).head.fingerprint
        fingerprints.add(open_store(out).head.fingerprint.encode())
        assert digest(out) == digest(tmp_path / "whole.parquet")
    assert fingerprints == {whole[0]}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_loses_nothing(guitar, tmp_path):
    """A dask scheduler and two workers on loopback; one is killed half-way."""
    here = build_store([guitar], tmp_path / "here.parquet").store
    environment = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5"}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    info = tmp_path / "scheduler.json"
    processes = [
        subprocess.Popen(
            [
                *command,
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--no-dashboard",
                "--scheduler-file",
                str(info),
            ],
            env=environment,
        )
    ]
    try:
        while not info.exists() or not info.read_text():
            time.sleep(0.1)
        address = json.loads(info.read_text())["address"]
        worker = [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            address,
            "--nthreads",
            "1",
            "--no-dashboard",
            "--no-nanny",
        ]
        processes += [
            subprocess.Popen(
                [*worker, "--local-directory", str(tmp_path / name)],
                env=environment,
                start_new_session=True,
            )
            for name in "ab"
        ]
        killed = []

        def kill(stage, done, total):
            if stage == "read" and done > total // 3 and not killed:
                killed.append(os.killpg(processes[1].pid, signal.SIGKILL))

        built = build_store(
            [guitar], tmp_path / "there.parquet", plan=Plan(cluster=address), progress=kill
        )
        assert killed
        assert processes[1].wait(timeout=20) == -signal.SIGKILL
        assert built.read == len(built.store) == len(here)
        assert digest(built.store.path) == digest(here.path)
    finally:
        for process in processes:
            process.kill()
            process.wait()
