"""The columns of the corpus store, for schema, wire format, checks and docs.

To add a column, write its line here and its value in `rows.row_of`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from partimento.music.notes import MAX_GRID
from partimento.music.timelines import Meter, Tempo

FAR = 2**40  # no score has more steps, notes or bytes
Fields = tuple[tuple[str, str], ...]


class Column(NamedTuple):
    """One column.

    Attributes
    ----------
    name : str
    arrow_type : str or tuple of (str, str)
        The Arrow type by its name, such as ``list<int64>``; for a list of structures, the names and
        types of their fields.
    meaning : str
        For docs/reference/columns.md.
    check : callable, optional
        Returns whether a value, or the array of a list, may come from a parser. Parsers are not
        trusted.
    null : bool
        Whether the value may be missing.
    """

    name: str
    arrow_type: str | Fields
    meaning: str
    check: Callable[[Any], bool] = lambda _: True
    null: bool = False

    def check_value(self, value: Any) -> None:
        """Raise ValueError unless a value has the right type and is valid."""
        if value is None and self.null:
            return
        if not isinstance(value, self.python_type) or not self.check(value):
            raise ValueError(f"an impossible value of {self.name}")

    def check_array(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Raise ValueError unless the arrays of a list may come from a parser."""
        *_, values = (arrays[name] for name in self.arrays)
        if not self.check(values):
            raise ValueError(f"an impossible value of {self.name}")

    @property
    def python_type(self) -> type:
        """The type of a value in a row of plain values."""
        if not isinstance(self.arrow_type, str) or self.arrow_type.startswith("list"):
            return list
        return next(kind for start, kind in _PYTHON.items() if self.arrow_type.startswith(start))

    @property
    def arrays(self) -> dict[str, np.dtype[Any]]:
        """Return the arrays that a parser sends for this column, with their types.

        A list of lists is sent as sizes and pitches.
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
    """Return a check for `low` ≤ value < `high`."""
    return lambda value: low <= value < high


def each(low: int = 0, high: int = FAR) -> Callable[[np.ndarray], bool]:
    """Return a check that `low` ≤ value < `high` for every value of an array."""
    return lambda values: (
        low <= int(values.min(initial=low)) and int(values.max(initial=low)) < high
    )


def marks(valid: Callable[..., Any]) -> Callable[[Sequence[Any]], bool]:
    """Return a check for marks on a timeline.

    Onsets must ascend, and `valid` must accept the other fields.
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


def text(value: str) -> bool:
    """Check that a text can be stored: it holds no half of a surrogate pair."""
    return value.isascii() or bool(value.encode())  # UnicodeEncodeError is a ValueError


def texts(values: Sequence[str]) -> bool:
    """Check several texts."""
    return all(map(text, values))


def parts(values: Sequence[Any]) -> bool:
    """Check names, programs and drum flags of parts.

    The number of notes of each is checked with the notes.
    """
    return all(
        text(name) and (program is None or 0 <= program < 128) and drums in (True, False)
        for name, program, drums, _ in values
    )


def key(fifths: int, mode: str) -> bool:
    """Check a key signature."""
    return -7 <= fifths <= 7 and mode in ("major", "minor")


def meter(numerator: int, denominator: int) -> Meter:
    """Build a meter, which raises ValueError if there is none such."""
    return Meter(numerator, denominator)


def tempo(microseconds: int) -> Tempo:
    """Build a tempo, which raises ValueError if it is none."""
    return Tempo(microseconds)


