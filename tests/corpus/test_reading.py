"""Many files: everything that can be read is, whatever lies beside it."""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from partimento.corpus import Reject, read_piece, read_pieces, write_rejects
from partimento.corpus.parsers.pool import Parsers, Task
from partimento.corpus.sources import find_files
from partimento.errors import PartimentoError

# A worker like the real one, but some names make it misbehave. It stands in for parsers that crash,
# hang or swell on a hostile file.
SABOTEUR = """
import os, time
import partimento.corpus.parsers.worker as worker
honest = worker.read_piece
def read_piece(path, **options):
    name = os.path.basename(path)
    if "abort" in name:
        os.abort()
    if "segfault" in name:
        import ctypes
        ctypes.string_at(0)
    if "exit" in name:
        os._exit(0)
    if "hang" in name:
        time.sleep(1000)
    if "swell" in name:
        bytearray(64 * 2**30)
    if "deep" in name:
        return read_piece(path, **options)
    if "shout" in name:
        print("I say something that is no answer", flush=True)
        os.write(1, b"neither is this")
    if "bug" in name:
        raise ZeroDivisionError("a parser's own fault")
    return honest(path, **options)
worker.read_piece = read_piece
worker.main()
"""
COMMAND = (sys.executable, "-P", "-c", SABOTEUR)
LIAR = (
    sys.executable,
    "-P",
    "-c",
    (
        "import sys, struct\ndef say(body): sys.stdout.buffer.write(struct.pack('>Q', len(body)) +"
        " body); sys.stdout.flush()\nsay(b'')\nfor line in sys.stdin: say(b'{\"notes\":"
        ' {"divisions": 0, "count": 1}}\' + bytes(72))\n'
    ),
)


@pytest.fixture
def good(midi):
    return midi.file(midi.track(midi.notes(60, 64, 67)))


def reasons(reading):
    return {Path(reject.path).name: reject.reason for reject in reading.rejects}


def test_a_hostile_folder_costs_only_its_hostile_files(write, good, tmp_path):
    for name in ("a", "abort", "b", "segfault", "exit", "c", "swell", "deep", "bug", "shout", "z"):
        write(f"{name}.mid", good)
    write("text.mid", "words")
    reading = read_pieces(tmp_path, workers=2, command=COMMAND)
    assert [Path(piece.source.path).name for piece in reading.pieces] == [
        "a.mid",
        "b.mid",
        "c.mid",
        "shout.mid",
        "z.mid",
    ]
    assert list(reasons(reading)) == [
        "abort.mid",
        "bug.mid",
        "deep.mid",
        "exit.mid",
        "segfault.mid",
        "swell.mid",
        "text.mid",
    ]
    assert {reasons(reading)[name] for name in ("abort.mid", "exit.mid", "segfault.mid")} == {
        "the parser crashed"
    }
    assert "GiB of memory" in reasons(reading)["swell.mid"]
    assert "nested too deeply" in reasons(reading)["deep.mid"]
    assert "ZeroDivisionError" in reasons(reading)["bug.mid"]
    assert "not a MIDI file" in reasons(reading)["text.mid"]


def test_a_hanging_parser_is_ended(write, good, tmp_path):
    for name in ("a", "hang1", "hang2", "z"):
        write(f"{name}.mid", good)
    begin = time.monotonic()
    reading = read_pieces(tmp_path, workers=2, timeout_s=1.5, command=COMMAND)
    assert time.monotonic() - begin < 15
    assert len(reading.pieces) == 2
    assert set(reasons(reading).values()) == {"reading it took longer than 1.5 s"}


def test_no_parser_outlives_the_reading(write, good, tmp_path):
    path = write("a.mid", good)
    with Parsers(COMMAND) as parsers:
        assert len(parsers.answers([Task(json.dumps({"path": str(path)}), 20)] * 5)) == 5
        processes = [parser._process for parser in parsers._all]
    assert processes
    assert all(process.returncode is not None for process in processes)
    with pytest.raises(RuntimeError, match="closed"):
        parsers.answers([])


def test_leaving_ends_a_parser_that_is_at_work(write, good):
    path = write("hang.mid", good)
    with ThreadPoolExecutor(1) as executor:
        with Parsers(COMMAND) as parsers:
            future = executor.submit(parsers.answers, [Task(json.dumps({"path": str(path)}), 1000)])
            while not parsers._all or parsers._all[0]._process is None:
                time.sleep(0.01)
        with pytest.raises(RuntimeError, match="closed"):
            future.result(timeout=20)


def test_a_file_is_not_blamed_for_the_crash_that_another_left_behind(write, good, tmp_path):
    """The parser dies once, at a file that has nothing wrong with it; asked again in a fresh
    process it is read.
    """
    write("a.mid", good)
    once = SABOTEUR.replace(
        'if "abort" in name:',
        f'if name == "b.mid" and not os.path.exists({str(tmp_path / "died")!r}):\n'
        f'        open({str(tmp_path / "died")!r}, "w")',
    )
    write("b.mid", good)
    assert (
        len(read_pieces(tmp_path, workers=1, command=(sys.executable, "-P", "-c", once)).pieces)
        == 2
    )
    assert (tmp_path / "died").exists()


def test_an_answer_that_makes_no_sense_is_a_reject(write, good):
    path = write("a.mid", good)
    with pytest.raises(PartimentoError, match="no sensible answer"):
        read_pieces([path], command=LIAR)


def test_workers_that_cannot_start_are_our_fault_not_the_files(write, good):
    path = write("a.mid", good)
    with pytest.raises(RuntimeError, match="could not start"):
        read_pieces([path], command=(sys.executable, "-c", "raise SystemExit(3)"))


