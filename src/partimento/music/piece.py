"""What music is here: a `Piece` of notes and timelines, immutable and in exact time.

Every time is a number of quarter notes (``_ql``) as a `fractions.Fraction`. Inside, the notes stand
in integer columns on a stated grid (`Notes.divisions` steps a quarter), so that a corpus of a
million pieces stays small and fast; outside they read as `Note`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, NamedTuple, overload

import numpy as np

Mode = Literal["major", "minor"]
MAX_GRID = 2**31  # steps a quarter, and steps of a whole piece: beyond it no score goes
MAJOR_NAMES = ("C", "D-", "D", "E-", "E", "F", "F#", "G", "A-", "A", "B-", "B")
FIFTHS_NAMES = (
    "C-",
    "G-",
    "D-",
    "A-",
    "E-",
    "B-",
    "F",
    "C",
    "G",
    "D",
    "A",
    "E",
    "B",
    "F#",
    "C#",
    "G#",
    "D#",
    "A#",
)
NATURAL_FIFTHS = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "H": 5}
KEY_PATTERN = re.compile(
    r"(?P<letter>[A-Ha-h])"
    r"(?P<accidental>(?i:is|es|(?<=[ae])s|[ -]?sharp|[ -]?flat)|[#♯b♭]|-(?![A-Za-z]))?"
    r"[\s-]*"
    r"(?P<mode>m|M|(?i:min|minor|moll|maj|major|dur))?"
)


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
        Where a tablature says so (string 1 is the highest).
    grace : bool
        Whether the note is an ornament before a main note.
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    velocity: int = 80
    part: int = 0
    string: int | None = None
    fret: int | None = None
    grace: bool = False

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration


@dataclass(frozen=True, slots=True)
class Event:
    """What sounds between two neighbouring boundaries; a boundary is any start or end of a note.

    `held` are the pitches of `chord` that sound on from the event before without being struck
    again; a rest is an empty chord.
    """

    chord: tuple[int, ...]
    duration: Fraction
    held: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature from `onset` on.

    >>> Meter(6, 8).bar_ql
    Fraction(3, 1)
    """

    numerator: int = 4
    denominator: int = 4
    onset: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        power_of_two = self.denominator > 0 and self.denominator & (self.denominator - 1) == 0
        if not 0 < self.numerator <= 255 or not power_of_two or self.denominator > 128:
            raise ValueError(f"no such metre: {self.numerator}/{self.denominator}")

    @property
    def bar_ql(self) -> Fraction:
        return Fraction(4 * self.numerator, self.denominator)


