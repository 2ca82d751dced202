"""Keep given notes: a melody, a bass, any voices, any bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from partimento.errors import PartimentoError, no_such
from partimento.generate.constraints.base import (
    PITCHES,
    Constraint,
    Finding,
    Scene,
    Sounding,
    notes_in,
    parse_pitch,
    parse_time,
    set_values,
)
from partimento.generate.constraints.timetable import FREE, HOLD, NEW, SILENT, Timetable
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

Others = Literal["free", "below", "above", "none"]
OTHERS: tuple[Others, ...] = ("free", "below", "above", "none")
PITCH = np.arange(PITCHES)


@short_repr
class FixedNote(NamedTuple):
    """A note that is kept.

    Attributes
    ----------
    onset, duration : Fraction
        In quarters.
    pitch : int
    part : int
        The index of its part: 0 is the highest voice.
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    part: int = 0


@short_repr
@dataclass(frozen=True)
class FixedNotes(Constraint):
    """Keep notes exactly, and compose the rest around them.

    Parameters
    ----------
    notes : sequence of FixedNote
        Onset and duration in quarters, pitch, and part.
    spans : sequence of (Fraction, Fraction)
        The times, in quarters, at which the notes are kept: by default the whole piece. Notes that
        begin earlier or end later are kept within.
    parts : sequence of int
        The parts that are kept, with their rests; by default those of the notes. A model that
        writes no voices knows no parts: it may add notes, as `others` says.
    others : str
        Which notes may be added by a model without voices: ``free``, ``below`` the kept notes (a
        melody), ``above`` them (a bass), or ``none``. With ``none`` no other note sounds, in a
        model of voices neither.

    Examples
    --------
    >>> FixedNotes([(0, 1, "C5", 0), (1, "1/2", "D5", 0)], others="below").demand
    '2 fixed notes, others below'
    """

    needs_bars = True
    notes: Annotated[
        Sequence[tuple[Fraction | int | str, Fraction | int | str, int | str, int]],
        Field(description="Onset and duration in quarters, pitch and part of each note."),
    ]
    spans: Annotated[
        Sequence[tuple[Fraction | int | str, Fraction | int | str]],
        Field(description="Times in quarters at which the notes are kept."),
    ] = ()
    parts: Annotated[Sequence[int], Field(description="The parts that are kept.")] = ()
    others: Annotated[Others, Field(description="Which other notes may sound.")] = "free"

    def __post_init__(self) -> None:
        notes = []
        for onset, duration, pitch, part in self.notes:
            note = FixedNote(
                parse_time(onset, "an onset"),
                parse_time(duration, "a duration"),
                parse_pitch(pitch),
                int(part),
            )
            if note.onset < 0 or note.duration <= 0 or note.part < 0:
                raise PartimentoError(f"a fixed note needs a time and a duration: {tuple(note)}")
            notes.append(note)
        spans = tuple((parse_time(a, "a time"), parse_time(b, "a time")) for a, b in self.spans)
        if any(begin >= end for begin, end in spans):
            raise PartimentoError("a span of fixed notes must end after it begins")
        if self.others not in OTHERS:
            raise PartimentoError(no_such(self.others, OTHERS, "choice of other notes"))
        parts = tuple(sorted({*self.parts} or {note.part for note in notes}))
        set_values(self, notes=tuple(sorted(notes)), spans=spans, parts=parts)

    @classmethod
    def of(
        cls,
        piece: Piece,
        *,
        parts: Sequence[int] | None = None,
        spans: Sequence[tuple[Fraction, Fraction]] = (),
        others: Others = "free",
    ) -> FixedNotes:
        """Return the notes of a piece as fixed notes.

        Parameters
        ----------
        piece : Piece
        parts : sequence of int, optional
            By default all parts.
        spans : sequence of (Fraction, Fraction)
            By default the whole piece.
        others : str
        """
        notes = piece.notes
        kept = ~piece.drums & (notes.grace == 0)
        if parts is not None:
            kept &= np.isin(notes.part, list(parts))
        columns = (notes.onset[kept], notes.duration[kept], notes.pitch[kept], notes.part[kept])
        rows = zip(*(column.tolist() for column in columns), strict=True)
        grid = notes.divisions
        return cls(
            [(Fraction(a, grid), Fraction(b, grid), pitch, part) for a, b, pitch, part in rows],
            spans,
            range(len(piece.parts)) if parts is None else parts,
            others,
        )

    @property
    def demand(self) -> str:
        """Return the demand in words."""
        more = {"none": ", no others", "free": ""}.get(self.others, f", others {self.others}")
        count = len(self.notes)
        return f"{count:,} fixed note{'s' * (count != 1)}{more}"

    # ------------------------------------------------------------------ narrow

    def _spans(self, scene: Scene, stop: int) -> list[tuple[int, int]]:
        """Return the spans in steps, from where composing begins."""
        if not self.spans:
            ends = [scene.steps(note.onset + note.duration, "a fixed note") for note in self._notes]
            return [(scene.start, min(max([scene.start, *ends]), stop))]
        return [
            (max(scene.steps(Fraction(a), "a span"), scene.start), min(end, stop))
            for a, b in self.spans
            if (end := scene.steps(Fraction(b), "a span")) > scene.start
        ]

    @property
    def _notes(self) -> list[FixedNote]:
        return [note for note in self.notes if isinstance(note, FixedNote)]

    def _steps(self, scene: Scene, stop: int) -> list[tuple[int, int, FixedNote]]:
        """Return begin and end of each note in steps."""
        rows = []
        for note in self._notes:
            begin = scene.steps(note.onset, "a fixed note")
            end = scene.steps(note.onset + note.duration, "a fixed note")
            if end > stop and not self.spans:
                raise PartimentoError(f"{self!r}: a note ends after the piece; use more bars")
            rows.append((begin, end, note))
        return rows

    def narrow(self, table: Timetable, scene: Scene) -> None:
        """Ask for the notes at their times."""
        if table.strikes_again:
            raise PartimentoError("FixedNotes needs a model of events, not of frames")
        rows = self._steps(scene, table.last)
        for begin, end in self._spans(scene, table.last):
            inside = [row for row in rows if row[0] < end and row[1] > begin]
            for first, last, _ in inside:
                for edge in (first, last):
                    if begin <= edge <= end and scene.start <= edge < table.last:
                        table.edge[edge] = True
            if table.kind == "voices":
                self._narrow_voices(table, inside, begin, end)
            else:
                self._narrow_pitches(table, inside, begin, end)

    def _narrow_voices(
        self, table: Timetable, rows: list[tuple[int, int, FixedNote]], begin: int, end: int
    ) -> None:
        count = table.voices.shape[1]
        fixed = range(count) if self.others == "none" else self.parts
        if any(part >= count for part in [*fixed, *self.parts]):
            raise PartimentoError(f"{self!r}: the model writes only {count} voices")
        table.voices[begin:end, list(fixed)] = SILENT
        changes = {begin}
        for first, last, note in rows:
            table.voices[max(first, begin) : min(last, end), note.part] = HOLD
            if begin <= first < end:
                table.voices[first, note.part] = note.pitch
            changes |= {first, last}
            if last == end < table.last and table.voices[last, note.part] == FREE:
                table.voices[last, note.part] = NEW  # the note ends there
        if len(set(fixed)) == count:
            _events_only_at(table, changes, begin, end)

    def _narrow_pitches(
        self, table: Timetable, rows: list[tuple[int, int, FixedNote]], begin: int, end: int
    ) -> None:
        bounds = np.full(end - begin, -1 if self.others == "below" else PITCHES)
        changes = {begin}
        for first, last, note in rows:
            pitch, now, stop = note.pitch, max(first, begin), min(last, end)
            may_begin = bool(table.strike[now, pitch])  # unless another constraint forbids it
            table.must_hold[now:stop, pitch] = True
            table.strike[now:stop, pitch] = False
            if begin <= first < end:
                table.must_hold[first, pitch], table.must_strike[first, pitch] = False, True
                table.strike[first, pitch] = may_begin
            if last < table.last and begin <= last <= end:
                table.hold[last, pitch] = False
            here = slice(now - begin, stop - begin)
            extreme = np.maximum if self.others == "below" else np.minimum
            bounds[here] = extreme(bounds[here], pitch)
            changes |= {first, last}
        if self.others == "none":
            table.strike[begin:end] &= table.must_strike[begin:end]
            table.hold[begin:end] &= table.must_hold[begin:end]
            count = (table.must_strike | table.must_hold)[begin:end].sum(1)
            table.most[begin:end] = np.minimum(table.most[begin:end], count)
            _events_only_at(table, changes, begin, end)
        elif self.others == "below":
            inside = (bounds[:, None] >= PITCH) | (bounds[:, None] < 0)
            _keep(table, inside, begin, end)
        elif self.others == "above":
            inside = (bounds[:, None] <= PITCH) | (bounds[:, None] >= PITCHES)
            _keep(table, inside, begin, end)

    # ------------------------------------------------------------------ check

    def check(self, piece: Piece, scene: Scene) -> Finding:
        """Look for each note, and for others where there may be none."""
        notes = notes_in(piece, scene, all_notes=True)
        scale, stop = notes.grid // scene.grid, int(piece.length * scene.grid)
        has_parts = len(piece.parts) > 1
        rows = self._steps(scene, stop)
        kept = missing = strange = 0
        for begin, end in self._spans(scene, stop):
            expected = {
                (
                    max(a, begin) * scale,
                    min(b * scale, end * scale + 1),
                    n.pitch,
                    n.part if has_parts else 0,
                )
                for a, b, n in rows
                if a < end and b > begin
            }
            found = _within(notes, begin * scale, end * scale, has_parts)
            kept += len(expected & found)
            missing += len(expected - found)
            others = found - expected
            if self.others != "none":
                others = {o for o in others if has_parts and o[3] in self.parts}
                others |= self._on_wrong_side(found - expected, expected, has_parts)
            strange += len(others)
        text = f"{kept} of {kept + missing} notes" + (f", {strange} others" if strange else "")
        return self._finding(text, not missing and not strange)

    def _on_wrong_side(
        self,
        found: set[tuple[int, int, int, int]],
        fixed: set[tuple[int, int, int, int]],
        has_parts: bool,
    ) -> set[tuple[int, int, int, int]]:
        """Return the notes above a melody, or below a bass."""
        if has_parts or self.others not in ("below", "above"):
            return set()
        wrong = set()
        for note in found:
            pitches: list[int] = [f[2] for f in fixed if f[0] < note[1] and f[1] > note[0]]
            if self.others == "below" and pitches and note[2] > max(pitches):
                wrong.add(note)
            if self.others == "above" and pitches and note[2] < min(pitches):
                wrong.add(note)
        return wrong

    def transposed(self, semitones: int) -> FixedNotes:
        """Return the notes moved by `semitones`."""
        if not semitones:
            return self
        return replace(
            self, notes=[note._replace(pitch=note.pitch + semitones) for note in self._notes]
        )


def _within(
    notes: Sounding, begin: int, end: int, has_parts: bool
) -> set[tuple[int, int, int, int]]:
    heard = (notes.onset < end) & (notes.end > begin)
    # A note that goes on beyond the end differs from one that ends there.
    onset, stop = np.maximum(notes.onset[heard], begin), np.minimum(notes.end[heard], end + 1)
    part = notes.part[heard] if has_parts else np.zeros(int(heard.sum()), np.int64)
    columns = (onset.tolist(), stop.tolist(), notes.pitch[heard].tolist(), part.tolist())
    return set(zip(*columns, strict=True))


def _events_only_at(table: Timetable, changes: set[int], begin: int, end: int) -> None:
    inside = np.isin(np.arange(begin, end), list(changes))
    table.event[begin:end] &= inside


def _keep(table: Timetable, inside: np.ndarray, begin: int, end: int) -> None:
    table.strike[begin:end] &= inside
    table.hold[begin:end] &= inside
