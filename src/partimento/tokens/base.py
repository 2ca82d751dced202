"""Define the contract of tokenizers and grammars.

A tokenizer turns a piece into token ids and back. Its grammar says which ids may come next.

Shapes: T rows of a piece, F fields per row, B pieces or candidates in a batch, V ids of a field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np

from partimento.music.events import Event
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr
from partimento.tokens.settings import TokenSettings

DEFAULT_SETTINGS = TokenSettings(min_count=1)  # used by `fit` without settings: keep every symbol


@short_repr
class Tokens(NamedTuple):
    """Hold one tokenized piece.

    Attributes
    ----------
    ids : (T, F) int32
        The token ids of each row, one per field.
    context : dict of arrays (T, …)
        Further model inputs, each aligned with `ids`. The chord tokenizer provides ``holdable``,
        the note and voice tokenizers provide ``features``.
    """

    ids: np.ndarray
    context: Mapping[str, np.ndarray]


@short_repr
class StruckNote(NamedTuple):
    """A note that a row of ids strikes.

    Attributes
    ----------
    row : int
        The row of `Tokens.ids`.
    onset : Fraction
        In quarters.
    pitch : int
        MIDI pitch.
    part : int or None
        The part of the piece; None if the ids do not tell parts apart.
    """

    row: int
    onset: Fraction
    pitch: int
    part: int | None = None


class SymbolCosts(Protocol):
    """Return the cost, in nats, of symbols outside a vocabulary."""

    def chord(self, event: Event) -> float:
        """Return the nats of an event's chord."""

    def duration(self, length: Fraction) -> float:
        """Return the nats of a duration in quarters."""


class GrammarState(Protocol):
    """Summarize the ids so far in a NamedTuple of arrays with the batch as first axis.

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
    """Decide which ids may come next.

    Every method is a pure function of arrays. `xp` is `numpy` or `keras.ops`, so that the same code
    prepares training data and runs inside the compiled generation loop.
    """

    def start(self, batch: int, xp: Any = np, *, total: Any = -1) -> Any:
        """Return the state before the first row.

        Parameters
        ----------
        batch : int
            B.
        xp : module
            `numpy` or `keras.ops`.
        total : int or () int
            The length of the whole piece in steps, negative if it is unknown. Grammars without a
            countdown ignore it.
        """

    def advance(self, state: Any, ids: Any, field: int, xp: Any = np) -> Any:
        """Return the state after reading `ids` ``(B,)`` of the field with index `field`."""

    def allowed(self, state: Any, field: int, xp: Any = np) -> Any:
        """Return a bool mask ``(B, V)`` of the ids of `field` that may come next.

        The mask covers the id that ends a piece, too.
        """

    def viable(self, state: Any, field: int, permitted: Any, xp: Any = np) -> Any:
        """Remove from `permitted` ``(B, V)`` the ids that would lead to a dead end.

        `permitted` is the mask of `allowed`, combined with the masks of the constraints. In a dead
        end, no id would be permitted at a later step.
        """

    def features(self, state: Any, xp: Any = np) -> Any:
        """Return the input features for predicting the next id, as in `Tokens.context`."""

    def with_reach(self, state: Any, reach: int) -> Any:
        """Return the state, its NumPy history arrays resized to `reach` rows.

        A compiled loop needs arrays of a fixed size. On NumPy, the history can grow with the piece,
        and short pieces then cost less.
        """

    def at_event_end(self, state: Any) -> Any:
        """Return ``(B,)`` bool: True just after an event, and before the first one."""


class Tokenizer(Protocol):
    """Turn pieces into token ids and back.

    Attributes
    ----------
    name : str
        Name in the registry and in files.
    fields : tuple of str
        Names of a row's F fields.
    sizes : tuple of int
        Vocabulary size V of each field, without the ids that occur only in the header.
    header_rows : int
        Rows before the first event.
    header_nats : float
        Cost of the header in nats, with all known headers equally likely.
    is_empty : bool
        True if the training pieces gave too few symbols to write any music.
    grid : int
        Steps per quarter; every duration is a whole number of steps.
    states_mode : bool
        True if the header says whether the key is major or minor.
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

    @property
    def states_mode(self) -> bool: ...

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
            By default, every symbol gets an id, and pieces are read as events, not as frames.
        shifts : sequence of sequences of int, optional
            For each piece, the transpositions in the training set, in semitones (0 included).
        """

    def encode(self, piece: Piece) -> Tokens:
        """Tokenize a piece."""

    def struck_notes(self, piece: Piece) -> list[StruckNote]:
        """Return which row of `encode` says that each note is struck."""

    def encode_all(self, pieces: Sequence[Piece]) -> list[Tokens]:
        """Tokenize several pieces; faster than calling `encode` for each."""

    def transposed(self, piece: Piece, tokens: Tokens, shifts: Sequence[int]) -> Iterator[Tokens]:
        """Yield the tokens of `piece` transposed by each of `shifts` semitones.

        `tokens` are those of `piece` as it is; most of the work need not be repeated.
        """

    def grammar(self) -> Grammar:
        """Return the grammar of this tokenizer's ids."""

    def max_rows(self, events: int, prompt: int = 0) -> int:
        """Return the rows to reserve for `events` events after a prompt of `prompt` rows."""

    def decode(self, ids: np.ndarray) -> Piece:
        """Return the piece that ids ``(T, F)`` describe, with its parts."""

    def decode_events(self, ids: np.ndarray) -> list[Event]:
        """Return the events that ids ``(T, F)`` describe, all parts together."""

    def prompt(self, ids: np.ndarray, events: int) -> np.ndarray:
        """Return the header and at most `events` events, up to the first unknown id."""

    def in_key(self, ids: np.ndarray, key: Key) -> np.ndarray:
        """Return the prompt with another key in its header.

        A tokenizer without a key in its header returns `ids` as they are.
        """

    def events_in(self, ids: np.ndarray) -> int:
        """Count the events of these rows; the end of a piece counts as one."""

    def chord_numbers(self, ids: np.ndarray) -> np.ndarray:
        """Return one integer per event, the same for the same chord."""

    def missing_cost(self, piece: Piece, costs: SymbolCosts, tokens: Tokens | None = None) -> float:
        """Return the nats of a piece's out-of-vocabulary symbols.

        The likelihood of the id for unknown symbols is not included; these nats come on top of it.
        """

    def pitches_of(self, field: int) -> np.ndarray:
        """Return ``(V, 128)`` bool: the MIDI pitches that sound with each id of a field."""

    def to_json(self) -> str:
        """Write the vocabularies as a JSON object, with the name under ``tokenizer``."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError, TypeError or KeyError
            For any other text.
        """
