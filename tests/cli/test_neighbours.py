"""Chords whose vectors are alike, as a table, as JSON and as a map."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from partimento.cli.neighbours import run_neighbours
from partimento.errors import PartimentoError
from partimento.training.trained_model import TrainedModel


def test_the_table(embeddings_run: TrainedModel, capsys: pytest.CaptureFixture[str]) -> None:
    run_neighbours(embeddings_run.folder, most=2)
    told = capsys.readouterr().out
    assert "nearest first" in told
    assert "circle of fifths" in told or "Spearman" in told


def test_as_json_with_a_map(
    embeddings_run: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spelt = "C3+E4"
    assert (48, 64) in embeddings_run.tokenizer.chords.symbols
    run_neighbours(embeddings_run.folder, [spelt], out=tmp_path / "map.svg", most=3, as_json=True)
    told = json.loads(capsys.readouterr().out)
    (chord,) = told["chords"]
    assert chord["name"] == spelt
    assert chord["times"] == embeddings_run.model.counts[embeddings_run.tokenizer.chords[(48, 64)]]
    assert len(chord["near"]) == 3
    assert chord["near"] == sorted(chord["near"], key=lambda near: -near["cosine"])
    assert told["fifths"]["major"] is None  # JSON knows no NaN
    assert (tmp_path / "map.svg").read_text().startswith("<?xml")


def test_what_the_command_refuses(embeddings_run: TrainedModel, tmp_path: Path) -> None:
    (tmp_path / "there.png").write_bytes(b"")
    for asked, wish, match in (
        ((), {"out": tmp_path / "map.jpg"}, "png or .svg"),
        ((), {"out": tmp_path / "there.png"}, "there.png"),
        ((), {"most": 0}, "at least 1"),
        (("H7",), {}, "the chord H7 did not occur"),
        (("C1+C2",), {}, r"the chord C1\+C2 did not occur"),
    ):
        with pytest.raises(PartimentoError, match=match):
            run_neighbours(embeddings_run.folder, asked, **wish)
    with pytest.raises(PartimentoError, match="is not a run"):
        run_neighbours(tmp_path)