@dataclass(frozen=True, slots=True)
class Key:
    """A key from `onset` on, as its number of fifths (sharps positive, flats negative) and mode.

    >>> Key.from_name("a minor").fifths, Key(-3, "minor").name, Key(2).tonic
    (0, 'C minor', 2)
    """

    fifths: int = 0
    mode: Mode = "major"
    onset: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not -7 <= self.fifths <= 7 or self.mode not in ("major", "minor"):
            raise ValueError(f"no such key: {self.fifths} fifths, {self.mode}")

    @classmethod
    def from_tonic(cls, tonic: int, mode: Mode, *, onset: Fraction = Fraction(0)) -> Key:
        """The key of pitch class `tonic`, with the fewest accidentals (F sharp rather than G flat
        major, E flat minor).
        """
        fifths = (tonic * 7 - (3 if mode == "minor" else 0) + 5) % 12 - 5
        return cls(-6 if (fifths, mode) == (6, "minor") else fifths, mode, onset)

    @classmethod
    def from_name(cls, name: str) -> Key:
        """Read the name of a key, in English or in German.

        Flats are written ``b``, ``♭``, ``-`` or ``flat``, sharps ``#``, ``♯`` or ``sharp``. Without
        a mode the key is major. German names are ``es-moll``, ``Fis-Dur`` and ``H-moll``. A plain
        ``B`` is B natural, but B flat where ``dur`` or ``moll`` follows it.

        Raises
        ------
        ValueError
            If the name is no key, or no key signature has so many accidentals.

        Examples
        --------
        >>> [Key.from_name(name).name for name in ("Dm", "B- major", "es-moll", "B-Dur", "h-moll", "b minor")]
        ['D minor', 'B♭ major', 'E♭ minor', 'B♭ major', 'B minor', 'B minor']
        """
        match = KEY_PATTERN.fullmatch(name.strip())
        if match is None:
            raise ValueError(
                f"no such key: {name!r} (write, for example, 'C major', 'f# minor', 'Bb', 'Dm' or 'es-moll')"
            )
        letter = match["letter"].upper()
        accidental = (match["accidental"] or "").lower().strip(" -")
        mode = match["mode"] or "major"
        alteration = 0
        if accidental in ("#", "♯", "is", "sharp"):
            alteration = 1
        elif match["accidental"] or (letter == "B" and mode.lower() in ("dur", "moll")):
            alteration = -1
        minor = mode == "m" or mode.lower() in ("min", "minor", "moll")
        fifths = NATURAL_FIFTHS[letter] + 7 * alteration - (3 if minor else 0)
        if not -7 <= fifths <= 7:
            near = cls.from_tonic(
                (fifths * 7 + (9 if minor else 0)) % 12, "minor" if minor else "major"
            )
            raise ValueError(
                f"no key signature has so many accidentals: {name!r} (write {near.name})"
            )
        return cls(fifths, "minor" if minor else "major")

    @property
    def tonic(self) -> int:
        """Pitch class of the tonic, 0 to 11."""
        return (self.fifths * 7 + (9 if self.mode == "minor" else 0)) % 12

    @property
    def name(self) -> str:
        """The name as people write it: ``C major``, ``F♯ minor``, ``B♭ major``."""
        tonic, mode = self.code.split()
        return f"{tonic.capitalize()} {mode}".replace("-", "♭").replace("#", "♯")

    @property
    def code(self) -> str:
        """The name as music21 and the stored columns write it: ``C major``, ``f# minor``, ``B-
        major``.
        """
        tonic = FIFTHS_NAMES[self.fifths + 7 + (3 if self.mode == "minor" else 0)]
        return f"{tonic.lower() if self.mode == 'minor' else tonic} {self.mode}"


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo from `onset` on, in whole microseconds a quarter as MIDI has it."""

    us_per_quarter: int = 500_000
    onset: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not 0 < self.us_per_quarter < 2**24:
            raise ValueError(f"no such tempo: {self.us_per_quarter} microseconds a quarter")

    @classmethod
    def from_bpm(cls, bpm: float, *, onset: Fraction = Fraction(0)) -> Tempo:
        """A tempo of `bpm` quarter notes a minute."""
        return cls(round(60_000_000 / bpm), onset)

    @property
    def bpm(self) -> float:
        return 60_000_000 / self.us_per_quarter


@dataclass(frozen=True, slots=True)
class Part:
    """A staff or track: its name and General MIDI program (0 to 127; None: not said)."""

    name: str = ""
    program: int | None = None
    is_drum: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where a piece came from: what a composition learned from it must be able to credit."""

    path: str = ""
    sha256: str = ""
    url: str = ""
    licence: str = ""


class Bar(NamedTuple):
    """A bar line to the next; the pickup is number 0."""

    number: int
    onset: Fraction
    duration: Fraction
    meter: Meter


