"""Rows as Arrow tables: the columns of the corpus store, which any reader of Parquet can use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from partimento.corpus.store.rows import ARRAYS, PLAIN, Row
from partimento.music.notes import Notes

MARK = {
    "keys": pa.struct([("onset", pa.int64()), ("fifths", pa.int8()), ("mode", pa.string())]),
    "meters": pa.struct(
        [("onset", pa.int64()), ("numerator", pa.int16()), ("denominator", pa.int16())]
    ),
    "tempos": pa.struct([("onset", pa.int64()), ("us_per_quarter", pa.int32())]),
    "parts": pa.struct(
        [
            ("name", pa.string()),
            ("program", pa.int16()),
            ("is_drum", pa.bool_()),
            ("notes", pa.int32()),
        ]
    ),
}
NARROW = {
    "lowest": pa.uint8(),
    "highest": pa.uint8(),
    "key_correlation": pa.float32(),
    "tempo_bpm": pa.float32(),
}
KINDS = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}

# Where a piece came from. `manifest` is everything that a manifest says of it, word for word.
PROVENANCE = pa.schema(
    [
        *(
            (name, pa.string())
            for name in (
                "path",
                "title",
                "composer",
                "opus",
                "style",
                "licence",
                "url",
                "contributor",
                "date",
            )
        ),
        ("solo_said", pa.bool_()),
        ("manifest", pa.map_(pa.string(), pa.string())),
    ]
)
SPLIT = pa.schema([("group", pa.int64()), ("split", pa.string())])


def _plain_type(name: str) -> pa.DataType:
    if name in MARK:
        return pa.list_(MARK[name])
    if name == "instruments":
        return pa.list_(pa.string())
    return NARROW.get(name) or KINDS[PLAIN[name][0]]


MEASURED = pa.schema(
    [
        *((name, _plain_type(name)) for name in PLAIN),
        *((f"note_{name}", pa.list_(pa.from_numpy_dtype(ARRAYS[name]))) for name in Notes.COLUMNS),
        ("chords", pa.list_(pa.list_(pa.uint8()))),
        ("held", pa.list_(pa.list_(pa.uint8()))),
        ("durations", pa.list_(pa.int64())),
        ("sketch", pa.binary()),
    ]
)
SCHEMA = pa.schema([*PROVENANCE, *SPLIT, *MEASURED])
MUSIC = tuple(name for name in MEASURED.names if name not in PLAIN)
METADATA = tuple(name for name in SCHEMA.names if name not in MUSIC)


def table_of(rows: Sequence[Row]) -> pa.Table:
    """The measured columns of rows."""
    columns = [_plain_column(name, [row.plain[name] for row in rows]) for name in PLAIN]
    columns += [_lists(name, [row.arrays[name] for row in rows]) for name in Notes.COLUMNS]
    columns += [_lists_of_lists(kind, rows) for kind in ("chord", "held")]
    columns.append(_lists("durations", [row.arrays["durations"] for row in rows]))
    columns.append(pa.array([row.arrays["sketch"].tobytes() for row in rows], pa.binary()))
    return pa.Table.from_arrays(columns, schema=MEASURED)


def _plain_column(name: str, values: list[Any]) -> pa.Array:
    if name in MARK:
        marks = list(zip(*chain.from_iterable(values), strict=True)) or [()] * len(MARK[name])
        columns = [
            pa.array(column, field.type) for column, field in zip(marks, MARK[name], strict=True)
        ]
        return pa.ListArray.from_arrays(
            _offsets(map(len, values)), pa.StructArray.from_arrays(columns, fields=list(MARK[name]))
        )
    return pa.array(values, _plain_type(name))


def _offsets(sizes: Iterable[int]) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(np.fromiter(sizes, np.int64))]), pa.int32())


def _lists(name: str, arrays: list[np.ndarray]) -> pa.Array:
    values = pa.array(np.concatenate(arrays) if arrays else np.zeros(0, ARRAYS[name]))
    return pa.ListArray.from_arrays(_offsets(map(len, arrays)), values)


def _lists_of_lists(kind: str, rows: Sequence[Row]) -> pa.Array:
    sizes = [row.arrays[f"{kind}_sizes"] for row in rows]
    pitches = np.concatenate([row.arrays[f"{kind}_pitches"] for row in rows])
    inner = pa.ListArray.from_arrays(_offsets(np.concatenate(sizes)), pa.array(pitches))
    return pa.ListArray.from_arrays(_offsets(map(len, sizes)), inner)


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """The metadata of rows as dictionaries, marks as `rows.Row` has them."""
    found: list[dict[str, Any]] = table.select(
        [name for name in METADATA if name in table.column_names]
    ).to_pylist()
    for row in found:
        for name in MARK.keys() & row.keys():
            row[name] = [list(mark.values()) for mark in row[name]]
    return found


def arrays_of(table: pa.Table, row: int) -> dict[str, np.ndarray]:
    """The notes of one row."""
    return {name: table.column(f"note_{name}")[row].values.to_numpy() for name in Notes.COLUMNS}


def digest(table: pa.Table, into: hashlib._Hash) -> None:
    """Feed what a table says, not how it is stored: equal for every version of Arrow and Parquet."""
    for name in table.column_names:
        into.update(f"{name}\n".encode())
        _digest_array(table.column(name).combine_chunks(), into)


def _digest_array(array: pa.Array, into: hashlib._Hash) -> None:
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    kind = array.type
    if pa.types.is_list(kind) and not pa.types.is_struct(kind.value_type) and not array.null_count:
        into.update(np.asarray(array.value_lengths(), "<i8").tobytes())
        _digest_array(array.flatten(), into)
    elif (pa.types.is_integer(kind) or pa.types.is_floating(kind)) and not array.null_count:
        values = array.to_numpy()
        into.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    elif pa.types.is_binary(kind):
        for value in array:
            into.update(value.as_buffer())
    else:
        into.update(
            json.dumps(array.to_pylist(), ensure_ascii=False).encode("utf-8", "surrogatepass")
        )


# What each column means; docs/columns.md is made from this.
ABOUT = {
    "path": "its name: the source's own and the way inside it; on every machine the same",
    "title": "by the manifest, else the file",
    "composer": "by the manifest, else the file",
    "opus": "by the manifest",
    "style": "by the manifest",
    "licence": "with its version",
    "url": "where the file was fetched from",
    "contributor": "who entered or maintains the score",
    "date": "of its publication, by the manifest",
    "solo_said": "the manifest's word on whether guitar plays alone (`guitar_alone`); null where it has none",
    "manifest": "everything that the manifest says, word for word",
    "group": "equal for near-duplicates: the same music under several names",
    "split": "`train`, `valid` or `test`: whole groups, stratified by composer",
    "sha256": "of the file",
    "bytes": "of the file",
    "format": "`mid`, `musicxml`, `mxl`, `xml`, `abc`, `krn`",
    "instrument": "the manifest's word for what plays",
    "title_in_file": "the file's own word",
    "composer_in_file": "the file's own word",
    "key": "analysed: the key whose profile fits best how long each pitch class sounds; as music21 spells it (`B- major`, `e minor`)",
    "key_correlation": "how well it fits, at most 1",
    "keys": "declared key signatures: onset in steps, fifths (flats negative), mode",
    "metre": "the first one",
    "meters": "all: onset in steps, numerator, denominator",
    "tempo_bpm": "the first one, in quarter notes a minute",
    "tempos": "all: onset in steps, microseconds a quarter",
    "pickup": "steps before the first whole bar, as the file says; 0 where it says nothing",
    "pickup_inferred": "the same by the evidence of the notes; null where that is weak or the file says it",
    "parts": "name, General MIDI program (null: none named), whether drums, number of notes",
    "forces": "`solo`, `duo`, `trio` … by what sounds",
    "solo": "whether one player can be playing it",
    "alone": "whether one kind of instrument plays",
    "instruments": "one a player, by what sounds and, where nothing says it, by the manifest's word",
    "octave_notated": "whether guitar is notated an octave above its sound",
    "lowest": "lowest MIDI pitch",
    "highest": "highest MIDI pitch",
    "notes": "how many, grace notes included",
    "graces": "how many of them are grace notes",
    "events": "how many chords, rests included",
    "quarters": "length in quarter notes",
    "divisions": "steps a quarter of all times but `durations`",
    "length": "in steps",
    "event_divisions": "steps a quarter of `durations`",
    "note_onset": "in steps; one entry a note in all columns of notes",
    "note_duration": "in steps",
    "note_pitch": "MIDI pitch",
    "note_velocity": "1 to 127",
    "note_part": "index into `parts`",
    "note_string": "of a tablature; -1: not said",
    "note_fret": "of a tablature; -1: not said",
    "note_grace": "1: a grace note",
    "chords": "the pitches of each event, ascending, drums aside, in the view that the store was built with; a rest is empty",
    "held": "those of them that sound on from the event before",
    "durations": "of the events, in steps of their own",
    "sketch": "what near-duplicates are found by",
}
