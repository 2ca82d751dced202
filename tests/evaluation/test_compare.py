"""Runs side by side: rows, baselines, learning curves and means over seeds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from partimento.errors import PartimentoError
from partimento.evaluation.compare import Row, compare, learning_curves, summaries, variety
from partimento.training.run_folder import RunFolder
from partimento.training.trained_model import TrainedModel


@pytest.fixture
def first(markov_run: TrainedModel) -> Path:
    assert markov_run.folder is not None
    return markov_run.folder


def changed(run: Path, copy: Path, *, seed: int = 1, **corpus: Any) -> Path:
    """Copy a run as if it had been trained with another seed or on another corpus."""
    shutil.copytree(run, copy)
    path = copy / "run.json"
    about = json.loads(path.read_text())
    about["settings"]["train"]["seed"] = seed
    about["corpus"].update(corpus)
    path.write_text(json.dumps(about))
    return copy


def test_a_run_stands_beside_its_baselines(first: Path, markov_run: TrainedModel) -> None:
    rows = compare([first])
    assert [row.run for row in rows] == ["markov", "(unigram, transpose=key)"]
    stored = RunFolder(first).read_held_out()["markov"]
    assert rows[0].total == stored["total"]
    assert rows[0].weights == markov_run.model.parameters
    assert rows[0].distinct == variety(first)
    assert rows[0].distinct > 0
    assert rows[0].total < rows[1].total


def test_runs_of_one_setting_are_summed_up_over_their_seeds(first: Path, tmp_path: Path) -> None:
    folders = [changed(first, tmp_path / f"try-seed{seed}", seed=seed) for seed in (1, 2)]
    rows = [
        Row("try-seed1", "markov", 1, 2.0, {"chord": 2.0}, seconds=1.0, weights=10),
        Row("try-seed2", "markov", 2, 4.0, {"chord": 3.0, "kl": 1.0}, weights=20),
    ]
    (both,) = summaries(rows, folders)
    assert (both.name, both.runs, both.total) == ("try", 2, 3.0)
    assert both.deviation == pytest.approx(2**0.5)
    assert both.mean.parts == {"chord": 2.5, "kl": 1.0}
    assert (both.mean.weights, both.mean.seconds, both.mean.accuracy) == (15, 0.5, None)
    (alone,) = summaries(rows[:1], folders[:1])
    assert (alone.name, alone.deviation) == ("try-seed1", 0.0)


def test_runs_of_other_pieces_are_refused(first: Path, tmp_path: Path) -> None:
    other = changed(first, tmp_path / "other", fingerprint="00")
    with pytest.raises(PartimentoError, match="not trained on the same pieces"):
        compare([first, other])


def test_a_run_without_results_is_refused(first: Path, tmp_path: Path) -> None:
    copy = changed(first, tmp_path / "copy")
    (copy / "held_out.json").unlink()
    with pytest.raises(PartimentoError, match=r"held_out\.json"):
        compare([copy])


def test_a_model_that_counts_has_no_curve(first: Path) -> None:
    with pytest.raises(PartimentoError, match="no run has a learning curve to draw"):
        learning_curves([first])
