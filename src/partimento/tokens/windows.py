"""Cut tokenized pieces into windows of equal length and batch them.

A batch maps names to arrays: ``inputs``, ``targets`` and the context arrays of the tokenizer.
Shapes: N windows, B windows of a batch, L rows of a window, F fields of a row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from partimento.short_repr import short_repr
from partimento.tokens.base import Tokens
from partimento.tokens.vocabulary import PAD

Batch = dict[str, np.ndarray]


class WindowSpec(NamedTuple):
    """Describe how a model needs pieces to be cut into windows.

    Attributes
    ----------
    length : int
        Rows of a window.
    stride : int or None
        Rows from the start of one window to the next; None means `length`, without overlap.
    whole : bool
        Keep only windows without padding. A piece shorter than a window still gives a padded one.
    longest : bool
        Reduce `length` to that of the longest piece if all pieces are shorter.
    """

    length: int
    stride: int | None = None
    whole: bool = False
    longest: bool = False


@short_repr
@dataclass(frozen=True)
class Windows:
    """Hold windows in memory; indexing returns the selected windows as a batch.

    Attributes
    ----------
    arrays : dict of arrays (N, L, …)
        ``inputs`` and ``targets`` are (N, L, F): ``targets[n, l]`` is the row after
        ``inputs[n, l]``. The context arrays are aligned with the targets. Rows after the end of a
        piece are padding.
    piece : (N,) int
        The index of the piece that each window is from.
    """

    arrays: Mapping[str, np.ndarray]
    piece: np.ndarray

    def __len__(self) -> int:
        return len(self.piece)

    def __getitem__(self, rows: Any) -> Batch:
        return {name: array[rows] for name, array in self.arrays.items()}

    @property
    def inputs(self) -> np.ndarray:
        """(N, L, F) int32."""
        return self.arrays["inputs"]

    @property
    def targets(self) -> np.ndarray:
        """(N, L, F) int32."""
        return self.arrays["targets"]


def windows(
    pieces: Sequence[Tokens],
    *,
    length: int = 32,
    stride: int | None = None,
    whole: bool = False,
    longest: bool = False,
) -> Windows:
    """Cut tokenized pieces into windows; see `WindowSpec` for the parameters.

    No window spans two pieces. The last row of a piece is a target, never an input.

    Raises
    ------
    ValueError
        If there are no pieces.
    """
    if not pieces:
        raise ValueError("no pieces to cut into windows")
    if longest:
        length = min(length, max(len(piece.ids) for piece in pieces) - 1)
    cuts = []
    for number, piece in enumerate(pieces):
        last = len(piece.ids) - 1
        starts = range(0, max(1, last - length + 1 if whole else last), stride or length)
        cuts += [(number, start, min(start + length, last)) for start in starts]

    def stacked(arrays: Sequence[np.ndarray], offset: int) -> np.ndarray:
        rows = (arrays[n][start + offset : stop + offset] for n, start, stop in cuts)
        return np.stack([_padded(part, length) for part in rows])

    ids = [piece.ids for piece in pieces]
    arrays = {"inputs": stacked(ids, 0), "targets": stacked(ids, 1)}
    for name in pieces[0].context:
        arrays[name] = stacked([piece.context[name] for piece in pieces], 1)
    return Windows(arrays, np.array([number for number, _, _ in cuts]))


def _padded(rows: np.ndarray, length: int) -> np.ndarray:
    """Pad an array ``(n, …)`` with rows up to `length`."""
    return np.pad(rows, ((0, length - len(rows)), *[(0, 0)] * (rows.ndim - 1)), constant_values=PAD)


class Batches(Protocol):
    """Provide the batches of one split, the same number in every epoch.

    All batches have the same shapes; the last one is filled with windows of padding. A model that
    streams its data can implement this protocol in a class of its own.
    """

    def __len__(self) -> int:
        """Return the number of batches per epoch."""

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches in the order of the pieces."""

    def shuffled(self, *seed: int) -> Iterator[Batch]:
        """Yield the batches of an epoch in an order that depends on `seed` alone."""


@short_repr
@dataclass(frozen=True)
class WindowBatches:
    """Provide windows in memory as batches of `size` windows."""

    windows: Windows
    size: int

    def __len__(self) -> int:
        return math.ceil(len(self.windows) / self.size)

    def __iter__(self) -> Iterator[Batch]:
        return self._in_order(np.arange(len(self.windows)))

    def shuffled(self, *seed: int) -> Iterator[Batch]:
        """Yield the windows in an order that depends on `seed` alone."""
        return self._in_order(np.random.default_rng(seed).permutation(len(self.windows)))

    def _in_order(self, order: np.ndarray) -> Iterator[Batch]:
        for start in range(0, len(order), self.size):
            batch = self.windows[order[start : start + self.size]]
            yield {name: _padded(array, self.size) for name, array in batch.items()}
