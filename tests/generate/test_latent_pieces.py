"""Whole pieces as points of a latent space, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.conftest import small_piece

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.latent_pieces import (
    decode_points,
    dressed,
    encode_piece,
    window_starts,
)
from partimento.tokens.chords import DURATION, HELD
from partimento.training.trained_model import TrainedModel


@pytest.mark.parametrize(
    ("events", "starts"), [(1, [0]), (8, [0]), (9, [0, 1]), (16, [0, 8]), (20, [0, 8, 12])]
)
def test_windows_cover_a_piece_and_the_last_ends_with_it(events: int, starts: list[int]) -> None:
    assert window_starts(events, 8).tolist() == starts


def test_every_window_has_a_point(latent: TrainedModel) -> None:
    encoded, lower = (encode_piece(latent, small_piece(1, shift=shift)) for shift in (2, 0))
    length = latent.model.length
    assert len(encoded.points) == len(window_starts(len(encoded.ids), length))
    assert encoded.points.shape[1] == latent.model.latent
    assert (encoded.interval + 2 - lower.interval) % 12 == 0  # both are in the same key


class Echo:
    """Decode a point ``(1,)`` to the events of a window whose number it is."""

    fields = (0, 1, 2)
    length = 8

    def __init__(self, tokenizer: Any, ids: np.ndarray) -> None:
        self.tokenizer, self.ids = tokenizer, ids

    def decode(self, z: np.ndarray) -> list[np.ndarray]:
        starts = window_starts(len(self.ids), self.length)
        rows = np.stack([self.ids[starts[int(n)] :][: self.length] for n in z[:, 0]])
        return [np.eye(size)[rows[..., f]] for f, size in enumerate(self.tokenizer.sizes)]


@pytest.mark.parametrize("events", [8, 13, 29])
def test_overlapping_windows_are_decoded_once(latent: TrainedModel, events: int) -> None:
    ids = encode_piece(latent, small_piece(0)).ids[:events]
    echo = Echo(latent.tokenizer, ids)
    model = replace(latent, get_model=lambda: echo)
    numbers = np.arange(len(window_starts(events, 8)))[:, None].astype(float)
    # Two pieces of different lengths are decoded together.
    short = ids[:8]
    decoded = decode_points(
        model, [numbers, np.zeros((1, 1))], [events, 8], source_rows=[ids, short]
    )
    np.testing.assert_array_equal(decoded[0], ids)
    np.testing.assert_array_equal(decoded[1], short)


def test_fields_without_a_prediction_are_those_of_the_piece(latent: TrainedModel) -> None:
    ids = encode_piece(latent, small_piece(0)).ids[:16]
    echo = Echo(latent.tokenizer, ids)
    echo.fields = (0,)  # type: ignore[assignment]
    decode = echo.decode
    echo.decode = lambda z: decode(z)[:1]  # type: ignore[method-assign]
    model = replace(latent, get_model=lambda: echo)
    (decoded,) = decode_points(model, [np.array([[0.0], [1.0]])], [16], source_rows=[ids])
    np.testing.assert_array_equal(decoded[:, [HELD, DURATION]], ids[:, [HELD, DURATION]])


def test_a_decoded_piece_has_the_clothes_of_its_original(latent: TrainedModel) -> None:
    original = small_piece(2, shift=2)
    encoded = encode_piece(latent, original)
    piece = dressed(latent, encoded.ids[:10], encoded.piece, encoded.interval, title="Again")
    assert piece.title == "Again"
    assert piece.meters[0] == original.meters[0]
    assert piece.parts[0].program == 24
    assert piece.length % 4 == 0
    assert [event.chord for event in piece.events[:9]] == [
        event.chord for event in original.events[:9]
    ]


def test_a_model_without_a_latent_space_is_refused(run: TrainedModel) -> None:
    with pytest.raises(PartimentoError, match="no latent space"):
        encode_piece(run, small_piece(0))


def test_a_piece_without_notes_is_refused(latent: TrainedModel) -> None:
    with pytest.raises(PartimentoError, match="no notes"):
        encode_piece(latent, pt.Piece([]))
