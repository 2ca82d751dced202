"""Reconstruct, sample and morph pieces through a latent space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.errors import PartimentoError, no_such
from partimento.generate.criteria import measure, penalties
from partimento.generate.latent import path
from partimento.generate.latent_pieces import (
    GREEDY,
    EncodedPiece,
    check_latent,
    decode_points,
    dressed,
    encode_piece,
    window_starts,
)
from partimento.generate.prompt import make_prompt, training_pieces
from partimento.generate.provenance import with_provenance
from partimento.generate.ranking import Candidate, Candidates
from partimento.generate.sampler import Sampling
from partimento.music.join import join
from partimento.music.notes import Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Part
from partimento.training.trained_model import TrainedModel

MOST_STEPS = 100
MOST_SAMPLES = 1000


def straight(first: np.ndarray, last: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return points ``(B, Z)`` on straight lines from `first` to `last`."""
    share = share[:, None]
    return np.asarray((1 - share) * first + share * last)


WAYS: Mapping[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "spherical": path,
    "linear": straight,
}


def reconstruct(
    trained: TrainedModel,
    piece: Piece,
    *,
    sampling: Sampling | None = None,
    candidates: int | None = None,
    seed: int = 0,
) -> Candidates:
    """Encode a piece, and decode it again.

    Parameters
    ----------
    trained : TrainedModel
        A model with a latent space and an encoder.
    piece : Piece
    sampling : Sampling, optional
        By default, the most probable events are decoded.
    candidates : int, optional
        Number of times to decode, of which the best is returned; by default 1.
    seed : int

    Returns
    -------
    Candidates
        One.
    """
    arguments = dict(locals())
    encoded = encode_piece(trained, piece)
    found = decoded_candidates(
        trained,
        [encoded.points],
        [encoded],
        [len(encoded.ids)],
        title=[f"{piece.title}, reconstructed".strip(", ")],
        arguments=arguments,
    )
    return with_provenance(found, arguments, verb="reconstruct")


def morph(
    trained: TrainedModel,
    first: Piece,
    last: Piece,
    *,
    steps: int = 7,
    way: str = "spherical",
    joined: bool = False,
    sampling: Sampling | None = None,
    candidates: int | None = None,
    seed: int = 0,
) -> Candidates:
    """Change one piece into another in steps, through the latent space.

    Each step has its own share of the way and its own length between those of the pieces. It has
    the meter, the key, the tempo and the instrument of the nearer one.

    Parameters
    ----------
    trained : TrainedModel
        A model with a latent space and an encoder.
    first, last : Piece
    steps : int
        The number of pieces to make, with the reconstructions of both.
    way : str
        ``spherical`` keeps the distance from the center of the space; ``linear`` is straight.
    joined : bool
        Whether to return all steps as one piece, one after another.
    sampling, candidates, seed
        See `reconstruct`; the candidates are those of each step.

    Returns
    -------
    Candidates
        One per step, in order; with `joined`, one.
    """
    arguments = dict(locals())
    if not 2 <= steps <= MOST_STEPS:
        raise PartimentoError(f"a morph has 2 to {MOST_STEPS} steps, not {steps}")
    if way not in WAYS:
        raise PartimentoError(no_such(way, WAYS, "way"))
    ends = [encode_piece(trained, piece) for piece in (first, last)]
    shares = np.arange(steps) / (steps - 1)
    events = [round((1 - s) * len(ends[0].ids) + s * len(ends[1].ids)) for s in shares.tolist()]
    points = [
        _between(ends, share, count, trained.model.length, WAYS[way])
        for share, count in zip(shares.tolist(), events, strict=True)
    ]
    titles = [f"Step {number} of {steps}" for number in range(1, steps + 1)]
    nearer = [ends[int(share >= 0.5)] for share in shares.tolist()]
    found = decoded_candidates(trained, points, nearer, events, title=titles, arguments=arguments)
    if joined:
        title = f"From {first.title or 'one piece'} to {last.title or 'another'}"
        whole = join([step.piece for step in found], title=title)
        found = Candidates([_judged(trained, whole, 0, seed)])
    return with_provenance(found, arguments, verb="morph")


