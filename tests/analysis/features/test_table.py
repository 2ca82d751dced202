"""The table of all features."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.analysis.features.made import KIT, Q, melody

from partimento import Note, Piece
from partimento.analysis.features.table import (
    FEATURES,
    SCALARS,
    feature_table,
    features_of,
    scalar_table,
)


@pytest.mark.parametrize(
    "make", [lambda: Piece([]), lambda: Piece([Note(Q, Q, 36)], parts=(KIT,)), lambda: melody(60)]
)
def test_even_empty_pieces_have_a_row(make: Callable[[], Piece]) -> None:
    row = features_of(make())
    assert row.keys() == FEATURES.keys()
    assert all(row[name].shape == (feature.size,) for name, feature in FEATURES.items())
    table = feature_table([make(), melody(60, 62)])
    assert scalar_table(table).shape == (2, len(SCALARS))


def test_columns_keep_the_order_of_the_features() -> None:
    calls: list[tuple[str, int, int]] = []
    made = [melody(60, 62), melody(60, 67, 64)]
    table = feature_table(made, lambda *step: calls.append(step), stage="features")
    assert calls == [("features", 1, 2), ("features", 2, 2)]
    assert list(table) == list(FEATURES)
    assert {name: values.shape for name, values in table.items()} == {
        name: (2, feature.size) for name, feature in FEATURES.items()
    }
    assert table["pitch_range"].tolist() == [[2], [7]]
    assert scalar_table(table)[:, SCALARS.index("note_count")].tolist() == [2, 3]


def test_named_histograms_have_a_name_for_each_entry() -> None:
    assert {feature.group for feature in FEATURES.values()} == {
        "MusPy",
        "Yang & Lerch",
        "structure",
        "rhythm",
    }
    assert len({feature.label for feature in FEATURES.values()}) == len(FEATURES)
    for feature in FEATURES.values():
        assert len(feature.entries) in (0, feature.size)
