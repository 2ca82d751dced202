"""Make a composed file again, and say what differs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.commands import run, run_checked

COMPOSE = ("compose", "--model", "chorales", "--bars", "2", "--seed", "4", "--json")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a composed file, beside others of the same piece."""
    folder = tmp_path_factory.mktemp("made")
    outputs = [word for name in ("mid", "musicxml", "pdf") for word in ("-o", folder / f"a.{name}")]
    run_checked(*COMPOSE, *outputs)
    return folder / "a.mid"


@pytest.mark.parametrize("suffix", [".mid", ".musicxml", ".pdf"])
def test_the_same_bytes(made: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    run_checked("again", made.with_suffix(suffix))
    assert "bytes are the same" in capsys.readouterr().out


def test_writes_another_format(made: Path, tmp_path: Path) -> None:
    run_checked("again", made, "-o", tmp_path / "b.musicxml")
    assert (tmp_path / "b.musicxml").read_bytes() == made.with_suffix(".musicxml").read_bytes()


def test_an_edited_file_differs_from_the_bar_of_the_edit(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_checked("transpose", made, "--semitones", "2", "-o", tmp_path / "higher.mid")
    capsys.readouterr()
    assert run("again", tmp_path / "higher.mid", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert not report["same"]
    assert any("the notes differ from bar" in line for line in report["differences"])


def test_another_model_and_version_are_named(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = made.read_bytes().replace(b'"version":"0.', b'"version":"9.')
    (tmp_path / "a.mid").write_bytes(data)
    assert run("again", tmp_path / "a.mid", "--model", "guitar") == 1
    shown = capsys.readouterr().out
    for text in (
        "the model has another fingerprint",
        "the corpus of the model has another",
        "the file is by 9.",
        "the composed music is not the same",
    ):
        assert text in shown


def test_a_score_that_is_continued_is_found_beside_the_file(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(made, tmp_path / "theme.mid")
    file = tmp_path / "more.mid"
    run_checked(*COMPOSE[:3], "--bars", "3", "--start", tmp_path / "theme.mid", "-o", file)
    run_checked("again", file)
    (tmp_path / "theme.mid").rename(tmp_path / "other.mid")
    capsys.readouterr()
    assert run("again", file) == 2
    assert "theme.mid, which is not here: give it with --start" in capsys.readouterr().err
    run_checked("again", file, "--start", tmp_path / "other.mid")
    shutil.copy(file, tmp_path / "theme.mid")
    assert run("again", file) == 2
    assert "it has changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["again", "{folder}/0.mid"], "does not say how it was composed"),
        (["again", "nowhere.mid"], "does not exist"),
        (["again", "{folder}/0.mid", "-o", "{new}.doc"], "cannot write .doc"),
    ],
)
def test_refused_in_one_line(words, message, refused) -> None:
    refused(words, message)


def test_a_missing_model_is_named(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = made.read_bytes().replace(b'"model":"chorales"', b'"model":"runs/sor"')
    (tmp_path / "a.mid").write_bytes(data)
    assert run("again", tmp_path / "a.mid") == 2
    assert "'runs/sor'" in capsys.readouterr().err
    assert run("again", tmp_path / "a.mid", "--model", tmp_path / "none") == 2
    assert run("again", made, "--start", made) == 2
