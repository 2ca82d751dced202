"""Define the base class of tokenizers with one token per row.

A piece begins with a header of four tokens (start, meter, pickup, key) and ends with an end token.
Shapes: S tokens of a piece, V tokens of the vocabulary, P pitches.
"""

from __future__ import annotations

import json
import math
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from partimento.analysis.keys import analyze_key
from partimento.music.events import Event
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter
from partimento.short_repr import short_repr
from partimento.tokens import note_features, note_grammar
from partimento.tokens import plan as plans
from partimento.tokens.base import SymbolCosts, Tokens
from partimento.tokens.note_grammar import (
    HEADER,
    KEY,
    KEYS,
    MODES,
    NONE,
    NOTE,
    PITCHES,
    REPEAT_TOKEN,
    TOKEN,
    Layout,
)
from partimento.tokens.plan import Plan
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, SPECIAL, START, UNKNOWN, Vocabulary

BATCH = 32  # pieces whose features are computed together
FEATURES = "features"
RARE = 0.0005  # share of the notes beyond each end of a range
INFORMED = 0.6  # share of the training copies that state length and key as a composer would
PHRASES_KNOWN = 0.8  # share of the training copies with phrase features
SHARE_OF_EVENTS = 0.01  # a value shorter than a thirty-second is kept if so many events have it


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
    plan : Plan
        Which features of a plan the tokens have.
    notated_rhythm : bool
        Whether only rhythms are composed that can be written plainly (`plan.is_notated`).
    ranges : tuple of (int, int)
        The lowest and the highest pitch of each voice, or of all notes, that are composed. Empty
        if every pitch is.
    """

    durations: Vocabulary[Fraction]
    bars: Vocabulary[Fraction]
    pickups: Vocabulary[Fraction]
    plan: Plan = field(default=Plan(), kw_only=True)
    notated_rhythm: bool = field(default=False, kw_only=True)
    ranges: tuple[tuple[int, int], ...] = field(default=(), kw_only=True)
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
        durations = np.tile(self._steps(self.durations), 1 + self.plan.phrases)
        bar = duration + len(durations)
        pickup = bar + len(self.bars.symbols)
        key = pickup + len(self.pickups.symbols)
        stop = key + (MODES if self.plan.modes else KEYS)
        steps = durations, self._steps(self.bars), self._steps(self.pickups)
        notated = plans.notated_table(durations, self.grid) if self.notated_rhythm else None
        return Layout(
            *(hold, duration, bar, pickup, key, stop),
            *steps,
            self.grid,
            framed,
            self.plan,
            notated,
            np.array(self.ranges, np.int32).reshape(-1, 2),
        )

    def __len__(self) -> int:
        """Return V, header tokens included."""
        return self.layout.stop

    @property
    def sizes(self) -> tuple[int]:
        """Return the vocabulary size without the tokens that only occur in the header."""
        return (self.layout.bar,)

    @property
    def states_mode(self) -> bool:
        """Return whether the header says if the key is major or minor."""
        return self.plan.modes

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
        keys = self.layout.keys
        return math.log(keys * (len(self.bars.symbols) + 1) * (len(self.pickups.symbols) + 1))

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

    def with_features(self, ids: np.ndarray) -> Tokens:
        """Return tokens ``(S, 1)`` with the input features for predicting each token."""
        return Tokens(ids, {FEATURES: self._features([ids[:, 0]])[0]})

    def encode_ids(self, piece: Piece) -> np.ndarray:
        """Return the tokens of a piece, (S,) int32.

        Lengths outside the vocabularies become UNKNOWN.
        """
        return np.array([*self._header(piece), *self.event_ids(piece), END], np.int32)

    def _header(self, piece: Piece) -> list[int]:
        layout = self.layout
        declared = layout.keys - 1
        if piece.keys and piece.keys[0].onset == 0:
            declared = self._key_number(piece.keys[0])
        bar = token_of(self.bars, bar_of(piece), layout.bar)
        pickup = token_of(self.pickups, piece.pickup, layout.pickup)
        return [START, bar, pickup, layout.key + declared]

    def _key_number(self, key: Key) -> int:
        return key.tonic + 12 * (self.plan.modes and key.mode == "minor")

    def _event_ends(self, piece: Piece) -> list[int]:
        """Return the last token of every event.

        It says how long the event is, and whether a phrase ends with it.
        """
        layout = self.layout
        ends = sorted(piece.phrase_ends) if self.plan.phrases else []
        now, ids = Fraction(0), []
        for length in self.lengths(piece):
            now += length
            token = token_of(self.durations, length, layout.duration)
            ends_phrase = bool(ends) and ends[0] <= now
            while ends and ends[0] <= now:
                ends.pop(0)
            known = ends_phrase and token != UNKNOWN
            ids.append(token + layout.plain_durations if known else token)
        return ids

    def duration_of(self, token: int) -> tuple[Fraction, bool]:
        """Return the duration in quarters of a token, and whether it ends a phrase."""
        number = token - self.layout.duration
        plain = self.layout.plain_durations
        return self.durations.symbols[number % plain], number >= plain

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
        """Yield the tokens of `piece` transposed by each of `shifts` semitones.

        With a plan, some copies state the length and the final key of the piece, and in some the
        phrase features are unknown. The choice is pseudorandom, and the same in every run.
        """
        rng = np.random.default_rng([len(tokens.ids), zlib.crc32(tokens.ids.tobytes())])
        final = self._key_number(final_key(piece)) if self.plan.modes else None
        for shift in shifts:
            ids = self.transposed_ids(tokens.ids, shift)
            features = self._transposed_features(tokens.context[FEATURES], shift)
            if self.plan != Plan():
                informed, known = rng.random(2) < (INFORMED, PHRASES_KNOWN)
                if informed:
                    ids, features = self._informed(ids, features, final, shift)
                if self.plan.phrases and not known:
                    features[:, -2:] = 0
            yield Tokens(ids, {FEATURES: features})

    def _informed(
        self, ids: np.ndarray, features: np.ndarray, key: int | None, shift: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return ids and features that state the length and, if `key` is given, the key."""
        layout, features = self.layout, features.copy()
        if key is not None:
            ids, token = ids.copy(), layout.key + _transposed_key(key, shift)
            ids[HEADER - 1] = token
            features[HEADER:, KEY] = token - layout.key
            features[HEADER, TOKEN] = token
        if self.plan.countdown:
            steps = self._token_steps(ids[:, 0])
            elapsed = np.concatenate([[0], np.cumsum(steps)[:-1]])  # before each token
            bars = ids[1, 0] - layout.bar
            bar = max(int(layout.bar_steps[bars]), 1) if bars >= 0 else 1
            bar_steps = np.where(np.arange(len(ids)) >= 2, bar, 1)
            columns = plans.countdown(int(steps.sum()) - elapsed, bar_steps, layout.grid)
            first = self.width - self.plan.columns
            features[1:, first : first + 2] = np.stack(columns, axis=-1)[1:]
        return ids, features

    def _token_steps(self, ids: np.ndarray) -> np.ndarray:
        """Return how many steps each token ``(S,)`` takes; 0 if it is not a duration."""
        layout = self.layout
        steps = np.concatenate([layout.duration_steps, [0]])
        number = np.where((ids >= layout.duration) & (ids < layout.bar), ids - layout.duration, -1)
        return np.asarray(steps[number])

    def transposed_ids(self, ids: np.ndarray, semitones: int) -> np.ndarray:
        """Return the ids with all pitches and the declared key moved by `semitones`."""
        layout = self.layout
        is_key = (ids >= layout.key) & (ids < layout.stop - 1)
        keys = layout.key + _transposed_key(ids - layout.key, semitones)
        moved = np.where(is_key, keys, ids)
        return np.where(self.is_pitch(ids), ids + semitones, moved).astype(ids.dtype)

    def _transposed_features(self, features: np.ndarray, semitones: int) -> np.ndarray:
        moved = features.copy()
        for column in (TOKEN, REPEAT_TOKEN):
            moved[:, column] = self.transposed_ids(features[:, column], semitones)
        for column in self.pitch_features:
            pitch = features[:, column]
            moved[:, column] = np.where(pitch < NONE, pitch + semitones, NONE)
        key = features[:, KEY]
        unknown = self.layout.keys - 1
        moved[:, KEY] = np.where(key < unknown, _transposed_key(key, semitones), unknown)
        moved[0] = features[0]  # the first row precedes all tokens: it has no pitch to move
        return moved

    def prompt(self, ids: np.ndarray, events: int) -> np.ndarray:
        """Return the header and at most `events` events, up to the first unknown duration."""
        layout, body = self.layout, ids[HEADER:, 0]
        ends = (body >= layout.duration) & (body < layout.bar)
        known = np.flatnonzero(ends & (np.cumsum(body == UNKNOWN) == 0))
        return ids[: HEADER + (known[:events][-1] + 1 if events and len(known) else 0)]

    def in_key(self, ids: np.ndarray, key: Key) -> np.ndarray:
        """Return the same prompt with another key in its header."""
        is_key = (ids >= self.layout.key) & (ids < self.layout.stop)
        return np.where(is_key, self.layout.key + self._key_number(key), ids).astype(ids.dtype)

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
        return note_features.interval_features(features, xp, keys=self.layout.keys)

    def parallels(self, features: Any, xp: Any = np) -> Any:
        """Return None: without voices, no parallels are defined."""
        return None

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> str:
        """Write the vocabularies as readable JSON."""
        return json.dumps(self._table(), separators=(",", ":"))

    def _table(self) -> dict[str, Any]:
        names = ("durations", "bars", "pickups")
        lengths = {name: [str(length) for length in getattr(self, name).symbols] for name in names}
        table: dict[str, Any] = {"tokenizer": self.name, **lengths}
        if self.plan != Plan():  # left out otherwise, as in files from before there were plans
            table["plan"] = self.plan._asdict()
        if self.notated_rhythm:
            table["notated_rhythm"] = True
        if self.ranges:
            table["ranges"] = [list(bounds) for bounds in self.ranges]
        return table

    @staticmethod
    def _options(table: dict[str, Any]) -> dict[str, Any]:
        """Return the plan and the choice of rhythms that `_table` wrote, as arguments."""
        plan = Plan(**{name: bool(value) for name, value in table.get("plan", {}).items()})
        ranges = tuple((int(low), int(high)) for low, high in table.get("ranges", ()))
        notated = bool(table.get("notated_rhythm", False))
        return {"plan": plan, "notated_rhythm": notated, "ranges": ranges}

    @staticmethod
    def _lengths(
        table: dict[str, Any],
    ) -> tuple[Vocabulary[Fraction], Vocabulary[Fraction], Vocabulary[Fraction]]:
        def read(name: str) -> Vocabulary[Fraction]:
            return Vocabulary(tuple(Fraction(length) for length in table[name]))

        return read("durations"), read("bars"), read("pickups")


