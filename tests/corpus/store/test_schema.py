"""Rows as Arrow tables, which any reader of Parquet opens."""

import duckdb
import pyarrow.parquet as pq
import pytest
from tests.corpus.stores import build

from partimento.corpus.store.schema import SCHEMA, arrow_type


def test_others_read_it(scores):
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
