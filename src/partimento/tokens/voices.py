"""The voice codec: parts of one note each on a grid, as a choir's; an event is what each voice
does, from the first down, and a duration.

A voice goes on as it was (one token, also where it rests), falls silent, or takes another pitch; at
least one does something at every event, but for the first. The grid knows no repeated notes: a
pitch that stays is one note. Every grid is one such sequence of tokens and the other way round, so
that a model's likelihood is that of the grid; what happens seldom is not asked at every step of it.

Shapes: B pieces or takes at once, S tokens, N voices, V tokens of the vocabulary.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.piece import Event, Piece
from partimento.tokens import note_features as note_facts
from partimento.tokens import note_grammar as g
from partimento.tokens.note_grammar import COLUMNS, CONTEXT, NONE, NOTE, PITCHES, Layout
from partimento.tokens.notes import NoteCodec, bar_of, number_of
from partimento.tokens.vocabulary import END, SPECIAL, UNKNOWN, Vocabulary

GO_ON = NOTE + PITCHES  # as it was
REST = GO_ON + 1
MOST_VOICES = 8
SINCE = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # steps since a voice last did something, class by class


class VoicesSeen(NamedTuple):
    """What the tokens so far amount to.

    Attributes
    ----------
    past : note_grammar.Seen
        Of it: the last token, the place in the bar, what was counted, and the history; its `count`
        is the number of the next voice.
    before, now : (B, N) int
        What each voice sang at the event before (NONE: nothing) and, as far as it has been told,
        sings now.
    since : (B, N) int
        Steps since each voice last did something.
    changed : (B,) int
        How many voices have done something at this event.
    """

    past: g.Seen
    before: Any
    now: Any
    since: Any
    changed: Any

    @property
    def elapsed(self) -> Any:
        return self.past.elapsed

    @property
    def events(self) -> Any:
        return self.past.events


@dataclass(frozen=True)
class VoiceCodec(NoteCodec):
    """Pieces to numbers and back; `voices` is N, and `frame` the grid."""

    voices: int = 4
    kind: ClassVar[str] = "voices"

    @classmethod
    def from_pieces(
        cls,
        pieces: Iterable[Piece],
        *,
        min_count: int = 1,
        frame: Fraction = Fraction(1, 4),
        voices: int | None = None,
    ) -> VoiceCodec:
        """Learn the lengths, and how many voices there are.

        Raises
        ------
        PartimentoError
            If there are more than eight.
        """
        pieces = list(pieces)
        voices = voices or max(len(piece.parts) for piece in pieces)
        if voices > MOST_VOICES:
            raise PartimentoError(
                f"a piece has {voices} parts: tokens.voices is for at most {MOST_VOICES}, of one note each"
            )
        frame = frame or Fraction(1, 4)
        lengths = [
            length for piece in pieces for _, length in _moves(grid_of(piece, voices, frame), frame)
        ]
        return cls(
            Vocabulary.from_symbols(lengths, min_count=min_count),
            Vocabulary.from_symbols([bar_of(piece) for piece in pieces]),
            Vocabulary.from_symbols([piece.pickup for piece in pieces], always=[Fraction(0)]),
            False,
            frame,
            voices,
        )

    @cached_property
    def layout(self) -> Layout:
        """The numbers of the tokens: special ones, pitches, going on, falling silent, durations;
        and what only the beginning tells.
        """
        return self._layout(REST + 1, REST + 1)

    @property
    def width(self) -> int:
        """How many numbers a model is shown at each step: COLUMNS, what the voices sang and sing,
        how long since each did something.
        """
        return len(COLUMNS) + 3 * self.voices

    # ------------------------------------------------------------------ pieces ↔ numbers

    def encode(self, piece: Piece) -> np.ndarray:
        """The tokens of a piece, (S,) int32; a length not in the vocabulary becomes unknown."""
        tokens = self._beginning(piece)
        before = (NONE,) * self.voices
        for now, length in _moves(grid_of(piece, self.voices, self.frame), self.frame):
            tokens += [
                GO_ON if a == b else REST if b == NONE else NOTE + b
                for a, b in zip(before, now, strict=True)
            ]
            tokens.append(number_of(self.durations, length, self.layout.duration))
            before = now
        return np.array([*tokens, END], np.int32)

    def decode(self, tokens: np.ndarray) -> list[Event]:
        """The events of tokens ``(S,)``, up to the first end: a voice that goes on holds its note."""
        events = []
        for before, now, length in self._told(np.ravel(tokens)):
            held = {b for a, b in zip(before, now, strict=True) if a == b} - {NONE}
            fresh = {b for a, b in zip(before, now, strict=True) if a != b} - {NONE}
            events.append(Event(tuple(sorted(held | fresh)), length, tuple(sorted(held - fresh))))
        return events

    def _told(self, tokens: np.ndarray) -> list[tuple[tuple[int, ...], tuple[int, ...], Fraction]]:
        """What the voices sang before and sing now, and for how long, of every whole event.

        Raises
        ------
        ValueError
            For an unknown duration, which stands for no music.
        """
        told: list[tuple[tuple[int, ...], tuple[int, ...], Fraction]] = []
        before: tuple[int, ...] = (NONE,) * self.voices
        now: list[int] = []
        for token in tokens[CONTEXT:].tolist():
            if token == END:
                break
            if token == UNKNOWN:
                raise ValueError("an unknown duration stands for no music")
            if NOTE <= token <= REST and len(now) < self.voices:
                now.append(
                    before[len(now)] if token == GO_ON else NONE if token == REST else token - NOTE
                )
            elif self.layout.duration <= token < self.layout.bar:
                told.append(
                    (before, tuple(now), self.durations.symbols[token - self.layout.duration])
                )
                before, now = tuple(now), []
        return told

    def lengths(self, piece: Piece) -> list[Fraction]:
        return [length for _, length in _moves(grid_of(piece, self.voices, self.frame), self.frame)]

    def moved_tokens(self, tokens: np.ndarray, semitones: int) -> np.ndarray:
        moved = super().moved_tokens(tokens, semitones)
        return np.where((tokens == GO_ON) | (tokens == REST), tokens, moved).astype(tokens.dtype)

    def _pitch_columns(self) -> list[int]:
        return [g.LAST, g.ABOVE, g.BELOW, *range(len(COLUMNS), len(COLUMNS) + 2 * self.voices)]

    # ------------------------------------------------------------------ grammar

    def begin(self, batch: int, xp: Any = np, *, reach: int = g.REACH) -> Any:
        past = g.begin(batch, xp, reach=reach)
        none = xp.full((batch, self.voices), NONE, dtype="int32")
        return VoicesSeen(
            past, none, none, xp.zeros((batch, self.voices), dtype="int32"), past.events
        )

    def take(self, seen: Any, token: Any, field: int, xp: Any = np) -> Any:
        layout, past = self.layout, seen.past
        is_voice = xp.logical_and(token >= NOTE, token <= REST)
        unknown = xp.logical_and(token == UNKNOWN, past.rows >= CONTEXT)
        is_duration = xp.logical_or(
            xp.logical_and(token >= layout.duration, token < layout.bar), unknown
        )
        here = xp.expand_dims(past.count, -1) == np.arange(self.voices, dtype="int32")  # (B, N)
        mine = xp.sum(xp.where(here, seen.before, 0), axis=-1)
        sung = xp.where(token == GO_ON, mine, xp.where(token == REST, NONE, token - NOTE))
        fresh = xp.logical_and(is_voice, token != GO_ON)
        now = xp.where(
            xp.logical_and(here, xp.expand_dims(is_voice, -1)), xp.expand_dims(sung, -1), seen.now
        )
        since = xp.where(xp.logical_and(here, xp.expand_dims(fresh, -1)), 0, seen.since)
        after = g.take(layout, past, token, xp)
        ended = xp.expand_dims(is_duration, -1)
        return VoicesSeen(
            past=after._replace(
                count=xp.where(is_duration, 0, past.count + xp.where(is_voice, 1, 0))
            ),
            before=xp.where(ended, now, seen.before),
            now=xp.where(ended, NONE, now),
            since=xp.where(ended, since + xp.expand_dims(after.elapsed - past.elapsed, -1), since),
            changed=xp.where(is_duration, 0, seen.changed + xp.where(fresh, 1, 0)),
        )

    def look(self, seen: Any, xp: Any = np) -> Any:
        """What a model is shown, ``(B, width)`` int.

        Of COLUMNS, `last` is what the voice above sings now, `above` what this one sang, `below`
        what the next one did.
        """
        past, count = seen.past, seen.past.count

        def voice(line: Any, number: Any) -> Any:
            there = xp.expand_dims(number, -1) == np.arange(self.voices, dtype="int32")
            return xp.where(xp.any(there, axis=-1), xp.sum(xp.where(there, line, 0), axis=-1), NONE)

        again, length = g.repeated(past, xp)
        free = xp.logical_or(seen.changed > 0, past.events == 0)
        columns = [
            past.token, voice(seen.now, count - 1), count, voice(seen.before, count), voice(seen.before, count + 1),
            g.place_of(self.layout, past.place, xp), past.bar_token, past.key, past.duration + 1, again, length,
            g.class_of(past.events, g.AGES, xp), xp.where(free, 1, 0), past.rows // CONTEXT,
        ]  # fmt: skip
        shown = xp.stack([xp.cast(c, "int32") if xp is not np else c for c in columns], axis=-1)
        return xp.concatenate(
            [shown, seen.before, seen.now, g.class_of(seen.since, SINCE, xp)], axis=-1
        )

    def legal(self, seen: Any, field: int, xp: Any = np, *, may_end: Any = True) -> Any:
        return xp.logical_and(
            self.may_follow(self.look(seen, xp), xp, may_end=may_end),
            np.arange(self.sizes[0]) != UNKNOWN,
        )

    def may_follow(self, shown: Any, xp: Any = np, *, may_end: Any = True) -> Any:
        layout = self.layout
        tokens = np.arange(layout.bar, dtype="int32")
        count, mine = shown[..., g.COUNT : g.COUNT + 1], shown[..., g.ABOVE : g.ABOVE + 1]
        singing = count < self.voices
        pitches = xp.logical_and((tokens >= NOTE) & (tokens < GO_ON), tokens - NOTE != mine)
        rest = xp.logical_and(tokens == REST, mine < NONE)
        idle = xp.logical_and(count == self.voices - 1, shown[..., g.FREE : g.FREE + 1] == 0)
        go_on = xp.logical_and(tokens == GO_ON, xp.logical_not(idle))
        voices = xp.logical_and(xp.logical_or(pitches, xp.logical_or(rest, go_on)), singing)
        durations = xp.logical_and(
            (tokens >= layout.duration) | (tokens == UNKNOWN), xp.logical_not(singing)
        )
        end = xp.logical_and(tokens == END, xp.logical_and(count == 0, may_end))
        return xp.logical_or(voices, xp.logical_or(durations, end))

    def at_rest(self, seen: Any) -> Any:
        return seen.past.count == 0

    def rows(self, events: int, given: int = 0) -> int:
        return CONTEXT + (events - 1) * (self.voices + 1)

    def chord_numbers(self, tokens: np.ndarray) -> np.ndarray:
        known = np.where(
            np.ravel(tokens) == UNKNOWN, self.layout.duration, np.ravel(tokens)
        )  # whatever its length
        return np.array(
            [SPECIAL + zlib.crc32(bytes(event.chord)) for event in self.decode(known)], np.int64
        )

    def facts(self, shown: Any, xp: Any = np, *, repeats: bool = True) -> list[tuple[Any, int]]:
        """See `note_facts.facts`; also for how long each voice has been as it is."""
        slots = 2 * self.voices
        numbers = note_facts.facts(
            self.layout, shown, xp, places=self.places, repeats=repeats, slots=slots, notes=GO_ON
        )
        since = [
            (shown[..., column], len(SINCE) + 1)
            for column in range(len(COLUMNS) + slots, self.width)
        ]
        return numbers + since

    # ------------------------------------------------------------------ JSON

    @classmethod
    def from_plain(cls, table: dict[str, Any]) -> VoiceCodec:
        return cls(*cls._lengths(table), False, Fraction(table["frame"]), int(table["voices"]))

    def to_plain(self) -> dict[str, Any]:
        return {**super().to_plain(), "voices": self.voices}


def grid_of(piece: Piece, voices: int, frame: Fraction) -> list[tuple[int, ...]]:
    """What each voice sings at every step; NONE for nothing, the highest where a part has several
    notes, parts after the last left out.
    """
    steps = -(-piece.length // frame)
    table = np.full((int(steps), voices), NONE, np.int64)
    scale = frame * piece.notes.divisions
    for note_onset, note_end, pitch, part in zip(
        piece.notes.onset, piece.notes.end, piece.notes.pitch, piece.notes.part, strict=True
    ):
        if part >= voices:
            continue
        first, stop = -(-int(note_onset) // scale), -(-int(note_end) // scale)
        column = table[int(first) : int(stop), part]
        column[:] = np.where(column == NONE, pitch, np.maximum(column, pitch))
    return [tuple(row) for row in table.tolist()]


def _moves(
    grid: Sequence[tuple[int, ...]], frame: Fraction
) -> list[tuple[tuple[int, ...], Fraction]]:
    """Each different step of a grid, and how long it stays."""
    moves: list[tuple[tuple[int, ...], Fraction]] = []
    for row in grid:
        if moves and moves[-1][0] == row:
            moves[-1] = (row, moves[-1][1] + frame)
        else:
            moves.append((row, frame))
    return moves
