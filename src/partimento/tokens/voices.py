"""Tokenize voices: parts with one note at a time, such as a choir's, on a grid.

An event has one token per voice (continue, rest or a pitch), first part first, then a duration.
Except in the first event, at least one voice must change. With `repeated_notes`, a voice may strike
its pitch again; without, a pitch that stays is one long note.

Each grid has exactly one sequence of tokens and vice versa. The likelihood of the tokens is
therefore the likelihood of the grid.

Shapes: S tokens, T events, N voices, V tokens of the vocabulary.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.events import Event
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Part
from partimento.short_repr import short_repr
from partimento.tokens import note_features
from partimento.tokens import note_grammar as g
from partimento.tokens.base import DEFAULT_SETTINGS, StruckNote
from partimento.tokens.event_tokens import EventTokenizer, bar_of, options_of, ranges_of
from partimento.tokens.note_grammar import COLUMNS, HEADER, NONE, NOTE, Layout
from partimento.tokens.parallels import parallels
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, UNKNOWN, Vocabulary
from partimento.tokens.voice_grammar import CONTINUE, REST, VOICE_AGES, VoiceGrammar, voice_order

MAX_VOICES = 8
SIXTEENTH = Fraction(1, 4)


@short_repr
class VoiceEvent(NamedTuple):
    """Describe what every voice does from one change to the next.

    Attributes
    ----------
    pitches : tuple of int
        The pitch of each voice; NONE for a rest.
    struck : tuple of bool
        Whether each voice strikes its pitch now.
    duration : Fraction
        In quarters.
    ends_phrase : bool
        Whether a phrase ends with it. Only tokens say this.
    """

    pitches: tuple[int, ...]
    struck: tuple[bool, ...]
    duration: Fraction
    ends_phrase: bool = False


@short_repr
@dataclass(frozen=True)
class VoiceTokenizer(EventTokenizer):
    """Turn the voices of a piece into tokens and back.

    Attributes
    ----------
    frame : Fraction
        Quarters per step of the grid.
    voices : int
        N; further parts of a piece are left out.
    repeated_notes : bool
        Whether a voice can repeat its pitch.
    parts : tuple of Part
        The most frequent name and instrument of each voice in training.
    outer_first : bool
        Whether an event has its voices in the order: highest, then from the lowest up. Otherwise
        they go from the highest down.
    """

    frame: Fraction = SIXTEENTH
    voices: int = 4
    repeated_notes: bool = True
    parts: tuple[Part, ...] = ()
    outer_first: bool = False
    name: ClassVar[str] = "voices"

    @classmethod
    def fit(
        cls,
        pieces: Iterable[Piece],
        settings: TokenSettings | None = None,
        *,
        shifts: Sequence[Sequence[int]] | None = None,
        voices: int | None = None,
    ) -> VoiceTokenizer:
        """Fit the vocabularies of lengths to training pieces, and count their voices.

        See `Tokenizer.fit`. Every pitch has a token anyway, so `shifts` changes nothing.

        Parameters
        ----------
        voices : int, optional
            By default, the largest number of parts in a piece.

        Raises
        ------
        PartimentoError
            If there are more than eight voices.
        """
        pieces, settings = list(pieces), settings or DEFAULT_SETTINGS
        voices = voices or max(len(piece.parts) for piece in pieces)
        if voices > MAX_VOICES:
            raise PartimentoError(
                f"a piece has {voices} parts: tokens.voices is for at most {MAX_VOICES} parts with"
                " one note at a time"
            )
        frame, repeated = Fraction(settings.frame or SIXTEENTH), settings.repeated_notes
        events = [
            event
            for piece in pieces
            for event in voice_events(piece, voices, frame, repeated_notes=repeated)
        ]
        return cls(
            bars=Vocabulary.from_symbols([bar_of(piece) for piece in pieces]),
            pickups=Vocabulary.from_symbols(
                [piece.pickup for piece in pieces], always=[Fraction(0)]
            ),
            frame=frame,
            voices=voices,
            repeated_notes=repeated,
            parts=usual_parts(pieces, voices),
            outer_first=settings.voice_order == "outer-first",
            ranges=ranges_of(settings, pieces, range(voices)),
            **options_of(settings, [event.duration for event in events]),
        )

    @cached_property
    def layout(self) -> Layout:
        """Return the id at which each kind of token begins."""
        return self._layout(REST + 1, REST + 1)

    @property
    def width(self) -> int:
        """Return the number of features.

        They are COLUMNS, and per voice its previous pitch, its pitch and its age.
        """
        return len(COLUMNS) + 3 * self.voices + self.plan.columns

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Return the voices in the order in which an event has them."""
        return voice_order(self.voices, outer_first=self.outer_first)

    @property
    def pitch_features(self) -> list[int]:
        """Return the feature columns that hold pitches."""
        return [g.LAST, g.ABOVE, g.BELOW, *range(len(COLUMNS), len(COLUMNS) + 2 * self.voices)]

    def grammar(self) -> VoiceGrammar:
        """Return the grammar of this tokenizer's order of tokens."""
        return self._grammar

    @cached_property
    def _grammar(self) -> VoiceGrammar:
        return VoiceGrammar(self.layout, self.order, self.repeated_notes)

    def is_pitch(self, ids: np.ndarray) -> np.ndarray:
        """Return which tokens stand for a pitch."""
        return (ids >= NOTE) & (ids < CONTINUE)

    def event_ids(self, piece: Piece) -> list[int]:
        """Return the tokens of all events: one per voice, then the duration."""
        ids: list[int] = []
        previous = (NONE,) * self.voices
        for event, end in zip(self._events(piece), self._event_ends(piece), strict=True):
            for voice in self.order:
                before, now = previous[voice], event.pitches[voice]
                if now == before and not event.struck[voice]:
                    ids.append(CONTINUE)
                else:
                    ids.append(REST if now == NONE else NOTE + now)
            ids.append(end)
            previous = event.pitches
        return ids

    def struck_notes(self, piece: Piece) -> list[StruckNote]:
        """Return the token of each struck note; see `Tokenizer.struck_notes`."""
        struck, row, now = [], HEADER, Fraction(0)
        for event in self._events(piece):
            for place, voice in enumerate(self.order):
                if event.struck[voice] and event.pitches[voice] != NONE:
                    struck.append(StruckNote(row + place, now, event.pitches[voice], voice))
            row, now = row + self.voices + 1, now + event.duration
        return struck

    def _events(self, piece: Piece) -> list[VoiceEvent]:
        return voice_events(piece, self.voices, self.frame, repeated_notes=self.repeated_notes)

    def lengths(self, piece: Piece) -> list[Fraction]:
        """Return the duration of each event of a piece."""
        return [event.duration for event in self._events(piece)]

    def decode(self, ids: np.ndarray) -> Piece:
        """Return the piece of tokens, up to the first end, with one part per voice."""
        notes: list[Note] = []
        sounding: dict[int, tuple[int, Fraction]] = {}  # voice → its pitch, since when
        fermatas: list[Fraction] = []
        ends: list[Fraction] = []
        now = Fraction(0)
        for event in self.voice_events(ids):
            for voice, (pitch, struck) in enumerate(zip(event.pitches, event.struck, strict=True)):
                if voice in sounding and (struck or pitch == NONE):
                    old, onset = sounding.pop(voice)
                    notes.append(Note(onset, now - onset, old, part=voice))
                if struck:
                    sounding[voice] = (pitch, now)
            if event.ends_phrase and sounding:
                fermatas.append(sounding[min(sounding)][1])  # the onset of the highest voice
            now += event.duration
            ends += [now] if event.ends_phrase else []
        notes += [
            Note(onset, now - onset, pitch, part=voice)
            for voice, (pitch, onset) in sounding.items()
        ]
        return Piece(
            Notes(notes),
            length=now,
            parts=self.parts or (Part(),) * self.voices,
            fermatas=tuple(fermatas),
            phrase_ends=tuple(ends),
            **self.header_fields(ids),
        )

    def decode_events(self, ids: np.ndarray) -> list[Event]:
        """Return the chords of all voices together; a voice that continues holds its note.

        Raises
        ------
        ValueError
            For an unknown duration.
        """
        events = []
        for pitches, struck, duration, _ in self.voice_events(ids):
            fresh = {pitch for pitch, new in zip(pitches, struck, strict=True) if new}
            chord = set(pitches) - {NONE}
            events.append(Event(tuple(sorted(chord)), duration, tuple(sorted(chord - fresh))))
        return events

    def voice_events(self, ids: np.ndarray) -> list[VoiceEvent]:
        """Return the complete events of tokens, up to the first end.

        Raises
        ------
        ValueError
            For an unknown duration.
        """
        events: list[VoiceEvent] = []
        previous: tuple[int, ...] = (NONE,) * self.voices
        pitches: list[int] = []
        struck: list[bool] = []
        place = np.argsort(self.order).tolist()  # of each voice in the order of the tokens
        for token in np.ravel(ids)[HEADER:].tolist():
            if token == END:
                break
            if token == UNKNOWN:
                raise ValueError("cannot decode an unknown duration")
            if NOTE <= token <= REST and len(pitches) < self.voices:
                struck.append(token < CONTINUE)
                pitches.append(_pitch_after(token, previous[self.order[len(pitches)]]))
            elif self.layout.duration <= token < self.layout.bar:
                duration, ends_phrase = self.duration_of(token)
                previous = tuple(pitches[i] for i in place)
                strikes = tuple(struck[i] for i in place)
                events.append(VoiceEvent(previous, strikes, duration, ends_phrase))
                pitches, struck = [], []
        return events

    def input_features(
        self, features: Any, xp: Any = np, *, repeats: bool = True
    ) -> list[tuple[Any, int]]:
        """Return the features as categories; see `note_features.input_features`.

        The last ones are the ages of the voices: how long each has not changed.
        """
        slots = 2 * self.voices
        numbers = note_features.input_features(
            self.layout,
            features,
            xp,
            places=self.places,
            repeats=repeats,
            slots=slots,
            notes=CONTINUE,
        )
        ages = range(len(COLUMNS) + slots, len(COLUMNS) + 3 * self.voices)
        return numbers + [(features[..., column], len(VOICE_AGES) + 1) for column in ages]

    def parallels(self, features: Any, xp: Any = np) -> Any:
        """Return the class of every pitch as the next note; see `parallels.parallels`."""
        return parallels(features, self.order, xp)

    def max_rows(self, events: int, prompt: int = 0) -> int:
        """Return the rows of `events` events; the header counts as one event."""
        return HEADER + (events - 1) * (self.voices + 1)

    def _table(self) -> dict[str, Any]:
        parts = [[part.name, part.program, part.is_drum] for part in self.parts]
        return {
            **super()._table(),
            "frame": str(self.frame),
            "voices": self.voices,
            "repeated_notes": self.repeated_notes,
            "parts": parts,
            **({"outer_first": True} if self.outer_first else {}),
        }

    @classmethod
    def from_json(cls, text: str) -> VoiceTokenizer:
        """Read what `to_json` wrote; ValueError, TypeError or KeyError for other text."""
        table = json.loads(text)
        parts = tuple(Part(*part) for part in table["parts"])
        return cls(
            *cls._lengths(table),
            Fraction(table["frame"]),
            int(table["voices"]),
            bool(table["repeated_notes"]),
            parts,
            bool(table.get("outer_first", False)),
            **cls._options(table),
        )


