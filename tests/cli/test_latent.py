"""Morph, reconstruct, steer and sample from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.commands import run_checked

import partimento as pt
from partimento.training.trained_model import load_model


def words(latent: Path, *more: object) -> list[object]:
    return ["--model", latent, *more]


def test_a_folder_gets_every_step(latent: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "steps"
    run_checked(
        "morph", folder / "0.mid", folder / "1.mid", *words(latent, "--steps", 3, "-o", out)
    )
    names = sorted(path.name for path in out.iterdir())
    assert names == [
        "1.mid",
        "1.musicxml",
        "2.mid",
        "2.musicxml",
        "3.mid",
        "3.musicxml",
        "steps.csv",
    ]
    rows = list(csv.DictReader((out / "steps.csv").read_text().splitlines()))
    assert [row["file"] for row in rows] == ["1.mid", "2.mid", "3.mid"]
    run_checked("again", out / "2.mid", "--model", latent, code=2)  # the scores are elsewhere


def test_a_file_gets_all_steps(
    latent: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, out = tmp_path / "0.mid", tmp_path / "morph.mid"
    one.write_bytes((folder / "0.mid").read_bytes())
    run_checked("morph", one, folder / "1.mid", *words(latent, "--steps", 2, "-o", out, "--json"))
    (row,) = json.loads(capsys.readouterr().out)["pieces"]
    assert row["notes"] == len(pt.read(out).notes)


def test_a_piece_is_reconstructed_and_made_again(
    latent: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "mine.mid", tmp_path / "out.mid"
    source.write_bytes((folder / "0.mid").read_bytes())
    run_checked("reconstruct", source, *words(latent, "-o", out))
    expected = load_model(latent).reconstruct(pt.read(source))
    assert pt.read(out).notes.pitch.tolist() == expected.notes.pitch.tolist()
    run_checked("again", out, "--model", latent)
    assert "bytes are the same" in capsys.readouterr().out


def test_a_piece_is_steered(latent: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mid"
    options = words(latent, "--direction", "higher", "--amount", 2, "-o", out)
    run_checked("steer", folder / "0.mid", *options)
    expected = load_model(latent).steer(pt.read(folder / "0.mid"), higher=2.0)
    assert pt.read(out).notes.pitch.tolist() == expected.notes.pitch.tolist()


def test_samples_are_a_folder(latent: Path, tmp_path: Path) -> None:
    out = tmp_path / "samples"
    run_checked("sample", *words(latent, "-n", 2, "-o", out))
    assert (out / "2.mid").exists()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["steer", "{folder}/0.mid", "--direction", "densr"], "did you mean denser"),
        (["steer", "{folder}/0.mid", "--direction", "denser", "--amount", "1", "--amount", "2"],
         "one --amount per --direction"),
        (["morph", "{folder}/0.mid", "{folder}/1.mid", "--way", "curved"], "way"),
    ],
)  # fmt: skip
def test_impossible_demands_are_one_line(
    latent: Path,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    message: str,
) -> None:
    out = tmp_path / "out.mid"
    arguments = [word.format(folder=folder) for word in command]
    run_checked(*arguments, *words(latent, "-o", out), code=2)
    error = capsys.readouterr().err
    assert message in error
    assert not out.exists()


def test_a_model_without_a_latent_space_is_refused(
    trained: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mid"
    run_checked("reconstruct", folder / "0.mid", "--model", trained, "-o", out, code=2)
    assert "no latent space" in capsys.readouterr().err
