"""Credits of models and of composed files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.commands import run, run_checked

from partimento.music.notes import Note
from partimento.music.piece import Piece
from partimento.music.provenance import Provenance
from partimento.training.credits import credits_of
from partimento.training.trained_model import load_model


def composed(path: Path, corpus: str) -> Path:
    record = Provenance("compose", "chorales", "", corpus, 1)
    return Piece([Note(0, 1, 60)], provenance=record).save(path)[0]


def test_a_composed_file_credits_its_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = composed(tmp_path / "a.mid", load_model("chorales").fingerprint)
    run_checked("credits", path, "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["model"] == "chorales"
    assert len(report["pieces"]) == len(credits_of("chorales").pieces)


@pytest.mark.parametrize("suffix", [".md", ".txt", ".csv", ".json"])
def test_every_piece_is_written(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"credits{suffix}"
    run_checked("credits", "guitar", "-o", path)
    text, pieces = path.read_text(), credits_of("guitar").pieces
    assert all(piece.license in text and piece.source in text for piece in pieces)
    if suffix == ".csv":
        assert len(list(csv.DictReader(text.splitlines()))) == len(pieces)
    assert run("credits", "guitar", "-o", path) == 2  # nothing is replaced


def test_the_table_says_how_many_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    run_checked("credits", "guitar")
    shown = capsys.readouterr().out
    assert "CC-BY-SA 4.0" in shown
    assert "the first 40 of" in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["credits", "nothing"], "no bundled model has this name"),
        (["credits", "{folder}/0.mid"], "does not say how it was composed"),
        (["credits", "{empty}"], "is not a run"),
        (["credits", "guitar", "-o", "{new}.pdf"], "credits can be written as"),
    ],
)
def test_refused_in_one_line(words, message, refused) -> None:
    refused(words, message)


def test_another_model_of_the_same_name_is_not_credited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("credits", composed(tmp_path / "a.mid", "other")) == 2
    assert "learned from other music" in capsys.readouterr().err