def _pitch_after(token: int, before: int) -> int:
    if token == CONTINUE:
        return before
    return NONE if token == REST else token - NOTE


def usual_parts(pieces: Sequence[Piece], voices: int) -> tuple[Part, ...]:
    """Return the most frequent name and instrument of each part."""
    parts = []
    for voice in range(voices):
        counts = Counter(piece.parts[voice] for piece in pieces if voice < len(piece.parts))
        parts.append(counts.most_common(1)[0][0] if counts else Part())
    return tuple(parts)


# ---------------------------------------------------------------------- the grid


def grid_of(piece: Piece, voices: int, frame: Fraction) -> list[tuple[int, ...]]:
    """Return the pitch of each voice at every step of the grid; NONE for a rest.

    Where a part has several notes at once, the highest is taken. Further parts are left out.
    """
    return [tuple(row) for row in sampled_grid(piece, voices, frame)[0].tolist()]


def sampled_grid(piece: Piece, voices: int, frame: Fraction) -> tuple[np.ndarray, np.ndarray]:
    """Return the pitches ``(steps, N)`` int, and whether they are struck, bool.

    Where a part has several notes at once, the highest is taken.
    """
    steps = int(-(-piece.length // frame))
    pitches, struck = np.full((steps, voices), NONE, np.int64), np.zeros((steps, voices), bool)
    notes, scale = piece.notes, frame * piece.notes.divisions
    # In the order of pitch, higher notes overwrite lower ones.
    for index in np.argsort(notes.pitch, kind="stable").tolist():
        part = int(notes.part[index])
        first, stop = (int(-(-int(edge[index]) // scale)) for edge in (notes.onset, notes.end))
        if part < voices and first < stop:
            pitches[first:stop, part] = notes.pitch[index]
            struck[first:stop, part] = False
            struck[first, part] = True
    return pitches, struck


def voice_events(
    piece: Piece, voices: int, frame: Fraction, *, repeated_notes: bool
) -> list[VoiceEvent]:
    """Return one event per change on the grid.

    With `repeated_notes`, a voice that strikes its pitch again counts as a change, too.
    """
    events: list[VoiceEvent] = []
    previous = (NONE,) * voices
    for row, strikes in zip(
        *(table.tolist() for table in sampled_grid(piece, voices, frame)), strict=True
    ):
        pitches = tuple(row)
        struck = tuple(
            now != NONE and (now != before or (repeated_notes and strike))
            for before, now, strike in zip(previous, pitches, strikes, strict=True)
        )
        if events and pitches == previous and not any(struck):
            events[-1] = events[-1]._replace(duration=events[-1].duration + frame)
        else:
            events.append(VoiceEvent(pitches, struck, frame))
        previous = pitches
    return events