def _transposed_key(key: Any, semitones: int) -> Any:
    """Return the number of a key moved by `semitones`.

    Minor keys follow the 12 major ones.
    """
    return (key + semitones) % 12 + 12 * (key // 12)


def final_key(piece: Piece) -> Key:
    """Return the key in which a piece ends, for copies that state it.

    It is the analyzed key, unless the last bass note is the tonic of the declared key only.
    """
    analyzed, _ = analyze_key(piece)
    declared = piece.keys[0] if piece.keys else analyzed
    last = piece.notes.pitch[piece.notes.end == piece.notes.end.max(initial=0)]
    bass = int(last.min(initial=NONE)) % 12
    return declared if bass == declared.tonic and bass != analyzed.tonic else analyzed


def options_of(settings: TokenSettings, lengths: Sequence[Fraction]) -> dict[str, Any]:
    """Return the plan and the durations of settings, as arguments of a tokenizer.

    Parameters
    ----------
    settings : TokenSettings
    lengths : sequence of Fraction
        The duration of every event of the training pieces, in quarters.
    """
    notated = settings.notated_rhythm
    counts = Counter(lengths)
    enough = SHARE_OF_EVENTS * len(lengths)
    kept = [
        length
        for length in lengths
        if not notated or _is_writable(length) or counts[length] >= enough
    ]
    return {
        "durations": Vocabulary.from_symbols(kept, min_count=settings.min_count),
        "plan": Plan(settings.modes, settings.countdown, settings.phrases),
        "notated_rhythm": notated,
    }


def ranges_of(
    settings: TokenSettings, pieces: Sequence[Piece], parts: Sequence[int | None]
) -> tuple[tuple[int, int], ...]:
    """Return the ranges in which a tokenizer composes.

    There are none if pieces are moved to one key.

    Parameters
    ----------
    settings : TokenSettings
        A range of the settings takes precedence for all parts together.
    pieces : sequence of Piece
    parts : sequence of int or None
        The parts whose ranges are measured; None for all parts together.
    """
    if settings.to_common_key or not settings.within_range:
        return ()
    ranges = tuple(range_of(pieces, part) for part in parts)
    if list(parts) != [None]:
        return ranges
    low, high = ranges[0]
    return ((settings.low or low, settings.high or high),)


def range_of(pieces: Sequence[Piece], part: int | None = None) -> tuple[int, int]:
    """Return the range of the notes of a part, or of all parts, without rare extremes."""
    pitches = np.concatenate(
        [
            piece.notes.pitch if part is None else piece.notes.pitch[piece.notes.part == part]
            for piece in pieces
        ]
        or [np.zeros(0, np.int64)]
    )
    if not len(pitches):
        return 0, PITCHES - 1
    low, high = np.quantile(pitches, [RARE, 1 - RARE], method="nearest")
    return int(low), int(high)


def _is_writable(length: Fraction) -> bool:
    """Return True if a duration can be written plainly from some place in a bar."""
    starts = (Fraction(0), Fraction(1, 3), Fraction(2, 3), Fraction(1, 6))
    return any(plans.is_notated(start, length) for start in starts)


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
