"""Encode symbols as one-hot rows and flat windows, and decode them.

This follows the tutorial's "Note and Chord Encoding" (Briot, Hadjeres & Pachet 2019). Four
encodings turn music into rows of zeros and ones:

| encoding | module | a row has | number of ones |
|---|---|---|---|
| one-hot | `onehot` | one column per symbol of a vocabulary | 1 |
| many-hot | `manyhot` | 128 columns of sounding pitches, then 128 of held ones | one per note |
| multi-one-hot | `parts` | one block per part: its own vocabulary | one per part |
| multi-many-hot | `manyhot` | one many-hot block per part | one per note |

`ChordTokenizer` returns integers instead, for embeddings. Durations are separate from the rows.
They can stay fractions, become ids of a `Vocabulary`, or `one_hot` rows of those ids. Rows are
float32, the type of a model's inputs. Shapes: T events of a piece, N windows, L events per window,
V vocabulary size or width of a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.tokens.vocabulary import PAD

# ---------------------------------------------------------------------- numbers ↔ one-hot


def one_hot(numbers: Any, size: int, xp: Any = np) -> Any:
    """Encode integers as rows with a single one; padding is a row of zeros.

    Parameters
    ----------
    numbers : (…,) int
        From 0 (padding) to ``size - 1``.
    size : int
        V, the length of the vocabulary with its special numbers.
    xp : module
        `numpy` or `keras.ops`. With `keras.ops` the numbers are not checked: one out of range
        becomes a row of zeros.

    Returns
    -------
    (…, V) float32

    Raises
    ------
    PartimentoError
        If a number is out of range.

    Examples
    --------
    >>> one_hot([2, 1, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if xp is np:
        numbers = _in_range(numbers, size)
    columns = np.arange(size, dtype=np.int32)
    is_one = xp.logical_and(
        xp.equal(xp.expand_dims(numbers, -1), columns), columns != PAD
    )  # (…, V)
    return xp.where(is_one, np.float32(1), np.float32(0))


def from_one_hot(rows: Any, xp: Any = np) -> Any:
    """Decode one-hot rows: ``(…, V)`` → ``(…,)`` int32, as the tutorial does.

    The result is the column of each row's largest value; ties go to the first. A row of zeros
    therefore becomes padding (0).
    """
    numbers = xp.argmax(rows, axis=-1)
    return numbers.astype(np.int32) if xp is np else numbers


def _in_range(numbers: Any, size: int) -> np.ndarray:
    array = np.asarray(numbers)
    if array.size and (array.min() < 0 or array.max() >= size):
        raise PartimentoError(
            f"one-hot needs integers from 0 to {size - 1}, but these range from {array.min()} to"
            f" {array.max()}"
        )
    return array.astype(np.int64)


# ---------------------------------------------------------------------- windows ↔ flat


def flatten(window: Any, xp: Any = np) -> Any:
    """Flatten a window to one row: ``(…, L, V)`` → ``(…, V · L)``.

    Step l of chord v is at index ``v · L + l``: the steps of one chord are neighbors, not the
    chords of one step. The tutorial swaps the axes before flattening, and this must match it.

    >>> flatten(one_hot([1, 2, 1], 3)).tolist()  # three steps of chord 0 (padding), then 1, 2
    [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    """
    *lead, length, size = window.shape
    return xp.reshape(xp.swapaxes(window, -1, -2), (*_known(lead), size * length))


def unflatten(row: Any, length: int, xp: Any = np) -> Any:
    """Invert `flatten`: ``(…, V · L)`` → ``(…, L, V)``, with `length` L.

    Raises PartimentoError if the width is not a multiple of `length`.
    """
    *lead, width = row.shape
    return xp.swapaxes(xp.reshape(row, (*_known(lead), _divided(width, length), length)), -1, -2)


def _known(lead: Sequence[int | None]) -> list[int]:
    # Keras does not know the batch size beforehand; reshape infers a dimension of -1.
    return [-1 if size is None else size for size in lead]


def _divided(width: int, length: int) -> int:
    if length < 1 or width % length:
        raise PartimentoError(f"{width} values cannot be split into windows of {length} events")
    return width // length
