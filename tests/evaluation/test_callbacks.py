"""Callbacks that check a training and complete its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from partimento import Piece, read
from partimento.evaluation.callbacks import (
    CollapseCheck,
    FirstSample,
    HeldOutReport,
    RealPiecesReport,
    TrainingPictures,
    default_callbacks,
)
from partimento.evaluation.real_pieces import real_pieces
from partimento.training.dataset import Dataset
from partimento.training.run_folder import RunFolder
from partimento.training.train import prepared
from partimento.training.trained_model import TrainedModel


@pytest.fixture
def data(markov_run: TrainedModel, pieces: list[Piece]) -> Dataset:
    return prepared(pieces, markov_run.settings)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def test_pictures_are_drawn_only_when_asked_for() -> None:
    kinds = [CollapseCheck, HeldOutReport, RealPiecesReport, FirstSample]
    assert [type(each) for each in default_callbacks()] == kinds
    assert [type(each) for each in default_callbacks(watch=True)] == [*kinds, TrainingPictures]


def test_the_report_is_kept_and_written(
    markov_run: TrainedModel, data: Dataset, folder: RunFolder
) -> None:
    stages: list[tuple[str, int, int]] = []
    report = HeldOutReport(lambda *stage: stages.append(stage))
    report.on_finish(markov_run, data, folder)
    written = folder.read_held_out()
    assert {name: row["total"] for name, row in written.items() if row} == {
        name: row.total for name, row in report.table.items()
    }
    assert written["reconstruction"] is report.reconstruction is None
    assert {name for name, *_ in stages} == {"check"}


def test_real_pieces_are_measured_for_a_model_that_composes(
    markov_run: TrainedModel, embeddings_run: TrainedModel, data: Dataset, folder: RunFolder
) -> None:
    RealPiecesReport().on_finish(embeddings_run, data, folder)
    assert not folder.real_pieces.exists()
    RealPiecesReport().on_finish(markov_run, data, folder)
    assert folder.read_real_pieces() == real_pieces(data, markov_run.model)
    assert folder.read_real_pieces().pieces == 8 - len(data.test)


def test_the_first_sample_has_the_seed_of_the_training(
    markov_run: TrainedModel, data: Dataset, folder: RunFolder
) -> None:
    FirstSample().on_finish(markov_run, data, folder)
    (path,) = folder.samples.iterdir()
    assert path.name == f"seed-{markov_run.settings.train.seed}.mid"
    assert len(read(path).notes) > 4


def test_a_model_that_cannot_compose_has_no_sample(
    embeddings_run: TrainedModel, data: Dataset, folder: RunFolder
) -> None:
    FirstSample().on_finish(embeddings_run, data, folder)
    assert not folder.samples.exists()


def test_a_model_that_is_not_trained_by_epochs_is_not_stopped(
    markov_run: TrainedModel, data: Dataset
) -> None:
    check = CollapseCheck()
    check.on_begin(markov_run.model, data)
    assert check.check(1) is None
