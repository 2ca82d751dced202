"""Build the prompt of a composition, and choose the piece whose meter it copies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.errors import PartimentoError
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr
from partimento.tokens.vocabulary import START, UNKNOWN
from partimento.training.dataset import TransposedPiece, in_common_key
from partimento.training.piece_record import PieceRecord
from partimento.training.trained_model import TrainedModel

# A declared key is passed over if so much more of the sounding time is in the analyzed one.
OUTSIDE = 0.15


@short_repr
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
    start : Piece or None
        The given piece from which the events are; None for a training piece and from silence.
    """

    ids: np.ndarray
    reference: PieceRecord
    title: str
    source_ids: np.ndarray
    has_events: bool
    start: Piece | None = None

    @property
    def declared_key(self) -> Key | None:
        """The key that the given piece declares at its beginning."""
        return self.start.keys[0] if self.start is not None and self.start.keys else None

    @property
    def key(self) -> Key:
        """The key of the piece from which the events are."""
        return self.declared_key or Key.from_name(self.reference.key)


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
        item, ids = _in_common_key(trained, start, events)
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
    piece = start if isinstance(start, Piece) else None
    return Prompt(prompt, reference, reference.title, ids, has_events, piece)


def _in_common_key(
    trained: TrainedModel, start: Piece, events: int
) -> tuple[TransposedPiece, np.ndarray]:
    """Return a given piece in the common key, and its ids.

    Its key is the declared one, unless too few of its notes are in it. In training, keys are
    analyzed: if the model then knows more of the first events, the key is the analyzed one.
    """
    analyzed = analyze_key(start.without_drums())[0]
    declared = start.keys[0] if start.keys else analyzed
    keys = [declared, analyzed]
    if _share_in_scale(start, declared) < _share_in_scale(start, analyzed) - OUTSIDE:
        keys = [analyzed]
    choices = []
    for key in dict.fromkeys(keys):
        try:
            item = in_common_key(start, trained.settings.tokens.transpose, key=key)
        except ValueError as error:
            name = start.title or "this piece"
            raise PartimentoError(f"cannot begin with {name}: {error}") from error
        choices.append((item, trained.tokenizer.encode(item.moved).ids))
    return max(choices, key=lambda choice: len(trained.tokenizer.prompt(choice[1], events)))


def _share_in_scale(piece: Piece, key: Key) -> float:
    """Return the share of the sounding time that is in the scale of a key.

    Minor keys have two sevenths, the natural one and the leading note.
    """
    notes = piece.without_drums().notes
    scale = {(7 * (key.fifths + place)) % 12 for place in range(-1, 6)}
    if key.mode == "minor":
        scale.add((key.tonic - 1) % 12)
    inside = notes.duration[np.isin(notes.pitch % 12, list(scale))].sum()
    return float(inside / max(notes.duration.sum(), 1))


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
        ids = trained.tokenizer.in_key(ids, key)
    return Prompt(ids, reference, "", ids, has_events=False)


def _usual_piece(trained: TrainedModel, seed: int, key: Key | None) -> PieceRecord:
    """Draw a training piece in the most frequent meter and, if any, the mode of `key`."""
    pieces = training_pieces(trained)
    pieces = [piece for piece in pieces if key is None or piece.key.endswith(key.mode)] or pieces
    meters = Counter((piece.meter.numerator, piece.meter.denominator) for piece in pieces)
    usual = meters.most_common(1)[0][0]
    pieces = [p for p in pieces if (p.meter.numerator, p.meter.denominator) == usual]
    return pieces[int(np.random.default_rng([seed, 1]).integers(len(pieces)))]
