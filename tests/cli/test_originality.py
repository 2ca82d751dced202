"""``partimento originality``, in this process."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.commands import run

from partimento import Piece
from partimento.export.write import write


@pytest.fixture(scope="module")
def folder(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scores")
    for number, piece in enumerate(pieces):
        write(piece, folder / f"{number}.mid")
    (folder / "text.mid").write_text("not music")
    return folder


def test_a_piece_beside_a_folder(
    folder: Path, pieces: list[Piece], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(pieces[0], tmp_path / "copy.musicxml")
    assert (
        run(
            "originality",
            tmp_path / "copy.musicxml",
            "--against",
            folder,
            "-o",
            tmp_path / "report.csv",
        )
        == 0
    )
    printed = capsys.readouterr()
    assert "all of it occurs in" in printed.out
    assert "not read" in printed.err
    with (tmp_path / "report.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["chords", "melody"]
    assert rows[0]["in_path"].endswith(".mid")
    assert float(rows[0]["share"]) == 1.0


def test_all_of_a_corpus_beside_itself_as_json(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    assert run("originality", folder, "--against", folder, "--json", "-o", out) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads(out.read_text())
    assert len(told["pieces"]) == told["against"] == 8
    assert all(
        any(path.endswith(f"/{number}.mid") for path in piece["in_corpus"])
        for number, piece in enumerate(told["pieces"])
    )
    assert [Path(each["path"]).name for each in told["rejected"]] == ["text.mid", "text.mid"]


def test_many_pieces_in_a_table(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("originality", folder, "--against", folder, "-o", tmp_path / "report.md") == 0
    printed = capsys.readouterr().out
    assert "8 pieces: longest passage (median, 95 %, most) of chords" in printed
    assert "8 of them are in the corpus" in printed
    table = (tmp_path / "report.md").read_text()
    assert table.count("| chords |") >= 9
    assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.mid", "--against", "{folder}"], "none.mid"),
        (
            ["{folder}", "--against", "{folder}", "-o", "report.html"],
            "report.html: the report can be written as .csv, .json, .md",
        ),
        (["{folder}/text.mid", "--against", "{folder}"], "text.mid"),
        (["corpus.parquet", "--against", "{folder}"], "corpus.parquet is a store"),
        (["{folder}", "--against", "{folder}/text.mid"], "text.mid"),
    ],
)
def test_errors_are_one_line(
    words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("originality", *(word.format(folder=folder) for word in words)) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("partimento: ")
    assert said in lines[-1]
