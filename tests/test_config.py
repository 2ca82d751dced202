"""Configuration and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from partimento.config import merge, parse_settings, read_recipe
from partimento.errors import PartimentoError
from partimento.files import refuse_existing, write_atomically


def test_settings_from_words() -> None:
    assert parse_settings(["train.learning_rate=1e-3", "model.joint=false"]) == {
        "train": {"learning_rate": 0.001},
        "model": {"joint": False},
    }
    for wrong in ("train.epochs", "epochs=5", "=5", "train.=5"):
        with pytest.raises(PartimentoError, match=r"section\.name=value"):
            parse_settings([wrong])
    assert merge({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}) == {"a": {"x": 1, "y": 3}}


def test_recipes_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(PartimentoError, match="did you mean lstm"):
        read_recipe("lsmt")
    with pytest.raises(PartimentoError, match="o such file"):
        read_recipe(str(tmp_path / "mine.toml"))
    (tmp_path / "mine.toml").write_text("train = [")
    with pytest.raises(PartimentoError, match="no valid TOML"):
        read_recipe(str(tmp_path / "mine.toml"))


def test_a_file_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_atomically(tmp_path / "new" / "file.txt", "old")
    monkeypatch.setattr(
        "os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(PartimentoError, match=r"cannot write .*file\.txt: No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]
    with pytest.raises(PartimentoError, match="--force"):
        refuse_existing(path, force=False)
    refuse_existing(path, force=True)
    with pytest.raises(PartimentoError, match="is no folder"):
        refuse_existing(path / "below", force=False)
