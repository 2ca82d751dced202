"""The columns of the store: what a parser may say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from partimento.corpus.store.columns import COLUMNS, FAR, NOTES, PLAIN
from partimento.corpus.store.rows import Row, pack_row, unpack_row
from partimento.corpus.store.schema import SCHEMA
from partimento.music.notes import Notes


def test_each_column_is_named_once_and_explained():
    names = [column.name for column in COLUMNS]
    assert len(set(names)) == len(names)
    assert SCHEMA.names == names
    assert all(column.meaning for column in COLUMNS)
    stored = [f"note_{name}" for name in Notes.COLUMNS]
    assert [column.name for column in NOTES] == stored


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((column.name, None) for column in PLAIN if not column.null),
        ("title_in_file", "\ud800"),
        ("instruments", ["\ud800"]),
        ("bytes", -1),
        ("length", FAR),
        ("pickup_inferred", -1),
        ("divisions", 0),
        ("event_divisions", 0),
        ("highest", 128),
        ("quarters", float("nan")),
        ("key_correlation", float("inf")),
        ("keys", [[0, 8, "major"]]),
        ("fermatas", [4, 4]),
        ("fermatas", [0.5]),
        ("phrase_ends", [0]),
        ("keys", [[0, 1, "dorian"]]),
        ("keys", [[4, 1, "major"], [4, 2, "major"]]),
        ("meters", [[0, 4, 3]]),
        ("meters", [[0, 4, 4, 0]]),
        ("tempos", [[0, 0]]),
        ("parts", []),
        ("parts", [["a", 128, False, 0]]),
        ("parts", [["a", 5, False, 1000]]),
        ("notes", 2),
        ("events", 2),
    ],
)
def test_impossible_values_are_refused(row, name, value):
    with pytest.raises((ValueError, TypeError)):
        unpack_row(pack_row(replace(row, plain={**row.plain, name: value})))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("onset", -1),
        ("duration", 0),
        ("duration", FAR),
        ("pitch", 128),
        ("velocity", 0),
        ("part", 1),
        ("part", -1),
        ("durations", 0),
        ("chords_pitches", 200),
        ("held_pitches", 200),
        ("chords_sizes", 9),
    ],
)
def test_impossible_arrays_are_refused(row, name, value):
    array = np.append(row.arrays[name][:-1], value) if len(row.arrays[name]) else np.array([value])
    with pytest.raises(ValueError, match=r"inconsistent|invalid value"):
        unpack_row(pack_row(Row(row.plain, {**row.arrays, name: array})))
