"""partimento tune."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import run

from partimento.evaluation import tune as search
from partimento.training.trained_model import load_model


@pytest.fixture(scope="module")
def counted(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that counts, with two validation pieces."""
    out = tmp_path_factory.mktemp("runs") / "counted"
    words = ["--set", "train.validation=0.25", "--set", "train.test=0.1"]
    assert run("train", folder, "--model", "markov", *words, "-o", out) == 0
    return out


def test_the_best_sampling_is_shown_and_kept(
    counted: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(search, "TEMPERATURES", (0.6, 1.0))
    monkeypatch.setattr(search, "TRUNCATIONS", ({"top_p": 0.9, "min_p": 0.1},))
    monkeypatch.setattr(search, "LEAST", 2)
    words = ["tune", counted, folder, "--pieces", 2, "--bars", 2, "--seed", 3]
    assert run(*words, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["pieces"], told["bars"], told["seed"]) == (2, 2, 3)
    assert len(told["trials"]) == 2
    sampling = load_model(counted).settings.sample
    assert sampling.model_dump() == told["sampling"]
    assert (sampling.top_p, sampling.min_p) == (0.9, 0.1)
    assert run(*words) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"temperature {sampling.temperature}, top-p 0.9, min-p 0.1. Seed 3" in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tune", "{run}", "{folder}", "--pieces", "1"], "--pieces must be between 2 and 10,000"),
        (["tune", "{run}", "{folder}", "--bars", "0"], "--bars must be between 1 and 1000"),
        (["tune", "{folder}", "{folder}"], "is not a run"),
        (["tune", "{run}", "{new}"], "new"),
        (["tune", "{run}", "{folder}"], "needs at least 8 validation pieces"),
    ],
)
def test_wrong_arguments(refused, words: list[str], message: str) -> None:
    refused(words, message)
