"""Results on held-out pieces: read, measured and printed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from partimento import Corpus, Piece
from partimento.errors import PartimentoError
from partimento.evaluation.held_out_results import HeldOutResults, measured, recorded
from partimento.models.likelihood import Likelihood
from partimento.training.trained_model import TrainedModel

ROWS = {
    "markov": Likelihood({"chord": 8.0, "unknown": 2.0}, events=4),
    "vae": Likelihood({"chord": 4.0, "kl": 2.0}, events=4, is_bound=True, estimated=5.0),
}


def test_results_are_a_mapping() -> None:
    results = HeldOutResults("vae", ROWS)
    assert list(results) == ["markov", "vae"]
    assert len(results) == 2
    assert results["vae"].total == 1.5
    with pytest.raises(KeyError):
        results["lstm"]


def test_a_part_that_a_model_does_not_have_is_zero_in_the_table() -> None:
    lines = str(HeldOutResults("vae", ROWS)).splitlines()
    assert lines[0] == "| nats per event | all | chord | unknown | kl |"
    assert "| markov | 2.500 | 2.000 | 0.500 | 0.000 |" in lines
    assert "| vae | 1.500 | 1.000 | 0.000 | 0.500 |" in lines
    assert lines[-1].startswith("vae is ")
    assert repr(HeldOutResults("vae", ROWS)) == (
        "<HeldOutResults of vae, in nats per event: markov 2.500, vae 1.500>"
    )


def test_stored_results_are_those_that_were_measured(
    markov_run: TrainedModel, pieces: list[Piece]
) -> None:
    stored, anew = recorded(markov_run), measured(markov_run, Corpus.of(pieces))
    assert stored.model == anew.model == "markov"
    assert set(stored) == set(anew)
    for name in stored:
        assert stored[name].events == anew[name].events
        assert stored[name].parts == pytest.approx(anew[name].parts)


def test_another_corpus_and_a_missing_folder_are_refused(
    markov_run: TrainedModel, pieces: list[Piece]
) -> None:
    with pytest.raises(PartimentoError, match="trained on another corpus"):
        measured(markov_run, Corpus.of(pieces[1:]))
    with pytest.raises(PartimentoError, match="no results are stored"):
        recorded(replace(markov_run, folder=None))
