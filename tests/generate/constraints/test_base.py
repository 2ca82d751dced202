"""Constraints have schemas, are read again from JSON, and refuse nonsense in one line."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import (
    NAMES,
    Constraint,
    PartRanges,
    PartRhythm,
    Scene,
    check_constraints,
    constraint_from_json,
    report_on,
)

EXAMPLES: list[Constraint] = [
    pt.Range("E2", "B5"),
    pt.InKey("d minor"),
    pt.InKey(),
    pt.InScale("D", "dorian"),
    pt.InScale("F#", [0, 2, 4]),
    pt.InMeter("3/4", ties=False),
    pt.MaxVoices(3),
    pt.ChordSize(2, 4),
    pt.Durations(["1/2", 1]),
    pt.Rhythm(["1/2", "-1/2", 1]),
    pt.StepLeap(7, "bass"),
    pt.PartWriting("all"),
    pt.Density(2, 8),
    pt.ChordProgression("Dm | Gm A7 | %", 90),
    pt.End("half", "d minor"),
    pt.Playable("guitar"),
    pt.MaxBorrowed(8, "bundled:chorales"),
    pt.FixedNotes([(0, "1/2", "A4", 0)], spans=[(0, 4)], others="below"),
    pt.PhraseEnds([8, "33/2"]),
    pt.BarsReturn("5-8=1-4 9~1"),
    PartRhythm([(0, 1, 0), (1, "1/2", 1)]),
    PartRanges([("C4", "G5"), (40, 60)]),
]


def test_every_constraint_has_an_example() -> None:
    known = {name for name, kind in NAMES.items() if kind.__module__.startswith("partimento.")}
    assert {type(example).__name__ for example in EXAMPLES} == known


@pytest.mark.parametrize("constraint", EXAMPLES, ids=repr)
def test_json_gives_the_same_constraint(constraint: Constraint) -> None:
    values = constraint.to_json()
    assert constraint_from_json(values) == constraint
    properties = type(constraint).schema()["properties"]
    assert set(values) - {"constraint"} <= set(properties)
    assert any("description" in field for field in properties.values())
    assert constraint.demand


@pytest.mark.parametrize("constraint", EXAMPLES, ids=repr)
def test_an_octave_up_and_down_changes_nothing(constraint: Constraint) -> None:
    assert constraint.transposed(12).transposed(-12) == constraint


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"constraint": "Rang"}, "did you mean Range"),
        ({"constraint": "MaxVoices", "most": "many"}, "MaxVoices: most"),
        ({"constraint": "MaxVoices", "most": 0}, "MaxVoices: most"),
    ],
)
def test_other_json_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        constraint_from_json(values)


def test_other_objects_are_refused() -> None:
    with pytest.raises(PartimentoError, match="'low' is not a constraint"):
        check_constraints(["low"])


def test_a_report_says_what_holds() -> None:
    piece = pt.Piece([pt.Note(0, 1, 60), pt.Note(1, 1, 61)])
    report = report_on(piece, [pt.Range(60, 61), pt.InKey("C major")], Scene(grid=1))
    assert [finding.holds for finding in report] == [True, False]
    assert not report.holds
    assert report.rows()[1]["achieved"] == "1 of 2 notes"
    assert report.table().splitlines()[1] == "BROKEN  notes of C major: 1 of 2 notes"


def test_a_scene_knows_its_bar_lines() -> None:
    scene = Scene(grid=2, total=32, bar=8, pickup=2)
    assert list(scene.bar_lines(32)) == [2, 10, 18, 26]
    assert scene.steps(Fraction(3, 2), "it") == 3
    with pytest.raises(PartimentoError, match="not on its grid"):
        scene.steps(Fraction(1, 3), "it")
