"""Directions of a latent space, and music that is moved along them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.conftest import small_piece

from partimento import Event
from partimento.errors import PartimentoError
from partimento.generate import directions as module
from partimento.generate.directions import ATTRIBUTES, directions, steer
from partimento.generate.morph import reconstruct
from partimento.generate.provenance import compose_again
from partimento.training.trained_model import TrainedModel

EVENTS = [
    Event((60, 64), Fraction(1)),
    Event((60, 67, 72), Fraction(2), (60,)),
    Event((), Fraction(1)),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("denser", 4 / 4),
        ("slower", 4 / 3),
        ("higher", (60 + 64 + 60 + 67 + 72) / 5),
        ("wider", (4 + 12) / 2),
        ("fuller", 5 / 3),
    ],
)
def test_attributes_are_measured_on_events(name: str, value: float) -> None:
    assert ATTRIBUTES[name](EVENTS) == pytest.approx(value)


def test_attributes_of_nothing_are_numbers() -> None:
    assert all(np.isfinite(measure([])) for measure in ATTRIBUTES.values())


def test_a_direction_points_to_the_windows_that_have_more(
    latent: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Known:
        """Encode a window by its mean pitch in the second number."""

        length = latent.model.length

        def encode(self, windows: np.ndarray) -> np.ndarray:
            events = [latent.tokenizer.decode_events(rows) for rows in windows]
            pitch = [ATTRIBUTES["higher"](each) for each in events]
            return np.stack([np.zeros(len(pitch)), pitch], axis=1)

    found = directions(replace(latent, get_model=Known))
    assert found["higher"][0] == 0
    assert found["higher"][1] > 0  # one standard deviation of the pitch
    monkeypatch.setattr(module, "FEWEST", 10**6)
    with pytest.raises(PartimentoError, match="full windows"):
        directions(latent)


def test_nothing_is_moved_by_nothing(latent: TrainedModel) -> None:
    piece = small_piece(1)
    (still,) = steer(latent, piece, {"denser": 0.0})
    assert still.piece.notes == reconstruct(latent, piece)[0].piece.notes


def test_the_record_moves_a_piece_again(latent: TrainedModel) -> None:
    piece = small_piece(1)
    (moved,) = steer(latent, piece, {"higher": 2.0, "slower": -1.0})
    record = moved.piece.provenance
    assert record is not None
    assert record.verb == "steer"
    assert compose_again(latent, record, pieces={"piece": piece}).notes == moved.piece.notes
    assert latent.steer(piece, higher=2.0, slower=-1.0).notes == moved.piece.notes


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        ({}, "name a direction"),
        ({"densr": 1.0}, "did you mean denser"),
        ({"denser": 11.0}, "at most 10"),
        ({"denser": float("nan")}, "at most 10"),
    ],
)
def test_impossible_moves_are_refused(
    latent: TrainedModel, amounts: dict[str, float], message: str
) -> None:
    with pytest.raises(PartimentoError, match=message):
        steer(latent, small_piece(0), amounts)
