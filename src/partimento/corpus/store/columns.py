"""Declare the columns of the corpus store.

From this declaration come the schema, the format of a parser's answer, the checks and the
documentation. To add a column, declare it here, and compute its value in `rows.row_of`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from partimento.music.notes import MAX_GRID
from partimento.music.timelines import Meter, Tempo
from partimento.short_repr import short_repr

FAR = 2**40  # more steps, notes or bytes than any score has
Fields = tuple[tuple[str, str], ...]


@short_repr
class Column(NamedTuple):
    """A column of the store.

    Attributes
    ----------
    name : str
    arrow_type : str or tuple of (str, str)
        The name of the Arrow type, such as ``list<int64>``. For a list of structures, the names and
        types of their fields.
    meaning : str
        The description in docs/reference/columns.md.
    check : callable, optional
        Returns whether a value, or the array of a list, is valid. All answers of parsers are
        checked, because a malicious file may have taken control of its parser.
    null : bool
        Whether the value may be missing.
    """

    name: str
    arrow_type: str | Fields
    meaning: str
    check: Callable[[Any], bool] = lambda _: True
    null: bool = False

    def check_value(self, value: Any) -> None:
        """Raise ValueError if a value has the wrong type or is invalid."""
        if value is None and self.null:
            return
        if not isinstance(value, self.python_type) or not self.check(value):
            raise ValueError(f"an invalid value of {self.name}")

    def check_array(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Raise ValueError if the arrays of a list are invalid."""
        *_, values = (arrays[name] for name in self.arrays)
        if not self.check(values):
            raise ValueError(f"an invalid value of {self.name}")

    @property
    def python_type(self) -> type:
        """The Python type of a plain value."""
        if not isinstance(self.arrow_type, str) or self.arrow_type.startswith("list"):
            return list
        return next(kind for start, kind in _PYTHON.items() if self.arrow_type.startswith(start))

    @property
    def arrays(self) -> dict[str, np.dtype[Any]]:
        """The names and types of the arrays that represent this column in `rows.Row`.

        A list of lists is represented by two arrays: the sizes of the inner lists, and all pitches.
        """
        kind = str(self.arrow_type)
        if kind.startswith("list<list"):
            return {f"{self.name}_sizes": np.dtype("u1"), f"{self.name}_pitches": np.dtype("u1")}
        kind = "uint8" if kind == "binary" else kind.removeprefix("list<").removesuffix(">")
        return {self.name.removeprefix("note_"): np.dtype(kind).newbyteorder("<")}


_PYTHON: dict[str, type] = {
    "string": str,
    "bool": bool,
    "int": int,
    "uint": int,
    "float": float,
    "double": float,
}


def whole(low: int = 0, high: int = FAR) -> Callable[[int], bool]:
    """Return a check that an integer is at least `low` and less than `high`."""
    return lambda value: low <= value < high


def all_whole(low: int = 0, high: int = FAR) -> Callable[[np.ndarray], bool]:
    """Return a check that all integers of an array are at least `low`, below `high`."""
    return lambda values: (
        low <= int(values.min(initial=low)) and int(values.max(initial=low)) < high
    )


def marks(valid: Callable[..., Any]) -> Callable[[Sequence[Any]], bool]:
    """Return a check for the marks of a timeline.

    Onsets must ascend, and `valid` must accept the other fields of every mark.
    """

    def check(values: Sequence[Any]) -> bool:
        onsets = [value[0] for value in values]
        ascending = all(a < b for a, b in pairwise(onsets))
        return (
            ascending
            and all(0 <= onset < FAR for onset in onsets)
            and all(bool(valid(*value[1:])) for value in values)
        )

    return check


def ascending(low: int = 0) -> Callable[[Sequence[Any]], bool]:
    """Return a check for times in steps: ascending, and at least `low`."""
    return lambda values: (
        all(isinstance(value, int) and low <= value < FAR for value in values)
        and all(a < b for a, b in pairwise(values))
    )


