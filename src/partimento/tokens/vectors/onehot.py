"""Encode symbols as one-hot rows and flat windows, and decode them.

This follows the tutorial's "Note and Chord Encoding" (Briot, Hadjeres & Pachet 2019). Four
encodings turn music into rows of zeros and ones:

| encoding | in | a row of T | ones in it |
|---|---|---|---|
| one-hot | here | a symbol of one vocabulary | 1 |
| many-hot | `manyhot` | the 128 pitches: sounding, then held | the notes |
| multi-one-hot | `parts` | a block per part: a symbol of the part's own vocabulary | the parts |
| multi-many-hot | `manyhot` | a block per part: its own 128 pitches, sounding, then held | all
notes |

`ChordTokenizer` returns integers, for embeddings. Durations are separate: plain, as numbers of a
`Vocabulary`, or as `one_hot` of those. Rows are float32, since every model needs floats. Shapes: T
events of a piece, N windows, L events per window, V vocabulary or width of a row.
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

    A number is the column of a row's largest value, the first of equal ones. A row of zeros is
    padding again.
    """
    numbers = xp.argmax(rows, axis=-1)
    return numbers.astype(np.int32) if xp is np else numbers


def _in_range(numbers: Any, size: int) -> np.ndarray:
    array = np.asarray(numbers)
    if array.size and (array.min() < 0 or array.max() >= size):
        raise PartimentoError(
            f"a number of a one-hot row lies outside 0 to {size - 1}: {array.min()} to"
            f" {array.max()}"
        )
    return array.astype(np.int64)


# ---------------------------------------------------------------------- windows ↔ flat


def flatten(window: Any, xp: Any = np) -> Any:
    """Flatten a window to one row: ``(…, L, V)`` → ``(…, V · L)``.

    Step l of chord v stands at ``v · L + l``. The tutorial swaps both axes before it flattens, and
    this does the same. All steps of one chord are neighbors, not all chords of one step.

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
    return [
        -1 if size is None else size for size in lead
    ]  # Keras does not know the batch's size beforehand


def _divided(width: int, length: int) -> int:
    if length < 1 or width % length:
        raise PartimentoError(f"{width} values are no windows of {length} events")
    return width // length
