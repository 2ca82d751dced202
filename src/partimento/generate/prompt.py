"""Build the prompt of a composition, and choose the piece whose meter it copies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.tokens.vocabulary import START, UNKNOWN
from partimento.training.dataset import in_common_key
from partimento.training.piece_record import PieceRecord
from partimento.training.trained_model import TrainedModel


@dataclass(frozen=True)
class Prompt:
    """Hold the prompt of a composition.

    Attributes
    ----------
    ids : (n, F) int32
        The ids with which the composition begins: a header, and the events to continue.
    reference : PieceRecord
        The piece whose meter, pickup, tempo, key and instrument the composition copies.
    title : str
        The title of the piece from which the events are; empty from silence.
    source_ids : (m, F) int32
        The ids of that piece, or its first ones if it is a training piece. A latent model encodes
        them.
    has_events : bool
        True if the prompt has events, False if it is only a header.
    """

    ids: np.ndarray
    reference: PieceRecord
    title: str
    source_ids: np.ndarray
    has_events: bool


def make_prompt(
    trained: TrainedModel, start: Piece | int | None, events: int, *, seed: int, key: Key | None
) -> Prompt:
    """Build the prompt of a composition.

    Parameters
    ----------
    trained : TrainedModel
    start : Piece, int or None
        A piece, the number of a training piece, or None for silence.
    events : int
        The number of events to copy from `start`.
    seed : int
        Seed for drawing the reference piece, if `start` is None.
    key : Key, optional
        The requested key. From silence, it is written to a header that has a key.

    Raises
    ------
    PartimentoError
        If there is no such training piece, or its first event is not in the vocabularies.
    """
    if start is None:
        return _silence(trained, seed, key)
    if isinstance(start, Piece):
        try:
            item = in_common_key(start, trained.settings.tokens.transpose)
        except ValueError as error:
            name = start.title or "this piece"
            raise PartimentoError(f"cannot begin with {name}: {error}") from error
        ids = trained.tokenizer.encode(item.moved).ids
        reference = PieceRecord.from_transposed(item, ids, "given")
        name = start.title or "the given piece"
    else:
        reference = trained.pieces[check_number(trained, start)]
        ids, name = reference.opening, reference.title
    prompt = trained.tokenizer.prompt(ids, events)
    has_events = len(prompt) > trained.tokenizer.header_rows
    if not has_events and (ids == UNKNOWN).any():
        raise PartimentoError(
            f"{name} begins with a chord or duration that is not in the vocabulary of the run:"
            " begin with another piece or from silence"
        )
    return Prompt(prompt, reference, reference.title, ids, has_events)


def check_number(trained: TrainedModel, number: int) -> int:
    """Return the number; raise PartimentoError if no piece of the corpus has it."""
    if not 0 <= number < len(trained.pieces):
        raise PartimentoError(
            f"there is no training piece number {number}: the numbers are 0 to"
            f" {len(trained.pieces) - 1}"
        )
    return number


def training_pieces(trained: TrainedModel) -> list[PieceRecord]:
    """Return the records of the pieces in the training split."""
    return [piece for piece in trained.pieces if piece.split == "train"]


def _silence(trained: TrainedModel, seed: int, key: Key | None) -> Prompt:
    reference = _usual_piece(trained, seed, key)
    if len(reference.opening):
        ids = trained.tokenizer.prompt(reference.opening, 0)
    else:
        ids = np.full((1, len(trained.tokenizer.fields)), START, np.int32)
    if key is not None:
        ids = trained.tokenizer.in_key(ids, key.tonic)
    return Prompt(ids, reference, "", ids, has_events=False)


def _usual_piece(trained: TrainedModel, seed: int, key: Key | None) -> PieceRecord:
    """Draw a training piece in the most frequent meter and, if any, the mode of `key`."""
    pieces = training_pieces(trained)
    pieces = [piece for piece in pieces if key is None or piece.key.endswith(key.mode)] or pieces
    meters = Counter((piece.meter.numerator, piece.meter.denominator) for piece in pieces)
    usual = meters.most_common(1)[0][0]
    pieces = [p for p in pieces if (p.meter.numerator, p.meter.denominator) == usual]
    return pieces[int(np.random.default_rng([seed, 1]).integers(len(pieces)))]
