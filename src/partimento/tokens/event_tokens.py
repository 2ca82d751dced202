"""Define the base class of tokenizers with one token per row.

A piece begins with a header of four tokens (start, meter, pickup, key) and ends with an end token.
Shapes: S tokens of a piece, V tokens of the vocabulary, P pitches.
"""

from __future__ import annotations

import json
import math
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from partimento.music.events import Event
from partimento.music.piece import Piece
from partimento.music.timelines import Meter
from partimento.short_repr import short_repr
from partimento.tokens import note_features, note_grammar
from partimento.tokens.base import SymbolCosts, Tokens
from partimento.tokens.note_grammar import (
    HEADER,
    KEY,
    KEYS,
    NONE,
    NOTE,
    PITCHES,
    REPEAT_TOKEN,
    TOKEN,
    Layout,
)
from partimento.tokens.vocabulary import END, SPECIAL, START, UNKNOWN, Vocabulary

BATCH = 32  # pieces whose features are computed together
FEATURES = "features"


@short_repr
@dataclass(frozen=True)
class EventTokenizer(ABC):
    """Tokenize pieces with one token per row.

    A piece is a header (start, meter, pickup, key), its events and an end token. A subclass defines
    the tokens of an event, of which the last one is the duration.

    Attributes
    ----------
    durations, bars, pickups : Vocabulary of Fraction
        Lengths in quarters of the events, whole bars and pickups in the training pieces.
    """

    durations: Vocabulary[Fraction]
    bars: Vocabulary[Fraction]
    pickups: Vocabulary[Fraction]
    name: ClassVar[str]
    fields: ClassVar[tuple[str, ...]] = ("token",)
    header_rows: ClassVar[int] = HEADER

    # ------------------------------------------------------------------ for the subclass

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """Return the id at which each kind of token begins."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Return the number of input features per token."""

    @property
    @abstractmethod
    def pitch_features(self) -> list[int]:
        """Return the feature columns that hold pitches."""

    @abstractmethod
    def grammar(self) -> Any:
        """Return the grammar of this tokenizer's order of tokens."""

    @abstractmethod
    def is_pitch(self, ids: np.ndarray) -> np.ndarray:
        """Return which tokens stand for a pitch."""

    @abstractmethod
    def event_ids(self, piece: Piece) -> list[int]:
        """Return the tokens of all events of a piece."""

    @abstractmethod
    def lengths(self, piece: Piece) -> list[Fraction]:
        """Return the duration of each event of a piece."""

    @abstractmethod
    def decode_events(self, ids: np.ndarray) -> list[Event]:
        """Return the events of tokens ``(S,)`` or ``(S, 1)``, up to the first end.

        Raises
        ------
        ValueError
            For an unknown duration.
        """

    # ------------------------------------------------------------------ vocabulary

    def _layout(self, hold: int, duration: int, *, framed: bool = False) -> Layout:
        bar = duration + len(self.durations.symbols)
        pickup = bar + len(self.bars.symbols)
        key = pickup + len(self.pickups.symbols)
        steps = self._steps(self.durations), self._steps(self.bars), self._steps(self.pickups)
        return Layout(hold, duration, bar, pickup, key, key + KEYS, *steps, self.grid, framed)

    def __len__(self) -> int:
        """Return V, header tokens included."""
        return self.layout.stop

    @property
    def sizes(self) -> tuple[int]:
        """Return the vocabulary size without the tokens that only occur in the header."""
        return (self.layout.bar,)

    @property
    def is_empty(self) -> bool:
        """Return True if the duration vocabulary is empty: it can write no music."""
        return not self.durations.symbols

    @cached_property
    def grid(self) -> int:
        """Return the smallest number of steps per quarter that represents every length."""
        lengths = (*self.durations.symbols, *self.bars.symbols, *self.pickups.symbols)
        return math.lcm(1, *(length.denominator for length in lengths))

    def _steps(self, lengths: Vocabulary[Fraction]) -> np.ndarray:
        return np.array([int(length * self.grid) for length in lengths.symbols], np.int32)

    @property
    def places(self) -> int:
        """Return the number of positions in a bar that the features distinguish."""
        return int(note_grammar.place_of(self.layout, self.layout.bar_steps.max(initial=1) - 1)) + 1

    @property
    def header_nats(self) -> float:
        """Return the nats of a header, with all known ones equally likely."""
        return math.log(KEYS * (len(self.bars.symbols) + 1) * (len(self.pickups.symbols) + 1))

    # ------------------------------------------------------------------ pieces ↔ tokens

    def encode(self, piece: Piece) -> Tokens:
        """Tokenize a piece, with the input features for predicting each token."""
        return self.encode_all([piece])[0]

    def encode_all(self, pieces: Sequence[Piece]) -> list[Tokens]:
        """Tokenize pieces, with their input features."""
        ids = [self.encode_ids(piece) for piece in pieces]
        features = self._features(ids)
        return [
            Tokens(row[:, None], {FEATURES: columns})
            for row, columns in zip(ids, features, strict=True)
        ]

    def encode_ids(self, piece: Piece) -> np.ndarray:
        """Return the tokens of a piece, (S,) int32.

        Lengths outside the vocabularies become UNKNOWN.
        """
        return np.array([*self._header(piece), *self.event_ids(piece), END], np.int32)

    def _header(self, piece: Piece) -> list[int]:
        layout = self.layout
        declared = piece.keys[0].tonic if piece.keys and piece.keys[0].onset == 0 else KEYS - 1
        bar = token_of(self.bars, bar_of(piece), layout.bar)
        pickup = token_of(self.pickups, piece.pickup, layout.pickup)
        return [START, bar, pickup, layout.key + declared]

    def header_fields(self, ids: np.ndarray) -> dict[str, Any]:
        """Return the pickup and meter of the header, as arguments of `Piece`.

        The header has only the length of a bar: a bar of three quarters is read as 3/4.
        """
        layout = self.layout
        fields: dict[str, Any] = {}
        for token in np.ravel(ids)[:HEADER].tolist():
            if layout.bar <= token < layout.pickup:
                meter = meter_of(self.bars.symbols[token - layout.bar])
                fields |= {"meters": (meter,)} if meter else {}
            elif layout.pickup <= token < layout.key:
                fields["pickup"] = self.pickups.symbols[token - layout.pickup]
        return fields

    def _features(self, ids: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return ``(S, width)`` int16: the features for each token, 0 for the first."""
        grammar = self.grammar()
        rows: list[np.ndarray] = [np.zeros(0)] * len(ids)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        for first in range(0, len(order), BATCH):  # pieces of similar length need little padding
            batch = order[first : first + BATCH]
            longest = len(ids[batch[-1]])
            tokens = np.stack([np.pad(ids[i], (0, longest - len(ids[i]))) for i in batch])
            state = grammar.start(len(batch), reach=min(longest, note_grammar.REACH))
            features = np.zeros((longest, len(batch), self.width), np.int16)
            for s in range(1, longest):
                state = grammar.advance(state, tokens[:, s - 1], 0)
                features[s] = grammar.features(state)
            for column, i in enumerate(batch):
                rows[i] = features[: len(ids[i]), column].copy()
        return rows

    # ------------------------------------------------------------------ changes

    def transposed(self, piece: Piece, tokens: Tokens, shifts: Sequence[int]) -> Iterator[Tokens]:
        """Yield the tokens of `piece` transposed by each of `shifts` semitones."""
        for shift in shifts:
            ids = self.transposed_ids(tokens.ids, shift)
            yield Tokens(
                ids, {FEATURES: self._transposed_features(tokens.context[FEATURES], shift)}
            )

    def transposed_ids(self, ids: np.ndarray, semitones: int) -> np.ndarray:
        """Return the ids with all pitches and the declared key moved by `semitones`."""
        layout = self.layout
        is_key = (ids >= layout.key) & (ids < layout.stop - 1)
        moved = np.where(is_key, layout.key + (ids - layout.key + semitones) % 12, ids)
        return np.where(self.is_pitch(ids), ids + semitones, moved).astype(ids.dtype)

    def _transposed_features(self, features: np.ndarray, semitones: int) -> np.ndarray:
        moved = features.copy()
        for column in (TOKEN, REPEAT_TOKEN):
            moved[:, column] = self.transposed_ids(features[:, column], semitones)
        for column in self.pitch_features:
            pitch = features[:, column]
            moved[:, column] = np.where(pitch < NONE, pitch + semitones, NONE)
        key = features[:, KEY]
        moved[:, KEY] = np.where(key < KEYS - 1, (key + semitones) % 12, KEYS - 1)
        moved[0] = features[0]  # the first row precedes all tokens: it has no pitch to move
        return moved

    def prompt(self, ids: np.ndarray, events: int) -> np.ndarray:
        """Return the header and at most `events` events, up to the first unknown duration."""
        layout, body = self.layout, ids[HEADER:, 0]
        ends = (body >= layout.duration) & (body < layout.bar)
        known = np.flatnonzero(ends & (np.cumsum(body == UNKNOWN) == 0))
        return ids[: HEADER + (known[:events][-1] + 1 if events and len(known) else 0)]

    def in_key(self, ids: np.ndarray, tonic: int) -> np.ndarray:
        """Return the same prompt with another key in its header."""
        is_key = (ids >= self.layout.key) & (ids < self.layout.stop)
        return np.where(is_key, self.layout.key + tonic, ids).astype(ids.dtype)

    # ------------------------------------------------------------------ counts and costs

    def events_in(self, ids: np.ndarray) -> int:
        """Count the complete events of tokens ``(…, 1)``, and the end of a piece as one.

        Events of unknown duration are not counted.
        """
        durations = (ids >= self.layout.duration) & (ids < self.layout.bar)
        return int(np.count_nonzero(durations | (ids == END)))

    def chord_numbers(self, ids: np.ndarray) -> np.ndarray:
        """Return one integer per event as (T,), the same for the same chord."""
        flat = np.ravel(ids)
        # Decoding fails on unknown durations. Only chords count here, so any duration will do.
        known = np.where(flat == UNKNOWN, self.layout.duration, flat)
        known[:HEADER] = flat[:HEADER]
        chords = [bytes(event.chord) for event in self.decode_events(known)]
        return np.array([SPECIAL + zlib.crc32(chord) for chord in chords], np.int64)

    def pitches_of(self, field: int) -> np.ndarray:
        """Return ``(V, P)`` bool: True at the pitch of each token that has one."""
        ids = np.arange(self.layout.bar)
        same = ((ids - NOTE) % PITCHES)[:, None] == np.arange(PITCHES)
        return np.asarray(same & self.is_pitch(ids)[:, None])

    def missing_cost(self, piece: Piece, costs: SymbolCosts, tokens: Tokens | None = None) -> float:
        """Return the nats of a piece's unknown durations; see `Tokenizer.missing_cost`."""
        unknown = [length for length in self.lengths(piece) if self.durations[length] == UNKNOWN]
        return sum((costs.duration(length) for length in unknown), 0.0)

    # ------------------------------------------------------------------ features for a network

    def input_features(
        self, features: Any, xp: Any = np, *, repeats: bool = True
    ) -> list[tuple[Any, int]]:
        """Return the features as categories; see `note_features.input_features`."""
        return note_features.input_features(
            self.layout, features, xp, places=self.places, repeats=repeats
        )

    def interval_features(self, features: Any, xp: Any = np) -> tuple[list[Any], Any]:
        """Return the interval and scale degree of every pitch as the next note.

        See `note_features.interval_features`.
        """
        return note_features.interval_features(features, xp)

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> str:
        """Write the vocabularies as readable JSON."""
        return json.dumps(self._table(), separators=(",", ":"))

    def _table(self) -> dict[str, Any]:
        names = ("durations", "bars", "pickups")
        lengths = {name: [str(length) for length in getattr(self, name).symbols] for name in names}
        return {"tokenizer": self.name, **lengths}

    @staticmethod
    def _lengths(
        table: dict[str, Any],
    ) -> tuple[Vocabulary[Fraction], Vocabulary[Fraction], Vocabulary[Fraction]]:
        def read(name: str) -> Vocabulary[Fraction]:
            return Vocabulary(tuple(Fraction(length) for length in table[name]))

        return read("durations"), read("bars"), read("pickups")


def bar_of(piece: Piece) -> Fraction:
    """Return the length of the first whole bar in quarters."""
    return piece.first_meter.bar_ql


def meter_of(bar: Fraction) -> Meter | None:
    """Return the simplest meter whose bars have this length in quarters, or None.

    >>> meters = meter_of(Fraction(4)), meter_of(Fraction(3, 2))
    >>> [(meter.numerator, meter.denominator) for meter in meters]
    [(4, 4), (3, 8)]
    >>> meter_of(Fraction(4, 3)) is None
    True
    """
    whole = bar / 4
    denominator = max(4, whole.denominator)
    if denominator % whole.denominator:
        return None
    try:
        return Meter(int(whole * denominator), denominator)
    except ValueError:
        return None


def token_of(lengths: Vocabulary[Fraction], length: Fraction, first: int) -> int:
    """Return the token of a length or UNKNOWN; `first` is the first token of its kind."""
    number = lengths[length]
    return UNKNOWN if number == UNKNOWN else first + number - SPECIAL