def _between(
    ends: Sequence[EncodedPiece],
    share: float,
    events: int,
    length: int,
    way: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the points ``(W, Z)`` at a share of the way between two pieces.

    A window corresponds to that window of either piece which is at the same place in time.
    """
    count = len(window_starts(events, length))
    chosen = []
    for end in ends:
        place = np.linspace(0, len(end.points) - 1, count) if count > 1 else np.zeros(1)
        chosen.append(end.points[np.round(place).astype(int)])
    return way(chosen[0], chosen[1], np.full(count, share)).astype(np.float32)


def sample(
    trained: TrainedModel,
    n: int = 1,
    *,
    sampling: Sampling | None = None,
    candidates: int | None = None,
    seed: int = 0,
) -> Candidates:
    """Decode random points of a latent space, one window each.

    Parameters
    ----------
    trained : TrainedModel
        A model with a latent space.
    n : int
        The number of points.
    sampling, candidates, seed
        See `reconstruct`; the candidates are those of each point.

    Returns
    -------
    Candidates
        One per point, in the order in which they were drawn.
    """
    arguments = dict(locals())
    check_latent(trained)
    if not 1 <= n <= MOST_SAMPLES:
        raise PartimentoError(f"the number of samples must be 1 to {MOST_SAMPLES:,}, not {n}")
    model, rng = trained.model, np.random.default_rng([seed, 3])
    windows = [piece.opening for piece in training_pieces(trained)]
    known = None
    if windows:
        rows = [ids[ids[:, 0] > 0][1 : model.length + 1] for ids in windows]
        full = [each for each in rows if len(each) == model.length]
        known = model.encode(np.stack(full)) if full else None
    points = model.prior(n, rng, known)
    models = [_usual(trained, seed + number) for number in range(n)]
    found = decoded_candidates(
        trained,
        [point[None] for point in points],
        models,
        [model.length] * n,
        title=[f"Sample {number}" for number in range(1, n + 1)],
        arguments=arguments,
    )
    return with_provenance(found, arguments, verb="sample")


def _usual(trained: TrainedModel, seed: int) -> EncodedPiece:
    """Return an empty piece with the meter, key and tempo of a training piece."""
    reference = make_prompt(trained, None, 0, seed=seed, key=None).reference
    nothing = Notes.from_columns(1, *np.zeros((3, 0), np.int64))
    piece = Piece(
        nothing,
        meters=(reference.meter,),
        keys=(Key.from_name(reference.key),),
        tempos=(reference.tempo,),
        parts=(Part("", reference.program),),
        composer=f"after {reference.composer}" if reference.composer else "",
    )
    fields = len(trained.tokenizer.fields)
    length, latent = trained.model.length, trained.model.latent
    ids = np.zeros((length, fields), np.int32)
    return EncodedPiece(piece, reference.interval, ids, np.zeros((1, latent)))


def decoded_candidates(
    trained: TrainedModel,
    points: Sequence[np.ndarray],
    dresses: Sequence[EncodedPiece],
    events: Sequence[int],
    *,
    title: Sequence[str],
    arguments: dict[str, Any],
) -> Candidates:
    """Decode points, and return the best of the candidates for each piece.

    The sampling and the number of candidates are stated in `arguments`, for the provenance.
    """
    sampling = arguments["sampling"] = arguments["sampling"] or GREEDY
    count = arguments["candidates"] = arguments["candidates"] or 1
    if count < 1:
        raise PartimentoError(f"the number of candidates must be at least 1, not {count}")
    seed = int(arguments["seed"])
    rows = [_stretched(each.ids, n) for each, n in zip(dresses, events, strict=True)]
    every = [number for number in range(len(points)) for _ in range(count)]
    decoded = decode_points(
        trained,
        [points[number] for number in every],
        [events[number] for number in every],
        source_rows=[rows[number] for number in every],
        sampling=sampling,
        seed=seed,
    )
    best: list[Candidate] = []
    for number, dress in enumerate(dresses):
        judged = []
        for each in range(count):
            ids = decoded[number * count + each]
            piece = dressed(trained, ids, dress.piece, dress.interval, title=title[number])
            judged.append(_judged(trained, piece, each, seed))
        best.append(min(judged, key=lambda candidate: candidate.rank))
    return Candidates(best)


def _stretched(ids: np.ndarray, events: int) -> np.ndarray:
    """Return rows ``(events, F)`` taken at the same places of a piece ``(N, F)``."""
    if not len(ids):
        return np.zeros((events, ids.shape[1]), np.int32)
    place = np.arange(events) * len(ids) // max(events, 1)
    return ids[place]


def _judged(trained: TrainedModel, piece: Piece, number: int, seed: int) -> Candidate:
    key = piece.keys[0] if piece.keys else analyze_key(piece)[0]
    criteria = measure(piece, key)
    penalty = penalties(criteria, trained.real_pieces, "open", seed=seed)
    return Candidate(piece, number, seed, True, 0, criteria, penalty)
