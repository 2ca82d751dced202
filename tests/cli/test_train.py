"""Train on the command line: what is written, reported and left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.commands import SMALL, run

from partimento.corpus import read_piece


def test_a_run_tells_what_it_learned_from(trained: Path) -> None:
    assert {path.name for path in trained.iterdir()} == {
        "run.json",
        "pieces.json",
        "vocabulary.json",
        "model.weights.h5",
        "history.csv",
        "history.json",
        "held_out.json",
        "real_pieces.json",
        "rejects.csv",
        "samples",
        "seen",
    }
    rejects = (trained / "rejects.csv").read_text().splitlines()
    assert [line.split(",")[0].rpartition("/")[2] for line in rejects[1:]] == [
        "broken.mid",
        "text.mid",
    ]
    assert len(read_piece(next((trained / "samples").glob("*.mid"))).events) > 4
    figures = json.loads((trained / "held_out.json").read_text())
    assert set(figures) == {"unigram", "markov", "lstm", "reconstruction"}
    assert figures.pop("reconstruction") is None  # an LSTM gives no window back
    assert all(row["total"] > 0 for row in figures.values())


def test_training_says_in_words_how_good_the_model_is(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", folder, "--model", "markov", "-o", tmp_path / "a") == 0
    sentence = next(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("markov is ")
    )
    assert "nats per event" in sentence
    assert run("train", folder, "--model", "markov", "-o", tmp_path / "b", "--json") == 0
    assert json.loads(capsys.readouterr().out)["summary"] == sentence


def test_min_steps_that_override_the_epochs_are_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--set", "train.epochs=1", "--set", "train.min_steps=20", "-o", tmp_path / "run"]
    assert run("train", folder, "--model", "lstm", *SMALL, *words) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if "min_steps" in line]
    assert len(notes) == 1
    assert "train.epochs = 1 gives" in notes[0]
    assert "epochs are trained" in notes[0]


def test_a_store_is_used_as_it_was_built_unless_data_settings_are_stated(
    folder: Path, tmp_path: Path
) -> None:
    store, words = tmp_path / "scores.parquet", ("--model", "markov")
    assert run("corpus", "build", folder, "-o", store, "--octave", "sounding") == 0
    assert run("train", store, *words, "-o", tmp_path / "a") == 0
    assert run("train", store, *words, "--set", "data.octave=written", "-o", tmp_path / "b") == 0
    octaves = [
        json.loads((tmp_path / name / "run.json").read_text())["settings"]["data"]["octave"]
        for name in "ab"
    ]
    assert octaves == ["sounding", "written"]


def test_names_that_are_no_text_and_names_that_look_like_markup(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [os.fsdecode(b"b\xff.mid"), "x[/red].mid", "[bold]y.mid"]
    (tmp_path / "x[").mkdir()
    (tmp_path / "bad[").mkdir()
    (tmp_path / "z[").mkdir()
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes((folder / f"{number}.mid").read_bytes())
    (tmp_path / "bad[/red].mid").write_text("no")
    (tmp_path / os.fsdecode(b"bad\xff.mid")).write_text("no")
    out = tmp_path / "run"
    assert run("train", tmp_path, "--model", "lstm", *SMALL, "-o", out) == 0
    capsys.readouterr()
    rejected = (out / "rejects.csv").read_bytes()
    assert len(rejected.splitlines()) == 3
    assert b"bad[/red].mid" in rejected
    assert b"bad\xff.mid" in rejected
    assert run("compose", out, "--bars", 1, "--seed", 1, "-o", tmp_path / "z[/red].mid") == 0


def test_why_files_were_lost_is_said_when_too_few_are_left(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.mid").write_bytes((folder / "0.mid").read_bytes())
    (tmp_path / "broken.mid").write_bytes((folder / "0.mid").read_bytes()[:60])
    assert run("train", tmp_path, "--model", "lstm", *SMALL, "-o", tmp_path / "run") == 2
    shown = capsys.readouterr().err
    assert "it has no notes" in shown
    assert "at least two different pieces" in shown


@pytest.mark.parametrize("seconds", [2.5, pytest.param(6.0, marks=pytest.mark.slow)])
def test_an_interrupt_ends_it_with_a_word_and_without_a_trace(
    seconds: float, folder: Path, tmp_path: Path
) -> None:
    """SIGINT while the framework loads, and while it trains."""
    long = ["--set", "train.epochs=100000", "--set", "train.patience=100000"]
    words = [
        sys.executable,
        "-m",
        "partimento",
        "train",
        str(folder),
        "--model",
        "lstm",
        *SMALL,
        *long,
        "-o",
        str(tmp_path / "run"),
    ]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, shown = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "partimento: stopped" in shown
    left = [path.name for path in tmp_path.iterdir()]
    assert left == ([".run.training"] if "train --resume" in shown else [])
    if left and seconds > 4:
        assert (
            run("train", "--resume", tmp_path / "run", "--seed", 1) == 2
        )  # as it was begun, or not at all


@pytest.mark.slow
def test_a_killed_training_leaves_no_run(folder: Path, tmp_path: Path) -> None:
    """SIGKILL at several moments: the run's folder is whole or not there."""
    from partimento.errors import PartimentoError
    from partimento.training.trained_model import load_model

    for number, seconds in enumerate((1.0, 3.0, 5.0, 7.0, 9.0, 11.0)):
        out = tmp_path / str(number)
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "partimento",
                "train",
                str(folder),
                "--model",
                "lstm",
                *SMALL,
                "-o",
                str(out),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if out.exists():
            assert load_model(out).best.val_loss > 0
        else:
            with pytest.raises(PartimentoError, match="does not exist"):
                load_model(out)
