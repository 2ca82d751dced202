"""The pictures of a training: which runs have which, and what is no run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from partimento.errors import PartimentoError
from partimento.evaluation.training_report import on_a_plane, open_watched
from partimento.training.run_folder import RunFolder
from partimento.training.trained_model import TrainedModel


@pytest.fixture
def copy(markov_run: TrainedModel, tmp_path: Path) -> RunFolder:
    assert markov_run.folder is not None
    return RunFolder(Path(shutil.copytree(markov_run.folder, tmp_path / "copy")))


def test_a_run_is_read_without_its_model(markov_run: TrainedModel) -> None:
    assert markov_run.folder is not None
    watched = open_watched(markov_run.folder)
    assert watched.finished
    assert (watched.name, watched.settings.name) == ("markov", "markov")
    assert watched.history == markov_run.history
    assert watched.tokenizer == markov_run.tokenizer


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PartimentoError, match="does not exist"):
        open_watched(tmp_path / "nowhere")
    with pytest.raises(PartimentoError, match="neither a run nor an unfinished training"):
        open_watched(tmp_path)


def test_a_damaged_run_is_refused_in_one_line(copy: RunFolder) -> None:
    copy.vocabulary.write_text("{}")
    with pytest.raises(PartimentoError, match="is not a complete run: KeyError"):
        open_watched(copy.path)
    copy.history.unlink()
    with pytest.raises(PartimentoError, match="has not completed an epoch"):
        open_watched(copy.path)


def test_one_and_two_dimensions_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(3, 5, 2))
    points, how = on_a_plane(flat)
    np.testing.assert_array_equal(points, flat)
    assert how == ""
    points, how = on_a_plane(flat[..., :1])
    np.testing.assert_array_equal(points, np.stack([flat[..., 0], np.zeros((3, 5))], -1))
    assert "one dimension" in how


def test_many_dimensions_show_those_with_the_most_variance() -> None:
    rng = np.random.default_rng(1)
    space = rng.normal(size=(2, 400, 4)) * np.array([0.1, 5.0, 0.1, 2.0])
    points, how = on_a_plane(space)
    assert points.shape == (2, 400, 2)
    for axis, dimension in enumerate((1, 3)):
        assert np.corrcoef(points[-1, :, axis], space[-1, :, dimension])[0, 1] > 0.99
    assert "of 4 dimensions the two with the most variance, 100% of it" in how
    np.testing.assert_array_equal(on_a_plane(space)[0], points)
