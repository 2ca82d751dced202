"""Notes in exact time, stored as integer columns on a stated grid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, overload

import numpy as np

MAX_GRID = 2**31  # steps per quarter: no score is finer


@dataclass(frozen=True, slots=True)
class Note:
    """One sounding note.

    Parameters
    ----------
    onset, duration : Fraction
        In quarter lengths; the duration is positive.
    pitch : int
        MIDI pitch, 0 to 127 (60 is middle C).
    velocity : int
        1 to 127.
    part : int
        Index into `Piece.parts`.
    string, fret : int or None
        The position on a fretted instrument, if a tablature states it. String 1 is the highest.
    grace : bool
        Whether the note is an ornament that takes no written time. Its onset and duration are those
        with which it is played; see `music.grace_placement`.
    voice : int
        The voice within its part, from 0 on. Two voices may sound the same pitch at once. It does
        not count when notes are compared: scores state it, MIDI does not, and layout estimates it.
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    velocity: int = 80
    part: int = 0
    string: int | None = None
    fret: int | None = None
    grace: bool = False
    voice: int = field(default=0, compare=False)

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration


class Notes(Sequence[Note]):
    """A sequence of `Note`, stored in read-only integer columns.

    Notes are sorted by onset, pitch, part and voice. Within a part, voice and pitch they never
    overlap: a new attack ends the old note. Notes of one part, voice, pitch and onset become one
    note, with the longest duration and the highest velocity. Grace notes take no written time:
    they neither end other notes nor are ended by them. The grid is the coarsest one that
    represents every time exactly, so that equal music has equal columns.

    Voices do not count when notes are compared, as for `Note.voice`.

    Attributes
    ----------
    divisions : int
        Steps per quarter.
    onset, duration : (N,) int64
        In steps.
    pitch, velocity, part, string, fret, grace, voice : (N,) int64
        `string` and `fret` are -1 where unknown; `grace` is 0 or 1.
    """

    __slots__ = (
        "divisions",
        "duration",
        "fret",
        "grace",
        "onset",
        "part",
        "pitch",
        "string",
        "velocity",
        "voice",
    )
    COLUMNS = (
        "onset",
        "duration",
        "pitch",
        "velocity",
        "part",
        "string",
        "fret",
        "grace",
        "voice",
    )
    divisions: int
    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    part: np.ndarray
    string: np.ndarray
    fret: np.ndarray
    grace: np.ndarray
    voice: np.ndarray

    def __init__(self, notes: Iterable[Note] = ()) -> None:
        rows = list(notes)
        divisions = math.lcm(1, *{t.denominator for n in rows for t in (n.onset, n.duration)})
        if divisions > MAX_GRID:
            raise ValueError(
                f"these times have no common grid: it would need {divisions} steps per quarter"
            )
        none = -1
        table = [
            (
                int(n.onset * divisions),
                int(n.duration * divisions),
                n.pitch,
                n.velocity,
                n.part,
                none if n.string is None else n.string,
                none if n.fret is None else n.fret,
                int(n.grace),
                n.voice,
            )
            for n in rows
        ]
        columns = np.array(table, np.int64).reshape(-1, len(self.COLUMNS)).T
        self._fill(divisions, columns)

    @classmethod
    def from_columns(
        cls,
        divisions: int,
        onset: np.ndarray,
        duration: np.ndarray,
        pitch: np.ndarray,
        **more: np.ndarray | int,
    ) -> Notes:
        """Build notes from integer columns of equal length.

        Parameters
        ----------
        divisions : int
            Steps per quarter.
        onset, duration, pitch : (N,) int
        **more : (N,) int or int
            The columns velocity, part, string, fret, grace and voice, or one value for all notes.

        Raises
        ------
        ValueError
            If a value is out of range.
        TypeError
            If there is no such column.
        """
        self = cls.__new__(cls)
        self._fill(divisions, cls._columns(onset, duration, pitch, more))
        return self

    @classmethod
    def from_score_columns(
        cls,
        divisions: int,
        onset: np.ndarray,
        duration: np.ndarray,
        pitch: np.ndarray,
        **more: np.ndarray | int,
    ) -> Notes:
        """Build notes in which the voices of a part never sound one pitch together.

        Scores are read so: a unison of two voices is one note. It belongs to the voice in which it
        is longest. All else is as for `from_columns`, and as if each part had one voice.
        """
        self = cls.__new__(cls)
        self._fill(divisions, cls._columns(onset, duration, pitch, more), across_voices=True)
        return self

    @classmethod
    def _columns(
        cls,
        onset: np.ndarray,
        duration: np.ndarray,
        pitch: np.ndarray,
        more: Mapping[str, np.ndarray | int],
    ) -> np.ndarray:
        defaults = {"velocity": 80, "part": 0, "string": -1, "fret": -1, "grace": 0, "voice": 0}
        if unknown := set(more) - set(defaults):
            raise TypeError(f"notes have no column {min(unknown)!r}")
        columns = np.empty((len(cls.COLUMNS), len(onset)), np.int64)
        columns[:3] = onset, duration, pitch
        for row, name in enumerate(cls.COLUMNS[3:], 3):
            columns[row] = more.get(name, defaults[name])
        return columns

    def _fill(self, divisions: int, columns: np.ndarray, *, across_voices: bool = False) -> None:
        if columns.shape[1]:
            _check(divisions, columns)
            if across_voices and columns[-1].any():
                columns = _without_unisons(columns)
            else:
                columns = _without_overlaps(columns[:, _order(columns)])
            common = math.gcd(divisions, int(np.gcd.reduce(columns[:2], axis=None)))
            columns[:2] //= common
        else:
            common = divisions
        columns.flags.writeable = False
        object.__setattr__(self, "divisions", divisions // common)
        for name, column in zip(self.COLUMNS, columns, strict=True):
            object.__setattr__(self, name, column)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("notes are immutable: build new ones")

    def __reduce__(self) -> tuple[Any, ...]:
        return _notes_from_table, (self.divisions, self._table())

    def replace(
        self,
        *,
        divisions: int | None = None,
        keep: np.ndarray | slice | None = None,
        across_voices: bool = False,
        **columns: np.ndarray,
    ) -> Notes:
        """Return notes with some columns changed.

        Parameters
        ----------
        divisions : int, optional
            The steps per quarter of the new onsets and durations.
        keep : (N,) bool or slice, optional
            Which of the changed notes to keep; all by default.
        across_voices : bool
            Whether voices may not share a pitch, as for `from_score_columns`.
        **columns : (N,) int64
            New columns by name.
        """
        rows = slice(None) if keep is None else keep
        table = {name: columns.pop(name, getattr(self, name))[rows] for name in self.COLUMNS}
        build = Notes.from_score_columns if across_voices else Notes.from_columns
        return build(divisions or self.divisions, **table, **columns)

    def select(self, keep: np.ndarray | slice) -> Notes:
        """Return the notes that a mask or a slice of the sorted notes selects."""
        return self.replace(keep=keep)

    def _table(self) -> np.ndarray:
        return np.stack([getattr(self, name) for name in self.COLUMNS])

    @property
    def end(self) -> np.ndarray:
        """The end of each note: (N,) int64, in steps."""
        ends: np.ndarray = self.onset + self.duration
        return ends

    def __len__(self) -> int:
        return len(self.onset)

    @overload
    def __getitem__(self, index: int) -> Note: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Note]: ...
    def __getitem__(self, index: int | slice) -> Note | Sequence[Note]:
        if isinstance(index, slice):
            return tuple(self)[index]
        return self._note(*(int(getattr(self, name)[index]) for name in self.COLUMNS))

    def __iter__(self) -> Iterator[Note]:
        for row in self._table().T.tolist():
            yield self._note(*row)

    def _note(
        self,
        onset: int,
        duration: int,
        pitch: int,
        velocity: int,
        part: int,
        string: int,
        fret: int,
        grace: int,
        voice: int,
    ) -> Note:
        return Note(
            Fraction(onset, self.divisions),
            Fraction(duration, self.divisions),
            pitch,
            velocity,
            part,
            None if string < 0 else string,
            None if fret < 0 else fret,
            bool(grace),
            voice,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Notes):
            return NotImplemented
        same = np.array_equal(self._table()[:-1], other._table()[:-1])  # all but the voices
        return self.divisions == other.divisions and same

    def __hash__(self) -> int:
        return hash((self.divisions, self._table()[:-1].tobytes()))

    def __repr__(self) -> str:
        return f"<{len(self)} notes on a grid of 1/{self.divisions} quarter>"


