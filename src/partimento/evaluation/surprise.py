"""Measure how probable a model finds each note, and color the notes by it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.export.note_colors import NoteColors, level_of
from partimento.generate.candidates import ROWS
from partimento.generate.numpy_loop import ONE_THREAD
from partimento.models.base import Autoregressive
from partimento.models.numpy_step import NumpyStep
from partimento.music.piece import Piece
from partimento.tokens.base import Tokenizer
from partimento.training.dataset import in_common_key

if TYPE_CHECKING:
    from partimento.training.trained_model import TrainedModel

LOG_2 = math.log(2)
BOUNDS = (1, 3, 5, 8)  # bits at which the levels begin: a half, an eighth, 1/32 and 1/256
LABELS = ("50 % and more", "12 to 50 %", "3 to 12 %", "0.4 to 3 %", "less")
RAREST = 1e-4  # smaller probabilities have the same text


def note_bits(trained: TrainedModel, piece: Piece) -> np.ndarray:
    """Return the surprise of each note of a piece under a model, in bits.

    The surprise of a note is ``-log2(p)``, where p is its probability after all that precedes it.
    These are earlier events, and the notes of its chord that the model reads first. A model of
    whole chords has one value for all notes that a chord strikes; it includes the duration.

    Parameters
    ----------
    trained : TrainedModel
        A model that predicts one id after another.
    piece : Piece

    Returns
    -------
    (N,) float64
        NaN for notes that the model does not see, such as grace notes and drums.

    Raises
    ------
    PartimentoError
        If the model gives no probabilities, or cannot read the piece.

    References
    ----------
    Pearce, M. T. (2005). The construction and evaluation of statistical models of melodic structure
    in music perception and composition. PhD thesis, City University, London.
    """
    if Autoregressive not in trained.model_class.capabilities:
        raise PartimentoError(
            f"surprise needs a model that predicts one note after another; {trained.settings.name}"
            " does not"
        )
    seen = piece.replace(notes=piece.notes.select(piece.notes.grace == 0), cuts=())
    try:
        item = in_common_key(seen, trained.settings.tokens.transpose)
    except ValueError as error:
        raise PartimentoError(
            f"the model cannot read {piece.title or 'the piece'}: {error}"
        ) from error
    tokenizer = trained.tokenizer
    tokens = tokenizer.encode(item.moved)
    step = trained.numpy_step
    if step is None:
        (nats,) = trained.model.piece_nats([tokens], may_end=True)
    else:  # starts in a fraction of the time
        nats = nats_on_numpy(step, tokenizer, tokens.ids)
    bits: dict[tuple[Fraction, int, int | None], float] = {}
    for row, onset, pitch, part in tokenizer.struck_notes(item.moved):
        bits.setdefault((onset, pitch - item.interval, part), float(nats[row - 1]) / LOG_2)
    drums = piece.drums
    values = np.full(len(piece.notes), math.nan)
    for i, note in enumerate(piece.notes):
        if not (note.grace or drums[i]):
            alone = bits.get((note.onset, note.pitch, None), math.nan)
            values[i] = bits.get((note.onset, note.pitch, note.part), alone)
    return values


def nats_on_numpy(step: NumpyStep, tokenizer: Tokenizer, ids: np.ndarray) -> np.ndarray:
    """Return the nats of each row of ids after the first, without Keras.

    Probabilities are those by which the model composes, among the ids that its grammar allows.
    `NextModel.piece_nats` allows a few more, such as rhythms that are hard to read.

    Parameters
    ----------
    step : NumpyStep
    tokenizer : Tokenizer
    ids : (T, F) int32

    Returns
    -------
    (T - 1,) float64
        The values of the header are not meaningful.
    """
    grammar = tokenizer.grammar()
    state, model = grammar.start(1), step.initial_state(1)
    nats = np.zeros(len(ids) - 1)
    logits: np.ndarray | None = None
    with ONE_THREAD:
        for row in range(len(ids) - 1):
            if row % ROWS == 0:  # the history grows with the piece
                state = grammar.with_reach(state, row + ROWS)
            for field in range(ids.shape[1]):
                target = int(ids[row, field])
                if logits is not None and row >= tokenizer.header_rows:
                    # A real piece may do what the grammar does not let a model compose.
                    allowed = np.array(grammar.allowed(state, field)[0])
                    nats[row - 1] += _nats(logits[0], allowed, target)
                chosen = ids[row : row + 1, field]
                state = grammar.advance(state, chosen, field)
                features = grammar.features(state)
                model, logits = step.step(model, chosen, field=field, features=features)
    return nats


def _nats(logits: np.ndarray, allowed: np.ndarray, target: int) -> float:
    allowed[target] = True
    kept = logits[allowed].astype(np.float64)
    largest = float(kept.max())
    return float(np.log(np.exp(kept - largest).sum()) + largest - logits[target])


def surprise_colors(trained: TrainedModel, piece: Piece, *, name: str) -> NoteColors:
    """Return colors of the notes by their probability under a model.

    Parameters
    ----------
    trained : TrainedModel
    piece : Piece
    name : str
        The name of the model in the legend.

    Raises
    ------
    PartimentoError
        As `note_bits`.
    """
    bits = note_bits(trained, piece)
    texts = {i: _text(value) for i, value in enumerate(bits.tolist()) if not math.isnan(value)}
    record: dict[str, Any] = {"kind": "surprise", "model": name}
    title = f"Probability of each note for the model {name}"
    return NoteColors(title, LABELS, level_of(bits, BOUNDS), texts, record)


def _text(bits: float) -> str:
    p = 2**-bits
    if p < RAREST:
        return "Probability below 0.01 %: the model did not expect this note."
    return f"Probability {100 * p:.2g} %: {bits:.1f} bits of surprise."
