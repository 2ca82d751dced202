"""From one piece to another through a latent space."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import small_piece

from partimento.errors import PartimentoError
from partimento.generate.morph import WAYS, morph, reconstruct, sample, straight
from partimento.generate.provenance import compose_again
from partimento.generate.sampler import Sampling
from partimento.training.trained_model import TrainedModel


def test_a_straight_way_is_a_mixture() -> None:
    first, last = np.array([[0.0, 0.0]]), np.array([[2.0, 4.0]])
    assert straight(first, last, np.array([0.25])).tolist() == [[0.5, 1.0]]


def test_a_morph_begins_and_ends_with_the_reconstructions(latent: TrainedModel) -> None:
    first, last = small_piece(0), small_piece(1, shift=2)
    steps = morph(latent, first, last, steps=3)
    assert len(steps) == 3
    assert steps[0].piece.notes == reconstruct(latent, first)[0].piece.notes
    assert steps[2].piece.notes == reconstruct(latent, last)[0].piece.notes
    assert [step.piece.title for step in steps] == ["Step 1 of 3", "Step 2 of 3", "Step 3 of 3"]


@pytest.mark.parametrize("way", WAYS)
def test_a_piece_that_is_changed_into_itself_stays(latent: TrainedModel, way: str) -> None:
    piece = small_piece(0)
    steps = morph(latent, piece, piece, steps=3, way=way)
    assert all(step.piece.notes == steps[0].piece.notes for step in steps)


def test_all_steps_can_be_one_piece(latent: TrainedModel) -> None:
    first, last = small_piece(0), small_piece(1)
    steps = morph(latent, first, last, steps=3)
    (whole,) = morph(latent, first, last, steps=3, joined=True)
    assert len(whole.piece.notes) == sum(len(step.piece.notes) for step in steps)


def test_the_record_makes_each_step_again(latent: TrainedModel) -> None:
    first, last = small_piece(0), small_piece(1)
    step = morph(latent, first, last, steps=3)[1].piece
    record = step.provenance
    assert record is not None
    assert record.verb == "morph"
    again = compose_again(latent, record, pieces={"first": first, "last": last})
    assert again.notes == step.notes


def test_samples_have_one_window_and_differ(latent: TrainedModel) -> None:
    samples = sample(latent, 4, seed=1)
    assert len(samples) == 4
    assert all(0 < len(each.piece.events) <= latent.model.length for each in samples)
    assert sample(latent, 4, seed=1)[2].piece.notes == samples[2].piece.notes
    assert len({each.piece.notes.pitch.tobytes() for each in sample(latent, 4, seed=2)}) > 1


def test_the_best_of_several_decodings_is_kept(latent: TrainedModel) -> None:
    free = Sampling(temperature=1.0)
    piece = small_piece(0)
    (one,) = reconstruct(latent, piece, sampling=free, seed=3)
    (best,) = reconstruct(latent, piece, sampling=free, candidates=6, seed=3)
    assert best.score <= one.score or best.number > 0
    record = best.piece.provenance
    assert record is not None
    assert record.options["candidates"] == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 1}, "2 to"),
        ({"way": "sperical"}, "did you mean spherical"),
        ({"candidates": -1}, "at least 1"),
    ],
)
def test_impossible_options_are_refused(
    latent: TrainedModel, options: dict[str, object], message: str
) -> None:
    with pytest.raises(PartimentoError, match=message):
        morph(latent, small_piece(0), small_piece(1), **options)  # type: ignore[arg-type]


def test_as_many_samples_as_can_be(latent: TrainedModel) -> None:
    with pytest.raises(PartimentoError, match="number of samples"):
        sample(latent, 0)
