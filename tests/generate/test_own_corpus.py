"""The scores that a model learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate import own_corpus
from partimento.generate.own_corpus import own_pieces, with_own_corpus
from partimento.io.read import read_piece
from partimento.training.trained_model import TrainedModel


def test_demands_that_name_their_corpus_stay(run: TrainedModel) -> None:
    rules = (pt.MaxVoices(2), pt.MaxBorrowed(8, "scores/"))
    assert with_own_corpus(rules, run) == rules


def test_scores_that_are_not_here_are_asked_for(run: TrainedModel) -> None:
    with pytest.raises(PartimentoError, match="name them"):
        with_own_corpus([pt.MaxBorrowed(8)], run)


@pytest.fixture
def filed(
    run: TrainedModel, pieces: list[pt.Piece], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> TrainedModel:
    """Return the run as if it had learned from two files of the current folder."""
    monkeypatch.chdir(tmp_path)
    own_corpus._read.cache_clear()  # other tests have files of the same names
    records = []
    for number, piece in enumerate(pieces[:2]):
        piece.save(f"{number}.mid")
        source = read_piece(Path(f"{number}.mid")).source
        records.append(replace(run.pieces[0], split="train", source=source))
    return replace(run, pieces=records)


def test_the_files_of_the_training_pieces_are_read(filed: TrainedModel) -> None:
    assert len(own_pieces(filed)) == 2
    (rule,) = with_own_corpus([pt.MaxBorrowed(8)], filed)
    assert isinstance(rule, pt.MaxBorrowed)
    assert rule.demand.endswith("the pieces that the model learned from")
    assert rule.runs


def test_files_that_have_changed_are_not_taken(filed: TrainedModel) -> None:
    for number in range(2):
        pt.Piece([pt.Note(0, 1, 60 + number)]).save(f"{number}.mid", force=True)
    with pytest.raises(PartimentoError, match="has changed"):
        own_pieces(filed)
