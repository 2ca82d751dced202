"""The models that come with the package."""

from __future__ import annotations

import pytest

from partimento.errors import PartimentoError
from partimento.generate.compose import compose
from partimento.training.pretrained import bundled_model
from partimento.training.trained_model import load_model

MOST_BYTES = 4 * 2**20


def test_an_unknown_bundled_model_is_refused_with_the_known_names() -> None:
    with pytest.raises(PartimentoError, match=r"no bundled model kazoo .*guitar"):
        bundled_model("kazoo")


def test_the_bundled_guitar_model_composes_and_credits_every_piece() -> None:
    folder = bundled_model()
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MOST_BYTES
    run, card = load_model(folder), (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert len(run.pieces) > 300
    assert all(piece.title.replace("|", "/") in card for piece in run.pieces)
    piece = compose(run, bars=4, seed=1, candidates=4)
    assert len(piece.notes) > 8
    assert 36 <= piece.notes.pitch.min() <= piece.notes.pitch.max() <= 88


def test_a_bundled_model_is_loaded_by_name_unless_a_folder_has_it(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_model("guitar").folder == bundled_model("guitar")
    (tmp_path / "guitar").mkdir()
    with pytest.raises(PartimentoError, match="guitar is not a run"):
        load_model("guitar")