def text(value: str) -> bool:
    """Check that a text can be stored: it contains no lone surrogates."""
    return value.isascii() or bool(value.encode())  # UnicodeEncodeError is a ValueError


def texts(values: Sequence[str]) -> bool:
    """Check several texts."""
    return all(map(text, values))


def parts(values: Sequence[Any]) -> bool:
    """Check the names, programs and drum flags of parts.

    Their numbers of notes are checked together with the notes.
    """
    return all(
        text(name) and (program is None or 0 <= program < 128) and drums in (True, False)
        for name, program, drums, _ in values
    )


def key(fifths: int, mode: str) -> bool:
    """Check a key signature."""
    return -7 <= fifths <= 7 and mode in ("major", "minor")


def meter(numerator: int, denominator: int) -> Meter:
    """Build a meter, which raises ValueError if it is invalid."""
    return Meter(numerator, denominator)


def tempo(microseconds: int) -> Tempo:
    """Build a tempo, which raises ValueError if it is invalid."""
    return Tempo(microseconds)


# The provenance of a piece.
PROVENANCE = (
    Column(
        "path",
        "string",
        "name of the source and path inside it; the same on every machine",
    ),
    Column("title", "string", "from the manifest, else from the file"),
    Column("composer", "string", "from the manifest, else from the file"),
    Column("opus", "string", "from the manifest"),
    Column("style", "string", "from the manifest"),
    Column("license", "string", "license with its version"),
    Column("url", "string", "address from which the file was downloaded"),
    Column("contributor", "string", "person who entered or maintains the score"),
    Column("date", "string", "date of publication, from the manifest"),
    Column(
        "solo_said",
        "bool",
        "whether the manifest says that a guitar plays alone (`guitar_alone`); null if it does not"
        " say",
    ),
    Column("manifest", "map<string, string>", "the complete row of the manifest"),
)
SPLIT = (
    Column("group", "int64", "equal for near-duplicates: the same music under several names"),
    Column("split", "string", "`train`, `valid` or `test`; by group, stratified by composer"),
)
_ONSET = ("onset", "int64")
# Measured from the file; one plain value per piece.
PLAIN = (
    Column("sha256", "string", "hash of the file", text),
    Column("bytes", "int64", "size of the file", whole()),
    Column("format", "string", "`mid`, `musicxml`, `mxl`, `xml`, `abc`, `krn`", text),
    Column("instrument", "string", "instruments as stated in the manifest", text),
    Column("title_in_file", "string", "title as stated in the file", text),
    Column("composer_in_file", "string", "composer as stated in the file", text),
    Column(
        "key",
        "string",
        "estimated key (Krumhansl-Schmuckler with Aarden's profiles), spelled as in music21:"
        " `B- major`, `e minor`",
        text,
    ),
    Column(
        "key_correlation",
        "float",
        "correlation of the key's profile with the durations of pitch classes, at most 1",
        math.isfinite,
    ),
    Column(
        "keys",
        (_ONSET, ("fifths", "int8"), ("mode", "string")),
        "declared key signatures: onset in steps, fifths (flats negative), mode",
        marks(key),
    ),
    Column("meter", "string", "first meter", text),
    Column(
        "meters",
        (_ONSET, ("numerator", "int16"), ("denominator", "int16")),
        "all meters: onset in steps, numerator, denominator",
        marks(meter),
    ),
    Column("tempo_bpm", "float", "first tempo in quarter notes per minute", math.isfinite),
    Column(
        "tempos",
        (_ONSET, ("us_per_quarter", "int32")),
        "all tempos: onset in steps, microseconds per quarter",
        marks(tempo),
    ),
    Column(
        "pickup",
        "int64",
        "steps before the first whole bar, as stated in the file; 0 if it states none",
        whole(),
    ),
    Column(
        "pickup_inferred",
        "int64",
        "the same as inferred from the notes; null if the evidence is weak or the file states one",
        whole(),
        null=True,
    ),
    Column(
        "parts",
        (("name", "string"), ("program", "int16"), ("is_drum", "bool"), ("notes", "int32")),
        "name, General MIDI program (null if unknown), whether drums, number of notes",
        parts,
    ),
    Column(
        "note_ends",
        "list<string>",
        "how a notation program shortened the notes of each part; empty if it did not",
        texts,
    ),
    Column(
        "chord_symbols",
        (_ONSET, ("text", "string")),
        "chord symbols of a lead sheet: onset in steps, text",
        marks(text),
    ),
    Column(
        "fermatas",
        "list<int64>",
        "onsets of the notes under a fermata, in steps",
        ascending(),
    ),
    Column("phrase_ends", "list<int64>", "ends of phrases, in steps", ascending(1)),
    Column(
        "warnings",
        "list<string>",
        "what was left out when the file was read, a sentence each",
        texts,
    ),
    Column("ensemble", "string", "`solo`, `duo`, `trio` …, by the number of players", text),
    Column("solo", "bool", "whether there is a single player"),
    Column("single_instrument", "bool", "whether all players have the same kind of instrument"),
    Column(
        "instruments",
        "list<string>",
        "one per player, from the file, else from the manifest",
        texts,
    ),
    Column("octave_notated", "bool", "whether guitar is notated an octave above its sound"),
    Column("lowest", "uint8", "lowest MIDI pitch", whole(0, 128)),
    Column("highest", "uint8", "highest MIDI pitch", whole(0, 128)),
    Column("notes", "int64", "number of notes, including grace notes", whole()),
    Column("grace_notes", "int64", "number of grace notes", whole()),
    Column("events", "int64", "number of chords, including rests", whole()),
    Column("quarters", "double", "length in quarter notes", math.isfinite),
    Column(
        "divisions",
        "int64",
        "steps per quarter of all times but `durations`",
        whole(1, MAX_GRID + 1),
    ),
    Column("length", "int64", "length in steps", whole()),
    Column("event_divisions", "int64", "steps per quarter of `durations`", whole(1)),
)
# Measured from the file; one entry per note.
NOTES = (
    Column(
        "note_onset",
        "list<int64>",
        "in steps; all columns of notes have one entry per note",
        all_whole(),
    ),
    Column("note_duration", "list<int64>", "in steps", all_whole(1)),
    Column("note_pitch", "list<uint8>", "MIDI pitch", all_whole(0, 128)),
    Column("note_velocity", "list<uint8>", "1 to 127", all_whole(1, 128)),
    Column("note_part", "list<int32>", "index into `parts`", all_whole()),
    Column("note_string", "list<int16>", "string of a tablature; -1 if unknown"),
    Column("note_fret", "list<int16>", "fret of a tablature; -1 if unknown"),
    Column("note_grace", "list<uint8>", "1 for grace notes, else 0"),
    Column(
        "note_voice",
        "list<int32>",
        "voice within the part, from 0 on; 0 if the file states no voices",
        all_whole(),
    ),
)
NOTE_NAMES = tuple(column.name.removeprefix("note_") for column in NOTES)
# Measured from the file; one entry per event.
EVENTS = (
    Column(
        "chords",
        "list<list<uint8>>",
        "pitches of each event, ascending, without drums, as prepared with the store's settings;"
        " empty for a rest",
        all_whole(0, 128),
    ),
    Column(
        "held",
        "list<list<uint8>>",
        "the pitches that continue from the event before",
        all_whole(0, 128),
    ),
    Column("durations", "list<int64>", "durations of the events in their own steps", all_whole(1)),
)
FINGERPRINT = (
    Column("fingerprint", "binary", "fingerprint of the notes, to find near-duplicates"),
)

MEASURED = (*PLAIN, *NOTES, *EVENTS, *FINGERPRINT)
COLUMNS = (*PROVENANCE, *SPLIT, *MEASURED)
ARRAYS = {
    name: kind for column in (*NOTES, *EVENTS, *FINGERPRINT) for name, kind in column.arrays.items()
}
