"""A run's folder: whole or not there."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.training.conftest import SETTINGS

from partimento import Piece
from partimento.errors import PartimentoError
from partimento.files import new_folder
from partimento.recipes import read_recipe, recipes
from partimento.training.settings import Settings
from partimento.training.train import learn
from partimento.training.trained_model import TrainedModel, load_model


def test_what_is_in_it(run: TrainedModel, pieces: list[Piece]) -> None:
    assert run.folder is not None
    about = json.loads((run.folder / "run.json").read_text())
    assert about["settings"]["train"]["epochs"] == 2
    assert about["settings"]["train"]["seed"] == 0
    assert len(about["corpus"]["fingerprint"]) == 64
    assert sum(about["corpus"][side] for side in ("train", "valid", "test")) == len(pieces)
    assert {"python", "keras", "numpy"} <= set(about["versions"])
    rows = list(csv.DictReader((run.folder / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert not list(run.folder.rglob("*.pkl")) + list(run.folder.rglob("*.npy"))
    assert not list(run.folder.parent.glob(".*"))  # nothing of the training is left


def test_it_remembers_whom_to_credit(run: TrainedModel) -> None:
    assert run.folder is not None
    again = load_model(run.folder)
    assert {piece.title for piece in again.pieces} == {f"Study {n}" for n in range(8)}
    assert again.history == run.history
    assert again.settings == run.settings


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_is_whole(name: str) -> None:
    recipe = read_recipe(name)
    settings = Settings.from_plain(recipe)
    assert recipe["tokens"]["transpose"] in ("key", "all") or "benchmark" in recipe["about"]
    assert settings.to_plain()["model"]["name"] == recipe["model"]["name"]


def test_nothing_is_replaced_unasked(run: TrainedModel, pieces: list[Piece]) -> None:
    assert run.folder is not None
    with pytest.raises(PartimentoError, match="already exists"):
        learn(pieces, settings=SETTINGS, out=run.folder)


@pytest.mark.parametrize(
    "name", ["vocabulary.json", "pieces.json", "history.csv", "model.weights.h5"]
)
def test_a_run_without_a_file_does_not_load(run: TrainedModel, tmp_path: Path, name: str) -> None:
    broken = _copy(run, tmp_path)
    (broken / name).unlink()
    with pytest.raises(PartimentoError, match=f"{name} is missing"):
        load_model(broken)


def test_weights_of_another_vocabulary_do_not_load(run: TrainedModel, tmp_path: Path) -> None:
    broken = _copy(run, tmp_path)
    table = json.loads((broken / "vocabulary.json").read_text())
    table["chords"] = table["chords"][:-3]
    (broken / "vocabulary.json").write_text(json.dumps(table))
    with pytest.raises(PartimentoError, match=r"vocabulary\.json was changed or damaged"):
        load_model(broken)
    _sign(broken)  # even where someone has signed it anew
    with pytest.raises(PartimentoError, match="do not fit the vocabulary sizes"):
        _ = load_model(broken).model


def test_damaged_weights_do_not_load(run: TrainedModel, tmp_path: Path) -> None:
    broken = _copy(run, tmp_path)
    weights = broken / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(PartimentoError, match="damaged"):
        load_model(broken)
    _sign(broken)
    with pytest.raises(PartimentoError, match="damaged"):
        _ = load_model(broken).model


def test_weights_that_change_after_a_run_was_loaded_are_not_read(
    run: TrainedModel, tmp_path: Path
) -> None:
    folder = _copy(run, tmp_path)
    loaded = load_model(folder)
    weights = folder / "model.weights.h5"
    weights.write_bytes(weights.read_bytes() + b"more")
    with pytest.raises(PartimentoError, match="changed or damaged"):
        _ = loaded.model


def test_the_network_is_built_once_and_only_when_it_is_wanted(run: TrainedModel) -> None:
    assert run.folder is not None
    code = (
        "import sys\n"
        "from partimento.training.trained_model import load_model\n"
        f"run = load_model({str(run.folder)!r})\n"
        "assert run.model_class.top_p and run.pieces and run.tokenizer\n"
        "assert not {'keras', 'jax'} & set(sys.modules), 'the network was loaded'\n"
        "assert run.model is run.model and 'keras' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pieces.json", "{}"),
        ("pieces.json", '[{"title": 5}]'),
        ("vocabulary.json", '{"chords": [[200]], "held": [""], "durations": ["1"]}'),
        ("vocabulary.json", '{"chords": [[60]], "held": [""], "durations": ["1/0"]}'),
        ("vocabulary.json", "[]"),
        ("run.json", "[]"),
        ("run.json", '{"format": 1, "settings": []}'),
        ("history.json", '[{"epoch": 1}]'),
        ("history.json", "[]"),
    ],
)
def test_nonsense_in_a_run_is_one_clear_error(
    run: TrainedModel, tmp_path: Path, name: str, text: str
) -> None:
    broken = _copy(run, tmp_path)
    (broken / name).write_text(text)
    if name != "run.json":
        _sign(broken)
    with pytest.raises(PartimentoError):
        load_model(broken)


def test_a_run_of_another_format_is_not_read(run: TrainedModel, tmp_path: Path) -> None:
    later = _copy(run, tmp_path)
    about = json.loads((later / "run.json").read_text())
    (later / "run.json").write_text(json.dumps({**about, "format": 99}))
    with pytest.raises(PartimentoError, match="format 99"):
        load_model(later)


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(PartimentoError, match="nowhere does not exist"):
        load_model("nowhere")
    with pytest.raises(PartimentoError, match=r"not a run: it has no run\.json"):
        load_model(tmp_path)


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken_off() -> None:
        with new_folder(tmp_path / "run", mark="whole") as work:
            (work / "half").write_text("x")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        broken_off()
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "run", mark="whole") as work:
        (work / "whole").write_text("x")
        assert not (tmp_path / "run").exists()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["whole"]
    with new_folder(tmp_path / "run", mark="whole", force=True) as work:
        (work / "new").write_text("x")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    with (
        pytest.raises(PartimentoError, match="so it is something else"),
        new_folder(tmp_path / "run", mark="whole", force=True),
    ):
        pass
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["new"]


def _copy(run: TrainedModel, tmp_path: Path) -> Path:
    import shutil

    assert run.folder is not None
    return Path(shutil.copytree(run.folder, tmp_path / "copy"))


def _sign(folder: Path) -> None:
    import hashlib

    about = json.loads((folder / "run.json").read_text())
    about["files"] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in about["files"]
    }
    (folder / "run.json").write_text(json.dumps(about))
