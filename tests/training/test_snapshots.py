"""Snapshots of a training: which are written, and what is read of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from partimento.tokens.vocabulary import SPECIAL
from partimento.training.run_folder import RunFolder
from partimento.training.snapshots import WINDOWS, has_snapshots, read_snapshots
from partimento.training.trained_model import TrainedModel


@pytest.fixture
def folder(run: TrainedModel) -> RunFolder:
    assert run.folder is not None
    return RunFolder(run.folder)


def test_a_short_training_has_one_of_each_epoch(run: TrainedModel, folder: RunFolder) -> None:
    assert has_snapshots(folder)
    seen = read_snapshots(folder)
    assert seen.epochs == [epoch.epoch for epoch in run.history]
    assert len(seen.titles) == len(seen.keys) == len(seen.targets) <= WINDOWS
    assert set(seen.titles) <= {piece.title for piece in run.pieces if piece.split == "train"}
    for snapshot in seen.snapshots:
        assert snapshot["tokens"].shape == seen.targets[0].shape


def test_the_first_window_is_one_that_can_be_shown(folder: RunFolder) -> None:
    first = read_snapshots(folder).targets[0]
    assert (first[:-1] >= SPECIAL).all()


def test_what_came_after_the_last_checkpoint_is_left_out(folder: RunFolder) -> None:
    whole, cut = read_snapshots(folder), read_snapshots(folder, until=1)
    assert cut.epochs == [1]
    assert len(cut.snapshots) == 1
    np.testing.assert_array_equal(cut.snapshots[0]["tokens"], whole.snapshots[0]["tokens"])
    assert read_snapshots(folder, until=0).snapshots == []


def test_a_run_without_snapshots_has_none(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert not has_snapshots(folder)
    with pytest.raises(FileNotFoundError):
        read_snapshots(folder)


def test_snapshots_without_their_windows_are_an_error(folder: RunFolder, tmp_path: Path) -> None:
    copy = RunFolder(tmp_path)
    copy.seen.mkdir()
    for path in folder.seen.glob("epoch-*.npz"):
        (copy.seen / path.name).write_bytes(path.read_bytes())
    assert not has_snapshots(copy)
    np.savez(copy.seen / "windows.npz", targets=np.zeros((1, 2, 3)))
    with pytest.raises(KeyError, match="titles"):
        read_snapshots(copy)


def test_a_file_cut_short_is_one_error(folder: RunFolder, tmp_path: Path) -> None:
    copy = RunFolder(tmp_path)
    copy.seen.mkdir()
    for path in folder.seen.glob("*.npz"):
        (copy.seen / path.name).write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=r"windows\.npz"):
        read_snapshots(copy)
