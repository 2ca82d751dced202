"""The parsing process: each fault of a file is a reason, and the next file is read."""

import json
import sys
from pathlib import Path
from unittest.mock import Mock

from tests.corpus.parsers.saboteur import COMMAND, reasons

from partimento.corpus import read_piece, read_pieces
from partimento.corpus.parsers import worker
from partimento.corpus.parsers.wire import unpack
from partimento.corpus.parsers.worker import _answer
from partimento.corpus.settings import AS_WRITTEN
from partimento.corpus.store.rows import unpack_row


def test_hostile_files_do_not_affect_the_others(write, good, tmp_path):
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


def test_reading_works_without_a_main_guard_and_beside_shadowing_modules(write, good, tmp_path):
    import subprocess

    write("json.py", "raise SystemExit('the wrong json')")
    write("songs/a.mid", good)
    code = "from partimento.corpus import read_pieces; print(len(read_pieces('songs').pieces))"
    script = write("run.py", code)
    done = subprocess.run(
        [sys.executable, "-P", script], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_request_is_answered_with_a_piece_a_view_or_a_row(write, good):
    path = str(write("a.mid", good))
    piece, facts = unpack(_answer({"path": path}))
    assert piece == read_piece(path)
    assert facts is None
    config = AS_WRITTEN.model_dump()
    view, facts = unpack(_answer({"path": path, "view": config, "instrument": "Flöte"}))
    assert view.notes == piece.notes
    assert facts["instruments"] == ["flute"]
    row = unpack_row(_answer({"path": path, "row": config, "instrument": ""}))
    assert (row.plain["notes"], row.plain["sha256"]) == (3, piece.source.sha256)


def test_a_failing_request_is_answered_with_a_reason(write, monkeypatch):
    path = str(write("a.mid", "words"))
    assert json.loads(_answer({"path": path})) == {"reason": "not a MIDI file, despite its suffix"}
    for fault, reason in (
        (MemoryError, "reading it takes more than 3 GiB of memory"),
        (RecursionError, "it is nested too deeply"),
        (ZeroDivisionError("x"), "the parser failed (ZeroDivisionError: x)"),
    ):
        monkeypatch.setattr(worker, "read_piece", Mock(side_effect=fault))
        assert json.loads(_answer({"path": path})) == {"reason": reason}
