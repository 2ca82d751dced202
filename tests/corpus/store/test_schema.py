"""Rows as Arrow tables, which any reader of Parquet opens."""

import hashlib

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.corpus.stores import build

from partimento.corpus.store.rows import Row
from partimento.corpus.store.schema import (
    SCHEMA,
    arrays_of,
    arrow_type,
    digest,
    plain_rows,
    table_of,
)


def test_other_programs_read_a_store(scores):
    store = build(scores).store.path
    table = pq.read_table(store)
    assert table.schema.names == SCHEMA.names
    assert table.column("chords")[0].as_py()[0] == table.column("note_pitch")[0].as_py()[:1]
    assert (
        sum(table.column("durations")[0].as_py()) == 24 * table.column("event_divisions")[0].as_py()
    )
    found = duckdb.sql(
        f"select title, len(chords), list_max(note_pitch) from '{store}' where composer like '%Sor'"
    ).fetchall()
    assert found == [("Étude", 24, max(table.column("note_pitch")[0].as_py()))]


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("list<list<uint8>>", "list<item: list<item: uint8>>"),
        ("map<string, string>", "map<string, string>"),
        (
            (("onset", "int64"), ("mode", "string")),
            "list<item: struct<onset: int64, mode: string>>",
        ),
        ("float", "float"),
    ],
)
def test_types_are_named_as_arrow_names_them(kind, shown):
    assert str(arrow_type(kind)) == shown


def test_values_and_notes_survive_in_a_table(row):
    table = table_of([row, row])
    assert table.num_rows == 2
    plain, again = plain_rows(table)
    assert plain == again
    assert {name: plain[name] for name in row.plain} == {
        **row.plain,
        "tempo_bpm": pytest.approx(row.plain["tempo_bpm"]),
        "key_correlation": pytest.approx(row.plain["key_correlation"]),
    }
    for name, values in arrays_of(table, 1).items():
        np.testing.assert_array_equal(values, row.arrays[name])


def test_the_hash_of_a_table_follows_its_contents_not_its_chunks(row):
    def hash_of(*tables):
        found = hashlib.sha256()
        digest(pa.concat_tables(tables), found)
        return found.hexdigest()

    one = table_of([row])
    louder = {**row.arrays, "velocity": row.arrays["velocity"] + 1}
    assert hash_of(one, one) == hash_of(table_of([row, row]))
    assert hash_of(one) != hash_of(one, one)
    assert hash_of(one) != hash_of(table_of([Row(row.plain, louder)]))
    assert hash_of(one) != hash_of(table_of([Row({**row.plain, "title_in_file": "x"}, row.arrays)]))
