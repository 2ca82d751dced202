"""Decide which ids may come next in the rows of the grid tokenizer.

Shapes: B pieces or candidates in a batch, N voices, V ids of a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from partimento.short_repr import short_repr
from partimento.tokens.vocabulary import END, SPECIAL, START

REST, HOLD, FIRST_PITCH = SPECIAL, SPECIAL + 1, SPECIAL + 2  # ids of a cell
FERMATA = SPECIAL + 1  # the mark of a step under a fermata; SPECIAL marks any other step
HEADER = 4  # rows before the first step: start, meter, pickup, key
FACTS = 6  # columns of the facts (`grid_facts`)


@short_repr
class GridState(NamedTuple):
    """Summarize the rows so far.

    Attributes
    ----------
    elapsed : (B,) int
        Steps of the tokenizer's grid since the beginning.
    events : (B,) int
        Rows in which a voice changed.
    rows : (B,) int
        Complete rows, those of the header included.
    before, now : (B, N) int
        The cells of the row before, and those read of the current row.
    at_row_end : (B,) bool
    """

    elapsed: Any
    events: Any
    rows: Any
    before: Any
    now: Any
    at_row_end: Any


@short_repr
@dataclass(frozen=True)
class GridGrammar:
    """Allow every cell at every step, as far as rows can be decoded.

    Attributes
    ----------
    voices, cells : int
        N, and the number of ids of a cell.
    holds : bool
        Whether a cell can be HOLD.
    length : int
        Steps of the tokenizer's grid per row.
    """

    voices: int
    cells: int
    holds: bool
    length: int = 1

    def start(self, batch: int, xp: Any = np, *, total: Any = -1) -> GridState:
        """Return the state before the first row."""
        zero = xp.zeros((batch,), dtype="int32")
        cells = xp.zeros((batch, self.voices), dtype="int32") + START
        return GridState(zero, zero, zero, cells, cells, zero == 0)

    def advance(self, state: GridState, ids: Any, field: int, xp: Any = np) -> GridState:
        """Return the state after reading `ids` ``(B,)`` of a field."""
        if field < self.voices:
            here = np.arange(self.voices) == field
            now = xp.where(here, xp.expand_dims(xp.cast(ids, "int32"), -1) if xp is not np
                           else np.expand_dims(ids, -1), state.now)  # fmt: skip
            return state._replace(now=now, at_row_end=xp.zeros_like(state.rows) > 0)
        is_step = (state.rows >= HEADER) & (state.now[:, 0] != END)
        same = state.now == (HOLD if self.holds else state.before)
        begins = is_step & ~xp.all(same, axis=-1)
        return GridState(
            state.elapsed + xp.where(is_step, self.length, 0),
            state.events + xp.where(begins, 1, 0),
            state.rows + 1,
            state.now,
            state.now,
            state.rows >= 0,
        )

    def allowed(self, state: GridState, field: int, xp: Any = np) -> Any:
        """Return a bool mask ``(B, V)`` of the ids that may come next."""
        begun = xp.expand_dims(state.rows > HEADER, -1)
        ended = xp.expand_dims(state.now[:, 0] == END, -1)
        if field == self.voices:
            ids = np.arange(FERMATA + 1)
            return xp.where(ended, ids == END, ids >= SPECIAL)
        ids = np.arange(self.cells)
        usable = (ids >= SPECIAL) & ((ids != HOLD) | (self.holds & begun))
        if field == 0:
            return usable | ((ids == END) & begun)
        return xp.where(ended, ids == END, usable)

    def viable(self, state: GridState, field: int, permitted: Any, xp: Any = np) -> Any:
        """Return `permitted`: no cell leads to a dead end."""
        return permitted

    def features(self, state: GridState, xp: Any = np) -> Any:
        """Return the facts of the next row; all are 0, which stands for unknown.

        Models of a grid do not write it from its start to its end. They get the facts of all rows
        at once (`grid_facts`).
        """
        return xp.zeros((state.rows.shape[0], FACTS), dtype="int32")

    def with_reach(self, state: GridState, reach: int) -> GridState:
        """Return the state, which has no history."""
        return state

    def at_event_end(self, state: GridState) -> Any:
        """Return ``(B,)`` bool: True between two rows."""
        return state.at_row_end
