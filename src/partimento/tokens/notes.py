"""The note codec: an event is its notes from the highest down, each struck or held, and then its
duration, one token each.

No chord is ever out of vocabulary. A piece begins with a start token and three that tell its metre,
pickup and key, and ends with an end token. With `frame` a piece is read at a steady pace instead, a
frame every so many quarters: its notes are whatever sounds there, all struck, and the duration
token merely ends the frame (the benchmarks of Boulanger-Lewandowski et al. 2012).

Which token may follow, and what a model is shown of the past, follow from a small array state,
`Seen`, that each token moves on (`note_grammar`). Shapes: B pieces or takes at once, S tokens of a
piece, V tokens of the vocabulary, P pitches.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from partimento.music.piece import Event, Piece, merge_held
from partimento.tokens import note_features as note_facts
from partimento.tokens import note_grammar
from partimento.tokens.chords import Encoded
from partimento.tokens.note_grammar import (
    ABOVE,
    AGAIN,
    BELOW,
    COLUMNS,
    CONTEXT,
    KEY,
    KEYS,
    LAST,
    NONE,
    NOTE,
    PITCHES,
    TOKEN,
    Layout,
)
from partimento.tokens.vocabulary import END, SPECIAL, START, UNKNOWN, Vocabulary

TOGETHER = 32  # pieces that are read in step with each other
NOTES_AN_EVENT = 6  # rows that are kept ready for each event; more would be unusual


@dataclass(frozen=True)
class NoteCodec:
    """Pieces to numbers and back.

    Attributes
    ----------
    durations, bars, pickups : Vocabulary of Fraction
        Lengths in quarters that were seen in training: of events, of whole bars, of the incomplete
        bar at the start.
    holds : bool
        Whether notes can be held: not in frames.
    frame : Fraction
        Quarters from one frame to the next; 0: events.
    """

    durations: Vocabulary[Fraction]
    bars: Vocabulary[Fraction]
    pickups: Vocabulary[Fraction]
    holds: bool = True
    frame: Fraction = Fraction(0)
    fields: ClassVar[tuple[str, ...]] = ("token",)
    start_rows: ClassVar[int] = CONTEXT
    kind: ClassVar[str] = "notes"

    @classmethod
    def from_pieces(
        cls, pieces: Iterable[Piece], *, min_count: int = 1, frame: Fraction = Fraction(0)
    ) -> NoteCodec:
        """Learn the lengths; notes need no learning."""
        pieces = list(pieces)
        read = [cls.read(piece.events, frame) for piece in pieces]
        return cls(
            Vocabulary.from_symbols(
                (event.duration for events in read for event in events), min_count=min_count
            ),
            Vocabulary.from_symbols([bar_of(piece) for piece in pieces]),
            Vocabulary.from_symbols([piece.pickup for piece in pieces], always=[Fraction(0)]),
            not frame,  # what training never holds may still be held elsewhere
            frame,
        )

    @cached_property
    def layout(self) -> Layout:
        """The numbers of the tokens: special ones, notes struck, notes held, durations; and what
        only the beginning tells.
        """
        return self._layout(NOTE + PITCHES, NOTE + PITCHES + PITCHES * self.holds)

    def _layout(self, hold: int, duration: int) -> Layout:
        bar = duration + len(self.durations.symbols)
        pickup = bar + len(self.bars.symbols)
        key = pickup + len(self.pickups.symbols)
        steps = self._steps(self.durations), self._steps(self.bars), self._steps(self.pickups)
        return Layout(
            hold, duration, bar, pickup, key, key + KEYS, *steps, self.grid, bool(self.frame)
        )

    def __len__(self) -> int:
        """V: how many tokens there are."""
        return self.layout.stop

    @property
    def sizes(self) -> tuple[int]:
        """How many of them can follow once a piece has begun."""
        return (self.layout.bar,)

    # ------------------------------------------------------------------ pieces ↔ numbers

    def encode(self, piece: Piece) -> np.ndarray:
        """The tokens of a piece, (S,) int32; a length not in the vocabulary becomes unknown."""
        layout, tokens = self.layout, self._beginning(piece)
        for event in self.read(piece.events, self.frame):
            for pitch in reversed(event.chord):
                tokens.append((layout.hold if pitch in event.held else NOTE) + pitch)
            tokens.append(number_of(self.durations, event.duration, layout.duration))
        return np.array([*tokens, END], np.int32)

    def _beginning(self, piece: Piece) -> list[int]:
        layout = self.layout
        declared = piece.keys[0].tonic if piece.keys and piece.keys[0].onset == 0 else KEYS - 1
        bar, pickup = (
            number_of(self.bars, bar_of(piece), layout.bar),
            number_of(self.pickups, piece.pickup, layout.pickup),
        )
        return [START, bar, pickup, layout.key + declared]

    def lengths(self, piece: Piece) -> list[Fraction]:
        """How long each event of a piece lasts, as it is written."""
        return [event.duration for event in self.read(piece.events, self.frame)]

    @staticmethod
    def read(events: Iterable[Event], frame: Fraction) -> list[Event]:
        """Events merged where nothing new is struck or, with `frame`, what sounds at every so many
        quarters from the start on.
        """
        if not frame:
            return merge_held(events)
        read: list[Event] = []
        now = Fraction(0)
        for event in events:
            now += event.duration
            while len(read) * frame < now:
                read.append(Event(event.chord, frame, ()))
        return read

    def decode(self, tokens: np.ndarray) -> list[Event]:
        """The events of ``(S,)`` tokens, up to the first end; context and padding are passed over.

        Raises
        ------
        ValueError
            For an unknown duration, which stands for no music.
        """
        layout = self.layout
        events: list[Event] = []
        chord: list[int] = []
        held: list[int] = []
        for token in np.ravel(tokens)[CONTEXT:].tolist():
            if token == END:
                break
            if token == UNKNOWN:
                raise ValueError("an unknown duration stands for no music")
            if NOTE <= token < layout.duration:
                chord.append((token - NOTE) % PITCHES)
                held += chord[-1:] if token >= layout.hold else []
            elif layout.duration <= token < layout.bar:
                events.append(
                    Event(
                        tuple(sorted(chord)),
                        self.durations.symbols[token - layout.duration],
                        tuple(sorted(held)),
                    )
                )
                chord, held = [], []
        return events

    def encode_pieces(self, pieces: Sequence[Piece]) -> list[Encoded]:
        """Tokens ``(S, 1)`` of pieces and what is shown where each is to be chosen."""
        tokens = [self.encode(piece) for piece in pieces]
        return [
            Encoded(each[:, None], shown)
            for each, shown in zip(tokens, self._shown(tokens), strict=True)
        ]

    def _shown(self, pieces: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What is shown where each token is to be chosen, ``(S, width)`` int16; nothing at the
        first.
        """
        made: list[np.ndarray] = [np.zeros(0)] * len(pieces)
        order = sorted(range(len(pieces)), key=lambda i: len(pieces[i]))
        for start in range(0, len(order), TOGETHER):  # pieces of like length
            some = order[start : start + TOGETHER]
            longest = len(pieces[some[-1]])
            tokens = np.stack([np.pad(pieces[i], (0, longest - len(pieces[i]))) for i in some])
            seen = self.begin(len(some), reach=min(longest, note_grammar.REACH))
            shown = np.zeros((longest, len(some), self.width), np.int16)
            for s in range(1, longest):
                seen = self.take(seen, tokens[:, s - 1], 0)
                shown[s] = self.look(seen)
            for row, i in enumerate(some):
                made[i] = shown[: len(pieces[i]), row].copy()
        return made

    def copies(self, piece: Piece, first: Encoded, shifts: Sequence[int]) -> Iterator[Encoded]:
        """`first`, the piece encoded, at other pitches."""
        for shift in shifts:
            yield Encoded(
                self.moved_tokens(first.tokens, shift), self._moved_columns(first.common, shift)
            )

    def moved_tokens(self, tokens: np.ndarray, semitones: int) -> np.ndarray:
        """The same music so much higher, its declared key with it."""
        layout = self.layout
        notes = (tokens >= NOTE) & (tokens < layout.duration)
        keys = (tokens >= layout.key) & (tokens < layout.stop - 1)
        moved = np.where(keys, layout.key + (tokens - layout.key + semitones) % 12, tokens)
        return np.where(notes, tokens + semitones, moved).astype(tokens.dtype)

    def _moved_columns(self, shown: np.ndarray, semitones: int) -> np.ndarray:
        moved = shown.copy()
        for column in (TOKEN, AGAIN):
            moved[:, column] = self.moved_tokens(shown[:, column], semitones)
        for pitches in self._pitch_columns():
            moved[:, pitches] = np.where(
                shown[:, pitches] < NONE, shown[:, pitches] + semitones, NONE
            )
        moved[:, KEY] = np.where(
            shown[:, KEY] < KEYS - 1, (shown[:, KEY] + semitones) % 12, KEYS - 1
        )
        moved[0] = shown[0]  # before the first token nothing is shown
        return moved

    def opening(self, tokens: np.ndarray, events: int) -> np.ndarray:
        """The beginning and at most so many events of tokens ``(n, 1)``, up to the first unknown
        duration.
        """
        layout, told = self.layout, tokens[CONTEXT:, 0]
        ends = (told >= layout.duration) & (told < layout.bar)
        known = np.flatnonzero(ends & (np.cumsum(told == UNKNOWN) == 0))
        return tokens[: CONTEXT + (known[:events][-1] + 1 if events and len(known) else 0)]

    def in_key(self, tokens: np.ndarray, tonic: int) -> np.ndarray:
        """The same beginning, in another key."""
        return np.where(
            (tokens >= self.layout.key) & (tokens < self.layout.stop),
            self.layout.key + tonic,
            tokens,
        ).astype(tokens.dtype)

    def _pitch_columns(self) -> list[int]:
        return [LAST, ABOVE, BELOW, *range(len(COLUMNS), self.width)]

    def events_in(self, rows: np.ndarray) -> int:
        """How many events tokens ``(…, 1)`` complete, the end of a piece as one; those of unknown
        duration are not counted.
        """
        durations = (rows >= self.layout.duration) & (rows < self.layout.bar)
        return int(np.count_nonzero(durations | (rows == END)))

    def chord_numbers(self, tokens: np.ndarray) -> np.ndarray:
        """One number a chord, (T,), of tokens ``(S, 1)``: equal for equal chords."""
        numbers: list[int] = []
        chord: list[int] = []
        for token in np.ravel(tokens)[CONTEXT:].tolist():
            if NOTE <= token < self.layout.duration:
                chord.append((token - NOTE) % PITCHES)
            elif token == UNKNOWN or self.layout.duration <= token < self.layout.bar:
                numbers.append(SPECIAL + zlib.crc32(bytes(sorted(chord))))
                chord = []
        return np.array(numbers, np.int64)

    # ------------------------------------------------------------------ grammar

    def begin(self, batch: int, xp: Any = np, *, reach: int = note_grammar.REACH) -> Any:
        """Before the first token; `reach` tokens are looked back on."""
        return note_grammar.begin(batch, xp, reach=reach)

    def take(self, seen: Any, token: Any, field: int, xp: Any = np) -> Any:
        """What there is after one more token ``(B,)``."""
        return note_grammar.take(self.layout, seen, token, xp)

    def look(self, seen: Any, xp: Any = np) -> Any:
        """What a model is shown, ``(B, width)`` int: see `note_grammar.look`."""
        return note_grammar.look(self.layout, seen, xp)

    def legal(self, seen: Any, field: int, xp: Any = np, *, may_end: Any = True) -> Any:
        """Which tokens may follow, ``(B, V)`` bool."""
        may = note_grammar.legal(
            self.layout, self.look(seen, xp), xp, sounded=seen.before, may_end=may_end
        )
        tokens = np.arange(self.sizes[0])
        # Once all that sounded is held, a lower note must follow: there is to be room for one.
        lowest = (tokens == NOTE) | (
            (tokens >= self.layout.hold) & (tokens < self.layout.hold + 2 * self.holds)
        )
        return xp.logical_and(may, (tokens != UNKNOWN) & ~lowest)

    def may_follow(self, shown: Any, xp: Any = np, *, may_end: Any = True) -> Any:
        """Which tokens may follow where this is shown, ``(…, columns)`` → ``(…, V)`` bool; an
        unknown duration too.
        """
        return note_grammar.legal(self.layout, shown, xp, may_end=may_end)

    def at_rest(self, seen: Any) -> Any:
        """Whether an event has just ended, or none has begun."""
        return seen.count == 0

    def rows(self, events: int, given: int = 0) -> int:
        """How many rows are kept ready for so many events, the beginning counted as one, after so
        many rows that are given.
        """
        return max(given, CONTEXT) + (events - 1) * NOTES_AN_EVENT

    # ------------------------------------------------------------------ tables

    @cached_property
    def grid(self) -> int:
        """Steps a quarter that carry every length."""
        lengths = (*self.durations.symbols, *self.bars.symbols, *self.pickups.symbols)
        return math.lcm(1, *(length.denominator for length in lengths))

    def _steps(self, lengths: Vocabulary[Fraction]) -> np.ndarray:
        return np.array([int(length * self.grid) for length in lengths.symbols], np.int32)

    @property
    def beginning_nats(self) -> float:
        """What it costs to say metre, pickup and key where all that are known are as likely."""
        return math.log(KEYS * (len(self.bars.symbols) + 1) * (len(self.pickups.symbols) + 1))

    @property
    def width(self) -> int:
        """How many numbers a model is shown at each step."""
        return note_grammar.WIDTH

    def facts(self, shown: Any, xp: Any = np, *, repeats: bool = True) -> list[tuple[Any, int]]:
        """What is shown, in numbers of few kinds: see `note_facts.facts`."""
        return note_facts.facts(self.layout, shown, xp, places=self.places, repeats=repeats)

    def directions(self, shown: Any, xp: Any = np) -> tuple[list[Any], Any]:
        """See `note_facts.directions`."""
        return note_facts.directions(shown, xp)

    @property
    def places(self) -> int:
        """How many places in a bar are told apart."""
        return int(note_grammar.place_of(self.layout, self.layout.bar_steps.max(initial=1) - 1)) + 1

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> str:
        """The vocabularies as text that a person can read."""
        return json.dumps(self.to_plain(), separators=(",", ":"))

    def to_plain(self) -> dict[str, Any]:
        """The vocabularies as plain values."""
        lengths = {
            name: [str(length) for length in getattr(self, name).symbols]
            for name in ("durations", "bars", "pickups")
        }
        return {"codec": self.kind, **lengths, "holds": self.holds, "frame": str(self.frame)}

    @classmethod
    def from_plain(cls, table: dict[str, Any]) -> NoteCodec:
        """The inverse of `to_plain`; ValueError, TypeError or KeyError when `table` is something
        else.
        """
        return cls(*cls._lengths(table), bool(table["holds"]), Fraction(table["frame"]))

    @staticmethod
    def _lengths(
        table: dict[str, Any],
    ) -> tuple[Vocabulary[Fraction], Vocabulary[Fraction], Vocabulary[Fraction]]:
        def read(name: str) -> Vocabulary[Fraction]:
            return Vocabulary(tuple(Fraction(length) for length in table[name]))

        return read("durations"), read("bars"), read("pickups")


def bar_of(piece: Piece) -> Fraction:
    """The length of its first whole bar."""
    return piece.meters[0].bar_ql if piece.meters and piece.meters[0].onset == 0 else Fraction(4)


def number_of(lengths: Vocabulary[Fraction], length: Fraction, first: int) -> int:
    """The token of a length, where the first of its kind has the number `first`."""
    number = lengths[length]
    return UNKNOWN if number == UNKNOWN else first + number - SPECIAL