def _notes_from_table(divisions: int, table: np.ndarray) -> Notes:
    return Notes.from_columns(
        divisions, *table[:3], **dict(zip(Notes.COLUMNS[3:], table[3:], strict=True))
    )


def _keep_positions(positions: np.ndarray, group: np.ndarray, out: np.ndarray) -> None:
    """Give merged notes a string and a fret if any of their group has them.

    `positions` (2, N) are the strings and frets of the notes that were merged, and `group` the
    first index of each group. `out` (9, G) is changed in place.
    """
    fretted = np.flatnonzero(positions[1] >= 0)[::-1]
    if len(fretted):
        merged = np.searchsorted(group, fretted, side="right") - 1
        missing = out[6, merged] < 0
        # From the last to the first, so that the first one of a group remains.
        out[5:7, merged[missing]] = positions[:, fretted[missing]]


def _order(columns: np.ndarray) -> np.ndarray:
    """Return the order: by onset, pitch and part, grace notes first, and by voice."""
    onset, _, pitch, _, part, *_, grace, voice = columns
    # Most pieces have no grace notes or voices. Sorting by less takes less time.
    rare = [key for key in (voice, -grace) if key.any()]
    return np.lexsort((*rare, part, pitch, onset))


def _check(divisions: int, columns: np.ndarray) -> None:
    onset, duration, pitch, velocity, part, *_, voice = columns
    if not 0 < divisions <= MAX_GRID:
        raise ValueError(f"no such grid: {divisions} steps per quarter")
    if onset.min() < 0:
        raise ValueError("a note begins before the piece does")
    if duration.min() <= 0:
        raise ValueError("a note has no duration")
    if pitch.min() < 0 or pitch.max() > 127:
        raise ValueError("a pitch is outside 0 to 127")
    if velocity.min() < 1 or velocity.max() > 127:
        raise ValueError("a velocity is outside 1 to 127")
    if part.min() < 0:
        raise ValueError("the part of a note is negative")
    if voice.min() < 0:
        raise ValueError("the voice of a note is negative")
    if int(onset.max()) + int(duration.max()) > MAX_GRID * 64:
        raise ValueError("a note ends later than any score does")


