"""Tokenize voices as a grid: one row per step, one cell per voice.

A cell is a rest, the pitch of a note, or HOLD where the note or rest of the step before goes on.
Without HOLD (`tokens.hold`), each step of a note has its pitch, and repeated notes are tied.

A model of a grid predicts cells from cells on all sides. It never predicts the rest of a row: a
last field marks fermatas, and a header states meter, pickup and key. The context array ``features``
spells this out for every step (`grid_facts`).

Shapes: S rows of a piece, header included; T steps; N voices; V ids of a cell.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from partimento.errors import PartimentoError
from partimento.music.events import Event
from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.music.timelines import Key, Meter, Part
from partimento.short_repr import short_repr
from partimento.tokens.base import DEFAULT_SETTINGS, StruckNote, SymbolCosts, Tokens
from partimento.tokens.event_tokens import INFORMED, PHRASES_KNOWN, final_key
from partimento.tokens.grid_facts import FERMATA_COLUMN, NOT_KNOWN, grid_facts, on_beat
from partimento.tokens.grid_grammar import FERMATA, FIRST_PITCH, HEADER, HOLD, REST, GridGrammar
from partimento.tokens.note_grammar import NONE
from partimento.tokens.settings import TokenSettings
from partimento.tokens.vocabulary import END, SPECIAL, START, UNKNOWN, Vocabulary
from partimento.tokens.voices import MAX_VOICES, SIXTEENTH, sampled_grid, usual_parts

MAX_PITCH = 127
NO_KEY = 24  # the number of the key of a piece that declares none
FEATURES = "features"


@short_repr
@dataclass(frozen=True)
class GridTokenizer:
    """Turn the voices of a piece into a grid of cells and back.

    A row has one field per voice and one for marks. Row 0 is the start; the mark of row 1 is the
    meter, of row 2 the pickup, of row 3 the key. All fields of the last row are END.

    Attributes
    ----------
    low, high : int
        The lowest and the highest MIDI pitch with an id.
    frame : Fraction
        Quarters per step.
    voices : int
        N; further parts of a piece are left out.
    holds : bool
        Whether cells hold (HOLD). If not, cells do not say whether a note is struck again.
    repeats : bool
        Whether notes can be repeated. Without HOLD, a note that goes on is then struck again when
        the first voice begins a note on a beat, as in a hymn.
    meters : Vocabulary of str
        Meters of the training pieces, such as ``"3/4"``.
    pickups : Vocabulary of Fraction
        Pickups of the training pieces, in quarters.
    parts : tuple of Part
        The most frequent name and instrument of each voice in training.
    """

    low: int
    high: int
    frame: Fraction
    voices: int
    holds: bool
    repeats: bool
    meters: Vocabulary[str]
    pickups: Vocabulary[Fraction]
    parts: tuple[Part, ...]
    name: ClassVar[str] = "grid"
    header_rows: ClassVar[int] = HEADER
    states_mode: ClassVar[bool] = True

    @classmethod
    def fit(
        cls,
        pieces: Iterable[Piece],
        settings: TokenSettings | None = None,
        *,
        shifts: Sequence[Sequence[int]] | None = None,
    ) -> GridTokenizer:
        """Fit the range, the voices and the header to training pieces.

        See `Tokenizer.fit`.

        Raises
        ------
        PartimentoError
            If a piece has more than eight parts.
        """
        pieces, settings = list(pieces), settings or DEFAULT_SETTINGS
        voices = max(len(piece.parts) for piece in pieces)
        if voices > MAX_VOICES:
            raise PartimentoError(
                f"a piece has {voices} parts: a grid is for at most {MAX_VOICES} parts with one"
                " note at a time"
            )
        moved = shifts or [(0,)] * len(pieces)
        rows = list(zip(pieces, moved, strict=True))
        low = min(
            (int(p.notes.pitch.min()) + min(own) for p, own in rows if len(p.notes)), default=1
        )
        high = max(
            (int(p.notes.pitch.max()) + max(own) for p, own in rows if len(p.notes)), default=0
        )
        return cls(
            max(settings.low or low, 0),
            min(settings.high or high, MAX_PITCH),
            Fraction(settings.frame or SIXTEENTH),
            voices,
            settings.hold,
            settings.repeated_notes,
            Vocabulary.from_symbols([_meter_name(piece) for piece in pieces]),
            Vocabulary.from_symbols([p.pickup for p in pieces], always=[Fraction(0)]),
            usual_parts(pieces, voices),
        )

    # ------------------------------------------------------------------ vocabulary

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the fields: the voices, and the marks."""
        return (*(f"voice {number}" for number in range(1, self.voices + 1)), "mark")

    @property
    def cells(self) -> int:
        """Return V, the number of ids of a cell."""
        return FIRST_PITCH + self.high - self.low + 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the number of ids of each field, without those of the header."""
        return (self.cells,) * self.voices + (FERMATA + 1,)

    @property
    def header_nats(self) -> float:
        """Return the nats of a header, with all known ones equally likely."""
        return math.log((NO_KEY + 1) * len(self.meters.symbols) * len(self.pickups.symbols))

    @property
    def is_empty(self) -> bool:
        """Return True if there is no pitch."""
        return self.high < self.low

    @property
    def grid(self) -> int:
        """Return the steps per quarter in which durations are counted."""
        return self.frame.denominator

    def grammar(self) -> GridGrammar:
        """Return the grammar of the rows."""
        return GridGrammar(self.voices, self.cells, self.holds, self.frame.numerator)

    def pitch_ids(self, pitches: np.ndarray) -> np.ndarray:
        """Return the ids of MIDI pitches; REST for NONE, UNKNOWN outside the range."""
        ids = np.where(
            (pitches >= self.low) & (pitches <= self.high),
            pitches - self.low + FIRST_PITCH,
            UNKNOWN,
        )
        return np.where(pitches == NONE, REST, ids)

    def pitches_of(self, field: int) -> np.ndarray:
        """Return ``(V, 128)`` bool: True at the pitch of each id that has one."""
        table = np.zeros((self.sizes[field], 128), bool)
        if field < self.voices:
            pitches = np.arange(self.low, self.high + 1)
            table[FIRST_PITCH + pitches - self.low, pitches] = True
        return table

    # ------------------------------------------------------------------ pieces → rows

    def encode(self, piece: Piece) -> Tokens:
        """Tokenize a piece."""
        ids = self.encode_ids(piece)
        return Tokens(ids, {FEATURES: self.facts(ids)})

    def encode_all(self, pieces: Sequence[Piece]) -> list[Tokens]:
        """Tokenize several pieces."""
        return [self.encode(piece) for piece in pieces]

    def encode_ids(self, piece: Piece) -> np.ndarray:
        """Return the rows of a piece, ``(S, N + 1)`` int32."""
        pitches, struck = sampled_grid(piece, self.voices, self.frame)
        rests = pitches == NONE
        before = np.concatenate([np.full_like(pitches[:1], -1), pitches[:-1]])
        goes_on = (pitches == before) & (rests | ~struck | (not self.repeats))
        cells = np.where(goes_on & self.holds, HOLD, self.pitch_ids(pitches))
        marks = np.full((len(cells), 1), SPECIAL)
        for time in piece.fermatas:
            if time < piece.length:
                marks[int(time // self.frame)] = FERMATA
        key = _key_number(piece.keys[0]) if piece.keys and piece.keys[0].onset == 0 else NO_KEY
        header = self.header(_meter_name(piece), piece.pickup, key)
        end = np.full((1, self.voices + 1), END)
        rows = np.concatenate([header, np.concatenate([cells, marks], axis=1), end])
        return rows.astype(np.int32)

    def header(self, meter: str, pickup: Fraction, key: int) -> np.ndarray:
        """Return the rows before the first step, ``(4, N + 1)``."""
        rows = np.full((HEADER, self.voices + 1), START)
        rows[1:, -1] = [
            self.meters[meter],
            self.pickups[pickup],
            SPECIAL + key,
        ]
        return rows

    def facts(self, ids: np.ndarray) -> np.ndarray:
        """Return what is known of each row besides its cells; see `grid_facts`."""
        meter, pickup, key = self._header_of(ids)
        return grid_facts(
            ids[:, -1],
            frame=self.frame,
            bar=_meter_of(meter).bar_ql,
            pickup=pickup,
            key=key,
        )

    def struck_notes(self, piece: Piece) -> list[StruckNote]:
        """Return the row of each struck note."""
        pitches, struck = sampled_grid(piece, self.voices, self.frame)
        if not (self.holds and self.repeats):
            struck = _changes(pitches) & (pitches != NONE)
        return [
            StruckNote(HEADER + step, step * self.frame, int(pitches[step, voice]), voice)
            for step, voice in np.argwhere(struck).tolist()
        ]

    def transposed(self, piece: Piece, tokens: Tokens, shifts: Sequence[int]) -> Iterator[Tokens]:
        """Yield the tokens of `piece` transposed by each of `shifts` semitones.

        Some copies state the key in which the piece ends, and some do not know their fermatas. The
        choice is pseudorandom, and the same in every run.
        """
        ids, voices = tokens.ids, self.voices
        rng = np.random.default_rng([len(ids), zlib.crc32(ids.tobytes())])
        final = _key_number(final_key(piece))
        for shift in shifts:
            moved = ids.copy()
            cells = moved[:, :voices]
            pitched = cells >= FIRST_PITCH
            shifted = np.where(pitched, cells + shift, cells)
            outside = pitched & ((shifted < FIRST_PITCH) | (shifted >= self.cells))
            moved[:, :voices] = np.where(outside, UNKNOWN, shifted)
            states_key, marks_known = rng.random(2) < (INFORMED, PHRASES_KNOWN)
            key = final if states_key else int(ids[HEADER - 1, -1]) - SPECIAL
            moved[HEADER - 1, -1] = SPECIAL + _moved_key(key, shift)
            facts = self.facts(moved)
            if not marks_known:
                facts[facts[:, FERMATA_COLUMN] > 0, FERMATA_COLUMN] = NOT_KNOWN
            yield Tokens(moved, {FEATURES: facts})

    # ------------------------------------------------------------------ rows → pieces

    def cells_of(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the grid that rows describe, up to the first end.

        Returns
        -------
        pitches : (T, N) int
            NONE for a rest.
        struck : (T, N) bool
        marks : (T,) int
        """
        rows = np.asarray(ids)[HEADER:]
        stops = np.flatnonzero((rows[:, 0] == END) | (rows[:, 0] < END))
        rows = rows[: stops[0]] if len(stops) else rows
        cells = rows[:, : self.voices]
        pitches = np.where(cells >= FIRST_PITCH, cells - FIRST_PITCH + self.low, NONE)
        changed = (cells != HOLD) if self.holds else _changes(pitches)
        # The last step at which each voice changed has the pitch of all steps up to the next.
        steps = np.where(changed, np.arange(len(cells))[:, None], 0)
        steps = np.maximum.accumulate(steps, axis=0) if len(steps) else steps
        pitches = np.take_along_axis(pitches, steps, axis=0)
        if self.repeats and not self.holds and len(rows):
            facts = self.facts(np.asarray(ids)[: HEADER + len(rows)])[HEADER:]
            changed |= (changed[:, :1] & on_beat(facts)[:, None]) & (pitches != NONE)
        return pitches, changed & (pitches != NONE), rows[:, -1]

    def decode(self, ids: np.ndarray) -> Piece:
        """Return the piece that rows describe, with one part per voice."""
        pitches, struck, marks = self.cells_of(ids)
        frame, notes = self.frame, []
        edges = struck | _changes(pitches)
        ends: dict[tuple[int, int], int] = {}
        for voice in range(self.voices):
            starts = [*np.flatnonzero(edges[:, voice]).tolist(), len(pitches)]
            for start, stop in pairwise(starts):
                ends[start, voice] = stop
                pitch = int(pitches[start, voice])
                if pitch != NONE:
                    notes.append(Note(start * frame, (stop - start) * frame, pitch, part=voice))
        fermatas = np.flatnonzero(marks == FERMATA).tolist()
        phrases = {min((ends[s, v] for v in range(self.voices) if (s, v) in ends), default=s + 1)
                   for s in fermatas}  # fmt: skip
        meter, pickup, key = self._header_of(np.asarray(ids))
        return Piece(
            Notes(notes),
            length=len(pitches) * frame,
            meters=(_meter_of(meter),),
            pickup=pickup,
            keys=() if key == NO_KEY else (_key_of(key),),
            parts=self.parts or (Part(),) * self.voices,
            fermatas=tuple(step * frame for step in fermatas),
            phrase_ends=tuple(sorted(step * frame for step in phrases)),
        )

    def _header_of(self, ids: np.ndarray) -> tuple[str, Fraction, int]:
        """Return the meter, the pickup and the number of the key that a header states."""
        marks = [int(mark) - SPECIAL for mark in ids[1:HEADER, -1]]
        meter = self.meters.symbols[marks[0]] if marks and marks[0] >= 0 else "4/4"
        pickup = self.pickups.symbols[marks[1]] if len(marks) > 1 and marks[1] >= 0 else Fraction(0)
        key = marks[2] if len(marks) > 2 and marks[2] >= 0 else NO_KEY
        return meter, pickup, key

    def decode_events(self, ids: np.ndarray) -> list[Event]:
        """Return the chords of all voices together; an event begins where a voice changes."""
        pitches, struck, _ = self.cells_of(ids)
        starts = [*np.flatnonzero(self._begins(pitches, struck)).tolist(), len(pitches)]
        events = []
        for start, stop in pairwise(starts):
            row, new = pitches[start], struck[start]
            chord, fresh = set(row.tolist()) - {NONE}, set(row[new].tolist())
            events.append(
                Event(
                    tuple(sorted(chord)),
                    (stop - start) * self.frame,
                    tuple(sorted(chord - fresh)),
                )
            )
        return events

    @staticmethod
    def _begins(pitches: np.ndarray, struck: np.ndarray) -> np.ndarray:
        """Return the steps ``(T,)`` bool at which any voice changes."""
        return np.asarray((struck | _changes(pitches)).any(axis=1))

    # ------------------------------------------------------------------ prompts and counts

    def max_rows(self, events: int, prompt: int = 0) -> int:
        """Return the rows of `events` events of at most a whole note each."""
        return prompt + HEADER + events * int(-(-4 // self.frame))

    def prompt(self, ids: np.ndarray, events: int) -> np.ndarray:
        """Return the header and at most `events` events, up to the first unknown pitch."""
        pitches, struck, _ = self.cells_of(ids)
        starts = [*np.flatnonzero(self._begins(pitches, struck)).tolist(), len(pitches)]
        stop = starts[min(events, len(starts) - 1)] if events else 0
        unknown = np.flatnonzero((ids[HEADER:, : self.voices] == UNKNOWN).any(axis=1))
        return ids[: HEADER + min([stop, *unknown[:1].tolist()])]

    def in_key(self, ids: np.ndarray, key: Key) -> np.ndarray:
        """Return the rows with another key in their header."""
        moved = np.array(ids)
        if len(moved) >= HEADER:
            moved[HEADER - 1, -1] = SPECIAL + _key_number(key)
        return moved

    def events_in(self, ids: np.ndarray) -> int:
        """Count the events of rows; the end of a piece counts as one."""
        rows = np.asarray(ids)[..., : self.voices].reshape(-1, self.voices)
        real = (rows >= UNKNOWN).all(axis=1)
        changed = _changes(rows).any(axis=1)
        # Without HOLD, repeated notes are no events of the cells.
        begins = (rows != HOLD).any(axis=1) if self.holds else changed
        return int(np.count_nonzero(real & begins) + np.count_nonzero(rows[:, 0] == END))

    def chord_numbers(self, ids: np.ndarray) -> np.ndarray:
        """Return one integer per event, the same for the same chord."""
        chords = [bytes(event.chord) for event in self.decode_events(ids)]
        return np.array([SPECIAL + zlib.crc32(chord) for chord in chords], np.int64)

    def missing_cost(self, piece: Piece, costs: SymbolCosts, tokens: Tokens | None = None) -> float:
        """Return the nats of the notes whose pitch has no id."""
        struck = self.struck_notes(piece)
        outside = [note for note in struck if not self.low <= note.pitch <= self.high]
        return sum((costs.chord(Event((note.pitch,), Fraction(1), ())) for note in outside), 0.0)

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> str:
        """Write the vocabularies as readable JSON."""
        table: dict[str, Any] = {
            "tokenizer": self.name,
            "low": self.low,
            "high": self.high,
            "frame": str(self.frame),
            "voices": self.voices,
            "holds": self.holds,
            "repeats": self.repeats,
            "meters": list(self.meters.symbols),
            "pickups": [str(length) for length in self.pickups.symbols],
            "parts": [[part.name, part.program, part.is_drum] for part in self.parts],
        }
        return json.dumps(table, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> GridTokenizer:
        """Read what `to_json` wrote; ValueError, TypeError or KeyError for other text."""
        table = json.loads(text)
        return cls(
            int(table["low"]),
            int(table["high"]),
            Fraction(table["frame"]),
            int(table["voices"]),
            bool(table["holds"]),
            bool(table.get("repeats", False)),
            Vocabulary(tuple(str(meter) for meter in table["meters"])),
            Vocabulary(tuple(Fraction(length) for length in table["pickups"])),
            tuple(Part(*part) for part in table["parts"]),
        )


def _changes(values: np.ndarray) -> np.ndarray:
    """Return where rows ``(T, N)`` differ from the row before; True in the first row."""
    changed = np.ones(values.shape, bool)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _meter_name(piece: Piece) -> str:
    meter = piece.first_meter
    return f"{meter.numerator}/{meter.denominator}"


def _meter_of(name: str) -> Meter:
    numerator, denominator = name.split("/")
    return Meter(int(numerator), int(denominator))


def _key_number(key: Key) -> int:
    return key.tonic + 12 * (key.mode == "minor")


def _key_of(number: int) -> Key:
    return Key.from_tonic(number % 12, "minor" if number >= 12 else "major")


def _moved_key(number: int, semitones: int) -> int:
    return number if number == NO_KEY else (number + semitones) % 12 + 12 * (number // 12)
