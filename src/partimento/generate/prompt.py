"""Build the prompt of a composition, and choose the piece whose meter it copies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.errors import PartimentoError
from partimento.music.excerpt import cut_between
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter
from partimento.short_repr import short_repr
from partimento.tokens.vocabulary import START, UNKNOWN
from partimento.training.dataset import TransposedPiece, in_common_key
from partimento.training.piece_record import PieceRecord
from partimento.training.trained_model import TrainedModel

# A declared key is passed over if so much more of the sounding time is in the analyzed one.
OUTSIDE = 0.15
EVERY_EVENT = 2**30


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
    header_key : Key or None
        The key that the header states with its mode; None if the tokenizer states no modes.
    start : Piece or None
        The given piece from which the events are; None for a training piece and from silence.
    """

    ids: np.ndarray
    reference: PieceRecord
    title: str
    source_ids: np.ndarray
    has_events: bool
    header_key: Key | None = None
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
    trained: TrainedModel,
    start: Piece | int | None,
    events: int,
    *,
    seed: int,
    key: Key | None,
    meter: Meter | None = None,
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
    meter : Meter, optional
        The requested meter, from silence only.

    Raises
    ------
    PartimentoError
        If there is no such training piece, or its first event is not in the vocabularies. Also if
        no training piece is in `meter`, or `start` is in another meter.
    """
    if start is None:
        return _silence(trained, seed, key, meter)
    if meter is not None:
        raise PartimentoError("a continued piece keeps its own meter: leave out the meter")
    if isinstance(start, Piece):
        item, ids = _in_common_key(trained, start, events)
        reference = PieceRecord.from_transposed(item, ids, "given")
        name = start.title or "the given piece"
    else:
        reference = trained.pieces[check_number(trained, start)]
        ids, name = reference.opening, reference.title
    own = piece_key(start, item) if isinstance(start, Piece) else Key.from_name(reference.key)
    prompt, header = with_key(trained, trained.tokenizer.prompt(ids, events), own)
    has_events = len(prompt) > trained.tokenizer.header_rows
    if not has_events and (ids == UNKNOWN).any():
        raise PartimentoError(
            f"{name} begins with a chord or duration that is not in the vocabulary of the run:"
            " begin with another piece or from silence"
        )
    piece = start if isinstance(start, Piece) else None
    return Prompt(prompt, reference, reference.title, ids, has_events, header, piece)


def with_key(trained: TrainedModel, ids: np.ndarray, key: Key) -> tuple[np.ndarray, Key | None]:
    """Write a key to the header, if it states modes.

    The result is the ids, and the key that the header states.
    If all pieces were moved to a common key in training, the header states that key.
    """
    if not trained.tokenizer.states_mode:
        return ids, None
    stated = (
        Key(0, key.mode)
        if trained.settings.tokens.to_common_key
        else replace(key, onset=Fraction(0))
    )
    return trained.tokenizer.in_key(ids, stated), stated


def encode_from(
    trained: TrainedModel, piece: Piece, until: Fraction
) -> tuple[TransposedPiece, np.ndarray]:
    """Return a piece as the model reads it, and the ids of what sounds before a time.

    The ids end where the model does not know an event. The key is the declared or the analyzed
    one, whichever the model knows more in.

    Parameters
    ----------
    trained : TrainedModel
    piece : Piece
    until : Fraction
        In quarters.
    """

    def ids_of(item: TransposedPiece) -> np.ndarray:
        before = cut_between(item.moved, Fraction(0), until) if until else item.moved
        ids = trained.tokenizer.encode(before).ids[:-1]  # without the end of the piece
        return trained.tokenizer.prompt(ids, EVERY_EVENT if until else 0)

    choices = [(item, ids_of(item)) for item in _in_possible_keys(trained, piece)]
    return max(choices, key=lambda choice: len(choice[1]))


def piece_key(start: Piece, item: TransposedPiece) -> Key:
    """Return the declared key of a piece, or the analyzed one if more notes are in it."""
    declared = start.keys[0] if start.keys else item.key
    outside = _share_in_scale(start, declared) < _share_in_scale(start, item.key) - OUTSIDE
    return item.key if outside else declared


def _in_common_key(
    trained: TrainedModel, start: Piece, events: int
) -> tuple[TransposedPiece, np.ndarray]:
    """Return a given piece in the common key, and its ids.

    Its key is the declared one, unless too few of its notes are in it. In training, keys are
    analyzed: if the model then knows more of the first events, the key is the analyzed one.
    """
    choices = [
        (item, trained.tokenizer.encode(item.moved).ids)
        for item in _in_possible_keys(trained, start)
    ]
    return max(choices, key=lambda choice: len(trained.tokenizer.prompt(choice[1], events)))


def _in_possible_keys(trained: TrainedModel, start: Piece) -> list[TransposedPiece]:
    """Return a piece moved from its declared key, and from its analyzed one."""
    analyzed = analyze_key(start.without_drums())[0]
    declared = start.keys[0] if start.keys else analyzed
    keys = [declared, analyzed]
    if _share_in_scale(start, declared) < _share_in_scale(start, analyzed) - OUTSIDE:
        keys = [analyzed]
    items = []
    for key in dict.fromkeys(keys):
        try:
            items.append(in_common_key(start, trained.settings.tokens.transpose, key=key))
        except ValueError as error:
            name = start.title or "this piece"
            raise PartimentoError(f"cannot begin with {name}: {error}") from error
    return items


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


def _silence(trained: TrainedModel, seed: int, key: Key | None, meter: Meter | None) -> Prompt:
    reference = _usual_piece(trained, seed, key, meter)
    if len(reference.opening):
        ids = trained.tokenizer.prompt(reference.opening, 0)
    else:
        ids = np.full((1, len(trained.tokenizer.fields)), START, np.int32)
    if key is not None:
        ids = trained.tokenizer.in_key(ids, key)
    ids, header = with_key(trained, ids, key or Key.from_name(reference.key))
    return Prompt(ids, reference, "", ids, has_events=False, header_key=header)


def _usual_piece(
    trained: TrainedModel, seed: int, key: Key | None, meter: Meter | None
) -> PieceRecord:
    """Draw a training piece in a meter and, if possible, a mode.

    By default, the meter is the most frequent one.
    """
    pieces = training_pieces(trained)
    meters = Counter(f"{p.meter.numerator}/{p.meter.denominator}" for p in pieces)
    wanted = None if meter is None else f"{meter.numerator}/{meter.denominator}"
    if wanted is not None and wanted not in meters:
        known = ", ".join(name for name, _ in meters.most_common())
        raise PartimentoError(
            f"no training piece is in {wanted}, so the model does not know it: choose from {known}"
        )
    in_mode = [piece for piece in pieces if key is None or piece.key.endswith(key.mode)]
    if wanted is not None:
        in_meter = [p for p in pieces if f"{p.meter.numerator}/{p.meter.denominator}" == wanted]
        pieces = [piece for piece in in_meter if piece in in_mode] or in_meter
    else:
        pieces = in_mode or pieces
        meters = Counter(f"{p.meter.numerator}/{p.meter.denominator}" for p in pieces)
        wanted = meters.most_common(1)[0][0]
        pieces = [p for p in pieces if f"{p.meter.numerator}/{p.meter.denominator}" == wanted]
    return pieces[int(np.random.default_rng([seed, 1]).integers(len(pieces)))]
