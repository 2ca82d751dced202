"""Writing and printing tablatures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import run_checked
from tests.guitar.scores import line, study

import partimento as pt


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return study().save(tmp_path / "study.mid")[0]


def test_without_a_file_the_tablature_is_printed(
    song: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_checked("tab", song)
    text = capsys.readouterr().out
    assert "e|-------0-----|" in text
    assert "A|-3-----------|" in text


def test_one_score_in_several_formats(song: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / f"out{suffix}" for suffix in (".musicxml", ".gp5", ".txt", ".svg")]
    run_checked("tab", song, *(word for path in outputs for word in ("-o", path)))
    xml, gp5 = (pt.read(path) for path in outputs[:2])
    places = [[(n.pitch, n.string, n.fret) for n in piece.notes] for piece in (xml, gp5)]
    assert places[0] == places[1]
    assert places[0][0] == (48, 5, 3)
    assert "tabGrp" in outputs[3].read_text()


def test_many_scores_go_to_a_folder(song: Path, tmp_path: Path) -> None:
    other = line(60, 62, 64).save(tmp_path / "line.mid")[0]
    out = tmp_path / "tabs"
    run_checked("tab", song, other, "-o", out, "--format", "txt", "--format", "gp5")
    assert sorted(path.name for path in out.iterdir()) == [
        "line.gp5", "line.txt", "study.gp5", "study.txt",
    ]  # fmt: skip


def test_the_report_as_json(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.txt"
    run_checked("tab", song, "--tuning", "drop d", "--capo", "1", "-o", out, "--json")
    (report,) = json.loads(capsys.readouterr().out)
    (part,) = report["parts"]
    assert report["written"] == [str(out)]
    assert (part["tuning"], part["capo"]) == ("drop d, D A D G B E", 1)
    assert part["unplayable"] == []


def test_strings_of_the_score_are_kept_unless_anew(tmp_path: Path) -> None:
    piece = pt.Piece([pt.Note(0, 1, 64, string=3, fret=9)], parts=(pt.Part("Guitar", 24),))
    source = piece.save(tmp_path / "a.musicxml")[0]
    for options, place in (((), (3, 9)), (("--anew",), (1, 0))):
        out = tmp_path / f"b{len(options)}.musicxml"
        run_checked("tab", source, "-o", out, *options)
        note = pt.read(out).notes[0]
        assert (note.string, note.fret) == place
