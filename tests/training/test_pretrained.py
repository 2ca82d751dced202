"""The models that come with the package."""

from __future__ import annotations

import pytest

from partimento.errors import PartimentoError
from partimento.generate.compose import compose
from partimento.training.pretrained import shipped
from partimento.training.trained_model import load_model

MOST_BYTES = 4 * 2**20


def test_no_model_of_another_name_comes_along() -> None:
    with pytest.raises(PartimentoError, match="no model kazoo comes"):
        shipped("kazoo")


def test_the_guitar_model_that_comes_along() -> None:
    folder = shipped()
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MOST_BYTES
    run, card = load_model(folder), (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert len(run.pieces) > 300
    assert all(piece.title.replace("|", "/") in card for piece in run.pieces)
    piece = compose(run, bars=4, seed=1, candidates=4)
    assert len(piece.notes) > 8
    assert 36 <= piece.notes.pitch.min() <= piece.notes.pitch.max() <= 88
