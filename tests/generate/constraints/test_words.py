"""Options of the command line have the words of Python."""

from __future__ import annotations

from typing import Any

import pytest

import partimento as pt
from partimento.errors import PartimentoError
from partimento.generate.constraints import NAMES
from partimento.generate.constraints.words import (
    EXAMPLES,
    WITHOUT_WORDS,
    constraint_from_words,
    constraints_from_options,
)

TUNE = pt.Piece([pt.Note(0, 1, 69), pt.Note(1, 2, 67)])


def read(path: str) -> pt.Piece:
    assert path == "melody.mid"
    return TUNE


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Range", "E2:B5", pt.Range("E2", "B5")),
        ("InKey", "own", pt.InKey()),
        ("InKey", "d minor", pt.InKey("d minor")),
        ("InScale", "D:dorian", pt.InScale("D", "dorian")),
        ("InMeter", "3/4:no-ties", pt.InMeter("3/4", ties=False)),
        ("InMeter", "own", pt.InMeter()),
        ("ChordSize", "3", pt.ChordSize(3, 3)),
        ("Durations", "1/2 1", pt.Durations(["1/2", 1])),
        ("Rhythm", "1/2 -1/2 1", pt.Rhythm(["1/2", "-1/2", 1])),
        ("Rhythm", "melody.mid", pt.Rhythm.of(TUNE)),
        ("FixedNotes", "melody.mid:below", pt.FixedNotes.of(TUNE, others="below")),
        ("ChordProgression", "Dm | A7:90", pt.ChordProgression("Dm | A7", 90)),
        ("StepLeap", "5:bass", pt.StepLeap(5, "bass")),
        ("MaxBorrowed", "8:bundled:chorales", pt.MaxBorrowed(8, "bundled:chorales")),
        ("End", "half:d minor", pt.End("half", "d minor")),
    ],
)
def test_words_make_constraints(name: str, text: str, expected: Any) -> None:
    assert constraint_from_words(name, text, read) == expected


def test_every_constraint_has_words() -> None:
    known = {name for name, kind in NAMES.items() if kind.__module__.startswith("partimento.")}
    assert set(EXAMPLES) | WITHOUT_WORDS == known
    made = constraints_from_options({**EXAMPLES, "Range": None}, read)
    assert {type(each).__name__ for each in made} == known - {"Range"} - WITHOUT_WORDS


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("Range", "E2:B5:C6", "--range 'E2:B5:C6' is not valid: write, for example"),
        ("StepLeap", "far", "--step-leap 'far' is not valid"),
        ("MaxVoices", "0", "from 1 to 64"),
    ],
)
def test_other_words_are_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(PartimentoError, match=message):
        constraint_from_words(name, text, read)
