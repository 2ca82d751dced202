"""The parsing process: each fault of a file is a reason, and the next file is read."""

import sys
from pathlib import Path

from tests.corpus.parsers.saboteur import COMMAND, reasons

from partimento.corpus import read_pieces


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
