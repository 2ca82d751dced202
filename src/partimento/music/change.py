"""Describe how some bars of a score are composed anew, note by note.

A change states all that a writer needs to copy the rest of a file as it is.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from partimento.music.notes import Note, Notes
from partimento.music.piece import Piece
from partimento.short_repr import short_repr

EDIT = "fill"  # the name of the edit of `ScoreReference`


@short_repr
@dataclass(frozen=True, eq=False)
class Change:
    """Replace the notes of some parts that begin within a span of time.

    Attributes
    ----------
    begin, end : Fraction
        The span in quarters. Where it begins at the end of the piece, the piece is continued.
    parts : tuple of int
        The parts whose notes are replaced.
    notes : Notes
        The new notes.
    kept : frozenset of (Fraction, int, int)
        Onset, pitch and part of the notes that begin in the span and stay, as they sound on after
        it.
    length : Fraction
        The length of the piece afterwards.
    fermatas : tuple of Fraction
        The fermatas of the span afterwards.
    """

    begin: Fraction
    end: Fraction
    parts: tuple[int, ...]
    notes: Notes
    kept: frozenset[tuple[Fraction, int, int]]
    length: Fraction
    fermatas: tuple[Fraction, ...] = ()

    def replaced(self, notes: Notes) -> np.ndarray:
        """Return which of the notes are replaced: (N,) bool."""
        grid = notes.divisions
        first, stop = self.begin * grid, self.end * grid
        mask = np.isin(notes.part, self.parts) & (notes.onset >= math.ceil(first))
        mask &= notes.onset < math.ceil(stop)
        for i in np.flatnonzero(mask).tolist():
            place = (Fraction(int(notes.onset[i]), grid), int(notes.pitch[i]), int(notes.part[i]))
            mask[i] = place not in self.kept
        return mask

    def applied(self, piece: Piece) -> Piece:
        """Return a piece with the new notes and fermatas; everything else stays."""
        old = piece.notes.select(~self.replaced(piece.notes))
        notes = _joined(old, self.notes)
        outside = [time for time in piece.fermatas if not self.begin <= time < self.end]
        return piece.replace(
            notes=notes,
            length=self.length,
            fermatas=tuple(sorted({*outside, *self.fermatas})),
        )

    def to_text(self) -> str:
        """Return the change as one line of JSON."""
        return json.dumps(
            {
                "begin": str(self.begin),
                "end": str(self.end),
                "parts": list(self.parts),
                "divisions": self.notes.divisions,
                "notes": {name: getattr(self.notes, name).tolist() for name in Notes.COLUMNS},
                "kept": sorted([str(onset), pitch, part] for onset, pitch, part in self.kept),
                "length": str(self.length),
                "fermatas": [str(time) for time in self.fermatas],
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_text(cls, text: str) -> Change:
        """Read the result of `to_text`.

        Raises
        ------
        ValueError, TypeError, LookupError
            For any other text.
        """
        values: Mapping[str, Any] = json.loads(text)
        columns = {name: np.array(values["notes"][name], np.int64) for name in Notes.COLUMNS}
        return cls(
            Fraction(values["begin"]),
            Fraction(values["end"]),
            tuple(int(part) for part in values["parts"]),
            Notes.from_columns(int(values["divisions"]), **columns),
            frozenset((Fraction(onset), int(p), int(part)) for onset, p, part in values["kept"]),
            Fraction(values["length"]),
            tuple(Fraction(time) for time in values["fermatas"]),
        )


def changes_between(before: Piece, after: Piece) -> list[Change] | None:
    """Return the changes of whole bars that lead from a piece to another one.

    Notes that sound over the ends of these bars stay. Parts that change in the same bars share a
    change.

    Parameters
    ----------
    before, after : Piece
        They have the same bars and parts.

    Returns
    -------
    list of Change or None
        None if the pieces differ in more than notes without grace notes.
    """
    if before.length != after.length or len(before.parts) != len(after.parts):
        return None
    bars = before.bars()
    starts = [bar.onset for bar in bars]
    rows = [Counter(_row(note) for note in piece.notes) for piece in (before, after)]
    differing = (rows[0] - rows[1]) + (rows[1] - rows[0])
    if any(row.grace for row in differing):
        return None
    spans: dict[tuple[int, int], list[int]] = {}  # first and last bar → parts
    for part in range(len(before.parts)):
        own = [row for row in differing if row.part == part]
        touched = [
            (bisect_right(starts, row.onset) - 1, bisect_left(starts, row.end) - 1) for row in own
        ]
        for span in _merged(touched):
            spans.setdefault(span, []).append(part)
    changes = []
    for (first, last), parts in sorted(spans.items()):
        begin, end = starts[first], bars[last].onset + bars[last].duration
        inside = [n for n in after.notes if n.part in parts and begin <= n.onset < end]
        over = [n for n in inside if n.end > end or n.grace]
        kept = frozenset((n.onset, n.pitch, n.part) for n in over)
        notes = Notes([n for n in inside if (n.onset, n.pitch, n.part) not in kept])
        held = tuple(time for time in after.fermatas if begin <= time < end)
        changes.append(Change(begin, end, tuple(parts), notes, kept, after.length, held))
    return changes


def _row(note: Note) -> Note:
    """Return a note without what may differ: voice, velocity, string and fret."""
    return Note(note.onset, note.duration, note.pitch, part=note.part, grace=note.grace)


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans of bars that overlap."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted((first, max(first, last)) for first, last in spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _joined(first: Notes, second: Notes) -> Notes:
    """Return the notes of both, on a grid that fits both."""
    divisions = math.lcm(first.divisions, second.divisions)
    columns: dict[str, np.ndarray] = {}
    for name in Notes.COLUMNS:
        rows = []
        for notes in (first, second):
            scale = divisions // notes.divisions if name in ("onset", "duration") else 1
            rows.append(getattr(notes, name).astype(np.int64) * scale)
        columns[name] = np.concatenate(rows)
    order = np.lexsort((columns["pitch"], columns["part"], columns["onset"]))
    return Notes.from_columns(divisions, **{name: row[order] for name, row in columns.items()})
