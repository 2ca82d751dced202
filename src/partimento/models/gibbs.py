"""Define the family of models that predict any cells of a grid from the others.

Training hides some cells of a window, and the model predicts them from the others. The hidden cells
differ from step to step, so that one network learns to predict any cells from any others. This is
an orderless autoregressive model (Uria, Murray & Larochelle 2014, "A deep and tractable density
estimator"). The cells of a piece can be put in any order, and each predicted from those before it.
The product of these probabilities is an exact likelihood.

Shapes: B windows, T steps, N voices, V ids of a cell, D cells of a piece (T · N).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import layers, ops

from partimento.models import likelihood
from partimento.models.base import NEVER, Batch, Gibbs, Likelihood, Loss, Model, Tokens, mean_loss
from partimento.short_repr import short_repr
from partimento.tokens.grid_facts import KINDS
from partimento.tokens.grid_grammar import HEADER, HOLD
from partimento.tokens.vocabulary import SPECIAL, START, UNKNOWN

HIDDEN = 0  # the id by which a network reads a hidden cell
ORDERINGS = 8  # orders of the cells over which a likelihood is averaged
POSITIONS = 4  # numbers of known cells at which each order is evaluated
BATCH = 8  # windows per evaluation batch
GOLDEN = 0.6180339887498949  # its multiples modulo 1 are evenly spread


class HideCells(layers.Layer):
    """Choose the cells of each window to hide.

    The number of hidden cells is uniform from 1 to all. In training, a share `voices` of the
    windows know some voices completely, and a share `spans` know everything outside a span of time.
    Outside training, the choice is always the same, so that losses can be compared. With
    `known_voices`, the first voices are always known, and all others always hidden.
    """

    def __init__(self, voices: float, spans: float, known_voices: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.voices, self.spans, self.known_voices = voices, spans, known_voices
        self.seed_generator = keras.random.SeedGenerator()

    def compute_output_spec(self, cells: Any, training: bool = False) -> Any:
        """Return the shape of the cells, and bool: TensorFlow cannot infer it."""
        return keras.KerasTensor(cells.shape, dtype="bool")

    def call(self, cells: Any, training: bool = False) -> Any:
        """Return ``(B, T, N)`` bool: the hidden cells."""
        batch, voices = ops.shape(cells)[0], cells.shape[2]
        length = cells.shape[1] or ops.shape(cells)[1]
        usable = cells >= SPECIAL
        if self.known_voices:  # and no others
            return ops.logical_and(usable, np.arange(voices) >= self.known_voices)

        def draw(*shape: Any) -> Any:
            seed = self.seed_generator if training else 1 + len(shape)
            return keras.random.uniform(shape, seed=seed)

        if training and (self.voices or self.spans):
            usable = self._fewer(usable, draw, batch, length, voices)
        cells_per_window = ops.sum(ops.cast(usable, "float32"), axis=(1, 2), keepdims=True)
        number = ops.cast(ops.arange(batch), "float32")
        share = ops.mod(draw(1) + GOLDEN * number, 1.0)  # evenly spread over the batch
        count = 1.0 + ops.floor(ops.reshape(share, (-1, 1, 1)) * cells_per_window)
        order = draw(batch, length * voices)
        order = order + ops.where(ops.reshape(usable, (-1, length * voices)), 0.0, 2.0)
        rank = ops.argsort(ops.argsort(order, axis=-1), axis=-1)
        rank = ops.cast(ops.reshape(rank, (-1, length, voices)), "float32")
        return ops.logical_and(rank < count, usable)

    def _fewer(self, usable: Any, draw: Any, batch: Any, length: Any, voices: int) -> Any:
        """Take cells out of `usable`: whole voices, or all outside a span."""
        kind = draw(batch, 1, 1)
        unknown_voices = draw(batch, 1, voices) < 0.5
        edges = draw(batch, 2) * ops.cast(length, "float32")
        first = ops.reshape(ops.min(edges, axis=-1), (-1, 1, 1))
        last = ops.reshape(ops.max(edges, axis=-1), (-1, 1, 1))
        steps = ops.reshape(ops.cast(ops.arange(length), "float32"), (1, -1, 1))
        inside = ops.logical_and(steps >= first, steps <= last)
        chosen = ops.where(kind < self.voices, ops.logical_and(usable, unknown_voices), usable)
        in_span = ops.logical_and(kind >= self.voices, kind < self.voices + self.spans)
        chosen = ops.where(in_span, ops.logical_and(usable, inside), chosen)
        some = ops.any(ops.reshape(chosen, (-1, length * voices)), axis=-1)
        return ops.where(ops.reshape(some, (-1, 1, 1)), chosen, usable)


class FactsEmbedding(layers.Layer):
    """Add up a learned vector for each fact of a step."""

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tables = [
            layers.Embedding(kind, size, name=f"fact_{number}") for number, kind in enumerate(KINDS)
        ]

    def build(self, shape: Any) -> None:
        """Build the tables."""
        for table in self.tables:
            table.build(shape[:-1])

    def compute_output_shape(self, shape: Any) -> Any:
        """Return the shape of the vectors."""
        return (*shape[:-1], self.tables[0].output_dim)

    def call(self, facts: Any) -> Any:
        """Return vectors ``(B, T, size)`` of facts ``(B, T, 6)``."""
        return sum(table(facts[..., number]) for number, table in enumerate(self.tables))


@short_repr
class GibbsModel(Model):
    """Base class of models that predict any cells of a grid from any others.

    `scorer` maps ``[cells (B, T, N), facts (B, T, 6)]`` to logits ``(B, T, N, V)``; hidden cells
    have the id HIDDEN. `network` also chooses the hidden cells (`HideCells`).
    """

    tokenizer_kind: ClassVar[str] = "grid"
    capabilities = (Gibbs,)
    loss_unit: ClassVar[str] = "nats per cell"
    scorer: keras.Model

    def __init__(self, config: Any, tokenizer: Any) -> None:
        super().__init__(config, tokenizer)
        self.voices, self.cells = tokenizer.voices, tokenizer.cells
        self.scorer = self.make_scorer()

    @abstractmethod
    def make_scorer(self) -> keras.Model:
        """Build the network that scores cells; it must work at any length."""

    # ------------------------------------------------------------------ training

    def readable(self, cells: Any, hidden: Any) -> Any:
        """Return the cells as `scorer` reads them."""
        return ops.where(hidden, HIDDEN, ops.where(cells >= UNKNOWN, cells, START))

    def cell_nats(self, logits: Any, cells: Any) -> Any:
        """Return the nats ``(B, T, N)`` of cells; 0 for those that are no symbols."""
        ids = np.arange(self.cells)
        possible = (ids >= SPECIAL) & ((ids != HOLD) | self.tokenizer.holds)
        logp = ops.log_softmax(ops.where(possible, logits, NEVER), axis=-1)
        picked = ops.take_along_axis(logp, ops.expand_dims(cells, -1), axis=-1)[..., 0]
        return ops.where(cells >= SPECIAL, -picked, 0.0)

    def loss(self, batch: Batch, *, training: bool, step: Any = 0.0) -> Loss:
        """Estimate the nats of all cells, from the mean of those that are hidden."""
        cells = batch["targets"][..., : self.voices]
        logits, hidden = self.network([cells, batch["features"]], training=training)
        shown = ops.cast(hidden, "float32")
        nats = ops.sum(self.cell_nats(logits, cells) * shown, axis=(1, 2))
        number = ops.sum(ops.cast(cells >= SPECIAL, "float32"), axis=(1, 2))
        mean = nats / ops.maximum(ops.sum(shown, axis=(1, 2)), 1.0)
        return mean_loss({"cells": ops.sum(mean * number)}, ops.sum(number))

    # ------------------------------------------------------------------ likelihood

    def logits(self, values: Any, known: Any, facts: Any) -> np.ndarray:
        """Return the logits of each cell, ``(B, T, N, V)``.

        Parameters
        ----------
        values : (B, T, N) int
            Ids; those of unknown cells are ignored.
        known : (B, T, N) bool
        facts : (B, T, 6) int
            See `grid_facts`.
        """
        values, known, facts = np.asarray(values), np.asarray(known), np.asarray(facts)
        length = values.shape[1]
        more = -length % 64  # every length that is not rounded costs a compilation
        read = np.where(known, np.where(values >= UNKNOWN, values, START), HIDDEN)
        read = np.pad(read, ((0, 0), (0, more), (0, 0)), constant_values=START)
        facts = np.pad(facts, ((0, 0), (0, more), (0, 0)))
        scores = self.scorer.predict_on_batch([read.astype("int32"), facts.astype("int32")])
        ids = np.arange(self.cells)
        possible = (ids >= SPECIAL) & ((ids != HOLD) | self.tokenizer.holds)
        return np.where(possible, np.asarray(scores)[:, :length], NEVER)

    def masked_nats(
        self, tokens: Tokens, hidden: np.ndarray, cells: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the nats of each cell of a piece, for several choices of hidden cells.

        Parameters
        ----------
        tokens : Tokens
        hidden : (M, T, N) bool
        cells : (M, T, N) int, optional
            The cells that are read where they are not hidden; by default those of the piece.

        Returns
        -------
        (M, T, N) float64
        """
        rows, facts = steps_of(tokens, self.voices)
        nats = np.zeros(hidden.shape)
        for first in range(0, len(hidden), BATCH):
            part = hidden[first : first + BATCH]
            count = len(part)
            part = np.pad(part, ((0, BATCH - count), (0, 0), (0, 0)))
            read = np.broadcast_to(rows, part.shape)
            if cells is not None:
                read = np.pad(cells[first : first + BATCH], ((0, BATCH - count), (0, 0), (0, 0)))
            scores = self.logits(read, ~part, np.broadcast_to(facts, (BATCH, *facts.shape)))
            scores = scores[:count] - scores[:count].max(-1, keepdims=True)
            logp = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
            wanted = np.broadcast_to(rows, scores.shape[:-1])[..., None]
            picked = np.take_along_axis(logp, wanted, axis=-1)[..., 0]
            nats[first : first + count] = np.where(wanted[..., 0] >= SPECIAL, -picked, 0.0)
        return nats

    def ordering_nats(
        self,
        tokens: Tokens,
        *,
        known: np.ndarray | None = None,
        orderings: int = ORDERINGS,
        positions: int = POSITIONS,
        seed: int = 0,
    ) -> np.ndarray:
        """Estimate the nats of a piece with its cells in random orders, ``(orderings,)``.

        A full evaluation would predict the cells one by one. Here, each order is evaluated at a few
        numbers of known cells, evenly spread. At each, the mean over the unknown cells is the
        expected cost of the next cell. The estimate has no bias.

        Parameters
        ----------
        tokens : Tokens
        known : (T, N) bool, optional
            Cells that are known from the beginning, such as a melody; they cost nothing.
        orderings, positions : int
        seed : int
        """
        rows, _ = steps_of(tokens, self.voices)
        unknown = rows >= SPECIAL
        if known is not None:
            unknown &= ~known
        cells = np.flatnonzero(unknown)
        if not len(cells):
            return np.zeros(orderings)
        rng = np.random.default_rng([seed, len(cells)])
        hidden = np.zeros((orderings, positions, rows.size), bool)
        for order in range(orderings):
            shuffled, offset = rng.permutation(cells), rng.random()
            for place in range(positions):
                number = int((place + (offset + order * GOLDEN) % 1) / positions * len(cells))
                hidden[order, place, shuffled[number:]] = True
        flat = hidden.reshape(-1, *rows.shape)
        nats = (self.masked_nats(tokens, flat) * flat).sum(axis=(1, 2)) / flat.sum(axis=(1, 2))
        return np.asarray(nats.reshape(orderings, positions).mean(axis=1) * len(cells))

    def nats(self, pieces: Sequence[Tokens], *, missing: float = 0.0) -> Likelihood | None:
        """Return the likelihood of pieces, as the mean of eight orders of their cells.

        The length of a piece, and the facts of its steps, are given. See `ordering_nats`.
        """
        cells = sum(float(own.mean()) for own in self.piece_nats(pieces))
        events = sum(self.tokenizer.events_in(piece.ids[1:]) for piece in pieces)
        return Likelihood({"cells": cells, likelihood.UNKNOWN: missing}, events)

    def piece_nats(self, pieces: Sequence[Tokens]) -> Iterator[np.ndarray]:
        """Yield the `ordering_nats` of each piece."""
        for number, piece in enumerate(pieces):
            yield self.ordering_nats(piece, seed=number)


def steps_of(tokens: Tokens, voices: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells ``(T, N)`` and the facts ``(T, 6)`` of a piece."""
    return tokens.ids[HEADER:-1, :voices], tokens.context["features"][HEADER:-1]
