"""Published results name their protocols, and unlike things are marked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from partimento.cli.bench import published_rows
from partimento.corpus.benchmarks import BENCHMARKS
from partimento.evaluation.benchmarks import UNITS
from partimento.evaluation.published_results import PUBLISHED, Published

EVERY = [(name, each) for name, results in PUBLISHED.items() for each in results]


def test_results_are_of_known_sets() -> None:
    assert set(PUBLISHED) == set(UNITS) == set(BENCHMARKS)
    for _, each in EVERY:
        assert each.source
        assert each.nats > 0
        assert each.kind in ("exact", "bound", "estimate")
        assert each.read_in in ("paper", "second hand", "memory")


def test_what_counts_something_else_is_not_comparable() -> None:
    """Require a reason for another unit, for given notes and for averaged orderings."""
    for name, each in EVERY:
        alike = each.unit == UNITS[name] and each.probability == "joint" and not each.ensembled
        assert each.comparable == alike, each.name
        assert len(each.not_comparable) < 180, each.name
        assert not (each.not_comparable and each.remark), each.name


def test_estimates_say_how_they_were_made() -> None:
    for _, each in EVERY:
        if each.kind == "estimate":
            assert each.remark or each.not_comparable, each.name


@pytest.mark.parametrize(
    ("benchmark", "name", "unit", "split", "probability"),
    [
        ("jsb16", "BachBot", "token", "valid", "joint"),
        ("jsb16", "Music Transformer", "note", "valid", "joint"),
        ("jsb16", "TonicNet", "note", "test", "given the true chords"),
        ("jsb16", "Coconet, any order", "frame", "test", "not joint"),
        ("jsb", "LSTM-RTRBM", "time step", "test", "joint"),
    ],
)
def test_known_protocols(
    benchmark: str, name: str, unit: str, split: str, probability: str
) -> None:
    each = next(each for each in PUBLISHED[benchmark] if each.name == name)
    assert (each.unit, each.split, each.probability) == (unit, split, probability)


def test_json_has_all_fields() -> None:
    each = Published("x", 1.5, "a paper", not_comparable="for a reason")
    plain = json.loads(json.dumps(each.to_json()))
    assert set(plain) == {*Published._fields, "comparable"}
    assert (plain["comparable"], plain["nats"], plain["in_our_unit"]) == (False, 1.5, None)


def test_the_page_has_the_same_table() -> None:
    """Compare the rows of docs/benchmarks.md with those that ``bench`` prints."""
    page = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text("utf-8").splitlines()
    for name, results in PUBLISHED.items():
        for row in published_rows(results):
            assert f"| {' | '.join((name, *row))} |" in page, row[0]
