"""The same seed trains the same model as when these losses were recorded.

Layers draw their seeds as they are made, and random numbers are drawn in one order. An edit that
changes either order changes every published figure, though each test of a model still passes.
"""

from __future__ import annotations

from typing import Any

import keras
import pytest

from partimento import Piece
from partimento.training.train import learn

RECORDED: list[tuple[str, dict[str, Any], list[float]]] = [
    ("lstm", {"units": 24, "dense": 16, "embed_size": 8}, [5.6168, 4.8661, 4.9788, 4.7852]),
    ("vae", {"latent": 3, "units": 16, "embed_size": 8}, [5.282, 5.0847, 5.2844, 5.0436]),
    ("autoencoder", {"latent": 2}, [3.5299, 3.5016, 3.4315, 3.4733]),
    ("gan", {}, [1.5609, 0.8412, 0.6711, 0.6239]),
    ("embeddings", {"embed_size": 8}, [4.2332, 4.1728, 4.2143, 4.1667]),
    ("notewise", {"units": 16, "layers": 1}, [3.5813, 4.2218, 1.845, 2.6018]),
    (
        "notewise",
        {"units": 16, "layers": 1, "heads": 2, "core": "transformer"},
        [2.0935, 2.2881, 0.6998, 1.6042],
    ),
    ("markov", {}, [4.1006, 4.1006]),
]

# The losses were recorded before there were plans.
PLAN = ("modes", "countdown", "notated_rhythm", "within_range")
WITHOUT_PLAN = dict.fromkeys(PLAN, False)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "more", "losses"), RECORDED)
def test_a_seed_trains_what_it_trained(
    name: str, more: dict[str, Any], losses: list[float], pieces: list[Piece]
) -> None:
    if keras.backend.backend() != "jax":
        pytest.skip("random numbers are JAX's")
    settings = {
        "model": {"name": name, **more},
        "tokens": {"min_count": 1, "window": 16, "stride": 16, **WITHOUT_PLAN},
        "train": {"epochs": 2, "batch_size": 8, "min_steps": 0},
    }
    run, _ = learn(pieces, settings=settings)
    found = [value for epoch in run.history for value in (epoch.loss, epoch.val_loss)]
    assert found == pytest.approx(losses, rel=2e-3)
