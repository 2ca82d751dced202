"""Convert rows to Arrow tables, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from partimento.corpus.store import columns
from partimento.corpus.store.rows import Row


def arrow_type(kind: str | columns.Fields) -> pa.DataType:
    """Return the Arrow type for the `Column.arrow_type` of a column."""
    if not isinstance(kind, str):
        return pa.list_(pa.struct([(name, arrow_type(inner)) for name, inner in kind]))
    if kind.startswith("list<"):
        return pa.list_(arrow_type(kind[len("list<") : -1]))
    if kind.startswith("map<"):
        return pa.map_(*(arrow_type(inner.strip()) for inner in kind[len("map<") : -1].split(",")))
    return pa.type_for_alias(kind)


def _schema(selected: Sequence[columns.Column]) -> pa.Schema:
    return pa.schema([(column.name, arrow_type(column.arrow_type)) for column in selected])


PROVENANCE, SPLIT, MEASURED, SCHEMA = map(
    _schema, (columns.PROVENANCE, columns.SPLIT, columns.MEASURED, columns.COLUMNS)
)
# The columns that are lists of structures, such as timelines.
STRUCTURES = {
    column.name: column.arrow_type
    for column in columns.PLAIN
    if not isinstance(column.arrow_type, str)
}
MUSIC = tuple(column.name for column in (*columns.NOTES, *columns.EVENTS, *columns.FINGERPRINT))
METADATA = tuple(name for name in SCHEMA.names if name not in MUSIC)


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Return a table with the columns `MEASURED` of rows."""
    columns_of_table = [
        _plain_column(column.name, [row.plain[column.name] for row in rows])
        for column in columns.PLAIN
    ]
    for column in (*columns.NOTES, *columns.EVENTS):
        arrays = [[row.arrays[name] for row in rows] for name in column.arrays]
        columns_of_table.append(_lists(*arrays) if len(arrays) == 1 else _lists_of_lists(*arrays))
    columns_of_table.append(
        pa.array([row.arrays["fingerprint"].tobytes() for row in rows], pa.binary())
    )
    return pa.Table.from_arrays(columns_of_table, schema=MEASURED)


def _plain_column(name: str, values: list[Any]) -> pa.Array:
    kind = MEASURED.field(name).type
    if name in STRUCTURES:
        fields = list(kind.value_type)
        marks = list(zip(*chain.from_iterable(values), strict=True)) or [()] * len(fields)
        inner = [pa.array(column, field.type) for column, field in zip(marks, fields, strict=True)]
        return pa.ListArray.from_arrays(
            _offsets(map(len, values)), pa.StructArray.from_arrays(inner, fields=fields)
        )
    return pa.array(values, kind)


def _offsets(sizes: Iterable[int]) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(np.fromiter(sizes, np.int64))]), pa.int32())


def _lists(arrays: list[np.ndarray]) -> pa.Array:
    return pa.ListArray.from_arrays(_offsets(map(len, arrays)), pa.array(np.concatenate(arrays)))


def _lists_of_lists(sizes: list[np.ndarray], pitches: list[np.ndarray]) -> pa.Array:
    inner = pa.ListArray.from_arrays(
        _offsets(np.concatenate(sizes)), pa.array(np.concatenate(pitches))
    )
    return pa.ListArray.from_arrays(_offsets(map(len, sizes)), inner)


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return the metadata of a table's rows, in the form of `rows.Row.plain`."""
    rows: list[dict[str, Any]] = table.select(
        [name for name in METADATA if name in table.column_names]
    ).to_pylist()
    for row in rows:
        for name in STRUCTURES.keys() & row.keys():
            row[name] = [list(structure.values()) for structure in row[name]]
    return rows


def arrays_of(table: pa.Table, row: int) -> dict[str, np.ndarray]:
    """Return the columns of one row's notes, each (N,)."""
    return {
        name: table.column(f"note_{name}")[row].values.to_numpy() for name in columns.NOTE_NAMES
    }


def digest(table: pa.Table, state: hashlib._Hash) -> None:
    """Update the state of a hash with the content of a table.

    The hash does not depend on the version of Arrow or Parquet.
    """
    for name in table.column_names:
        state.update(f"{name}\n".encode())
        _digest_array(table.column(name).combine_chunks(), state)


def _digest_array(array: pa.Array, state: hashlib._Hash) -> None:
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    kind = array.type
    if pa.types.is_list(kind) and not pa.types.is_struct(kind.value_type) and not array.null_count:
        state.update(np.asarray(array.value_lengths(), "<i8").tobytes())
        _digest_array(array.flatten(), state)
    elif (pa.types.is_integer(kind) or pa.types.is_floating(kind)) and not array.null_count:
        values = array.to_numpy()
        state.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    elif pa.types.is_binary(kind):
        for value in array:
            state.update(value.as_buffer())
    else:
        state.update(
            json.dumps(array.to_pylist(), ensure_ascii=False).encode("utf-8", "surrogatepass")
        )
