"""Move music along directions of a latent space, such as denser or higher.

The direction of an attribute is the regression of the points of training windows on its values
there. A step of 1 changes the attribute by one standard deviation of these windows, as far as the
relation is linear. For two groups of windows, it is the difference of their means.

Shapes: M training windows, Z latent size, L events of a window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from partimento.errors import PartimentoError, no_such
from partimento.generate.latent_pieces import check_latent, encode_piece
from partimento.generate.morph import decoded_candidates
from partimento.generate.prompt import training_pieces
from partimento.generate.provenance import with_provenance
from partimento.generate.ranking import Candidates
from partimento.generate.sampler import Sampling
from partimento.music.events import Event
from partimento.music.piece import Piece
from partimento.tokens.vocabulary import END, PAD, START, UNKNOWN
from partimento.training.trained_model import TrainedModel

FEWEST = 8  # training windows from which a direction can be computed
MOST = 10.0  # standard deviations


def _time(events: Sequence[Event]) -> float:
    return float(sum((event.duration for event in events), Fraction(0)))


def notes_per_quarter(events: Sequence[Event]) -> float:
    """Return how many notes begin per quarter."""
    struck = sum(len(event.chord) - len(event.held) for event in events)
    return struck / max(_time(events), 1e-9)


def quarters_per_event(events: Sequence[Event]) -> float:
    """Return how many quarters an event lasts on average."""
    return _time(events) / max(len(events), 1)


def mean_pitch(events: Sequence[Event]) -> float:
    """Return the mean MIDI pitch of all notes of all events."""
    pitches = [pitch for event in events for pitch in event.chord]
    return float(np.mean(pitches)) if pitches else 60.0


def mean_span(events: Sequence[Event]) -> float:
    """Return the semitones from the lowest to the highest note, on average."""
    spans = [event.chord[-1] - event.chord[0] for event in events if event.chord]
    return float(np.mean(spans)) if spans else 0.0


def notes_per_chord(events: Sequence[Event]) -> float:
    """Return how many notes sound at once, on average."""
    return float(np.mean([len(event.chord) for event in events])) if events else 0.0


# What a direction increases, and how it is measured.
ATTRIBUTES: Mapping[str, Callable[[Sequence[Event]], float]] = {
    "denser": notes_per_quarter,
    "slower": quarters_per_event,
    "higher": mean_pitch,
    "wider": mean_span,
    "fuller": notes_per_chord,
}


def directions(trained: TrainedModel) -> dict[str, np.ndarray]:
    """Return the direction ``(Z,)`` of each attribute in a model's latent space.

    It is computed from the beginnings of the training pieces, which a run stores. Attributes in
    which they do not differ have a direction of zeros.

    Raises
    ------
    PartimentoError
        If the model has no encoder, or too few training pieces.
    """
    check_latent(trained)
    model, tokenizer = trained.model, trained.tokenizer
    windows = []
    for piece in training_pieces(trained):
        ids = piece.opening[~np.isin(piece.opening[:, 0], (PAD, START, END))]
        for at in range(0, len(ids) - model.length + 1, model.length):
            rows = ids[at : at + model.length]
            if not (rows == UNKNOWN).any():
                windows.append(rows)
    if len(windows) < FEWEST:
        raise PartimentoError(
            f"the run has {len(windows)} full windows of training pieces: directions need {FEWEST}"
        )
    points = model.encode(np.stack(windows).astype(np.int32))
    if points is None:
        raise PartimentoError(f"a run of {trained.settings.name} has no encoder")
    centered = points - points.mean(axis=0)
    decoded = [tokenizer.decode_events(rows) for rows in windows]
    found = {}
    for name, measure in ATTRIBUTES.items():
        values = np.array([measure(events) for events in decoded])
        spread = values.std()
        scaled = (values - values.mean()) / spread if spread > 1e-9 else np.zeros(len(values))
        found[name] = (scaled @ centered / len(values)).astype(np.float32)
    return found


def steer(
    trained: TrainedModel,
    piece: Piece,
    amounts: Mapping[str, float],
    *,
    sampling: Sampling | None = None,
    candidates: int | None = None,
    seed: int = 0,
) -> Candidates:
    """Move a piece along directions of the latent space, such as denser or higher.

    Parameters
    ----------
    trained : TrainedModel
        A model with a latent space and an encoder.
    piece : Piece
    amounts : mapping of str to float
        How far to go along each direction, in standard deviations of the training pieces. Negative
        amounts go the other way.
    sampling, candidates, seed
        See `morph.reconstruct`.

    Returns
    -------
    Candidates
        One.

    Raises
    ------
    PartimentoError
        If there is no such direction, or an amount is too large.
    """
    arguments = dict(locals())
    arguments["amounts"] = amounts = {name: float(value) for name, value in amounts.items()}
    if not amounts:
        raise PartimentoError(f"name a direction: {', '.join(ATTRIBUTES)}")
    for name, amount in amounts.items():
        if name not in ATTRIBUTES:
            raise PartimentoError(no_such(name, ATTRIBUTES, "direction"))
        if not abs(amount) <= MOST:
            raise PartimentoError(f"the amount of {name} must be at most {MOST:g}, not {amount:g}")
    encoded = encode_piece(trained, piece)
    known = directions(trained)
    moved = encoded.points + sum(amount * known[name] for name, amount in amounts.items())
    words = " and ".join(f"{name} by {amount:g}" for name, amount in amounts.items())
    found = decoded_candidates(
        trained,
        [moved.astype(np.float32)],
        [encoded],
        [len(encoded.ids)],
        title=[", ".join(filter(None, (piece.title, words)))],
        arguments=arguments,
    )
    return with_provenance(found, arguments, verb="steer")
