"""Define the contract of tokenizers and grammars.

A tokenizer turns a piece into numbers and back. Its grammar says which number may follow.

Shapes: T rows of a piece, F fields per row, B pieces or candidates at once, V numbers of a field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np

from partimento.music.events import Event
from partimento.music.piece import Piece
from partimento.tokens.settings import TokenSettings

EVERYTHING = TokenSettings(min_count=1)  # the settings of a fit without settings


class Tokens(NamedTuple):
    """Hold one tokenized piece.

    Attributes
    ----------
    ids : (T, F) int32
        The numbers of each row: F fields.
    context : dict of arrays (T, …)
        Arrays that a model may read beside the numbers, each aligned with `ids`. The chord
        tokenizer gives ``holdable``, the note and voice tokenizers give ``features``.
    """

    ids: np.ndarray
    context: Mapping[str, np.ndarray]


class SymbolCosts(Protocol):
    """Give the nats of what is outside a vocabulary."""

    def chord(self, event: Event) -> float:
        """Return the cost of an event's chord."""

    def duration(self, length: Fraction) -> float:
        """Return the cost of a duration."""


class GrammarState(Protocol):
    """Summarise the numbers so far; a NamedTuple of arrays, the batch first.

    Attributes
    ----------
    elapsed : (B,) int
        Steps of the tokenizer's grid since the beginning.
    events : (B,) int
        Complete events since the beginning.
    """

    @property
    def elapsed(self) -> Any: ...

    @property
    def events(self) -> Any: ...


class Grammar(Protocol):
    """Say which numbers may follow.

    Every method is a pure function of arrays. `xp` is `numpy` or `keras.ops`, so that the same code
    serves training and a compiled loop.
    """

    def start(self, batch: int, xp: Any = np) -> Any:
        """Return the state before the first row."""

    def advance(self, state: Any, ids: Any, field: int, xp: Any = np) -> Any:
        """Return the state after `ids` ``(B,)`` of `field`."""

    def allowed(self, state: Any, field: int, xp: Any = np) -> Any:
        """Return a mask ``(B, V)`` of the numbers of `field` that may follow.

        The end of a piece is one of them.
        """

    def viable(self, state: Any, field: int, permitted: Any, xp: Any = np) -> Any:
        """Return the `permitted` numbers ``(B, V)`` that lead to no dead end.

        `permitted` is the product of `allowed` and the masks of constraints.
        """

    def features(self, state: Any, xp: Any = np) -> Any:
        """Return the input features of the next number, as in `Tokens.context`."""

    def with_reach(self, state: Any, reach: int) -> Any:
        """Return the state on NumPy with room for the history of `reach` rows.

        A compiled loop needs arrays of one size; on NumPy they can grow with the piece.
        """

    def at_event_end(self, state: Any) -> Any:
        """Return ``(B,)``: whether an event has just ended, or none has begun."""


class Tokenizer(Protocol):
    """Turn pieces into numbers and back.

    Attributes
    ----------
    name : str
        Its name in the registry and in files.
    fields : tuple of str
        The names of a row's F fields.
    sizes : tuple of int
        How many numbers each field has in a piece that has begun.
    header_rows : int
        Rows before the first event.
    header_nats : float
        Cost of the header where all that it can say is equally likely.
    grid : int
        Steps per quarter that carry every duration.
    """

    name: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    header_rows: ClassVar[int]

    @property
    def sizes(self) -> tuple[int, ...]: ...

    @property
    def header_nats(self) -> float: ...

    @property
    def is_empty(self) -> bool: ...

    @property
    def grid(self) -> int: ...

    @classmethod
    def fit(
        cls,
        pieces: Iterable[Piece],
        settings: TokenSettings | None = None,
        *,
        shifts: Sequence[Sequence[int]] | None = None,
    ) -> Self:
        """Fit the vocabularies to training pieces.

        Parameters
        ----------
        pieces : iterable of Piece
        settings : TokenSettings, optional
            By default every symbol gets a number, and events are read, not frames.
        shifts : sequence of sequences of int, optional
            For each piece the semitones of the transpositions that are trained on, 0 included.
        """

    def encode(self, piece: Piece) -> Tokens:
        """Tokenize a piece."""

    def encode_all(self, pieces: Sequence[Piece]) -> list[Tokens]:
        """Tokenize pieces; faster than one by one."""

    def transposed(self, piece: Piece, tokens: Tokens, shifts: Sequence[int]) -> Iterator[Tokens]:
        """Yield the tokens of `piece` at other pitches, given its own."""

    def grammar(self) -> Grammar:
        """Return the grammar of these numbers."""

    def max_rows(self, events: int, prompt: int = 0) -> int:
        """Return the rows to reserve for `events` events after a prompt of `prompt` rows."""

    def decode(self, ids: np.ndarray) -> Piece:
        """Return the piece of these numbers, with its parts."""

    def decode_events(self, ids: np.ndarray) -> list[Event]:
        """Return the events of these numbers, all parts together."""

    def prompt(self, ids: np.ndarray, events: int) -> np.ndarray:
        """Return the header and at most `events` events, up to the first unknown number."""

    def in_key(self, ids: np.ndarray, tonic: int) -> np.ndarray:
        """Return the prompt with another key in its header, where the header has one."""

    def events_in(self, ids: np.ndarray) -> int:
        """Count the events of these rows, the end of a piece as one."""

    def chord_numbers(self, ids: np.ndarray) -> np.ndarray:
        """Return one number per event: equal for equal chords."""

    def missing_cost(self, piece: Piece, costs: SymbolCosts, tokens: Tokens | None = None) -> float:
        """Return the nats that a piece's unknown numbers cost beyond being unknown."""

    def pitches_of(self, field: int) -> np.ndarray:
        """Return ``(V, 128)`` bool: the pitches that each number of a field makes sound."""

    def to_json(self) -> str:
        """Write the vocabularies as a JSON object; its ``tokenizer`` is the name."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; ValueError, TypeError or KeyError for any other text."""
