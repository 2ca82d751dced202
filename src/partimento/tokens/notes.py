"""Tokenize notes: per event its notes from the highest down, then its duration.

Each note (struck or held) and each duration is one token, so no chord is out of vocabulary. A piece
begins with a header of four tokens (start, meter, pickup, key) and ends with an end token.

With `frame`, a piece is cut into frames of equal length, as in the benchmarks of
Boulanger-Lewandowski et al. (2012). All notes that sound at the beginning of a frame are struck.
The duration token only marks the end of the frame.

Shapes: S tokens of a piece, V tokens of the vocabulary, P pitches.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from partimento.music.events import Event, merge_held
from partimento.music.piece import Piece
from partimento.tokens.base import DEFAULT_SETTINGS, StruckNote
from partimento.tokens.event_tokens import EventTokenizer, bar_of, options_of, ranges_of
from partimento.tokens.note_grammar import (
    ABOVE,
    BELOW,
    COLUMNS,
    HEADER,
    LAST,
    NOTE,
    PITCHES,
    WIDTH,
    Layout,
    NoteGrammar,
)
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, UNKNOWN, Vocabulary

NOTES_PER_EVENT = 6  # rows reserved per event when composing; few events need more


@dataclass(frozen=True)
class NoteTokenizer(EventTokenizer):
    """Turn the notes of a piece into tokens and back.

    Attributes
    ----------
    holds : bool
        Whether notes can be held; in frames they cannot.
    frame : Fraction
        Quarters per frame; 0 for events.
    """

    holds: bool = True
    frame: Fraction = Fraction(0)
    name: ClassVar[str] = "notes"

    @classmethod
    def fit(
        cls,
        pieces: Iterable[Piece],
        settings: TokenSettings | None = None,
        *,
        shifts: Sequence[Sequence[int]] | None = None,
    ) -> NoteTokenizer:
        """Fit the vocabularies of lengths to training pieces; see `Tokenizer.fit`.

        Every pitch has a token anyway, so `shifts` changes nothing.
        """
        pieces, settings = list(pieces), settings or DEFAULT_SETTINGS
        frame = Fraction(settings.frame or 0)
        events = [event for piece in pieces for event in cls.read(piece.events, frame)]
        return cls(
            bars=Vocabulary.from_symbols([bar_of(piece) for piece in pieces]),
            pickups=Vocabulary.from_symbols(
                [piece.pickup for piece in pieces], always=[Fraction(0)]
            ),
            holds=not frame,  # events have tokens for held notes even if training pieces hold none
            frame=frame,
            ranges=ranges_of(settings, pieces, [None]),
            **options_of(settings, [event.duration for event in events]),
        )

    @cached_property
    def layout(self) -> Layout:
        """Return where each kind of token begins."""
        hold = NOTE + PITCHES
        return self._layout(hold, hold + PITCHES * self.holds, framed=bool(self.frame))

    @property
    def width(self) -> int:
        """Return the number of input features per token."""
        return WIDTH + self.plan.columns

    @property
    def pitch_features(self) -> list[int]:
        """Return the feature columns that hold pitches."""
        return [LAST, ABOVE, BELOW, *range(len(COLUMNS), WIDTH)]

    def grammar(self) -> NoteGrammar:
        """Return the grammar of this tokenizer's order of tokens."""
        return self._grammar

    @cached_property
    def _grammar(self) -> NoteGrammar:
        return NoteGrammar(self.layout)

    def is_pitch(self, ids: np.ndarray) -> np.ndarray:
        """Return which tokens stand for a pitch."""
        return (ids >= NOTE) & (ids < self.layout.duration)

    def event_ids(self, piece: Piece) -> list[int]:
        """Return the tokens of all events: notes from the highest, then the duration."""
        layout = self.layout
        ids: list[int] = []
        events = self.read(piece.events, self.frame)
        for event, end in zip(events, self._event_ends(piece), strict=True):
            for pitch in reversed(event.chord):
                ids.append((layout.hold if pitch in event.held else NOTE) + pitch)
            ids.append(end)
        return ids

    def struck_notes(self, piece: Piece) -> list[StruckNote]:
        """Return the token of each struck note; see `Tokenizer.struck_notes`."""
        struck, row, now = [], HEADER, Fraction(0)
        for event in self.read(piece.events, self.frame):
            for pitch in reversed(event.chord):
                if pitch not in event.held:
                    struck.append(StruckNote(row, now, pitch))
                row += 1
            row, now = row + 1, now + event.duration  # the duration is a token, too
        return struck

    def lengths(self, piece: Piece) -> list[Fraction]:
        """Return the duration of each event of a piece."""
        return [event.duration for event in self.read(piece.events, self.frame)]

    @staticmethod
    def read(events: Iterable[Event], frame: Fraction) -> list[Event]:
        """Return the events to tokenize.

        If `frame` is 0, events that strike nothing new are merged with the previous event.
        Otherwise there is one event per frame, with the notes that sound at its beginning.
        """
        if not frame:
            return merge_held(events)
        frames: list[Event] = []
        now = Fraction(0)
        for event in events:
            now += event.duration
            while len(frames) * frame < now:
                frames.append(Event(event.chord, frame, ()))
        return frames

    def decode(self, ids: np.ndarray) -> Piece:
        """Return the piece of tokens, up to the first end, in one part.

        Where a phrase ends, the highest note has a fermata.
        """
        events = self.decode_events(ids)
        fermatas: list[Fraction] = []
        ends: list[Fraction] = []
        started: dict[int, Fraction] = {}  # sounding pitch → onset of its note
        now = Fraction(0)
        for event, ends_phrase in zip(events, self._ends_phrase(ids), strict=False):
            started = {p: started[p] if p in event.held else now for p in event.chord}
            now += event.duration
            if ends_phrase:
                ends.append(now)
                fermatas += [started[max(started)]] if started else []
        phrases: dict[str, Any] = {"fermatas": tuple(fermatas), "phrase_ends": tuple(ends)}
        return Piece.from_events(events, **phrases, **self.header_fields(ids))

    def _ends_phrase(self, ids: np.ndarray) -> list[bool]:
        """Return whether each event ends a phrase, those after the end token included."""
        body = np.ravel(ids)[HEADER:]
        durations = body[(body >= self.layout.duration) & (body < self.layout.bar)]
        return [self.duration_of(token)[1] for token in durations.tolist()]

    def decode_events(self, ids: np.ndarray) -> list[Event]:
        """Return the events of tokens ``(S,)`` or ``(S, 1)``, up to the first end.

        Header and padding are skipped.

        Raises
        ------
        ValueError
            For an unknown duration.
        """
        layout = self.layout
        events: list[Event] = []
        chord: list[int] = []
        held: list[int] = []
        for token in np.ravel(ids)[HEADER:].tolist():
            if token == END:
                break
            if token == UNKNOWN:
                raise ValueError("cannot decode an unknown duration")
            if NOTE <= token < layout.duration:
                chord.append((token - NOTE) % PITCHES)
                held += chord[-1:] if token >= layout.hold else []
            elif layout.duration <= token < layout.bar:
                duration, _ = self.duration_of(token)
                events.append(Event(tuple(sorted(chord)), duration, tuple(sorted(held))))
                chord, held = [], []
        return events

    def max_rows(self, events: int, prompt: int = 0) -> int:
        """Return the rows to reserve for `events` events after a prompt of `prompt` rows.

        The header counts as one event.
        """
        return max(prompt, HEADER) + (events - 1) * NOTES_PER_EVENT

    def _table(self) -> dict[str, Any]:
        return {**super()._table(), "holds": self.holds, "frame": str(self.frame)}

    @classmethod
    def from_json(cls, text: str) -> NoteTokenizer:
        """Read what `to_json` wrote; ValueError, TypeError or KeyError for other text."""
        table = json.loads(text)
        return cls(
            *cls._lengths(table),
            bool(table["holds"]),
            Fraction(table["frame"]),
            **cls._options(table),
        )