# Where a piece came from. `manifest` is everything that a manifest says of it, word for word.
PROVENANCE = (
    Column(
        "path",
        "string",
        "its name: the source's own and the way inside it; on every machine the same",
    ),
    Column("title", "string", "by the manifest, else the file"),
    Column("composer", "string", "by the manifest, else the file"),
    Column("opus", "string", "by the manifest"),
    Column("style", "string", "by the manifest"),
    Column("license", "string", "with its version"),
    Column("url", "string", "where the file was fetched from"),
    Column("contributor", "string", "who entered or maintains the score"),
    Column("date", "string", "of its publication, by the manifest"),
    Column(
        "solo_said",
        "bool",
        "the manifest's word on whether guitar plays alone (`guitar_alone`); null where it has"
        " none",
    ),
    Column("manifest", "map<string, string>", "everything that the manifest says, word for word"),
)
SPLIT = (
    Column("group", "int64", "equal for near-duplicates: the same music under several names"),
    Column("split", "string", "`train`, `valid` or `test`: whole groups, stratified by composer"),
)
_ONSET = ("onset", "int64")
# Measured from the file; one plain value per piece.
PLAIN = (
    Column("sha256", "string", "of the file", text),
    Column("bytes", "int64", "of the file", whole()),
    Column("format", "string", "`mid`, `musicxml`, `mxl`, `xml`, `abc`, `krn`", text),
    Column("instrument", "string", "the manifest's word for what plays", text),
    Column("title_in_file", "string", "the file's own word", text),
    Column("composer_in_file", "string", "the file's own word", text),
    Column(
        "key",
        "string",
        "analysed: the key whose profile fits best how long each pitch class sounds; as music21"
        " spells it (`B- major`, `e minor`)",
        text,
    ),
    Column("key_correlation", "float", "how well it fits, at most 1", math.isfinite),
    Column(
        "keys",
        (_ONSET, ("fifths", "int8"), ("mode", "string")),
        "declared key signatures: onset in steps, fifths (flats negative), mode",
        marks(key),
    ),
    Column("meter", "string", "the first one", text),
    Column(
        "meters",
        (_ONSET, ("numerator", "int16"), ("denominator", "int16")),
        "all: onset in steps, numerator, denominator",
        marks(meter),
    ),
    Column("tempo_bpm", "float", "the first one, in quarter notes a minute", math.isfinite),
    Column(
        "tempos",
        (_ONSET, ("us_per_quarter", "int32")),
        "all: onset in steps, microseconds per quarter",
        marks(tempo),
    ),
    Column(
        "pickup",
        "int64",
        "steps before the first whole bar, as the file says; 0 where it says nothing",
        whole(),
    ),
    Column(
        "pickup_inferred",
        "int64",
        "the same by the evidence of the notes; null where that is weak or the file says it",
        whole(),
        null=True,
    ),
    Column(
        "parts",
        (("name", "string"), ("program", "int16"), ("is_drum", "bool"), ("notes", "int32")),
        "name, General MIDI program (null: none named), whether drums, number of notes",
        parts,
    ),
    Column("ensemble", "string", "`solo`, `duo`, `trio` … by what sounds", text),
    Column("solo", "bool", "whether one player can be playing it"),
    Column("single_instrument", "bool", "whether one kind of instrument plays"),
    Column(
        "instruments",
        "list<string>",
        "one a player, by what sounds and, where nothing says it, by the manifest's word",
        texts,
    ),
    Column("octave_notated", "bool", "whether guitar is notated an octave above its sound"),
    Column("lowest", "uint8", "lowest MIDI pitch", whole(0, 128)),
    Column("highest", "uint8", "highest MIDI pitch", whole(0, 128)),
    Column("notes", "int64", "how many, grace notes included", whole()),
    Column("grace_notes", "int64", "how many of them are grace notes", whole()),
    Column("events", "int64", "how many chords, rests included", whole()),
    Column("quarters", "double", "length in quarter notes", math.isfinite),
    Column(
        "divisions",
        "int64",
        "steps per quarter of all times but `durations`",
        whole(1, MAX_GRID + 1),
    ),
    Column("length", "int64", "in steps", whole()),
    Column("event_divisions", "int64", "steps per quarter of `durations`", whole(1)),
)
# Measured from the file; one entry per note.
NOTES = (
    Column(
        "note_onset", "list<int64>", "in steps; one entry a note in all columns of notes", each()
    ),
    Column("note_duration", "list<int64>", "in steps", each(1)),
    Column("note_pitch", "list<uint8>", "MIDI pitch", each(0, 128)),
    Column("note_velocity", "list<uint8>", "1 to 127", each(1, 128)),
    Column("note_part", "list<int32>", "index into `parts`", each()),
    Column("note_string", "list<int16>", "of a tablature; -1: not said"),
    Column("note_fret", "list<int16>", "of a tablature; -1: not said"),
    Column("note_grace", "list<uint8>", "1: a grace note"),
)
# Measured from the file; one entry per event.
# The columns of `Notes` that a store has: no reader finds voices within a part yet.
NOTE_NAMES = tuple(column.name.removeprefix("note_") for column in NOTES)
EVENTS = (
    Column(
        "chords",
        "list<list<uint8>>",
        "the pitches of each event, ascending, drums aside, in the view that the store was built"
        " with; a rest is empty",
        each(0, 128),
    ),
    Column(
        "held",
        "list<list<uint8>>",
        "those of them that sound on from the event before",
        each(0, 128),
    ),
    Column("durations", "list<int64>", "of the events, in steps of their own", each(1)),
)
FINGERPRINT = (
    Column("fingerprint", "binary", "fingerprint of the notes, by which near-duplicates are found"),
)

MEASURED = (*PLAIN, *NOTES, *EVENTS, *FINGERPRINT)
COLUMNS = (*PROVENANCE, *SPLIT, *MEASURED)
ARRAYS = {
    name: kind for column in (*NOTES, *EVENTS, *FINGERPRINT) for name, kind in column.arrays.items()
}
