"""The command that varies a score."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import run_checked

import partimento as pt
from partimento.training.trained_model import TrainedModel


@pytest.fixture
def hymn(tmp_path: Path) -> Path:
    piece = pt.load_corpus("bundled:chorales").pieces[0].cut(1, 2)
    return piece.replace(score=None).save(tmp_path / "hymn.mid")[0]


def test_a_variation_is_written_and_made_again(
    hymn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "varied.mid"
    words = ["--amount", "0.5", "--keep", "1,rhythm", "--keep", "Bass", "--particles", "3"]
    run_checked("vary", hymn, "-o", out, "--seed", "1", *words, "--json")
    report = json.loads(capsys.readouterr().out)
    assert 0 < report["changed"] < 0.5
    assert all(row["holds"] for row in report["constraints"])
    before, after = pt.read(hymn), pt.read(out)
    for part in (0, 3):
        assert after.part(part).notes.pitch.tolist() == before.part(part).notes.pitch.tolist()
    run_checked("again", out, "--start", hymn)


def test_chords_are_exchanged_for_near_ones(
    embeddings_run: TrainedModel,
    pieces: list[pt.Piece],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = pieces[0].save(tmp_path / "study.mid")[0], tmp_path / "like.mid"
    words = ["--like", "--model", embeddings_run.folder, "--amount", "0.5", "--seed", "2"]
    run_checked("vary", source, "-o", out, *words, "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["constraints"][0]["asked"].endswith("chords exchanged for near ones")
    before, after = pt.read(source), pt.read(out)
    assert after.notes.onset.tolist() == before.notes.onset.tolist()
    assert after.notes != before.notes
    run_checked("again", out, "--start", source, "--model", embeddings_run.folder)
    assert "all" in capsys.readouterr().out


def test_variations_go_to_a_folder(
    hymn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "variations"
    run_checked("vary", hymn, "--candidates", "2", "-o", out, "--seed", "1", "--particles", "2")
    assert "changed" in capsys.readouterr().out
    assert (out / "2.musicxml").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--amount", "2"], "a share of the notes"),
        (["--distance", "nearr"], "did you mean near"),
        (["--keep", "Viola"], "no part named 'Viola'"),
        (["--keep", "0"], "--part counts parts from 1"),
    ],
)
def test_invalid_options_are_refused_in_one_line(
    hymn: Path, tmp_path: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_checked("vary", hymn, "-o", tmp_path / "a.mid", *words, code=2)
    assert message in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / "a.mid").exists()
