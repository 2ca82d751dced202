"""Choose what a composition begins with, and the training piece that it follows."""

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
        The numbers to begin with: the header, and the events that are given.
    reference : PieceRecord
        The piece whose meter, pickup, tempo, key and instrument the composition copies.
    title : str
        The title of the piece that the events are from, if there are any.
    source_ids : (m, F) int32
        The numbers of that piece as far as they are known; a latent space places them whole.
    has_events : bool
        Whether the prompt has events, or is only a header.
    """

    ids: np.ndarray
    reference: PieceRecord
    title: str
    source_ids: np.ndarray
    has_events: bool


def make_prompt(
    trained: TrainedModel, start: Piece | int | None, events: int, *, seed: int, key: Key | None
) -> Prompt:
    """Make the prompt of a composition.

    Parameters
    ----------
    start : Piece, int or None
        A piece, the number of a training piece, or None for silence.
    events : int
        How many events of `start` are taken over.
    key : Key, optional
        The key that is wanted; a header that has a key gets it, if there are no events.

    Raises
    ------
    PartimentoError
        If there is no such training piece, or its beginning is not in the vocabularies.
    """
    if start is None:
        return _silence(trained, seed, key)
    if isinstance(start, Piece):
        try:
            item = in_common_key(start, trained.settings.tokens.transpose)
        except ValueError as error:
            name = start.title or "this piece"
            raise PartimentoError(f"cannot begin from {name}: {error}") from error
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
            f"the opening of {name} begins with a chord or duration that the run has never met:"
            " begin elsewhere, or from silence"
        )
    return Prompt(prompt, reference, reference.title, ids, has_events)


def check_number(trained: TrainedModel, number: int) -> int:
    """Return the number of a training piece; PartimentoError if there is none."""
    if not 0 <= number < len(trained.pieces):
        raise PartimentoError(
            f"there is no training piece number {number}: they go from 0 to"
            f" {len(trained.pieces) - 1}"
        )
    return number


def training_pieces(trained: TrainedModel) -> list[PieceRecord]:
    """Return the records of the pieces that the run was trained on."""
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
    """Draw a training piece in the commonest meter, if possible in the mode of `key`."""
    pieces = training_pieces(trained)
    pieces = [piece for piece in pieces if key is None or piece.key.endswith(key.mode)] or pieces
    meters = Counter((piece.meter.numerator, piece.meter.denominator) for piece in pieces)
    usual = meters.most_common(1)[0][0]
    pieces = [p for p in pieces if (p.meter.numerator, p.meter.denominator) == usual]
    return pieces[int(np.random.default_rng([seed, 1]).integers(len(pieces)))]