class Notes(Sequence[Note]):
    """Notes in read-only integer columns, sorted by onset, then pitch, then part; reads as a
    sequence of `Note`.

    Within a part and pitch notes never overlap: a new strike ends the old note, and doubled unisons
    are one note (the longest and loudest of them). The grid is the coarsest that carries every
    time, hence equal music has equal columns.

    Attributes
    ----------
    divisions : int
        Steps a quarter note.
    onset, duration : (N,) int64
        In steps.
    pitch, velocity, part, string, fret, grace : (N,) int64
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
    )
    COLUMNS = ("onset", "duration", "pitch", "velocity", "part", "string", "fret", "grace")
    divisions: int
    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    part: np.ndarray
    string: np.ndarray
    fret: np.ndarray
    grace: np.ndarray

    def __init__(self, notes: Iterable[Note] = ()) -> None:
        rows = list(notes)
        divisions = math.lcm(1, *{t.denominator for n in rows for t in (n.onset, n.duration)})
        if divisions > MAX_GRID:
            raise ValueError(
                f"no common grid carries these times: it would need {divisions} steps a quarter"
            )
        none = -1
        table = [
            (int(n.onset * divisions), int(n.duration * divisions), n.pitch, n.velocity, n.part,
             none if n.string is None else n.string, none if n.fret is None else n.fret, int(n.grace))
            for n in rows
        ]  # fmt: skip
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
        """Build from integer columns of equal length; `more` may give velocity, part, string, fret
        and grace.
        """
        unset = {"velocity": 80, "part": 0, "string": -1, "fret": -1, "grace": 0}
        if unknown := set(more) - set(unset):
            raise TypeError(f"notes have no column {min(unknown)!r}")
        columns = np.empty((len(cls.COLUMNS), len(onset)), np.int64)
        columns[:3] = onset, duration, pitch
        for row, name in enumerate(cls.COLUMNS[3:], 3):
            columns[row] = more.get(name, unset[name])
        self = cls.__new__(cls)
        self._fill(divisions, columns)
        return self

    def _fill(self, divisions: int, columns: np.ndarray) -> None:
        if columns.shape[1]:
            _check(divisions, columns)
            columns = _without_overlaps(
                columns[:, np.lexsort((columns[4], columns[2], columns[0]))]
            )
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

    def _table(self) -> np.ndarray:
        return np.stack([getattr(self, name) for name in self.COLUMNS])

    @property
    def end(self) -> np.ndarray:
        """(N,) int64, in steps."""
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
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Notes):
            return NotImplemented
        return self.divisions == other.divisions and np.array_equal(self._table(), other._table())

    def __hash__(self) -> int:
        return hash((self.divisions, self._table().tobytes()))

    def __repr__(self) -> str:
        return f"<{len(self)} notes on a grid of 1/{self.divisions} quarter>"


def _notes_from_table(divisions: int, table: np.ndarray) -> Notes:
    return Notes.from_columns(
        divisions, *table[:3], **dict(zip(Notes.COLUMNS[3:], table[3:], strict=True))
    )


def _check(divisions: int, columns: np.ndarray) -> None:
    onset, duration, pitch, velocity, part = columns[:5]
    if not 0 < divisions <= MAX_GRID:
        raise ValueError(f"no such grid: {divisions} steps a quarter")
    if onset.min() < 0:
        raise ValueError("a note begins before the piece does")
    if duration.min() <= 0:
        raise ValueError("a note lasts no time")
    if pitch.min() < 0 or pitch.max() > 127:
        raise ValueError("a pitch is outside 0 to 127")
    if velocity.min() < 1 or velocity.max() > 127:
        raise ValueError("a velocity is outside 1 to 127")
    if part.min() < 0:
        raise ValueError("a note belongs to no part")
    if int(onset.max()) + int(duration.max()) > MAX_GRID * 64:
        raise ValueError("a note lies absurdly late")


def _without_overlaps(columns: np.ndarray) -> np.ndarray:
    """End each note where its pitch is struck again in its part, and merge doubled unisons;
    `columns` are sorted by onset.
    """
    onset, duration, pitch, velocity, part = columns[:5]
    order = np.lexsort((onset, pitch, part))
    same = (pitch[order][1:] == pitch[order][:-1]) & (part[order][1:] == part[order][:-1])
    if not same.any():
        return columns
    before, after = order[:-1][same], order[1:][same]
    if not (onset[before] + duration[before] > onset[after]).any():
        return columns
    # Doubled unisons: everything in one (part, pitch, onset) group is one note, as long and loud as
    # the group's most.
    key = np.concatenate([[True], ~(same & (onset[order][1:] == onset[order][:-1]))])
    group = np.flatnonzero(key)
    kept = order[group]
    out = columns[:, kept].copy()
    out[1] = np.maximum.reduceat(duration[order], group)
    out[3] = np.maximum.reduceat(velocity[order], group)
    follows = (out[2][1:] == out[2][:-1]) & (out[4][1:] == out[4][:-1])
    gap = np.where(follows, out[0][1:] - out[0][:-1], np.iinfo(np.int64).max)
    out[1][:-1] = np.minimum(out[1][:-1], gap)
    return out[:, np.lexsort((out[4], out[2], out[0]))]


class Sweep(NamedTuple):
    """The events of notes as arrays: event t spans ``times[t]`` to ``times[t + 1]`` and owns the
    entries ``first[t]:first[t + 1]``.
    """

    times: np.ndarray  # (T + 1,) int64, in steps
    first: np.ndarray  # (T + 1,) int64
    pitch: np.ndarray  # (M,) ascending within an event
    held: np.ndarray  # (M,) bool


def distinct(values: np.ndarray) -> np.ndarray:
    """Each value once, ascending: `numpy.unique`, whose hashing takes three times as long on the
    few numbers that a piece has.
    """
    ordered = np.sort(values)
    once = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=once[1:])
    found: np.ndarray = ordered[once]
    return found


def sweep(
    onset: np.ndarray, end: np.ndarray, pitch: np.ndarray, extra: Iterable[int] = (0,)
) -> Sweep:
    """Cut time at every start and end of a note (and at `extra` times): the exact chordify, on
    integer arrays of one grid.
    """
    times = distinct(np.concatenate([onset, end, np.fromiter(extra, np.int64)]))
    start, stop = np.searchsorted(times, onset), np.searchsorted(times, end)
    spans = stop - start
    inside = np.arange(spans.sum()) - np.repeat(
        np.cumsum(spans) - spans, spans
    )  # 0, 1, … within each note
    cells = distinct(
        (np.repeat(start, spans) + inside) * 128 + np.repeat(pitch, spans)
    )  # (event, pitch) pairs that sound
    held = np.ones(len(cells), bool)
    held[np.searchsorted(cells, start * 128 + pitch)] = False
    first = np.searchsorted(cells, np.arange(len(times)) * 128)
    return Sweep(times, first, cells % 128, held)


@dataclass(frozen=True)
class Piece:
    """Music as this package knows it. Build it from `Note` objects or with `from_events`.

    Parameters
    ----------
    notes : Notes or iterable of Note
    meters, keys, tempos : tuples
        Timelines, sorted by onset. `keys` are declared keys, never guessed ones; it may be empty.
    pickup : Fraction
        Quarter lengths before the first whole bar.
    length : Fraction
        Where the piece ends; at least the end of its last note, more if it closes with a rest.
    parts : tuple of Part
    title, composer : str
    source : Source
    cuts : tuple of Fraction
        Further times at which events are cut (bar lines, in the view that reads as music21 does);
        none by default.
    """

    notes: Notes  # an iterable of Note is taken too
    meters: tuple[Meter, ...] = (Meter(),)
    keys: tuple[Key, ...] = ()
    tempos: tuple[Tempo, ...] = (Tempo(),)
    pickup: Fraction = Fraction(0)
    length: Fraction = Fraction(0)
    parts: tuple[Part, ...] = (Part(),)
    title: str = ""
    composer: str = ""
    source: Source = field(default_factory=Source)
    cuts: tuple[Fraction, ...] = ()

    def __post_init__(self) -> None:
        given: Notes | Iterable[Note] = self.notes
        if not isinstance(given, Notes):
            object.__setattr__(self, "notes", Notes(given))
        notes = self.notes
        if len(notes):
            last = Fraction(int(notes.end.max()), notes.divisions)
            if self.length < last:
                object.__setattr__(self, "length", last)
            if int(notes.part.max()) >= len(self.parts):
                raise ValueError(
                    f"a note belongs to part {int(notes.part.max())}, but there are {len(self.parts)} parts"
                )
        if self.pickup < 0:
            raise ValueError("a pickup cannot be negative")
        for name in ("meters", "keys", "tempos"):
            line = tuple(sorted(getattr(self, name), key=lambda mark: mark.onset))
            if any(a.onset == b.onset for a, b in pairwise(line)):
                raise ValueError(f"two {name} at one time")
            if line and line[0].onset < 0:
                raise ValueError(f"one of the {name} begins before the piece does")
            object.__setattr__(self, name, line)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The exact chords: a boundary at every start and end of a note, rests and repeated chords
        kept, nothing quantised.
        """
        notes, edges = self.notes, (Fraction(0), self.length, *self.cuts)
        grid = math.lcm(notes.divisions, *{edge.denominator for edge in edges})
        scale = grid // notes.divisions
        cut = sweep(
            notes.onset * scale,
            notes.end * scale,
            notes.pitch,
            (edge.numerator * (grid // edge.denominator) for edge in edges),
        )
        return events_from_sweep(cut, grid)

    @classmethod
    def from_events(cls, events: Iterable[Event], *, velocity: int = 80, **rest: Any) -> Piece:
        """The inverse of `events`: one part, whose held pitches sound on; `rest` are the other
        fields of a Piece.

        An event whose chord equals the one before and is wholly held becomes one with it.

        Raises
        ------
        ValueError
            If an event lasts no time or holds a pitch that did not sound.
        """
        began: dict[int, Fraction] = {}
        notes: list[Note] = []
        now = Fraction(0)
        for event in events:
            chord, held = set(event.chord), set(event.held)
            if event.duration <= 0:
                raise ValueError(f"an event lasts no time: {event}")
            if not held <= chord & began.keys():
                raise ValueError(
                    f"an event holds a pitch that did not sound or does not sound on: {event}"
                )
            for pitch in sorted(began.keys() - held):
                notes.append(Note(began[pitch], now - began[pitch], pitch, velocity))
                del began[pitch]
            began |= dict.fromkeys(sorted(chord - held), now)
            now += event.duration
        notes += [Note(start, now - start, pitch, velocity) for pitch, start in began.items()]
        return cls(Notes(notes), length=now, **rest)

    def bars(self) -> list[Bar]:
        """The bars from start to end, the pickup as number 0; the last one is whole, even if the
        music ends inside it.
        """
        meters = (
            self.meters if self.meters and self.meters[0].onset == 0 else (Meter(), *self.meters)
        )
        bars: list[Bar] = []
        now, number = Fraction(0), 1
        if self.pickup:
            bars.append(Bar(0, now, self.pickup, meters[0]))
            now = self.pickup
        for i, meter in enumerate(meters):
            last = i + 1 == len(meters)
            until = (
                max(self.length, meter.onset + Fraction(1, 1024)) if last else meters[i + 1].onset
            )
            while now < until:
                duration = meter.bar_ql if last else min(meter.bar_ql, until - now)
                bars.append(Bar(number, now, duration, meter))
                now, number = now + duration, number + 1
        return bars

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON; nothing is lost."""
        plain = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "notes"}
        columns = {name: getattr(self.notes, name).tolist() for name in Notes.COLUMNS}
        return {"notes": {"divisions": self.notes.divisions, **columns}, **plain}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Piece:
        """The inverse of `to_dict`."""
        kinds: dict[str, Any] = {"meters": Meter, "keys": Key, "tempos": Tempo, "parts": Part}
        table = data["notes"]
        arrays = {name: np.array(table[name], np.int64) for name in Notes.COLUMNS}
        known: dict[str, Any] = {
            name: tuple(
                kind(**{k: Fraction(v) if k == "onset" else v for k, v in row.items()})
                for row in data[name]
            )
            for name, kind in kinds.items()
        }
        return cls(
            Notes.from_columns(table["divisions"], **arrays),
            pickup=Fraction(data["pickup"]),
            length=Fraction(data["length"]),
            title=data["title"],
            composer=data["composer"],
            source=Source(**data["source"]),
            cuts=tuple(Fraction(cut) for cut in data["cuts"]),
            **known,
        )

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Piece:
        return cls.from_dict(json.loads(text))

    def replace(self, **changes: Any) -> Piece:
        """A copy with some fields changed."""
        return replace(self, **changes)


def events_from_sweep(cut: Sweep, divisions: int) -> tuple[Event, ...]:
    """Arrays of events as `Event` objects; `divisions` are the steps a quarter of the sweep's
    times.
    """
    steps = np.diff(cut.times).tolist()
    lengths = {step: Fraction(step, divisions) for step in set(steps)}
    pitch, held, first = cut.pitch.tolist(), cut.held.tolist(), cut.first.tolist()
    events = []
    for t, step in enumerate(steps):
        a, b = first[t], first[t + 1]
        chord = tuple(pitch[a:b])
        keep = held[a:b]
        on = () if True not in keep else tuple(p for p, k in zip(chord, keep, strict=True) if k)
        events.append(Event(chord, lengths[step], on))
    return tuple(events)


def merge_held(events: Iterable[Event]) -> list[Event]:
    """Join each event whose chord equals the one before and is wholly held to that one (two rests
    in a row likewise).
    """
    merged: list[Event] = []
    for event in events:
        if merged and event.chord == merged[-1].chord and len(event.held) == len(event.chord):
            merged[-1] = replace(merged[-1], duration=merged[-1].duration + event.duration)
        else:
            merged.append(event)
    return merged


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, (Meter, Key, Tempo, Part, Source)):
        return {key: _plain(item) for key, item in asdict(value).items()}
    return value
