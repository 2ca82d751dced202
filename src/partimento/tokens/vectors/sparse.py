"""Ones in arrays, dense and sparse, by their cells: a cell is row · width + column.

Arrays of SciPy are known by what they can do, and SciPy is loaded where one is made: who works with
dense rows never waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.events import distinct

if TYPE_CHECKING:
    from scipy import sparse


def is_sparse(rows: Any) -> bool:
    """Whether an array is one of SciPy's sparse ones, of whatever form."""
    return hasattr(rows, "tocsr")


def dense_rows(cells: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A float32 array with ones in these cells."""
    rows = np.zeros(shape, np.float32)
    rows.reshape(-1)[cells] = 1
    return rows


def sparse_rows(cells: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    """The same as a CSR array."""
    from scipy import sparse

    height, width = shape
    cells = distinct(cells)
    first = np.searchsorted(cells, np.arange(height + 1) * width)
    index = sparse.get_index_dtype(
        maxval=max(width, len(cells))
    )  # 32 bits wherever they do: half the memory
    columns = cells % max(width, 1)
    return sparse.csr_array(
        (np.ones(len(cells), np.float32), columns.astype(index), first.astype(index)), shape=shape
    )


def cells_of(rows: Any) -> np.ndarray:
    """Where a ``(T, V)`` array, dense or sparse, is above one half; ascending."""
    if not is_sparse(rows):
        return np.flatnonzero(np.asarray(rows) > 0.5)
    found = rows.tocsr()
    height, width = found.shape
    cells = np.repeat(np.arange(height), np.diff(found.indptr)) * width + found.indices
    return distinct(cells[found.data > 0.5])


def check_shape(rows: Any, height: int, width: int) -> None:
    """PartimentoError if an array has not as many rows as there are durations, or not the columns
    of its parts.
    """
    if rows.shape != (height, width):
        raise PartimentoError(
            f"an array of shape {rows.shape}, where {height} durations and these parts need {(height, width)}"
        )