def _without_unisons(columns: np.ndarray) -> np.ndarray:
    """End notes and merge unisons as if each part had one voice, and keep the voices."""
    single = columns.copy()
    single[-1] = 0
    order = _order(single)
    single, voice = single[:, order], columns[-1, order]
    # Notes that become one are neighbors. The longest gives the voice, or else the first voice.
    key = single[[0, 2, 4, 7]]
    is_first = np.concatenate([[True], (key[:, 1:] != key[:, :-1]).any(0)])
    group = np.cumsum(is_first)
    longest = np.lexsort((voice, -single[1], group))[is_first]
    merged = _without_overlaps(single)
    merged[-1] = voice[longest]
    return merged


def _without_overlaps(columns: np.ndarray) -> np.ndarray:
    """End each note where its pitch is attacked again in its part and voice.

    Doubled unisons are merged. `columns` (9, N) are sorted by `_order`.
    """
    onset, duration, pitch, velocity, part, *_, grace, voice = columns
    rare = [key for key in (grace, voice) if key.any()]
    order = np.lexsort((onset, *rare, pitch, part))
    lines = np.stack([pitch, part, *rare])[:, order]
    same = (lines[:, 1:] == lines[:, :-1]).all(0)
    if not same.any():
        return columns
    before, after = order[:-1][same], order[1:][same]
    if not (onset[before] + duration[before] > onset[after]).any():
        return columns
    # Doubled unisons: notes of one part, voice, pitch and onset become one note, which gets the
    # longest duration and the highest velocity among them. Grace notes are a line of their own.
    is_first = np.concatenate([[True], ~(same & (onset[order][1:] == onset[order][:-1]))])
    group = np.flatnonzero(is_first)
    out = columns[:, order[group]].copy()
    out[1] = np.maximum.reduceat(duration[order], group)
    out[3] = np.maximum.reduceat(velocity[order], group)
    _keep_positions(columns[5:7, order], group, out)
    lines = out[[2, 4, -1, -2]]
    follows = (lines[:, 1:] == lines[:, :-1]).all(0)
    gap = np.where(follows, out[0][1:] - out[0][:-1], np.iinfo(np.int64).max)
    out[1][:-1] = np.minimum(out[1][:-1], gap)
    return out[:, _order(out)]
