"""Many files: everything that can be read is, whatever lies beside it."""

import os
import threading
from pathlib import Path

import pytest
from tests.corpus.parsers.saboteur import LIAR, reasons

from partimento.corpus import Reject, read_piece, read_pieces, write_rejects
from partimento.errors import PartimentoError
from partimento.io.formats import SUFFIXES


def test_nonsense_from_a_parser_is_a_reject(write, good):
    path = write("a.mid", good)
    with pytest.raises(PartimentoError, match="an invalid answer"):
        read_pieces([path], command=LIAR)


def test_pieces_are_equal_for_any_number_of_workers(guitar):
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


def test_progress_is_reported(write, good, tmp_path):
    for name in "abc":
        write(f"{name}.mid", good)
    told = []
    read_pieces(tmp_path, workers=2, progress=lambda *step: told.append(step))
    assert told == [("read", done, 3) for done in range(4)]


def test_scores_and_midi_are_read_together(write, good, tmp_path):
    write("a.mid", good)
    write("b.abc", "X:1\nT:Air\nM:4/4\nL:1/4\nK:C\nCDEF|\n")
    assert [len(piece.notes) for piece in read_pieces(tmp_path).pieces] == [3, 4]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_are_rejects(write, good, tmp_path):
    write("a.mid", good)
    write("no.mid", good).chmod(0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    try:
        assert set(reasons(read_pieces(tmp_path)).values()) == {"permission denied"}
    finally:
        closed.chmod(0o700)


def test_errors_of_the_system_are_rejects(write, good, tmp_path, monkeypatch):
    write("a.mid", good)
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def scandir(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert reasons(read_pieces(tmp_path)) == {"closed": "permission denied"}


def test_named_files_of_other_kinds_are_rejects(write, good, tmp_path):
    reading = read_pieces([write("a.mid", good), write("b.xyz", "x"), write("c.pdf", "x")])
    found = reasons(reading)
    assert found["b.xyz"] == ".xyz is none of " + " ".join(SUFFIXES)
    assert "music scanner" in found["c.pdf"]


def test_a_missing_source_is_refused(write, good, tmp_path):
    with pytest.raises(PartimentoError, match=r"no\.mid does not exist$"):
        read_pieces([write("a.mid", good), tmp_path / "no.mid"])


def test_a_pipe_is_a_reject(write, good, tmp_path):
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
    with pytest.raises(PartimentoError, match="no bundled collection"):
        read_pieces("bundled:minuets")


def test_rejects_are_written_as_a_table(tmp_path):
    path = write_rejects(
        [Reject("a, b.mid", 'says "no"'), Reject("c.mid", "empty")], tmp_path / "rejects.csv"
    )
    assert path.read_text() == ('path,reason,read\n"a, b.mid","says ""no""",no\nc.mid,empty,no\n')


def test_reading_works_in_a_thread(write, good, tmp_path):
    write("a.mid", good)
    found = []
    thread = threading.Thread(target=lambda: found.extend(read_pieces(tmp_path).pieces))
    thread.start()
    thread.join(60)
    assert len(found) == 1