def test_pieces_come_back_as_they_were_read_whatever_the_number_of_workers(guitar):
    paths = sorted((guitar / "GiulianiM").glob("*.mid"))
    expected = [read_piece(path) for path in paths]
    for workers in (1, 3):
        pieces = read_pieces(guitar / "GiulianiM", workers=workers).pieces
        assert pieces[0].title == "Étude 1"  # the manifest's; the file has none
        assert {piece.composer for piece in pieces} == {"Mauro Giuliani"}
        assert pieces[0].source.license == "CC-BY-SA 3.0"
        assert [
            a.replace(title=b.title, composer=b.composer, source=b.source)
            for a, b in zip(pieces, expected, strict=True)
        ] == expected
    view = read_pieces(paths[:3], quantize="music21", workers=1).pieces
    assert [piece.notes for piece in view] == [
        read_piece(path, quantize="music21").notes for path in paths[:3]
    ]
    assert [piece.notes for piece in view] != [piece.notes for piece in expected[:3]]


def test_progress_is_told(write, good, tmp_path):
    for name in "abc":
        write(f"{name}.mid", good)
    told = []
    read_pieces(tmp_path, workers=2, progress=lambda *step: told.append(step))
    assert told == [("read", done, 3) for done in range(4)]


def test_scores_and_midi_side_by_side(write, good, tmp_path):
    write("a.mid", good)
    write("b.abc", "X:1\nT:Air\nM:4/4\nL:1/4\nK:C\nCDEF|\n")
    assert [len(piece.notes) for piece in read_pieces(tmp_path).pieces] == [3, 4]


def test_folders_are_walked_in_order(write, tmp_path):
    for name in (
        "b/2.mid",
        "b/1.MID",
        "b/.hidden.mid",
        ".git/x.mid",
        "a.xml",
        "c.midi",
        "notes.txt",
        "b/deep/er/3.krn",
    ):
        write(name, "x")
    (tmp_path / "b" / "deep" / "loop").symlink_to(tmp_path / "b", target_is_directory=True)
    (tmp_path / "b" / "self.mid").symlink_to(tmp_path / "b" / "self.mid")
    (tmp_path / "linked.mid").symlink_to(tmp_path / "c.midi")
    files, faults = find_files([tmp_path])
    names = [path.relative_to(tmp_path).as_posix() for path in files]
    assert names == [
        "a.xml",
        "c.midi",
        "linked.mid",
        "b/1.MID",
        "b/2.mid",
        "b/self.mid",
        "b/deep/er/3.krn",
    ]
    assert faults == []


def test_a_tree_too_deep_for_recursion(tmp_path):
    here, depth = Path.cwd(), 0
    os.chdir(tmp_path)  # step by step: the whole path is longer than the system takes
    try:
        while depth < 1200:
            Path("d").mkdir()
            os.chdir("d")
            depth += 1
        files, faults = find_files([tmp_path])
        assert files == []
        assert len(faults) <= 1
    finally:
        for _ in range(depth):
            os.chdir("..")
            Path("d").rmdir()
        os.chdir(here)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(write, good, tmp_path):
    write("a.mid", good)
    write("no.mid", good).chmod(0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    try:
        assert set(reasons(read_pieces(tmp_path)).values()) == {"permission denied"}
    finally:
        closed.chmod(0o700)


def test_refusals_of_the_system_are_told(write, good, tmp_path, monkeypatch):
    write("a.mid", good)
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def scandir(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert reasons(read_pieces(tmp_path)) == {"closed": "permission denied"}


def test_named_files_of_other_kinds_are_rejects_not_passed_over(write, good, tmp_path):
    reading = read_pieces([write("a.mid", good), write("b.pdf", "x")])
    assert reasons(reading) == {"b.pdf": ".pdf is none of .mid .midi .musicxml .mxl .xml .abc .krn"}


def test_a_source_that_does_not_exist_is_refused_whole(write, good, tmp_path):
    with pytest.raises(PartimentoError, match=r"no\.mid does not exist$"):
        read_pieces([write("a.mid", good), tmp_path / "no.mid"])


def test_a_pipe_is_no_file(write, good, tmp_path):
    os.mkfifo(tmp_path / "pipe.mid")
    write("a.mid", good)
    assert reasons(read_pieces(tmp_path)) == {"pipe.mid": "not a file"}


def test_an_empty_corpus_is_refused_in_one_line(write, tmp_path):
    with pytest.raises(PartimentoError, match="an empty corpus: no music files in"):
        read_pieces(tmp_path)
    write("a.mid", "words")
    with pytest.raises(
        PartimentoError, match=r"none of 1 files .* could be read .*not a MIDI file"
    ) as caught:
        read_pieces(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(PartimentoError, match="nothing is bundled as"):
        read_pieces("bundled:minuets")


def test_the_table_of_rejects(tmp_path):
    path = write_rejects(
        [Reject("a, b.mid", 'says "no"'), Reject("c.mid", "empty")], tmp_path / "rejects.csv"
    )
    assert path.read_text() == 'path,reason\n"a, b.mid","says ""no"""\nc.mid,empty\n'


def test_reading_works_from_a_script_without_a_main_guard_and_beside_modules_of_standard_names(
    write, good, tmp_path
):
    import subprocess

    write("json.py", "raise SystemExit('the wrong json')")
    write("songs/a.mid", good)
    code = "from partimento.corpus import read_pieces; print(len(read_pieces('songs').pieces))"
    script = write("run.py", code)
    done = subprocess.run(
        [sys.executable, "-P", script], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_reading_works_in_a_thread(write, good, tmp_path):
    write("a.mid", good)
    found = []
    thread = threading.Thread(target=lambda: found.extend(read_pieces(tmp_path).pieces))
    thread.start()
    thread.join(60)
    assert len(found) == 1
