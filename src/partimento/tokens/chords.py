"""The chord codec: an event is three sub-tokens (fields): its chord, which of its pitches are held,
and its duration.

A piece of T events becomes ``(T + 2, 3)`` numbers: a start row, a row an event, an end row. The
start row's duration is the pickup, so that a model knows where the first bar line falls, and can
choose it. The codec also carries the grammar, as tables and plain array operations that run the
same on NumPy and, inside a compiled loop, on Keras' `ops`: given the chord before and the fields
already chosen, which numbers may follow. Shapes: B batch, T events of a piece, C chords, H held
patterns, D durations, P pitches, K notes of the largest chord.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from partimento.music.piece import Event, Piece, merge_held
from partimento.tokens.vocabulary import END, PAD, SPECIAL, START, UNKNOWN, Vocabulary

CHORD, HELD, DURATION = range(3)
FIELDS = ("chord", "held", "duration")
PITCHES = 128


@dataclass(frozen=True)
class Encoded:
    """A piece as a model reads it.

    Attributes
    ----------
    tokens : (T + 2, 3) int32
        Chord, held pattern and duration of the start, the events and the end. Of the note codec:
        (S, 1), one token a row.
    common : (T + 2, K) bool
        Which notes of each chord, counted from the lowest, sounded in the chord before: only they
        can be held. Of the note codec: what is shown of the past where each token is to be chosen
        (`note_grammar.COLUMNS`).
    """

    tokens: np.ndarray
    common: np.ndarray


class ChordSeen(NamedTuple):
    """What the sub-tokens so far amount to, ``(B,)`` each: the chord of the event before, that of
    this one, steps and events so far.
    """

    before: Any
    chord: Any
    elapsed: Any
    events: Any


@dataclass(frozen=True)
class ChordCodec:
    """Events to numbers and back.

    A held pattern is one bit a note of the chord, counted from its lowest: ``(False, True)`` holds
    the second note. Trailing False are left out, so ``()`` holds nothing.
    """

    chords: Vocabulary[tuple[int, ...]]
    patterns: Vocabulary[tuple[bool, ...]]
    durations: Vocabulary[Fraction]
    fields: ClassVar[tuple[str, ...]] = FIELDS
    start_rows: ClassVar[int] = 1  # before the first event
    beginning_nats: ClassVar[float] = (
        0.0  # for what the start tells: the pickup is given to every model
    )

    @classmethod
    def from_pieces(cls, pieces: Iterable[Sequence[Event]], *, min_count: int = 1) -> ChordCodec:
        """Learn the vocabularies; the empty pattern is always known."""
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
        """(C, H, D), the special numbers included."""
        return len(self.chords), len(self.patterns), len(self.durations)

    # ------------------------------------------------------------------ events ↔ numbers

    def encode(self, events: Iterable[Event], *, pickup: Fraction = Fraction(0)) -> Encoded:
        """Number the events; what is not in the vocabularies becomes unknown."""
        rows = [(START, START, self.durations[pickup] if pickup else START)]
        common: list[tuple[bool, ...]] = [()]
        before: tuple[int, ...] = ()
        for event in merge_held(events):
            rows.append(
                (
                    self.chords[event.chord],
                    self.patterns[_pattern(event)],
                    self.durations[event.duration],
                )
            )
            common.append(tuple(pitch in before for pitch in event.chord))
            before = event.chord
        rows.append((END, PAD, PAD))
        bits = np.zeros((len(rows), self.most_notes), bool)
        for t, row in enumerate(common):
            bits[t, : len(row)] = row[: self.most_notes]
        return Encoded(np.array(rows, np.int32), bits)

    def decode(self, tokens: np.ndarray) -> list[Event]:
        """Events of ``(T, 3)`` numbers, up to the first end; start rows and padding are passed
        over.

        Raises
        ------
        ValueError
            For an unknown chord, pattern or duration, which stand for no music.
        """
        events = []
        for chord, held, duration in tokens.tolist():
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
        """The pickup that a start row ``(3,)`` tells of; 0 where there is none."""
        number = int(start[DURATION])
        return self.durations.symbol(number) if number >= SPECIAL else Fraction(0)

    def encode_pieces(self, pieces: Sequence[Piece]) -> list[Encoded]:
        """Number the events of pieces."""
        return [self.encode(piece.events, pickup=piece.pickup) for piece in pieces]

    def copies(self, piece: Piece, first: Encoded, shifts: Sequence[int]) -> Iterator[Encoded]:
        """`first`, the piece encoded, at other pitches: only the chords' numbers differ, for held
        patterns count notes, not pitches.
        """
        events = merge_held(piece.events)
        kinds = {
            chord: kind for kind, chord in enumerate(dict.fromkeys(event.chord for event in events))
        }
        kind_of = np.array([kinds[event.chord] for event in events], np.int64)  # (T,)
        for shift in shifts:
            numbers = np.array(
                [self.chords[tuple(pitch + shift for pitch in chord)] for chord in kinds], np.int32
            )
            tokens = first.tokens.copy()
            tokens[1:-1, CHORD] = numbers[kind_of]
            yield Encoded(tokens, first.common)

    def opening(self, tokens: np.ndarray, events: int) -> np.ndarray:
        """The start and at most so many events of rows ``(n, 3)``, up to the first unknown symbol."""
        unknown = np.flatnonzero((tokens[1:] == UNKNOWN).any(1))
        return tokens[: 1 + min([events, *unknown[:1]])]

    def events_in(self, rows: np.ndarray) -> int:
        """How many events rows ``(…, 3)`` hold, the end of a piece as one."""
        return int(np.count_nonzero(rows[..., CHORD]))

    def chord_numbers(self, tokens: np.ndarray) -> np.ndarray:
        """One number a chord, (T,), of rows ``(T, 3)``: equal for equal chords."""
        return tokens[..., CHORD]

    # ------------------------------------------------------------------ tables

    @cached_property
    def most_notes(self) -> int:
        """K: notes of the largest chord."""
        return max([len(chord) for chord in self.chords.symbols], default=1) or 1

    @cached_property
    def chord_notes(self) -> np.ndarray:
        """(C, P) float32: each chord many-hot; the special numbers have no notes."""
        table = np.zeros((len(self.chords), PITCHES), np.float32)
        for number, chord in enumerate(self.chords.symbols, SPECIAL):
            table[number, list(chord)] = 1
        return table

    @cached_property
    def chord_slots(self) -> np.ndarray:
        """(C, K) int32: the pitches of each chord from the lowest; PITCHES where it has no more."""
        table = np.full((len(self.chords), self.most_notes), PITCHES, np.int32)
        for number, chord in enumerate(self.chords.symbols, SPECIAL):
            table[number, : len(chord)] = chord
        return table

    @cached_property
    def pattern_bits(self) -> np.ndarray:
        """(H, K) bool: the bits of each held pattern."""
        table = np.zeros((len(self.patterns), self.most_notes), bool)
        for number, bits in enumerate(self.patterns.symbols, SPECIAL):
            table[number, : len(bits)] = bits[: self.most_notes]
        return table

    @cached_property
    def grid(self) -> int:
        """Steps a quarter that carry every duration."""
        return math.lcm(1, *(duration.denominator for duration in self.durations.symbols))

    @cached_property
    def duration_steps(self) -> np.ndarray:
        """(D,) int32: each duration in steps of `grid`; 0 for the special numbers."""
        return np.array(
            [0] * SPECIAL + [int(d * self.grid) for d in self.durations.symbols], np.int32
        )

    # ------------------------------------------------------------------ grammar

    def patterns_that_fit(self, common: Any, xp: Any = np) -> Any:
        """(…, K) bool, notes that can be held → (…, H) bool, patterns that hold no other note."""
        clash = xp.logical_and(
            self.pattern_bits, xp.logical_not(xp.expand_dims(common, -2))
        )  # (…, H, K)
        regular = np.arange(len(self.patterns)) >= SPECIAL
        return xp.logical_and(xp.logical_not(xp.any(clash, axis=-1)), regular)

    def begin(self, batch: int, xp: Any = np) -> ChordSeen:
        """Before the first row."""
        none = xp.zeros((batch,), dtype="int32")
        return ChordSeen(none, none, none, none)

    def take(self, seen: ChordSeen, token: Any, field: int, xp: Any = np) -> ChordSeen:
        """What there is after one more sub-token ``(B,)`` of `field`; a start row is no event, and
        its duration no time.
        """
        if field == CHORD:
            return seen._replace(chord=token)
        if field == HELD:
            return seen
        event = xp.logical_or(seen.chord >= SPECIAL, seen.chord == UNKNOWN)
        steps = xp.where(event, xp.take(self.duration_steps, token, axis=0), 0)
        return ChordSeen(
            seen.chord, seen.chord, seen.elapsed + steps, seen.events + xp.where(event, 1, 0)
        )

    def legal(self, seen: ChordSeen, field: int, xp: Any = np, *, may_end: Any = True) -> Any:
        """Which numbers of `field` may follow what was seen: see `may_follow`."""
        return self.may_follow(field, seen.before, seen.chord, xp, may_end=may_end)

    def at_rest(self, seen: ChordSeen) -> Any:
        """Whether an event has just ended: after every row."""
        return seen.elapsed >= 0

    def rows(self, events: int, given: int = 0) -> int:
        """How many rows so many events take, the start row counted as one; `given` of them are
        there already.
        """
        return events

    def may_follow(
        self, field: int, before: Any, chosen: Any, xp: Any = np, *, may_end: Any = True
    ) -> Any:
        """Which numbers may follow.

        Parameters
        ----------
        field : int
            The field that is to be chosen: CHORD, HELD or DURATION.
        before : (B,) int
            Chord of the event before.
        chosen : (B,) int
            Chord of this event (not read for CHORD).
        xp : module
            `numpy` or `keras.ops`.
        may_end : bool, or (B, 1) bool
            Whether the end may come now.

        Returns
        -------
        (B, C), (B, H) or (B, D) bool
        """
        size = self.sizes[field]
        if field == CHORD:
            number = np.arange(size)[None]
            rest = self.chords[()]  # a rest after a rest would be one rest
            double_rest = xp.logical_and(number == rest, xp.expand_dims(before == rest, -1))
            ending = xp.logical_and(number == END, may_end)
            return xp.logical_and(
                xp.logical_or(number >= SPECIAL, ending), xp.logical_not(double_rest)
            )
        if field == HELD:
            sounded = np.pad(
                self.chord_notes > 0, ((0, 0), (0, 1))
            )  # (C, P + 1): the last column for empty slots
            slots = xp.take(self.chord_slots, chosen, axis=0)  # (B, K)
            flat = xp.expand_dims(before, -1) * (PITCHES + 1) + slots
            common = xp.take(sounded.reshape(-1), flat, axis=0)  # (B, K)
            fits = self.patterns_that_fit(common, xp)  # (B, H)
            whole = self.pattern_bits.sum(1)[None] == xp.expand_dims(
                xp.take((self.chord_slots < PITCHES).sum(1), chosen, axis=0), -1
            )
            same = xp.expand_dims(xp.logical_and(before == chosen, chosen >= SPECIAL), -1)
            return xp.logical_and(
                fits, xp.logical_not(xp.logical_and(whole, same))
            )  # the same chord wholly held is no event
        return xp.logical_or(
            xp.zeros_like(xp.expand_dims(chosen, -1), dtype="bool"),
            (np.arange(size) >= SPECIAL)[None],
        )

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> str:
        """The vocabularies as text that a person can read."""
        table = {
            "codec": "chord",
            "chords": [list(chord) for chord in self.chords.symbols],
            "held": ["".join("01"[bit] for bit in bits) for bits in self.patterns.symbols],
            "durations": [str(duration) for duration in self.durations.symbols],
        }
        return json.dumps(table, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> ChordCodec:
        """The inverse of `to_json`; ValueError or KeyError when `text` is something else."""
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


def unknown_share(encoded: Iterable[Encoded]) -> float:
    """Share of the events whose chord is not in the vocabulary."""
    chords = np.concatenate([piece.tokens[1:-1, CHORD] for piece in encoded])
    return float(np.mean(chords == UNKNOWN))
