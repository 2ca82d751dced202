"""The files of a run's folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from partimento.errors import PartimentoError
from partimento.training.run_folder import RunFolder, TrainingFolder

SOURCE = Path(__file__).parents[2] / "src" / "partimento"
NAMES = (
    "run.json",
    "pieces.json",
    "vocabulary.json",
    "history.json",
    "history.csv",
    "held_out.json",
    "real_pieces.json",
    "tuning.json",
    "training.json",
    "checkpoint.h5",
)


def test_no_other_module_names_the_files_of_a_run() -> None:
    named = {
        path.name
        for path in SOURCE.rglob("*.py")
        for name in NAMES
        if f'"{name}"' in path.read_text(encoding="utf-8")
    }
    assert named == {"run_folder.py"}


def test_the_docstring_lists_every_file() -> None:
    import partimento.training.run_folder as module

    listed = re.findall(r"^ {4}([\w.]+/?) {2,}\S", module.__doc__ or "", re.MULTILINE)
    folder = RunFolder(Path("runs/one"))
    kinds = [
        name
        for name in vars(RunFolder)
        if isinstance(getattr(RunFolder, name), property) and name not in ("name", "training")
    ]
    kinds += [
        name for name in vars(TrainingFolder) if isinstance(getattr(TrainingFolder, name), property)
    ]
    paths = {
        getattr(folder if hasattr(RunFolder, name) else folder.training, name).name
        for name in kinds
    }
    assert paths | {folder.weights(".weights.h5").name} == {name.rstrip("/") for name in listed}


def test_a_training_hides_beside_its_run() -> None:
    training = RunFolder(Path("runs/one")).training
    assert training.path == Path("runs/.one.training")
    assert training.vocabulary == Path("runs/.one.training/vocabulary.json")


def test_a_folder_is_a_run_once_run_json_is_there(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(
        PartimentoError,
        match=r"is not a run: it has no run\.json \(train one with: partimento",
    ):
        folder.check()
    folder.about.write_text('{"settings": {"model": {}}}')
    folder.check()
    assert folder.exists()
    assert folder.read_settings() == {"model": {}}
    assert not folder.training.exists()


def test_changed_and_missing_files_are_found(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for path in (
        folder.pieces,
        folder.vocabulary,
        folder.history,
        folder.history_table,
        folder.weights(".npz"),
    ):
        path.write_text(path.name)
    checksums = folder.checksums(".npz")
    folder.check_files(checksums, ".npz")
    folder.pieces.write_text("changed")
    with pytest.raises(PartimentoError, match=r"pieces\.json was changed or damaged"):
        folder.check_files(checksums, ".npz")
    folder.pieces.unlink()
    with pytest.raises(PartimentoError, match=r"pieces\.json is missing"):
        folder.check_files(checksums, ".npz")


def test_clearing_a_training_leaves_its_lock(tmp_path: Path) -> None:
    training = TrainingFolder(tmp_path)
    for path in (training.lock, training.state, training.request, tmp_path / ".model.npz.x.part"):
        path.write_text("")
    training.seen.mkdir()
    training.remove_half_written()
    assert training.exists()
    assert training.has_checkpoint()
    assert not list(tmp_path.glob(".*"))
    training.clear()
    assert [*tmp_path.iterdir()] == [training.lock]
    training.finish()
    assert not [*tmp_path.iterdir()]
