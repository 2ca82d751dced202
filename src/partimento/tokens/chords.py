"""Tokenize chords: per event the chord, its held notes and its duration.

A piece of T events becomes ``(T + 2, 3)`` ids: a start row, one row per event, an end row. The
start row's duration is the pickup, which tells a model where the first bar line falls. Shapes: B
batch, T events of a piece, C chords, H held patterns, D durations, P pitches, K notes of the
largest chord.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

import numpy as np

from partimento.music.events import Event, merge_held
from partimento.music.piece import Piece
from partimento.music.timelines import Key
from partimento.short_repr import short_repr
from partimento.tokens.base import DEFAULT_SETTINGS, StruckNote, SymbolCosts, Tokens
from partimento.tokens.chord_grammar import CHORD, DURATION, HELD, ChordGrammar
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, PAD, PITCHES, SPECIAL, START, UNKNOWN, Vocabulary

__all__ = [
    "CHORD",
    "DURATION",
    "FIELDS",
    "HELD",
    "HOLDABLE",
    "PITCHES",
    "ChordTokenizer",
    "unknown_share",
]

FIELDS = ("chord", "held", "duration")
HOLDABLE = "holdable"


@short_repr
@dataclass(frozen=True)
class ChordTokenizer:
    """Turn the chords of a piece into ids and back.

    A held pattern has one bit per note of the chord, lowest note first: ``(False, True)`` holds the
    second note. Trailing False values are dropped: ``()`` holds nothing.
    """

    chords: Vocabulary[tuple[int, ...]]
    patterns: Vocabulary[tuple[bool, ...]]
    durations: Vocabulary[Fraction]
    name: ClassVar[str] = "chords"
    fields: ClassVar[tuple[str, ...]] = FIELDS
    header_rows: ClassVar[int] = 1
    states_mode: ClassVar[bool] = False
    header_nats: ClassVar[float] = 0.0  # the header has only the pickup, and no model predicts it

    @classmethod
    def fit(
        cls,
        pieces: Iterable[Piece],
        settings: TokenSettings | None = None,
        *,
        shifts: Sequence[Sequence[int]] | None = None,
    ) -> ChordTokenizer:
        """Fit the vocabularies to training pieces; see `Tokenizer.fit`.

        Transposed copies count as further occurrences of chords, but not of held patterns or
        durations. The empty pattern always gets an id.
        """
        min_count = (settings or DEFAULT_SETTINGS).min_count
        music = [piece.events for piece in pieces]
        tokenizer = cls.fit_events(music, min_count=min_count)
        if shifts is None or all(tuple(own) == (0,) for own in shifts):
            return tokenizer
        counts: Counter[tuple[int, ...]] = Counter()
        for events, own in zip(music, shifts, strict=True):
            for chord, count in Counter(event.chord for event in merge_held(events)).items():
                for shift in own:
                    counts[tuple(pitch + shift for pitch in chord)] += count
        chords = Vocabulary.from_symbols(counts.elements(), min_count=min_count)
        return replace(tokenizer, chords=chords)

    @classmethod
    def fit_events(cls, pieces: Iterable[Sequence[Event]], *, min_count: int = 1) -> ChordTokenizer:
        """Fit the vocabularies to lists of events."""
        events = [event for piece in pieces for event in merge_held(piece)]
        return cls(
            Vocabulary.from_symbols((e.chord for e in events), min_count=min_count),
            Vocabulary.from_symbols(
                (_pattern(e) for e in events), min_count=min_count, always=[()]
            ),
            Vocabulary.from_symbols((e.duration for e in events), min_count=min_count),
        )

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Return (C, H, D), with the special ids included."""
        return len(self.chords), len(self.patterns), len(self.durations)

    @property
    def is_empty(self) -> bool:
        """Return True if the chord or duration vocabulary is empty: it can write no music."""
        return not (self.chords.symbols and self.durations.symbols)

    # ------------------------------------------------------------------ pieces ↔ ids

    def encode(self, piece: Piece) -> Tokens:
        """Tokenize a piece; symbols outside the vocabularies become UNKNOWN."""
        return self.encode_events(piece.events, pickup=piece.pickup)

    def encode_all(self, pieces: Sequence[Piece]) -> list[Tokens]:
        """Tokenize pieces."""
        return [self.encode(piece) for piece in pieces]

    def encode_events(self, events: Iterable[Event], *, pickup: Fraction = Fraction(0)) -> Tokens:
        """Tokenize events."""
        rows = [(START, START, self.durations[pickup] if pickup else START)]
        holdable: list[tuple[bool, ...]] = [()]
        previous: tuple[int, ...] = ()
        for event in merge_held(events):
            rows.append(
                (
                    self.chords[event.chord],
                    self.patterns[_pattern(event)],
                    self.durations[event.duration],
                )
            )
            holdable.append(tuple(pitch in previous for pitch in event.chord))
            previous = event.chord
        rows.append((END, PAD, PAD))
        bits = np.zeros((len(rows), self.most_notes), bool)
        for t, row in enumerate(holdable):
            bits[t, : len(row)] = row[: self.most_notes]
        return Tokens(np.array(rows, np.int32), {HOLDABLE: bits})

    def with_features(self, ids: np.ndarray) -> Tokens:
        """Return known ids ``(T, 3)`` with the notes that each of them can hold."""
        bits = np.zeros((len(ids), self.most_notes), bool)
        previous: tuple[int, ...] = ()
        for row, event in zip(bits[self.header_rows :], self.decode_events(ids), strict=False):
            row[: len(event.chord)] = [pitch in previous for pitch in event.chord]
            previous = event.chord
        return Tokens(ids, {HOLDABLE: bits})

    def struck_notes(self, piece: Piece) -> list[StruckNote]:
        """Return the row of each struck note; see `Tokenizer.struck_notes`."""
        struck, now = [], Fraction(0)
        for row, event in enumerate(merge_held(piece.events), self.header_rows):
            new = [pitch for pitch in event.chord if pitch not in event.held]
            struck += [StruckNote(row, now, pitch) for pitch in new]
            now += event.duration
        return struck

    def decode(self, ids: np.ndarray) -> Piece:
        """Return the piece that ids ``(T, 3)`` describe, up to the first end row.

        It has one part, and the pickup of the start row.

        Raises
        ------
        ValueError
            For an unknown chord, pattern or duration.
        """
        starts = ids[ids[:, CHORD] == START]
        pickup = self.pickup(starts[0]) if len(starts) else Fraction(0)
        return Piece.from_events(merge_held(self.decode_events(ids)), pickup=pickup)

    def decode_events(self, ids: np.ndarray) -> list[Event]:
        """Return the events that ids ``(T, 3)`` describe, up to the first end row.

        Start rows and padding are skipped.

        Raises
        ------
        ValueError
            For an unknown chord, pattern or duration.
        """
        events = []
        for chord, held, duration in ids.tolist():
            if chord == END:
                break
            if chord in (START, PAD):
                continue
            pitches = self.chords.symbol(chord)
            bits = self.patterns.symbol(held)
            kept = tuple(p for p, bit in zip(pitches, bits, strict=False) if bit)
            events.append(Event(pitches, self.durations.symbol(duration), kept))
        return events

    def pickup(self, start: np.ndarray) -> Fraction:
        """Return the pickup of a start row ``(3,)`` in quarters; 0 if it has none."""
        number = int(start[DURATION])
        return self.durations.symbol(number) if number >= SPECIAL else Fraction(0)

    def transposed(self, piece: Piece, tokens: Tokens, shifts: Sequence[int]) -> Iterator[Tokens]:
        """Yield the tokens of `piece` transposed by each of `shifts` semitones.

        Only the chord ids differ from `tokens`: held patterns refer to notes by rank, not by pitch.
        """
        events = merge_held(piece.events)
        chords = {event.chord: None for event in events}
        index = {chord: number for number, chord in enumerate(chords)}
        chord_of = np.array([index[event.chord] for event in events], np.int64)  # (T,)
        for shift in shifts:
            moved = [self.chords[tuple(pitch + shift for pitch in chord)] for chord in chords]
            ids = tokens.ids.copy()
            ids[1:-1, CHORD] = np.array(moved, np.int32)[chord_of]
            yield Tokens(ids, tokens.context)

    def prompt(self, ids: np.ndarray, events: int) -> np.ndarray:
        """Return the start row and at most `events` events, up to the first unknown one."""
        unknown = np.flatnonzero((ids[1:] == UNKNOWN).any(1))
        return ids[: 1 + min([events, *unknown[:1]])]

    def in_key(self, ids: np.ndarray, key: Key) -> np.ndarray:
        """Return the prompt unchanged: a start row has no key."""
        return ids

    def events_in(self, ids: np.ndarray) -> int:
        """Count the events of rows ``(…, 3)``; the end of a piece counts as one."""
        return int(np.count_nonzero(ids[..., CHORD]))

    def chord_numbers(self, ids: np.ndarray) -> np.ndarray:
        """Return the chord id of each row ``(T, 3)`` as (T,), without a start row."""
        numbers = ids[..., CHORD]
        return numbers[1:] if len(numbers) and numbers[0] == START else numbers

    def missing_cost(self, piece: Piece, costs: SymbolCosts, tokens: Tokens | None = None) -> float:
        """Return the nats of a piece's out-of-vocabulary symbols.

        They come on top of the likelihood of UNKNOWN; see `Tokenizer.missing_cost`.

        Parameters
        ----------
        piece : Piece
        costs : SymbolCosts
            The costs of chords and durations. An unknown pattern costs one bit per note that could
            be held.
        tokens : Tokens, optional
            The tokens of `piece`, if the caller has them already.
        """
        tokens = tokens or self.encode(piece)
        nats = 0.0
        holdable = tokens.context[HOLDABLE]
        for event, row, bits in zip(
            merge_held(piece.events), tokens.ids[1:], holdable[1:], strict=False
        ):
            nats += costs.chord(event) if row[CHORD] == UNKNOWN else 0.0
            nats += float(bits.sum() * np.log(2)) if row[HELD] == UNKNOWN else 0.0
            nats += costs.duration(event.duration) if row[DURATION] == UNKNOWN else 0.0
        return nats

    # ------------------------------------------------------------------ tables

    @cached_property
    def most_notes(self) -> int:
        """Return K, the number of notes of the largest chord (at least 1)."""
        return max([len(chord) for chord in self.chords.symbols], default=1) or 1

    @cached_property
    def chord_notes(self) -> np.ndarray:
        """Return (C, P) float32: each chord as a many-hot row; special ids have no notes."""
        table = np.zeros((len(self.chords), PITCHES), np.float32)
        for number, chord in enumerate(self.chords.symbols, SPECIAL):
            table[number, list(chord)] = 1
        return table

    def pitches_of(self, field: int) -> np.ndarray:
        """Return ``(V, P)`` bool: the MIDI pitches that sound with each id of a field."""
        shape = self.sizes[field], PITCHES
        return self.chord_notes > 0 if field == CHORD else np.zeros(shape, bool)

    @cached_property
    def chord_slots(self) -> np.ndarray:
        """Return (C, K) int32: each chord's pitches, lowest first, padded with PITCHES."""
        table = np.full((len(self.chords), self.most_notes), PITCHES, np.int32)
        for number, chord in enumerate(self.chords.symbols, SPECIAL):
            table[number, : len(chord)] = chord
        return table

    @cached_property
    def pattern_bits(self) -> np.ndarray:
        """Return (H, K) bool: the bits of each held pattern."""
        table = np.zeros((len(self.patterns), self.most_notes), bool)
        for number, bits in enumerate(self.patterns.symbols, SPECIAL):
            table[number, : len(bits)] = bits[: self.most_notes]
        return table

    @cached_property
    def grid(self) -> int:
        """Return the smallest number of steps per quarter that represents every duration."""
        return math.lcm(1, *(duration.denominator for duration in self.durations.symbols))

    @cached_property
    def duration_steps(self) -> np.ndarray:
        """Return (D,) int32: each duration in steps of `grid`; 0 for special ids."""
        return np.array(
            [0] * SPECIAL + [int(d * self.grid) for d in self.durations.symbols], np.int32
        )

    # ------------------------------------------------------------------ grammar

    def grammar(self) -> ChordGrammar:
        """Return the grammar of the chord tokenizer's rows."""
        return self._grammar

    @cached_property
    def _grammar(self) -> ChordGrammar:
        return ChordGrammar(self)

    def max_rows(self, events: int, prompt: int = 0) -> int:
        """Return the rows of `events` events: one each, with the start row as the first."""
        return events

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> str:
        """Write the vocabularies as readable JSON."""
        table = {
            "tokenizer": self.name,
            "chords": [list(chord) for chord in self.chords.symbols],
            "held": ["".join("01"[bit] for bit in bits) for bits in self.patterns.symbols],
            "durations": [str(duration) for duration in self.durations.symbols],
        }
        return json.dumps(table, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ChordTokenizer:
        """Read what `to_json` wrote; raise ValueError or KeyError for any other text."""
        table = json.loads(text)
        return cls(
            Vocabulary(tuple(tuple(map(int, chord)) for chord in table["chords"])),
            Vocabulary(tuple(tuple(bit == "1" for bit in bits) for bits in table["held"])),
            Vocabulary(tuple(Fraction(duration) for duration in table["durations"])),
        )


def _pattern(event: Event) -> tuple[bool, ...]:
    bits = [pitch in event.held for pitch in event.chord]
    while bits and not bits[-1]:
        bits.pop()
    return tuple(bits)


def unknown_share(encoded: Iterable[Tokens]) -> float:
    """Return the share of events whose chord is not in the vocabulary."""
    chords = np.concatenate([piece.ids[1:-1, CHORD] for piece in encoded])
    return float(np.mean(chords == UNKNOWN))
