"""Encode whole pieces as points of a latent space, and decode such points.

A piece is read in windows of L events, one point each. The last window ends with the piece and
overlaps the one before, because models are trained on full windows.

Shapes: B pieces, W windows, L events of a window, N events of a piece, Z latent size, F fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import numpy as np

from partimento.errors import PartimentoError
from partimento.generate.dynamics import with_dynamics
from partimento.generate.finish import with_length
from partimento.generate.latent import WindowSampler
from partimento.generate.sampler import Sampling
from partimento.models.base import Latent
from partimento.music.piece import Piece
from partimento.music.timelines import Part, Source
from partimento.music.transpose import transpose
from partimento.short_repr import short_repr
from partimento.tokens.vocabulary import END, PAD, START
from partimento.training.dataset import in_common_key
from partimento.training.trained_model import TrainedModel

MOST_EVENTS = 20_000  # of a piece that is encoded
GREEDY = Sampling(temperature=0.0, top_p=1.0)  # a point is decoded to what is most probable


@short_repr
@dataclass(frozen=True)
class EncodedPiece:
    """Hold a piece and the points to which its windows are encoded.

    Attributes
    ----------
    piece : Piece
        The original, without drums.
    interval : int
        Semitones from the piece to the key in which it is encoded.
    ids : (N, F) int32
        Its events, without the rows of start and end.
    points : (W, Z) float
    """

    piece: Piece
    interval: int
    ids: np.ndarray
    points: np.ndarray


def check_latent(trained: TrainedModel) -> None:
    """Raise PartimentoError if a model has no latent space with an encoder."""
    if Latent not in trained.model_class.capabilities:
        raise PartimentoError(
            f"a run of {trained.settings.name} has no latent space: use one of vae or autoencoder"
        )


def window_starts(events: int, length: int) -> np.ndarray:
    """Return the first event of each window of a piece, ``(W,)``.

    >>> window_starts(40, 16).tolist()
    [0, 16, 24]
    """
    count = max(1, ceil(events / length))
    return np.minimum(np.arange(count) * length, max(events - length, 0))


def encode_piece(trained: TrainedModel, piece: Piece) -> EncodedPiece:
    """Encode a piece, in the key in which the model was trained.

    Raises
    ------
    PartimentoError
        If the model has no encoder, or the piece has no notes.
    """
    check_latent(trained)
    name = piece.title or "the piece"
    if not len(piece.without_drums().notes):
        raise PartimentoError(f"{name} has no notes to encode")
    try:
        item = in_common_key(piece, trained.settings.tokens.transpose)
    except ValueError as error:
        raise PartimentoError(f"cannot encode {name}: {error}") from error
    ids = trained.tokenizer.encode(item.moved).ids
    ids = ids[~np.isin(ids[:, 0], (PAD, START, END))]
    if len(ids) > MOST_EVENTS:
        raise PartimentoError(f"{name} has more than {MOST_EVENTS:,} events")
    points = encode_windows(trained, ids)
    return EncodedPiece(item.piece, item.interval, ids, points)


def encode_windows(trained: TrainedModel, ids: np.ndarray) -> np.ndarray:
    """Return the points ``(W, Z)`` of the windows of events ``(N, F)``.

    Raises
    ------
    PartimentoError
        If the model has no encoder.
    """
    model = trained.model
    rows = np.pad(ids, ((0, max(model.length - len(ids), 0)), (0, 0)))
    starts = window_starts(len(ids), model.length)
    points = model.encode(np.stack([rows[at : at + model.length] for at in starts]))
    if points is None:
        raise PartimentoError(f"a run of {trained.settings.name} has no encoder")
    return np.asarray(points, np.float32)


def decode_points(
    trained: TrainedModel,
    points: Sequence[np.ndarray],
    events: Sequence[int],
    *,
    source_rows: Sequence[np.ndarray],
    sampling: Sampling = GREEDY,
    seed: int = 0,
) -> list[np.ndarray]:
    """Decode the points of pieces, all at once.

    Parameters
    ----------
    trained : TrainedModel
    points : sequence of (W, Z)
        The points of each piece.
    events : sequence of int
        N, the number of events of each piece, from which W follows (`window_starts`).
    source_rows : sequence of (N, F)
        The ids to use for fields that the model does not predict.
    sampling : Sampling
    seed : int

    Returns
    -------
    list of (N, F) int32
    """
    model, rng = trained.model, np.random.default_rng(seed)
    starts = [window_starts(count, model.length) for count in events]
    sampler = WindowSampler(model, len(points), sampling, rng, None)
    decoded = []
    for number in range(max(map(len, starts))):
        chosen = [min(number, len(each) - 1) for each in starts]
        z = np.stack([own[at] for own, at in zip(points, chosen, strict=True)])
        # Events that the last window shares with the one before are already decoded.
        skipped = np.array([number * model.length - each[-1] for each in starts])
        is_last = np.array([number >= len(each) - 1 for each in starts])
        offset = np.where(is_last, skipped, 0)
        rows = np.stack([_rows(ids, number * model.length, model.length) for ids in source_rows])
        decoded.append(sampler.window(z, offset=offset, source_rows=rows))
    ids = np.concatenate(decoded).transpose(1, 0, 2).astype(np.int32)
    return [row[:count] for row, count in zip(ids, events, strict=True)]


def _rows(ids: np.ndarray, start: int, length: int) -> np.ndarray:
    """Return `length` rows from `start` on, filled with padding after the end."""
    rows = ids[start : start + length]
    return np.pad(rows, ((0, length - len(rows)), (0, 0)))


def dressed(
    trained: TrainedModel, ids: np.ndarray, original: Piece, interval: int, *, title: str
) -> Piece:
    """Return decoded ids as a piece with the key, meter and tempo of another one.

    Its last bar is filled.
    """
    piece = trained.tokenizer.decode(ids)
    low = int(piece.notes.pitch.min(initial=127)) - interval
    high = int(piece.notes.pitch.max(initial=0)) - interval
    # The same pitch class is kept where the piece would leave MIDI's pitches.
    octaves = 12 * (max(ceil(-low / 12), 0) - max(ceil((high - 127) / 12), 0))
    program = original.parts[0].program if original.parts else None
    piece = transpose(piece, octaves - interval).replace(
        meters=original.meters[:1],
        keys=tuple(replace(key, onset=Fraction(0)) for key in original.keys[:1]),
        tempos=original.tempos[:1],
        pickup=original.pickup,
        parts=(Part("", program),),
        title=title,
        composer=original.composer,
        source=Source(path=str(trained.folder or ""), license="composed by a program"),
    )
    bar = piece.first_meter.bar_ql
    bars = max(ceil((piece.length - piece.pickup) / bar), 1)
    return with_dynamics(with_length(piece, bars * bar + piece.pickup))
