"""The music from which models learned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from partimento.errors import PartimentoError
from partimento.training.credits import CARD, credits_of
from partimento.training.pretrained import bundled_model


def test_a_bundled_model_credits_composers_editors_and_licenses() -> None:
    credits_ = credits_of("guitar")
    licenses = dict(credits_.licenses())
    assert sum(licenses.values()) == len(credits_.pieces) > 200
    assert "" not in licenses
    assert all(piece.edition and piece.composer for piece in credits_.pieces)
    page = credits_.to_markdown()
    for piece in credits_.pieces:
        assert piece.source in page
    assert f"{len(credits_.pieces):,} pieces" in credits_.summary()


def own_run(folder: Path, base: str, license: str = "CC-BY 4.0") -> Path:
    """Return a run of one training piece, and one by which an epoch was chosen."""
    shutil.copytree(bundled_model("chorales"), folder)
    (folder / CARD).unlink()
    about = json.loads((folder / "run.json").read_text())
    about["settings"]["train"]["base"] = base
    (folder / "run.json").write_text(json.dumps(about))
    rows = json.loads((folder / "pieces.json").read_text())[:2]
    for row, split in zip(rows, ("train", "valid"), strict=True):
        row |= {"split": split, "title": f"My {split}", "composer": "Me"}
        row["source"] = {
            "path": "scores/mine.mid",
            "url": "https://example.org/mine.mid",
            "license": license,
            "sha256": "",
        }
    (folder / "pieces.json").write_text(json.dumps(rows))
    return folder


def test_a_fine_tuned_model_credits_what_its_base_learned_from(tmp_path: Path) -> None:
    credits_ = credits_of(own_run(tmp_path / "mine", "guitar", ""))
    mine = [piece for piece in credits_.pieces if piece.composer == "Me"]
    assert [(piece.title, piece.source) for piece in mine] == [
        ("My train", "https://example.org/mine.mid")
    ]
    assert credits_.bases == ("guitar",)
    assert len(credits_.pieces) == 1 + len(credits_of("guitar").pieces)
    assert "not stated" in credits_.to_text()
    second = credits_of(own_run(tmp_path / "second", "runs/mine"))  # found beside the run
    assert second.bases == ("runs/mine", "guitar")


def test_a_base_that_is_gone_is_not_concealed(tmp_path: Path) -> None:
    credits_ = credits_of(own_run(tmp_path / "mine", "runs/gone"))
    assert credits_.missing == ("runs/gone",)
    assert "runs/gone, whose pieces are not known" in credits_.to_text()


def test_a_run_that_is_its_own_base_ends(tmp_path: Path) -> None:
    assert len(credits_of(own_run(tmp_path / "mine", "mine")).pieces) == 1


def test_a_damaged_run_is_refused(tmp_path: Path) -> None:
    folder = own_run(tmp_path / "mine", "")
    (folder / "pieces.json").write_text('[{"split": 1}]')
    with pytest.raises(PartimentoError, match="not a complete run"):
        credits_of(folder)
