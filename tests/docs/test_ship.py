"""The script that makes the bundled model of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from docs.ship import CARD, pack

from docs import ship
from partimento import Piece
from partimento.errors import PartimentoError
from partimento.evaluation.heldout import held_out
from partimento.generate.compose import compose
from partimento.training.train import learn
from partimento.training.trained_model import load_model


@pytest.fixture(scope="module")
def folder(pieces: list[Piece], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run of pieces under free licenses, with its figures."""
    licenses = ("Public Domain", "CC-BY 3.0", "Creative Commons Attribution-ShareAlike 4.0")
    free = [
        p.replace(
            source=replace(p.source, license=licenses[n % 3], path=f"set/{n}.mid"), composer="A | B"
        )
        for n, p in enumerate(pieces)
    ]
    out = tmp_path_factory.mktemp("runs") / "run"
    settings = {
        "model": {"name": "lstm", "units": 16, "dense": 16, "embed_size": 8, "layers": 1},
        "train": {"epochs": 2},
        "tokens": {"min_count": 1},
    }
    run, data = learn(free, settings=settings, out=out)
    figures = {name: row.to_plain() for name, row in held_out(data, run.model, name="lstm").items()}
    (out / "held_out.json").write_text(json.dumps(figures))
    return out


def test_a_packed_run_is_small_credited_and_composes(folder: Path, tmp_path: Path) -> None:
    size = pack(folder, tmp_path / "guitar", credit={"set/0.mid": "An Editor"})
    assert size == sum(path.stat().st_size for path in (tmp_path / "guitar").iterdir())
    assert (tmp_path / "guitar" / "model.weights.h5").stat().st_size < 0.9 * (
        folder / "model.weights.h5"
    ).stat().st_size
    card = (tmp_path / "guitar" / CARD).read_text()
    assert all(f"Study {number}" in card for number in range(8))
    assert "An Editor" in card
    assert "A / B" in card
    assert "| markov |" in card
    packed, whole = load_model(tmp_path / "guitar"), load_model(folder)
    for half, full in zip(
        packed.model.network.get_weights(), whole.model.network.get_weights(), strict=True
    ):
        np.testing.assert_allclose(half, full, rtol=1e-3, atol=1e-6)
        assert half.dtype == full.dtype
    assert compose(packed, bars=2, seed=1).length == 8


@pytest.mark.parametrize("license", ["CC-BY-NC 3.0", "CC-BY-ND 4.0", "", "all rights reserved"])
def test_what_may_not_be_shared_is_not_packed(folder: Path, tmp_path: Path, license: str) -> None:
    rows = json.loads((folder / "pieces.json").read_text())
    rows[0]["source"]["license"] = license
    other = tmp_path / "run"
    other.mkdir()
    for path in folder.iterdir():
        if path.is_file():
            (other / path.name).write_bytes(path.read_bytes())
    (other / "pieces.json").write_text(json.dumps(rows))
    with pytest.raises(PartimentoError, match="cannot be shipped"):
        pack(other, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_too_large_is_not_packed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ship, "MOST_BYTES", 1000)
    with pytest.raises(PartimentoError, match="smaller"):
        pack(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
